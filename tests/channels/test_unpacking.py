"""Zip archives: each member is a file like any other, and no archive reaches out of its place or fills the disk."""

from __future__ import annotations

import gzip
import io
import os
import random
import struct
import tarfile
import zipfile
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipelines.channels import delivery_problems, waiting_files
from pipelines.channels.containers import Packing, UnreadableError
from pipelines.channels.deliveries import Delivered
from pipelines.channels.unpacking import Limits, unpack
from pipelines.contracts.home import Home
from tests.channels import samples
from tests.channels.archives import zipped
from tests.channels.lake import frame, home_with, load, loads, rows, unaccounted


def order(number: int) -> str:
    return samples.taobao({"订单编号": str(number)})


def files_of(home: Home) -> set[str]:
    return {str(path.relative_to(home.root)) for path in home.root.rglob("*") if path.is_file()}


def test_every_member_is_a_file(tmp_path: Path) -> None:
    members: dict[str, bytes | str] = {"b.csv": order(1), "sub/a.csv.gz": gzip.compress(order(2).encode()), "note.txt": "hello\n"}
    home = home_with(tmp_path, {"2026-03-07/all.zip": zipped(members)})
    report = load(home)
    assert {row["order_no"] for row in rows(home, "channel_orders")} == {"1", "2"}
    assert {name: row["outcome"] for name, row in loads(home).items()} == {
        "2026-03-07/all.zip/b.csv": "loaded",
        "2026-03-07/all.zip/sub/a.csv.gz": "loaded",
        "2026-03-07/all.zip/note.txt": "refused",
    }
    assert [(problem.path, problem.kind) for problem in report.refused] == [("2026-03-07/all.zip/note.txt", "unknown_format")]
    assert all(unaccounted(row) == 0 for row in loads(home).values())
    assert {row["exported_at"] for row in loads(home).values()} - {None} == {datetime(2026, 3, 7, 15, 59, 59, 999999, tzinfo=UTC)}


def test_content_that_came_in_a_zip_and_beside_it_is_one_load(tmp_path: Path) -> None:
    home = home_with(tmp_path, {"2026-03-07/all.zip": zipped({"a.csv": order(1), "b.csv": order(1)}), "2026-03-08/a.csv": order(1)})
    load(home)
    (row,) = loads(home).values()
    assert (row["delivery_count"], row["loaded_count"], frame(home, "channel_orders").height) == (3, 1, 1)


def test_second_call_opens_nothing_and_changes_no_byte(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = home_with(tmp_path, {"all.zip": zipped({"a.csv": order(1), "b.txt": "x\n"})})
    load(home)
    before = {path: path.read_bytes() for path in home.lake.rglob("*") if path.is_file()}
    assert waiting_files(home) == []

    def never(*_: object) -> None:
        raise AssertionError("opened again")

    with monkeypatch.context() as patch:
        patch.setattr("pipelines.channels.load.unpack", never)
        load(home)
    (home.lake / "seen.json").unlink()
    load(home)
    assert {path: path.read_bytes() for path in home.lake.rglob("*") if path.is_file()} == before


def test_rows_are_traced_to_the_archived_member(tmp_path: Path) -> None:
    home = home_with(tmp_path, {"all.zip": zipped({"a.csv": order(1)})})
    load(home)
    (archived,) = (home.lake / "files").iterdir()
    assert archived.name == f"{loads(home)['all.zip/a.csv']['sha256']}.zst"


def test_problem_lasts_as_long_as_the_archive_lies_there(tmp_path: Path) -> None:
    home = home_with(tmp_path, {"all.zip": zipped({"note.txt": "hello\n"})})
    load(home)
    assert [problem.path for problem in delivery_problems(home)] == ["all.zip/note.txt"]
    (home.deliveries / "all.zip").unlink()
    assert delivery_problems(home) == []


def test_bad_record_of_a_member_is_set_aside_whole(tmp_path: Path) -> None:
    text = samples.taobao({"订单编号": "1"}, {"订单编号": "2", "订单状态": "不明"})
    home = home_with(tmp_path, {"all.zip": zipped({"a.csv": text.encode("gb18030")})})
    load(home)
    (row,) = rows(home, "channel_quarantine")
    assert row["record_raw"] == text.splitlines()[2]


def test_member_without_any_date_is_as_old_as_its_archive(tmp_path: Path) -> None:
    text = samples.table(samples.SHOPIFY_CUSTOMER_HEADER, [{"Customer ID": "1"}])
    home = home_with(tmp_path, {"all.zip": zipped({"customers.csv": text})})
    os.utime(home.deliveries / "all.zip", (1_772_000_000, 1_772_000_000))
    load(home)
    assert loads(home)["all.zip/customers.csv"]["exported_at"] == datetime.fromtimestamp(1_772_000_000, UTC)


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("../../../evil.csv", "evil.csv"),
        ("/etc/evil.csv", "etc/evil.csv"),
        ("..\\..\\evil.csv", "evil.csv"),
        ("a/./../evil.csv", "a/evil.csv"),
        ("x" * 500 + ".csv", "x" * 196 + ".csv"),
        ("bad\nname\x1b.csv", "bad_name_.csv"),
        ("订单.csv", "订单.csv"),
    ],
)
def test_name_inside_is_a_label_and_never_a_path(tmp_path: Path, name: str, label: str) -> None:
    home = home_with(tmp_path / "home", {"a.zip": zipped({name: order(1)})})
    outside = files_of(Home(tmp_path)) - {f"home/{path}" for path in files_of(home)}
    load(home)
    assert set(loads(home)) == {f"a.zip/{label}"}
    assert files_of(Home(tmp_path)) - {f"home/{path}" for path in files_of(home)} == outside == set()


def test_members_of_one_name_are_all_read(tmp_path: Path) -> None:
    content = zipped({"a.csv": order(1), "./a.csv": order(2)})
    home = home_with(tmp_path, {"a.zip": content})
    load(home)
    assert set(loads(home)) == {"a.zip/a.csv", "a.zip/a.csv (2)"}


def test_hidden_members_are_no_deliveries(tmp_path: Path) -> None:
    names = ["__MACOSX/._a.csv", ".DS_Store", ".git/config", "~$b.xlsx", "c.csv.part", "folder/"]
    home = home_with(tmp_path, {"a.zip": zipped(dict.fromkeys(names, "") | {"a.csv": order(1)})})
    assert not load(home).problems
    assert set(loads(home)) == {"a.zip/a.csv"}


@pytest.mark.parametrize("limit", [{"max_unpacked_bytes": 100_000}, {"max_unpacked_files": 1}])
def test_archive_over_the_limit_waits_until_the_limit_is_raised(tmp_path: Path, limit: dict[str, int]) -> None:
    home = home_with(tmp_path, {"bomb.zip": zipped({"a.csv": order(1) + "\n" * 1_000_000, "b.csv": order(2)}), "c.csv": order(3)})
    (problem,) = load(home, **limit).refused
    assert f"raise channels.{next(iter(limit))}" in problem.reason
    assert set(loads(home)) == {"c.csv"}
    assert not [path for path in files_of(home) if "staging" in path]
    assert not load(home).problems
    assert set(loads(home)) == {"bomb.zip/a.csv", "bomb.zip/b.csv", "c.csv"}


@pytest.mark.parametrize("name", ["bomb.tar", "bomb.tar.gz", "bomb.csv.gz"])
def test_packed_file_over_the_limit_waits_until_the_limit_is_raised(tmp_path: Path, name: str) -> None:
    text = order(1) + "\n" * 1_000_000
    plain = tarred({"a.csv": text}) if "tar" in name else text.encode()
    home = home_with(tmp_path, {name: gzip.compress(plain) if name.endswith("gz") else plain, "c.csv": order(3)})
    (problem,) = load(home, max_unpacked_bytes=100_000).refused
    assert "raise channels.max_unpacked_bytes" in problem.reason
    assert set(loads(home)) == {"c.csv"}
    assert waiting_files(home) == [name] or name == "bomb.csv.gz"
    assert not [path for path in files_of(home) if "staging" in path]
    assert not load(home).problems
    assert len(loads(home)) == 2


def tarred(members: Mapping[str, str]) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content.encode())
            archive.addfile(info, io.BytesIO(content.encode()))
    return file.getvalue()


def test_long_names_and_names_in_gbk_of_a_tar_are_read(tmp_path: Path) -> None:
    names = ["n" * 150 + ".csv", "订单.csv"]
    for form in (tarfile.GNU_FORMAT, tarfile.PAX_FORMAT, tarfile.USTAR_FORMAT):
        file = io.BytesIO()
        with tarfile.open(fileobj=file, mode="w", format=form, encoding="gbk") as archive:
            for number, name in enumerate(names if form != tarfile.USTAR_FORMAT else names[1:]):
                data = order(int(form) * 10 + number + 1).encode()
                info = tarfile.TarInfo(name)
                info.size = len(data)
                archive.addfile(info, io.BytesIO(data))
        home = home_with(tmp_path / str(form), {"a.tar": file.getvalue()})
        assert not load(home).problems
        assert {path.removeprefix("a.tar/") for path in loads(home)} == set(names if form != tarfile.USTAR_FORMAT else names[1:])


def test_header_of_a_tar_that_is_damaged_in_the_middle_is_no_end(tmp_path: Path) -> None:
    """The standard library would read the first member and end in silence."""
    content = bytearray(tarred({"a.csv": order(1), "b.csv": order(2)}))
    content[content.rindex(b"b.csv") + 1] ^= 0x01
    home = home_with(tmp_path, {"a.tar": bytes(content)})
    (problem,) = load(home).refused
    assert "damaged tar" in problem.reason
    assert frame(home, "channel_orders").height == 0


def test_stated_size_is_not_believed(tmp_path: Path) -> None:
    """An archive that says 10 bytes and holds a million."""
    content = bytearray(zipped({"a.csv": b"\n" * 1_000_000}))
    for signature, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        place = content.index(signature) + offset
        assert struct.unpack_from("<I", content, place) == (1_000_000,)
        struct.pack_into("<I", content, place, 10)
    home = home_with(tmp_path, {"a.zip": bytes(content)})
    (problem,) = load(home, max_unpacked_bytes=1000).refused
    assert "damaged zip" in problem.reason
    assert loads(home)["a.zip"]["byte_count"] == len(content)


def test_damage_inside_refuses_the_whole_archive(tmp_path: Path) -> None:
    """Half of what was delivered together would look like all of it."""
    content = bytearray(zipped({"a.csv": order(1), "b.csv": order(2)}))
    place = content.index(b"b.csv") + len("b.csv") + 3
    content[place] ^= 0xFF
    home = home_with(tmp_path, {"a.zip": bytes(content)})
    (problem,) = load(home).refused
    assert (problem.path, "damaged zip" in problem.reason) == ("a.zip", True)
    assert (frame(home, "channel_orders").height, set(loads(home))) == (0, {"a.zip"})


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (zipped({}), "archive without files"),
        (zipped({".hidden": "x"}), "archive without files"),
        (b"PK\x03\x04nothing", "damaged zip"),
        (zipped({"a.csv": order(1)})[:-30], "damaged zip"),
    ],
)
def test_archive_of_nothing_is_refused(tmp_path: Path, content: bytes, told: str) -> None:
    home = home_with(tmp_path, {"a.zip": content})
    (problem,) = load(home).refused
    assert told in problem.reason


def test_locked_archive_is_refused(tmp_path: Path) -> None:
    content = bytearray(zipped({"a.csv": order(1)}))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(signature) + offset] |= 1
    home = home_with(tmp_path, {"a.zip": bytes(content)})
    (problem,) = load(home).refused
    assert "password" in problem.reason


def test_archive_packed_with_lzma_is_refused(tmp_path: Path) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("a.csv", order(1))
    home = home_with(tmp_path, {"a.zip": file.getvalue()})
    (problem,) = load(home).refused
    assert "pack it again with deflate" in problem.reason


@pytest.mark.parametrize("seed", range(8))
def test_whatever_is_broken_is_told_as_damage(tmp_path: Path, seed: int) -> None:
    """Bytes changed at random: an archive is read, or refused, and never stops the others."""
    draw = random.Random(seed)
    whole = zipped({"a.csv": order(1), "b.csv": order(2)})
    path, beside = tmp_path / "a.zip", tmp_path / "member"
    for _ in range(100):
        content = bytearray(whole)
        for _ in range(draw.randint(1, 6)):
            content[draw.choice([draw.randrange(len(content)), len(content) - draw.randint(1, 150)])] = draw.randrange(256)
        path.write_bytes(content)
        with suppress(UnreadableError):
            unpack(Delivered(path, "a.zip", len(content), 0), Packing.ZIP, beside, Limits(1_000_000, 100))
    assert {item.name for item in tmp_path.iterdir()} <= {"a.zip", "member-0", "member-1"}


def test_archive_in_an_archive_is_refused_alone(tmp_path: Path) -> None:
    home = home_with(tmp_path, {"a.zip": zipped({"b.zip": zipped({"b.csv": order(2)}), "a.csv": order(1)})})
    (problem,) = load(home).refused
    assert (problem.path, "inside another" in problem.reason) == ("a.zip/b.zip", True)
    assert [row["order_no"] for row in rows(home, "channel_orders")] == ["1"]
