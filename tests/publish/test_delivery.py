"""Delivery to real places: what arrives is what was published, once, whole, and whatever fails keeps nobody else from their files."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import json
import logging
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from pipelines.contracts.errors import CdpError, ConfigurationError
from pipelines.contracts.home import Home
from pipelines.contracts.settings.publishing import PublishConfig, S3Place
from pipelines.publish import erase_from_published
from pipelines.publish.delivery import Delivered, DeliveryReport, deliver, deliveries_of, missing_variables
from pipelines.publish.delivery import s3 as s3_module
from pipelines.publish.delivery.opening import open_place
from tests.publish import servers
from tests.publish.servers import PASSWORD, USER, Bucket, SftpServer
from tests.publish.shop import DAY, made, publish_it

SECRETS = {"PASSWORD": PASSWORD, "KEY": USER, "SECRET": PASSWORD}


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with lists and a workbook for each destination."""
    run = made(tmp_path_factory.mktemp("shop"))
    kinds = {"book": "list_xlsx", "sms": "sms_xlsx"}
    config = {"destinations": {name: {"kind": kind, "segments": ["win_back"]} for name, kind in kinds.items()}}
    publish_it(replace(run, config=run.config.model_copy(update={"publish": PublishConfig.model_validate(config)})))
    return run.home.root


@pytest.fixture
def home(original: Path, tmp_path: Path) -> Home:
    shutil.copytree(original, tmp_path / "home")
    return Home(tmp_path / "home")


@pytest.fixture(scope="module")
def sftp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SftpServer]:
    with servers.sftp_server(tmp_path_factory.mktemp("sftp")) as server:
        yield server


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bucket]:
    with servers.s3_server(tmp_path_factory.mktemp("s3")) as bucket:
        yield bucket


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "share").mkdir()
    return tmp_path / "share"


def sftp_place(server: SftpServer, path: str, **other: Any) -> dict[str, Any]:
    (server.root / path).mkdir(exist_ok=True)
    place = {"kind": "sftp", "host": "127.0.0.1", "port": server.port, "user": USER, "path": f"/{path}", "known_hosts": server.known_hosts}
    return place | ({} if "key_file" in other else {"password_variable": "PASSWORD"}) | other


def s3_place(bucket: Bucket, prefix: str, **other: Any) -> dict[str, Any]:
    keys = {"access_key_variable": "KEY", "secret_key_variable": "SECRET"}
    return {"kind": "s3", "bucket": "lists", "prefix": prefix, "endpoint": bucket.endpoint} | keys | other


def config(places: dict[str, dict[str, Any]], **other: Any) -> PublishConfig:
    """`book` goes to every place, `csv` is the list as it is and goes to the first."""
    book = {"kind": "list_xlsx", "segments": ["win_back"], "deliver_to": list(places)}
    csv = {"kind": "list_csv", "segments": ["win_back"], "deliver_to": list(places)[:1]}
    return PublishConfig.model_validate({"destinations": {"book": book, "csv": csv}, "places": places, "wait_seconds": 1} | other)


def delivered(
    home: Home, settings: PublishConfig, waits: list[float] | None = None, notes: list[Delivered] | None = None, **secrets: str
) -> DeliveryReport:
    pause, note = (waits if waits is not None else []).append, (notes if notes is not None else []).append
    return deliver(home, settings, DAY, SECRETS | secrets, "2026-03-11T02:40:00+00:00", pause, note)


def below(root: Path) -> dict[str, bytes]:
    files = (path for path in root.rglob("*") if path.is_file() and ".nanio" not in str(path))
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in files}


def expected(home: Home, *names: str) -> dict[str, bytes]:
    return {f"{DAY}/win_back/{name}": (home.segments(DAY) / "win_back" / name).read_bytes() for name in names}


LISTS = ("added.csv", "book.xlsx", "list.csv", "removed.csv")


@pytest.fixture(params=["folder", "sftp", "sftp by key", "s3"])
def place(request: pytest.FixtureRequest, folder: Path, sftp: SftpServer, s3: Bucket) -> tuple[dict[str, Any], Path]:
    """Settings of a place of each kind, and where on this machine its files lie."""
    name = f"p{abs(hash(request.node.name)) % 10**8}"
    match request.param:
        case "folder":
            return {"kind": "folder", "path": folder}, folder
        case "sftp":
            return sftp_place(sftp, name), sftp.root / name
        case "sftp by key":
            return sftp_place(sftp, name, key_file=sftp.user_key, passphrase_variable="PASSWORD"), sftp.root / name
    return s3_place(s3, name), s3.folder / name


def test_files_arrive_whole_once_and_are_noted(home: Home, place: tuple[dict[str, Any], Path]) -> None:
    settings, root = config({"there": place[0]}), place[1]
    notes: list[Delivered] = []
    report = delivered(home, settings, notes=notes)
    assert below(root) == expected(home, *LISTS)
    assert [entry.name for entry in report.sent] == sorted(expected(home, *LISTS))
    assert tuple(notes) == report.sent
    assert report.undelivered == report.found == ()
    noted, left = deliveries_of(home, DAY)
    assert {entry.name: entry.sha256 for entry in noted} == {name: hashlib.sha256(data).hexdigest() for name, data in below(root).items()}
    assert {(entry.destination, entry.place, entry.at) for entry in noted} == {
        ("book", "there", "2026-03-11T02:40:00+00:00"), ("csv", "there", "2026-03-11T02:40:00+00:00"),
    }  # fmt: skip
    assert left == ()
    # who fetches files takes them away: they are not sent again
    (root / str(DAY) / "win_back" / "list.csv").unlink()
    again = delivered(home, settings, notes=notes)
    assert (again.sent, again.found, again.known_count) == ((), (), 4)
    assert len(notes) == 4
    assert deliveries_of(home, DAY)[0] == noted


def test_what_lies_there_already_is_found_and_what_differs_is_replaced(
    home: Home, place: tuple[dict[str, Any], Path], tmp_path: Path
) -> None:
    settings, root = config({"there": place[0]}), place[1]
    delivered(home, settings)
    shutil.rmtree(home.root / "delivered")
    half = tmp_path / "half.csv"
    half.write_bytes(b"half of a li")
    with open_place(settings.places["there"], SECRETS) as opened:
        opened.put(half, f"{DAY}/win_back/list.csv", hashlib.sha256(b"half of a li").hexdigest())
    report = delivered(home, settings)
    assert [entry.name for entry in report.sent] == [f"{DAY}/win_back/list.csv"]
    assert len(report.found) == 3
    assert below(root) == expected(home, *LISTS)


def test_list_that_changed_since_is_delivered_again_and_the_ledger_keeps_both(home: Home, folder: Path) -> None:
    settings = config({"there": {"kind": "folder", "path": folder}})
    delivered(home, settings)
    assert erase_from_published(home, ["c_1"], []).delivered == (f"{DAY}/win_back at there",)
    report = delivered(home, settings)
    assert {entry.name.rpartition("/")[2] for entry in report.sent} == {"list.csv", "added.csv"}
    assert below(folder)[f"{DAY}/win_back/list.csv"] == expected(home, "list.csv")[f"{DAY}/win_back/list.csv"]
    assert len(deliveries_of(home, DAY)[0]) == 6


def test_messages_that_may_be_on_their_way_are_not_sent_twice(home: Home, folder: Path) -> None:
    """The list is made again with other parts: what was delivered stays what it is until somebody wants it otherwise."""
    place = {"there": {"kind": "folder", "path": folder}}
    sms = {"sms": {"kind": "sms_xlsx", "segments": ["win_back"], "deliver_to": ["there"]}}
    settings = PublishConfig.model_validate({"destinations": sms, "places": place})
    assert len(delivered(home, settings).sent) == 1
    path = home.segments(DAY) / "win_back" / "manifest.json"
    manifest = json.loads(path.read_bytes())
    described = manifest["files"].pop("sms.xlsx")
    for name in ("smsPart1.xlsx", "smsPart2.xlsx"):
        path.with_name(name).write_bytes(name.encode())
        manifest["files"][name] = described | {"sha256": hashlib.sha256(name.encode()).hexdigest()}
    path.write_text(json.dumps(manifest))
    report = delivered(home, settings)
    assert (report.sent, report.undelivered) == ((), ())
    assert report.held == (f"{DAY}/win_back/smsPart1.xlsx to there", f"{DAY}/win_back/smsPart2.xlsx to there")
    assert set(below(folder)) == {f"{DAY}/win_back/sms.xlsx"}
    again = deliver(home, settings, DAY, {}, "", lambda _: None, lambda _: None, again=True)
    assert (len(again.sent), again.held) == (2, ())


def test_nothing_leaves_that_could_not_be_noted(home: Home, folder: Path) -> None:
    """The note is taken before the file goes: of two files of which the first is noted only that one arrives."""
    settings, notes = config({"there": {"kind": "folder", "path": folder}}), list[Delivered]()

    def note(one: Delivered) -> None:
        assert not (folder / one.name).exists()
        if notes:
            raise CdpError("cannot be written: full", where="ledger", do="make room")
        notes.append(one)

    report = deliver(home, settings, DAY, {}, "", lambda _: None, note)
    assert tuple(notes) == report.sent
    assert set(below(folder)) == {notes[0].name}
    assert {(one.reason, one.do) for one in report.undelivered} == {("cannot be written: full", "make room")}
    assert len(report.undelivered) == 3


def test_fault_of_a_client_keeps_no_other_place_from_its_files(home: Home, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "b").mkdir()
    monkeypatch.setattr(s3_module, "open_bucket", lambda *_: 1 / 0)
    bucket = {"kind": "s3", "bucket": "abc"}
    report = delivered(home, config({"a": bucket, "b": {"kind": "folder", "path": folder / "b"}}))
    assert {(one.place, one.reason) for one in report.undelivered} == {("a", "unexpected ZeroDivisionError")}
    assert below(folder / "b") == expected(home, "book.xlsx")


def test_connection_that_breaks_half_way_is_taken_up_and_leaves_nothing_half(home: Home, sftp: SftpServer) -> None:
    settings, waits = config({"there": sftp_place(sftp, "breaks")}), []  # type: ignore[var-annotated]
    sftp.faults += [ConnectionResetError(), ConnectionResetError()]
    report = delivered(home, settings, waits)
    assert report.undelivered == ()
    assert below(sftp.root / "breaks") == expected(home, *LISTS)
    assert waits == [1, 2]


def test_storage_that_is_busy_is_asked_again(home: Home, s3: Bucket) -> None:
    waits: list[float] = []
    s3.faults += [503, 500]
    assert delivered(home, config({"there": s3_place(s3, "busy")}), waits).undelivered == ()
    assert below(s3.folder / "busy") == expected(home, *LISTS)
    assert waits == [1, 2]


def test_large_object_goes_in_parts(home: Home, s3: Bucket, tmp_path: Path) -> None:
    large = tmp_path / "large.bin"
    large.write_bytes(os.urandom(9_000_000))
    digest = hashlib.sha256(large.read_bytes()).hexdigest()
    with open_place(S3Place.model_validate(s3_place(s3, "large")), SECRETS) as opened:
        assert opened.sha256("a.bin") is None
        opened.put(large, "a.bin", digest)
        assert opened.sha256("a.bin") == digest


def test_place_that_is_down_keeps_no_other_from_its_files_and_a_rerun_brings_the_rest(home: Home, folder: Path, sftp: SftpServer) -> None:
    down = sftp_place(sftp, "down") | {"port": 1}
    places = {"a_down": down, "b_share": {"kind": "folder", "path": folder}}
    waits: list[float] = []
    report = delivered(home, config(places), waits)
    assert waits == [1, 2, 4]
    assert [(one.place, one.name.rpartition("/")[2]) for one in report.undelivered] == [("a_down", name) for name in LISTS]
    assert below(folder) == expected(home, "book.xlsx")
    assert deliveries_of(home, DAY)[1] == report.undelivered
    again = delivered(home, config(places | {"a_down": sftp_place(sftp, "down")}))
    assert {entry.place for entry in again.sent} == {"a_down"}
    assert again.known_count == 1
    assert deliveries_of(home, DAY)[1] == ()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"known_hosts": "empty"}, r"the key of 127.0.0.1:\d+ is not in known_hosts"),
        ({"known_hosts": "other"}, r"the key of 127.0.0.1:\d+ is not in known_hosts"),
        ({"known_hosts": "absent"}, "no such file: .*absent"),
        ({"password_variable": "WRONG"}, "does not let cdp in"),
        ({"password_variable": "UNSET"}, "the variable UNSET is not set"),
        ({"user": "other"}, "does not let other in"),
        ({"path": "/absent"}, "no such folder on the server: /absent"),
    ],
)
def test_sftp_server_that_is_not_right_is_refused(
    home: Home, sftp: SftpServer, tmp_path: Path, change: dict[str, str], reason: str
) -> None:
    (tmp_path / "empty").touch()
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
    (tmp_path / "other").write_text(f"[127.0.0.1]:{sftp.port} {other}")
    if "known_hosts" in change:
        change = {"known_hosts": str(tmp_path / change["known_hosts"])}
    waits: list[float] = []
    report = delivered(home, config({"there": sftp_place(sftp, "refused") | change}), waits, WRONG="not it")
    assert waits == []
    assert len(report.undelivered) == 4
    for one in report.undelivered:
        assert_says(one.reason, reason)
    assert below(sftp.root / "refused") == {}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"secret_key_variable": "WRONG"}, r"refuses \(SignatureDoesNotMatch\)"),
        ({"access_key_variable": "WRONG"}, r"refuses \(InvalidAccessKeyId\)"),
        ({"access_key_variable": "UNSET"}, "the variable UNSET is not set"),
        ({"bucket": "absent"}, "no such bucket absent"),
        ({"endpoint": "http://127.0.0.1:1"}, "EndpointConnectionError"),
    ],
)
def test_storage_that_is_not_right_is_refused(home: Home, s3: Bucket, change: dict[str, str], reason: str) -> None:
    report = delivered(home, config({"there": s3_place(s3, "refused") | change}, tries=1), WRONG="not it")
    assert len(report.undelivered) == 4
    for one in report.undelivered:
        assert_says(one.reason, reason)
    assert not (s3.folder / "refused").exists()


def assert_says(text: str, pattern: str) -> None:
    assert re.search(pattern, text), text


def test_folder_that_is_not_there_is_not_made(home: Home, tmp_path: Path) -> None:
    report = delivered(home, config({"there": {"kind": "folder", "path": tmp_path / "not_mounted"}}))
    assert_says(report.undelivered[0].reason, "no such folder: .*not_mounted")
    assert not (tmp_path / "not_mounted").exists()


@pytest.mark.parametrize(
    ("fault", "advice"), [(errno.ENOSPC, "free space there"), (errno.EROFS, "mend the permissions"), (errno.EACCES, "mend the permissions")]
)
def test_folder_that_cannot_be_written_holds_nothing_half(
    home: Home, folder: Path, monkeypatch: pytest.MonkeyPatch, fault: int, advice: str
) -> None:
    """One file in the middle meets a full disk: the others are there, and of that one nothing is."""
    real = shutil.copyfile

    def fails(source: Path, target: Path) -> Any:
        if "list.csv" in str(target):
            Path(target).write_bytes(b"half")
            raise OSError(fault, os.strerror(fault), str(target))
        return real(source, target)

    monkeypatch.setattr(shutil, "copyfile", fails)
    report = delivered(home, config({"there": {"kind": "folder", "path": folder}}))
    assert [one.name.rpartition("/")[2] for one in report.undelivered] == ["list.csv"]
    assert report.undelivered[0].do.startswith(advice)
    assert below(folder) == expected(home, "added.csv", "book.xlsx", "removed.csv")


def test_server_that_takes_no_files_says_so(home: Home, sftp: SftpServer) -> None:
    settings = config({"there": sftp_place(sftp, "full")})
    sftp.faults += [asyncssh.SFTPPermissionDenied("no")]
    report = delivered(home, settings)
    assert [one.name.rpartition("/")[2] for one in report.undelivered] == ["added.csv"]
    assert_says(report.undelivered[0].reason, r"refuses to write below /full \(PermissionDenied\)")
    assert below(sftp.root / "full") == expected(home, "book.xlsx", "list.csv", "removed.csv")


def test_file_that_somebody_changed_after_it_was_published_is_not_delivered(home: Home, folder: Path) -> None:
    (home.segments(DAY) / "win_back" / "list.csv").write_bytes(b"mine")
    report = delivered(home, config({"there": {"kind": "folder", "path": folder}}))
    assert [one.reason for one in report.undelivered] == ["it is not what was published"]
    assert f"{DAY}/win_back/list.csv" not in below(folder)


def test_name_with_path_parts_leads_nowhere(home: Home, folder: Path) -> None:
    path = home.segments(DAY) / "win_back" / "manifest.json"
    manifest = json.loads(path.read_bytes())
    manifest["files"]["../../../../evil.xlsx"] = manifest["files"].pop("book.xlsx")
    path.write_text(json.dumps(manifest))
    delivered(home, config({"there": {"kind": "folder", "path": folder}}))
    assert not [name for name in below(folder.parent) if "evil" in name]
    for field, value in (("path", "/in/../../etc"), ("prefix", "a/../b")):
        kind = {
            "path": {"kind": "sftp", "host": "h", "user": "u", "known_hosts": "k", "password_variable": "P"},
            "prefix": {"kind": "s3", "bucket": "abc"},
        }
        with pytest.raises(ValueError, match=r"must not hold \.\."):
            PublishConfig.model_validate({"places": {"there": kind[field] | {field: value}}})


@pytest.mark.parametrize(("endpoint", "is_refused"), [("http://minio.shop.example:9000", True), ("https://minio.shop.example:9000", False)])
def test_lists_cross_no_network_in_clear(endpoint: str, is_refused: bool) -> None:
    places = {"places": {"there": {"kind": "s3", "bucket": "lists", "endpoint": endpoint}}}
    if is_refused:
        with pytest.raises(ValueError, match="cross no network in clear"):
            PublishConfig.model_validate(places)
    else:
        assert PublishConfig.model_validate(places).places


def test_killed_between_two_files_goes_on_with_the_second(home: Home, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real, calls = shutil.copyfile, []

    def dies(source: Path, target: Path) -> Any:
        calls.append(target)
        if len(calls) == 3:
            Path(target).write_bytes(b"half")
            raise KeyboardInterrupt
        return real(source, target)

    settings = config({"there": {"kind": "folder", "path": folder}})
    monkeypatch.setattr(shutil, "copyfile", dies)
    with pytest.raises(KeyboardInterrupt):
        delivered(home, settings)
    assert below(folder) == expected(home, "added.csv", "book.xlsx")
    monkeypatch.undo()
    report = delivered(home, settings)
    assert ([entry.name.rpartition("/")[2] for entry in report.sent], report.known_count) == (["list.csv", "removed.csv"], 2)


def test_secrets_stand_nowhere(
    home: Home, sftp: SftpServer, s3: Bucket, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.INFO)
    places = {"a": sftp_place(sftp, "quiet"), "b": s3_place(s3, "quiet"), "c": s3_place(s3, "x", secret_key_variable="WRONG")}
    report = delivered(home, config(places), WRONG="another secret")
    told = caplog.text + "".join(capfd.readouterr()) + str(report) + json.dumps(report.as_metadata()) + home.delivered(DAY).read_text()
    assert PASSWORD not in told and "another secret" not in told
    assert missing_variables(config(places), {"PASSWORD": "x", "KEY": ""}) == ["KEY", "SECRET", "WRONG"]


def test_day_without_lists_is_an_error_for_people(home: Home, folder: Path) -> None:
    with pytest.raises(ConfigurationError, match="no lists of 2026-01-01 are published"):
        deliver(home, config({"there": {"kind": "folder", "path": folder}}), date(2026, 1, 1), {}, "", lambda _: None, lambda _: None)


def test_nobody_to_deliver_to_writes_no_ledger(home: Home) -> None:
    report = deliver(home, PublishConfig(), DAY, {}, "", lambda _: None, lambda _: None)
    assert (report.sent, report.undelivered) == ((), ())
    assert not home.delivered(DAY).exists()


def test_what_nobody_wants_any_more_is_not_missing(home: Home, tmp_path: Path) -> None:
    assert delivered(home, config({"there": {"kind": "folder", "path": tmp_path / "absent"}})).undelivered
    delivered(home, PublishConfig())
    assert deliveries_of(home, DAY) == ((), ())


def test_no_event_loop_is_left_behind(home: Home, sftp: SftpServer) -> None:
    delivered(home, config({"there": sftp_place(sftp, "loop")}))
    with pytest.raises(RuntimeError):
        asyncio.get_running_loop()
