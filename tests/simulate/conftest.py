"""Small simulations, and readers that know the real exports but nothing of the simulator's code."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest

from pipelines.simulate import ALL_FORMATS, BASE_FORMATS, OUTREACH_FORMATS, SimulationSpec, SimulationSummary, simulate

Row = dict[str, str]
Reader = Callable[[str], Iterator[tuple[Path, list[str], list[list[str]]]]]

PATTERNS = {
    "taobao_order_v1": ("ExportOrderList*.csv", "gb18030"),
    "youzan_order": ("youzan_order_*.csv", "utf-8-sig"),
    "youzan_customer": ("youzan_customer_*.csv", "utf-8-sig"),
    "siss_saleflow": ("t_rm_saleflow_*.csv.gz", "gb18030"),
    "shopify_orders": ("orders_export_*.csv", "utf-8"),
    "shopify_customers": ("customers_export_*.csv", "utf-8"),
    "zendesk_csv": ("zendesk_tickets_*.csv", "utf-8"),
    "loyalty_points": ("loyalty_points_*.csv", "utf-8"),
}


@pytest.fixture(scope="session")
def spec() -> SimulationSpec:
    return SimulationSpec(
        customers=700,
        days=300,
        seed=11,
        first_day=date(2026, 1, 1),
        formats=BASE_FORMATS | OUTREACH_FORMATS,
        deliver_every_days=10,
        daily_tail_days=20,
        family_phone_share=0.12,
        recycled_phone_share=0.02,
        placeholder_share=0.02,
        walk_in_card_share=0.2,
        rare_surname_share=0.02,
    )


@pytest.fixture(scope="session")
def simulated(spec: SimulationSpec, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, SimulationSummary]:
    out = tmp_path_factory.mktemp("simulated")
    return out, simulate(spec, out)


@pytest.fixture(scope="session")
def every_export(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, SimulationSummary]:
    """A little of every format: two deliveries of three weeks, one of a day."""
    out = tmp_path_factory.mktemp("every_export")
    spec = SimulationSpec(
        customers=420, days=40, seed=8, first_day=date(2026, 3, 1), formats=ALL_FORMATS, deliver_every_days=20, daily_tail_days=1
    )
    return out, simulate(spec, out)


@pytest.fixture(scope="session")
def deliveries(simulated: tuple[Path, SimulationSummary]) -> Path:
    return simulated[0]


@pytest.fixture(scope="session")
def read(deliveries: Path) -> Reader:
    """Path, header and rows of each file of a CSV format, by day."""

    def reader(name: str) -> Iterator[tuple[Path, list[str], list[list[str]]]]:
        pattern, encoding = PATTERNS[name]
        for path in sorted(deliveries.glob(f"*/{pattern}")):
            raw = path.read_bytes()
            text = (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode(encoding)
            header, *rows = csv.reader(io.StringIO(text, newline=""))
            yield path, header, rows

    return reader


@pytest.fixture(scope="session")
def rows_of(read: Reader) -> Callable[[str], list[Row]]:
    """All rows of a CSV format by (stripped) column name, with the delivery's day under `_day`."""

    def reader(name: str) -> list[Row]:
        found = []
        for path, header, rows in read(name):
            columns = [column.strip() for column in header]
            found += [dict(zip(columns, row, strict=True)) | {"_day": path.parent.name} for row in rows]
        return found

    return reader


@pytest.fixture(scope="session")
def events(deliveries: Path) -> list[dict[str, object]]:
    found = []
    for path in sorted(deliveries.glob("*/segment_events_*.jsonl.gz")):
        found += [json.loads(line) for line in gzip.decompress(path.read_bytes()).decode().splitlines()]
    return found


@pytest.fixture(scope="session")
def bills(deliveries: Path) -> list[tuple[Path, list[str]]]:
    """Each WeChat bill as its lines."""
    paths = sorted(deliveries.glob("*/1900007291All*.csv"))
    return [(path, path.read_text("utf-8-sig").splitlines()) for path in paths]
