"""A row of a list leads to every line that its customer's records stand in, of the loads that its run saw, and to no other."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from pipelines.contracts.channel_tables import CANONICAL_TABLES
from pipelines.contracts.errors import ConfigurationError
from pipelines.contracts.run import Run
from pipelines.publish import Line, read_row, remake_list, trace
from tests.publish.shop import DAY, SMS, build_marts, made, publish_it, write

AT = datetime(2026, 2, 1, tzinfo=UTC)
LISTS = f"segments/{DAY}/win_back"


@pytest.fixture
def published(tmp_path: Path) -> tuple[Run, Path]:
    run = made(tmp_path)
    build_marts(
        run.home,
        "create table fct_payments as select 'bank:p1' as payment_key, 'shop:o1' as order_key;"
        "create table fct_refunds as select 'bank:r9' as refund_key, 'shop:other' as order_key",
    )
    publish_it(run)
    return run, run.home.published / LISTS / "list.csv"


def test_row_is_numbered_as_a_spreadsheet_does(published: tuple[Run, Path]) -> None:
    _, path = published
    assert [read_row(path, number).customer_id for number in (2, 3, 4)] == ["c_1", "c_2", "c_4"]
    listed = read_row(path, 4)
    assert (listed.as_of, listed.segment_name, listed.run_id, list(listed.loads)) == (DAY, "win_back", "r1", ["l1", "l2"])


def test_what_is_no_published_list_is_refused(published: tuple[Run, Path], tmp_path: Path) -> None:
    _, path = published
    for number in (1, 5, 99):
        with pytest.raises(ConfigurationError, match=f"has no row {number}"):
            read_row(path, number)
    with pytest.raises(ConfigurationError, match="cannot be read with its manifest"):
        read_row(tmp_path / "list.csv", 2)
    with pytest.raises(ConfigurationError, match="not the file that was published"):
        read_row(path.with_name("manifest.json"), 2)
    path.write_bytes(path.read_bytes().replace(b"c_1", b"c_9"))
    with pytest.raises(ConfigurationError, match="not the file that was published"):
        read_row(path, 2)


def test_every_line_of_the_customers_records_is_found_and_no_other(published: tuple[Run, Path]) -> None:
    run, path = published
    mine, order = "shop:13800000001", {"order_key": "shop:o1", "order_no": "o1", "order_type": "sale", "status": "paid"}
    evidence = {"channel": "shop", "_exported_at": AT, "_load_id": "l1"}
    rows = {
        "channel_profiles": [
            evidence | {"source_record_key": mine, "_source_row": 2},
            evidence | {"source_record_key": mine, "_source_row": 7, "_load_id": "later"},
            evidence | {"source_record_key": "shop:somebody", "_source_row": 3},
        ],
        "channel_orders": [evidence | order | {"source_record_key": mine, "ordered_at": AT, "_source_row": 5, "_load_id": "l2"}],
        "channel_order_lines": [
            evidence | {"order_key": "shop:o1", "line_key": "shop:o1/1", "_source_row": 6, "quantity": Decimal(1), "_load_id": "l2"},
            evidence | {"order_key": "shop:o2", "line_key": "shop:o2/1", "_source_row": 8, "quantity": Decimal(1), "_load_id": "l2"},
        ],
        "channel_payments": [
            evidence | {"payment_key": "bank:p1", "_source_row": 9},
            evidence | {"payment_key": "bank:p2", "_source_row": 10},
        ],
        "channel_refunds": [evidence | {"refund_key": "bank:r9", "_source_row": 11}],
    }
    for table in CANONICAL_TABLES:
        write(run.home, table.name, "load=x/part-0.parquet", rows.get(table.name, []))
    write(run.home, "channel_loads", "part-0.parquet", [
        {"load_id": name, "file_path": f"2026-02-01/{name}.csv", "format_name": "own"} for name in ("l1", "l2", "later")
    ])  # fmt: skip
    found = trace(run, read_row(path, 2), [mine], run.home.analytics)
    where = {(line.table_name, line.file_path, line.line) for line in found}
    assert where == {
        ("channel_profiles", "2026-02-01/l1.csv", 2),
        ("channel_payments", "2026-02-01/l1.csv", 9),
        ("channel_orders", "2026-02-01/l2.csv", 5),
        ("channel_order_lines", "2026-02-01/l2.csv", 6),
    }
    assert found[0] == Line("channel_profiles", "shop:138***01", "2026-02-01/l1.csv", 2, "own", AT, "l1")
    assert "channel_payments" not in {line.table_name for line in trace(run, read_row(path, 2), [mine], None)}


def test_list_that_is_made_again_is_compared_with_what_went_out(published: tuple[Run, Path], tmp_path: Path) -> None:

    run, path = published
    manifest = json.loads(path.with_name("manifest.json").read_bytes())
    (tmp_path / "again").mkdir()
    again = remake_list(run, SMS, manifest, tmp_path / "again")
    assert {file.name: file.is_equal for file in again} == {"list.csv": True, "added.csv": True, "removed.csv": True}
    manifest["files"]["list.csv"]["sha256"] = "0" * 64
    manifest["files"]["gone.zip"] = {"sha256": "1" * 64}
    manifest["erased"] = {"gone.zip": {"sha256": None, "row_count": 3}, "added.csv": {"sha256": again[0].went_out_sha256, "row_count": 1}}
    (tmp_path / "once_more").mkdir()
    told = {file.name: (file.is_equal, file.erased_row_count) for file in remake_list(run, SMS, manifest, tmp_path / "once_more")}
    assert told == {"list.csv": (False, 0), "gone.zip": (None, 3), "added.csv": (True, 1), "removed.csv": (True, 0)}
