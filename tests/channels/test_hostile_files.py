"""One delivery of everything that is wrong with files: each gets its reason, none costs another a row, and memory stays bounded."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pipelines.contracts.home import Home
from tests.channels import samples
from tests.channels.hostile_cells import cell_files
from tests.channels.hostile_files import Fate, Hostile, orders
from tests.channels.hostile_json import json_files
from tests.channels.hostile_names import put_odd_names
from tests.channels.hostile_packed import packed_files
from tests.channels.hostile_text import text_files
from tests.channels.hostile_workbooks import workbook_files
from tests.channels.lake import frame, home_with, load, loads, unaccounted
from tests.channels.world import MESSAGE, SCARF, pospal, pospal_ticket

_ROOT = Path(__file__).resolve().parents[2]
_MAX_PEAK_BYTES = 1536 << 20
_LOADING = """
import json, re, sys
from pathlib import Path
from pipelines.channels import load_deliveries
from pipelines.contracts.config import Config
from pipelines.contracts.home import Home
report = load_deliveries(Home(Path(sys.argv[1])), Config())
# not what getrusage says: that begins with the memory of the process that started this one
status = Path("/proc/self/status")
peak = int(re.search(r"VmHWM:\\s+(\\d+) kB", status.read_text())[1]) * 1024 if status.exists() else None
print(json.dumps({"found": report.files_found, "refused": [[item.path, item.reason] for item in report.refused], "peak": peak}))
"""
_PAID = {
    "交易时间": "2026-03-05 09:05:00",
    "公众账号ID": "wx1",
    "微信订单号": "4200000000202603050000000007",
    "商户订单号": "good-8",
    "用户标识": "oGood",
    "交易类型": "JSAPI",
    "交易状态": "SUCCESS",
    "货币种类": "CNY",
    "应结订单金额": "12.00",
    "代金券金额": "0.00",
    "退款金额": "0.00",
    "手续费": "0.07000",
    "订单金额": "12.00",
}
_GOOD: dict[str, bytes | str] = {
    "2026-03-07/good/orders.csv": orders("good-csv", *({} for _ in range(50))),
    "2026-03-07/good/gbk.csv": orders("good-gbk").encode("gb18030"),
    "2026-03-07/good/till.csv.gz": samples.siss({}, {"flow_id": "1002"}),
    "2026-03-07/good/events.jsonl.gz": samples.segment(MESSAGE | {"type": "track", "event": "Product Viewed", "messageId": "good-1"}),
    "2026-03-07/good/tickets.json": pospal(pospal_ticket("good-7", [SCARF])),
    "2026-03-07/good/bill.csv": samples.wechat([_PAID], ["1", "12.00", "0.00", "0.07"]),
}


def corpus() -> Iterator[Hostile]:
    yield from (*text_files(), *cell_files(), *json_files(), *packed_files(), *workbook_files())


@dataclass(frozen=True)
class Delivery:
    """What a run made of the corpus."""

    home: Home
    names: dict[str, Fate]
    found: int
    refused: dict[str, str]
    peak: int | None  # None where the system does not tell
    ledger: dict[str, dict[str, Any]]
    reasons: dict[str, list[str]]  # of quarantined records, by load


@pytest.fixture(scope="module")
def delivery(tmp_path_factory: pytest.TempPathFactory) -> Delivery:
    """The corpus and the good files, loaded by a process of its own, whose memory is measured."""
    home = home_with(tmp_path_factory.mktemp("hostile"), {item.name: item.content for item in corpus()} | _GOOD)
    names = put_odd_names(home.deliveries)
    run = subprocess.run([sys.executable, "-c", _LOADING, str(home.root)], cwd=_ROOT, capture_output=True, text=True, timeout=300)
    assert run.returncode == 0, run.stderr[-2000:]
    said = json.loads(run.stdout)
    quarantine = frame(home, "channel_quarantine").sort("_load_id", "_source_row")
    reasons: dict[str, list[str]] = {}
    for load_id, reason in quarantine.select("_load_id", "reason").rows():
        reasons.setdefault(load_id, []).append(reason)
    return Delivery(home, names, said["found"], dict(said["refused"]), said["peak"], loads(home), reasons)


def found_fate(delivery: Delivery, path: str, wanted: Fate) -> Fate:
    """What became of a file, in the words of `wanted` where they hold."""
    if path in delivery.refused:
        reason = delivery.refused[path]
        return Fate(refused=wanted.refused if wanted.refused and wanted.refused in reason else reason)
    row = delivery.ledger[path]
    assert unaccounted(row) == 0
    reasons = delivery.reasons.get(row["load_id"], [])
    assert row["quarantined_count"] == len(reasons)
    if len(reasons) == len(wanted.quarantined):
        reasons = [phrase if phrase in reason else reason for phrase, reason in zip(wanted.quarantined, reasons, strict=True)]
    return Fate(row["loaded_count"], tuple(reasons), row["duplicate_count"])


_FATES = {path: fate for item in corpus() for path, fate in item.fates.items()}


@pytest.mark.parametrize("path", sorted(_FATES))
def test_hostile_file_meets_its_fate(delivery: Delivery, path: str) -> None:
    assert found_fate(delivery, path, _FATES[path]) == _FATES[path]


def test_corpus_is_large_and_every_file_is_another() -> None:
    files = list(corpus())
    assert len(files) >= 150
    assert len({item.name for item in files}) == len(files)
    assert len({item.content for item in files}) == len(files)


def test_odd_names_are_read_and_what_is_no_file_is_told(delivery: Delivery) -> None:
    assert {path: found_fate(delivery, path, fate) for path, fate in delivery.names.items()} == delivery.names
    known = {path for path in {*delivery.ledger, *delivery.refused} if path.startswith("names/")}
    assert known - set(delivery.names) == set()
    assert delivery.ledger["names/table.exe"]["delivery_count"] == 2, "the link to it is the same content again"


def test_every_delivered_file_is_accounted_for(delivery: Delivery) -> None:
    known = {*delivery.ledger, *delivery.refused}
    assert {path for path in {*_FATES, *delivery.names, *_GOOD} if path not in known} == set()
    assert all(unaccounted(row) == 0 for row in delivery.ledger.values())


def test_good_files_of_the_delivery_load_as_if_they_were_alone(delivery: Delivery, tmp_path: Path) -> None:
    alone = home_with(tmp_path, _GOOD)
    assert not load(alone).problems
    ids = [row["load_id"] for row in loads(alone).values()]
    assert len(ids) == len(_GOOD)
    tables = sorted(path.name for path in alone.lake.glob("channel_*") if path.name not in ("channel_loads", "channel_quarantine"))
    for table in tables:
        mine, theirs = (frame(home, table) for home in (alone, delivery.home))
        assert mine.equals(theirs.filter(theirs["_load_id"].is_in(ids))), table
    assert sum(frame(alone, table).height for table in tables) > 100


def test_memory_stays_bounded(delivery: Delivery) -> None:
    if delivery.peak is None:
        pytest.skip("this system does not tell the peak of a process's memory in /proc")
    assert delivery.peak < _MAX_PEAK_BYTES, f"{delivery.peak >> 20} MiB"


def test_reasons_tell_no_personal_data(delivery: Delivery) -> None:
    told = " ".join([*delivery.refused.values(), *(reason for found in delivery.reasons.values() for reason in found)])
    cells = [samples.TAOBAO_ROW[name] for name in ("买家会员名", "买家支付宝账号", "收货人姓名", "收货地址 ", "联系手机", "订单编号")]
    assert [cell for cell in cells if cell.strip("'") in told] == []
