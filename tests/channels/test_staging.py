"""One file on its way into staging: any damage keeps the books balanced, and large and small files are read alike."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.channels import staging
from pipelines.channels.archive import archive
from pipelines.channels.containers import UnreadableError, packing_of
from pipelines.channels.deliveries import Delivered
from pipelines.channels.execution import Stop
from pipelines.channels.formats import SHIPPED, Format, read_formats
from pipelines.channels.reading import Opened, open_file
from pipelines.channels.staging import Staged, stage
from pipelines.contracts.config import Config
from pipelines.contracts.tombstones import Tombstones
from tests.channels import samples, world

NOBODY = Stop(Tombstones(), Config())
WECHAT_ROWS = [
    {
        "交易时间": f"2026-03-05 09:0{number}:00",
        "公众账号ID": "wx1",
        "微信订单号": f"42{number}",
        "用户标识": "o",
        "交易状态": "SUCCESS",
        "货币种类": "CNY",
        "应结订单金额": "1.00",
        "退款金额": "0.00",
        "手续费": "0.01000",
    }
    for number in range(3)
]
SMALL = {
    "taobao": samples.taobao({"订单编号": "1", "宝贝标题 ": "围巾\n红"}, {"订单编号": "2"}, {"订单编号": "2"}).encode("gb18030"),
    "youzan": ("\ufeff" + samples.table(samples.YOUZAN_ORDER_HEADER, [samples.YOUZAN_ORDER_ROW] * 2)).encode(),
    "siss": samples.table(samples.SISS_HEADER, [{**samples.SISS_ROW, "flow_id": str(number)} for number in range(4)]).encode(),
    "wechat": samples.wechat(WECHAT_ROWS, ["3", "3.00", "0.00", "0.03000"]).encode(),
    "square": samples.table(list(world.SQUARE), [world.SQUARE, {**world.SQUARE, "Event Type": "Refund", "Item": "Hat, red"}]).encode(),
    "google_ads": (
        b'Report\n"June 1, 2026 - June 30, 2026"\nCampaign,Currency code,Impr.,Cost\na,CNY,"1,200",2.00\n"b, c",CNY,--,0.50\n'
        b"Total: Account,CNY,1,2.50\n"
    ),
    "ga4": world.json_lines(world.GA4_PURCHASE, {**world.GA4_PURCHASE, "event_name": "refund"}).encode(),
    "pospal": world.pospal(world.pospal_ticket("1", [world.SCARF, world.TEA]), world.pospal_ticket("2", [world.SCARF])).encode(),
    "uci": (",".join(samples.UCI_HEADER) + "\n1,A,x,1,2010-12-01 08:26:00,2.5,1.0,UK\n2,B,y,2,2010-12-01 08:27:00,2.5,,UK\n").encode(),
}


@pytest.fixture(scope="module")
def formats() -> tuple[Format, ...]:
    return read_formats([SHIPPED])


def opened(folder: Path, content: bytes, formats: Sequence[Format], name: str = "2026-03-07/x") -> Opened:
    path = folder / f"{name.replace('/', '_')}.in"
    path.write_bytes(content)
    packing = packing_of(path)
    archived = archive(path, packing, folder / "files", folder / "beside")
    return open_file(
        Delivered(path, name, len(content), path.stat().st_mtime_ns), packing, archived, formats, Config(), folder / archived.load_id
    )


def staged(folder: Path, content: bytes, formats: Sequence[Format], *, in_memory: bool = True) -> Staged:
    (outcome,) = stage([opened(folder, content, formats)], "Asia/Shanghai", NOBODY, in_memory=in_memory)
    if isinstance(outcome, UnreadableError):
        raise outcome
    return outcome


def content_of(outcome: Staged) -> dict[str, pl.DataFrame]:
    """Rows by table. What lies in several parts is put in order, as is what lies in one: by line, then by all that it says."""
    parts: dict[str, list[pl.DataFrame]] = {}
    for name, path in outcome.parts:
        parts.setdefault(name, []).append(pl.read_parquet(path))
    return {name: pl.concat(frames).sort("_source_row", pl.all(), nulls_last=True) for name, frames in parts.items()}


MUTATION = st.tuples(
    st.floats(0, 1, exclude_max=True), st.sampled_from(["replace", "insert", "delete", "cut"]), st.binary(min_size=1, max_size=3)
)


def mutated(content: bytes, place: float, how: str, new: bytes) -> bytes:
    position = int(place * len(content))
    if how == "cut":
        return content[:position]
    kept = content[position + (0 if how == "insert" else len(new)) :]
    return content[:position] + (b"" if how == "delete" else new) + kept


@pytest.mark.parametrize("name", sorted(SMALL))
@given(mutations=st.lists(MUTATION, min_size=1, max_size=4))
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_damage_loses_a_line(name: str, mutations: list[tuple[float, str, bytes]], formats: tuple[Format, ...]) -> None:
    """The file is refused with a reason, or every line is in exactly one count."""
    content = SMALL[name]
    for mutation in mutations:
        content = mutated(content, *mutation)
    with tempfile.TemporaryDirectory() as folder:
        try:
            outcome = staged(Path(folder), content, formats)
        except UnreadableError as error:
            assert "could not be computed" not in error.reason
            return
        assert outcome.load.unaccounted == 0
        quarantined = content_of(outcome).get("channel_quarantine")
        assert outcome.load.quarantined_count == (0 if quarantined is None else quarantined.height)


@pytest.mark.parametrize("name", sorted(SMALL))
def test_undamaged_samples_load_whole(name: str, formats: tuple[Format, ...], tmp_path: Path) -> None:
    load = staged(tmp_path, SMALL[name], formats).load
    assert (load.quarantined_count, load.unaccounted, load.loaded_count > 0) == (0, 0, True)


def many(formats: tuple[Format, ...]) -> dict[str, bytes]:
    """Files with every trouble at once, of a few thousand rows."""
    taobao = [
        {
            "订单编号": str(number % 2900),
            "买家会员名": f"n{number % 700}",
            "订单状态": "不明" if number % 97 == 0 else "交易成功",
            "宝贝标题 ": "围巾\n红" if number % 50 == 0 else "帽,子",
        }
        for number in range(3000)
    ]
    receipts = [{"flow_id": str(number), "flow_no": f"S{number // 3}", "card_id": str(number % 40)} for number in range(3000)]
    shopify = [
        {
            "Name": f"#{number // 2}",
            "Email": f"{number // 2 % 300}@example.com",
            "Created at": "2026-03-05 02:05:00 +0100",
            "Lineitem quantity": "1",
        }
        | {"Lineitem price": "2.50", "Currency": "EUR" if number % 2 == 0 else ""}
        for number in range(2000)
    ]
    tickets = [
        world.pospal_ticket(str(number), [world.SCARF, {**world.TEA, "quantity": "?" if number % 97 == 0 else 0.5}] * (number % 3))
        for number in range(1500)
    ]
    return {
        "pospal": world.pospal(*tickets).encode(),
        "square": samples.table(
            list(world.SQUARE),
            [
                {**world.SQUARE, "Transaction ID": f"t{number // 3}", "Time Zone": ["Tokyo", "Paris", "?"][number % 3]}
                for number in range(3000)
            ],
        ).encode(),
        "taobao": samples.taobao(*taobao).replace("\n7,", "\n7,surplus,", 1).encode("gb18030"),
        "siss": samples.siss(*receipts),
        "shopify": samples.table(samples.SHOPIFY_ORDER_HEADER, shopify).encode(),
        "segment": samples.segment(
            *({"messageId": f"m{n % 900}", "type": "page", "timestamp": "2026-03-05T01:05:00Z", "userId": str(n % 50)} for n in range(1000))
        ),
    }


@pytest.mark.parametrize(("piece_bytes", "memory_bytes"), [(1 << 26, 1 << 28), (60_000, 1 << 28), (15_000, 1 << 28), (15_000, 100_000)])
@pytest.mark.parametrize("name", ["taobao", "siss", "shopify", "segment", "pospal", "square"])
def test_file_read_in_pieces_gives_the_rows_of_one_read_whole(
    name: str, piece_bytes: int, memory_bytes: int, formats: tuple[Format, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pieces that are the file, a part of it, and a few dozen records: groups, claims and repeated records lie across many of them.

    All of them in memory, or most in files.
    """
    content = many(formats)[name]
    (tmp_path / "whole").mkdir()
    (tmp_path / "pieces").mkdir()
    whole = staged(tmp_path / "whole", content, formats)
    monkeypatch.setattr("pipelines.channels.reading.PIECE_BYTES", piece_bytes)
    monkeypatch.setattr("pipelines.channels.shelf._MEMORY_BYTES", memory_bytes)
    in_pieces = staged(tmp_path / "pieces", content, formats, in_memory=False)
    assert whole.load == in_pieces.load
    assert {name: frame.rows() for name, frame in content_of(whole).items()} == {
        name: frame.rows() for name, frame in content_of(in_pieces).items()
    }
    assert not list((tmp_path / "pieces").glob("*.pieces")), "nothing is left in staging but the parts"


def test_files_read_together_do_not_touch_each_other(formats: tuple[Format, ...], tmp_path: Path) -> None:
    """The same order numbers, receipts and people in every file, and a file that repeats a whole record."""
    contents = [
        samples.table(
            samples.SISS_HEADER, [{**samples.SISS_ROW, "flow_id": str(row), "sale_qnty": str(file + 1)} for row in (*range(file + 1), 0)]
        )
        for file in range(4)
    ]
    batch = [opened(tmp_path, content.encode(), formats, f"2026-03-0{number + 1}/x") for number, content in enumerate(contents)]
    together = stage(batch, "Asia/Shanghai", NOBODY, in_memory=True)
    for number, outcome in enumerate(together):
        assert isinstance(outcome, Staged)
        assert (outcome.load.loaded_count, outcome.load.duplicate_count) == (number + 1, 1)
        before = content_of(outcome)
        (alone,) = stage([batch[number]], "Asia/Shanghai", NOBODY, in_memory=True)
        assert isinstance(alone, Staged)
        assert {name: frame.rows() for name, frame in content_of(alone).items()} == {name: frame.rows() for name, frame in before.items()}


def test_bad_file_of_a_batch_does_not_stop_the_others(formats: tuple[Format, ...], tmp_path: Path) -> None:
    good = samples.segment({"messageId": "m", "type": "page", "timestamp": "2026-03-05T01:05:00Z"})
    broken = samples.segment({"messageId": "m", "type": "page", "timestamp": "2026-03-05T01:05:00Z", "properties": "none"})
    batch = [opened(tmp_path, good, formats, "a/x"), opened(tmp_path, broken, formats, "b/x")]
    outcomes = stage(batch, "Asia/Shanghai", NOBODY, in_memory=True)
    assert [(item.load.loaded_count, item.load.quarantined_count) for item in outcomes if isinstance(item, Staged)] == [(1, 0), (0, 1)]


class PanicException(BaseException):
    """What a parser in Rust raises when it gives up: no Exception, so that nothing catches it by accident."""


def test_parser_that_gives_up_costs_its_file_alone(formats: tuple[Format, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    batch = [opened(tmp_path, samples.taobao({"订单编号": str(number)}).encode(), formats) for number in range(2)]
    run = staging.run

    def gives_up(some: Sequence[Opened], *how: Stop) -> object:
        if any(item.archived.load_id == batch[0].archived.load_id for item in some):
            raise PanicException
        return run(some, *how)

    monkeypatch.setattr(staging, "run", gives_up)
    first, second = stage(batch, "Asia/Shanghai", NOBODY, in_memory=True)
    assert isinstance(first, UnreadableError)
    assert "gave up" in str(first)
    assert isinstance(second, Staged)
