"""A new header generation is told once, with the first export that has it, and never stops a load."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipelines.channels import recent_drifts
from pipelines.contracts.config import Config
from tests.channels import samples
from tests.channels.lake import home_with, load, loads, put

STOCK = "product_id,store,counted_on,quantity"


def drift(folder: Path, *headers: str) -> list[str | None]:
    """The drift of one export a day, in the order of days."""
    home = home_with(folder, {})
    for day, header in enumerate(headers, start=1):
        cells = {"product_id": f"p{day}", "counted_on": f"2026-03-{day:02}", "quantity": "1"}
        line = ",".join(cells.get(name, "x") for name in header.split(","))
        put(home, f"2026-03-{day:02}/stock.csv", f"{header}\n{line}\n")
    load(home)
    found = loads(home)
    assert all(row["loaded_count"] == 1 for row in found.values())
    return [found[name]["drift"] for name in sorted(found)]


@pytest.mark.parametrize(
    ("headers", "told"),
    [
        ([STOCK, STOCK], [None, None]),
        ([STOCK, "quantity,store,counted_on,product_id"], [None, None]),
        ([STOCK, STOCK + ",bin"], [None, "new: bin"]),
        ([STOCK + ",bin", STOCK], [None, "gone: bin"]),
        ([STOCK, "product_id,counted_on,quantity"], [None, "gone: store; no longer read: store_id"]),
        ([STOCK, STOCK + ",bin", STOCK, STOCK + ",bin"], [None, "new: bin", None, None]),
        ([STOCK + ",bin", STOCK + ",shelf"], [None, "new: shelf; gone: bin"]),
    ],
    ids=["same", "shuffled", "came", "went", "optional one went", "told once", "renamed"],
)
def test_columns_that_came_or_went(tmp_path: Path, headers: list[str], told: list[str | None]) -> None:
    assert drift(tmp_path, *headers) == told


def test_order_of_exports_decides_and_not_order_of_reading(tmp_path: Path) -> None:
    home = home_with(tmp_path, {"2026-03-02/b.csv": f"{STOCK},bin\np,x,2026-03-02,1,x\n"})
    load(home)
    assert loads(home)["2026-03-02/b.csv"]["drift"] is None
    put(home, "2026-03-01/a.csv", f"{STOCK}\np,x,2026-03-01,1\n")
    load(home)
    assert loads(home)["2026-03-02/b.csv"]["drift"] == "new: bin"


def test_missing_optional_column_is_named(tmp_path: Path) -> None:
    home = home_with(tmp_path, {"2026-03-01/a.csv": "product_id,counted_on,quantity\np,2026-03-01,1\n"})
    load(home)
    assert loads(home)["2026-03-01/a.csv"]["missing_columns"] == "store_id"


def test_keys_of_json_come_and_go_and_only_new_ones_are_told(tmp_path: Path) -> None:
    message = {"type": "track", "event": "e", "messageId": "m", "anonymousId": "a", "timestamp": "2026-03-01T00:00:00Z", "context": {}}
    home = home_with(
        tmp_path,
        {
            f"2026-03-0{day}/events.jsonl": json.dumps({**message, "messageId": str(day), **more}) + "\n"
            for day, more in enumerate(({"properties": {"a": 1}}, {}, {"properties": {"b": 1}}), start=1)
        },
    )
    load(home)
    assert [loads(home)[f"2026-03-0{day}/events.jsonl"]["drift"] for day in (1, 2, 3)] == [None, None, "new: properties.b"]


def test_drift_is_told_for_some_days_only(tmp_path: Path) -> None:
    home = home_with(
        tmp_path,
        {
            "2026-03-01/a.csv": f"{STOCK}\np,x,2026-03-01,1\n",
            "2026-03-02/b.csv": f"{STOCK},bin\np,x,2026-03-02,1,x\n",
        },
    )
    load(home)
    assert recent_drifts(home, Config()) == [{"file_path": "2026-03-02/b.csv", "format_name": "generic_stock", "drift": "new: bin"}]
    put(home, "2026-03-20/c.csv", f"{STOCK},bin\np,x,2026-03-20,1,x\n")
    load(home)
    assert recent_drifts(home, Config()) == []


def test_header_that_holds_a_person_is_not_kept(tmp_path: Path) -> None:
    home = home_with(tmp_path, {"2026-03-01/a.csv": f"{STOCK},13800000001,lee@example.com\np,x,2026-03-01,1,,\n"})
    load(home)
    kept = "".join(path.read_text() for path in (home.lake / "headers").iterdir())
    assert "13800000001" not in kept
    assert "lee@" not in kept


def test_every_missing_column_is_named_with_the_closest_header(tmp_path: Path) -> None:
    text = samples.taobao().replace("订单创建时间", "订单创建日期").replace("联系手机", "联系手机号码")
    home = home_with(tmp_path, {"2026-03-01/a.csv": text})
    told = load(home).refused[0].reason
    assert "lacks the columns '联系手机', did you mean '联系手机号码'?; '订单创建时间', did you mean '订单创建日期'?" in told
