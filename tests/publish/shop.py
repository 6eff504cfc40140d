"""A small shop for tests of publishing: a home whose gate and marts are done."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from pipelines.contracts.catalog import TABLES
from pipelines.contracts.config import Config
from pipelines.contracts.home import Home
from pipelines.contracts.need_tables import NEED_TABLES
from pipelines.contracts.run import Run
from pipelines.contracts.segments import Definitions, Segment
from pipelines.contracts.settings.activation import SegmentsConfig
from pipelines.publish import PublishReport, publish

DAY = date(2026, 3, 10)
AT = datetime(2026, 1, 1, 20, tzinfo=UTC)
SMS = Segment(
    name="win_back", label={"en": "Win back", "zh": "唤回"}, description="Gone.", where="recency_days > 180",
    columns=("recency_days", "net_amount", "rate", "city", "seen_at"), channel="sms", purpose="marketing", priority=10,
    holdout=Decimal("0.1"), arms={"a": Decimal("0.5"), "b": Decimal("0.5")}, owner="crm", definition_hash="0" * 64,
)  # fmt: skip
EMAIL = replace(SMS, name="thanks", channel="email", columns=("recency_days",))
# customer, phone, email, name, outcome on the sms list
PEOPLE = [
    ("c_2", "+8613800000002", "b@example.com", "=HYPERLINK(1)", "exported"),
    ("c_1", "+8613800000001", "a@example.com", "王芳", "exported"),
    ("c_3", "+8613800000003", None, None, "held_out"),
    ("c_4", "+8613800000004", None, 'No, "quoted"\r\nname', "exported"),
    ("c_5", None, "e@example.com", "E", "unreachable"),
]


def write(home: Home, name: str, part: str, rows: list[dict[str, Any]]) -> None:
    path = home.table(name) / part
    path.parent.mkdir(parents=True, exist_ok=True)
    schema = TABLES[name].schema
    pl.DataFrame({column: [row.get(column) for row in rows] for column in schema}, schema=schema).write_parquet(path)


def decided(home: Home, day: date, people: list[tuple[Any, ...]] = PEOPLE) -> None:
    """What the gate would have stored for the day."""
    sms = [
        {"as_of": day, "segment_name": "win_back", "customer_id": name, "arm": "a" if outcome == "exported" else None, "outcome": outcome}
        for name, _, _, _, outcome in people
    ]
    email = [{"as_of": day, "segment_name": "thanks", "customer_id": "c_5", "outcome": "exported"}]
    write(home, "segment_memberships", f"as_of={day}/part-0.parquet", sms + email)
    write(home, "segment_faults", f"as_of={day}/part-0.parquet", [])


def made(folder: Path) -> Run:
    """A home whose gate and marts are done, and the run that may publish it."""
    home = Home(folder / "home")
    golden = {"first_seen_at": AT, "source_record_count": 1, "channel_count": 1}
    write(home, "golden_customers", "part-0.parquet", [
        golden | {"customer_id": name, "phone_e164": phone, "email": email, "full_name": full_name}
        for name, phone, email, full_name, _ in PEOPLE
    ])  # fmt: skip
    needs = (table.name for table in NEED_TABLES)
    empty = (*needs, "kpi_restatement", "late_facts", "value_models", "value_clusters", "value_backtests")
    for name in (*empty, "golden_consents", "identity_contact_points", "identity_current"):
        write(home, name, "part-0.parquet", [])
    decided(home, DAY)
    build_marts(home)
    return Run(DAY, Config(segments=SegmentsConfig()), home, folder)


def write_page(database: Path, folder: Path) -> None:
    """A report that says how many customers the finished database knows."""
    with duckdb.connect(str(database), read_only=True) as connection:
        [(customers,)] = connection.execute("select count(*) from mart_marketing__customer_360").fetchall()
    (folder / "index.html").write_text(f"{customers} customers\n")


def build_marts(home: Home, extra: str = "") -> None:
    home.marts.parent.mkdir(parents=True, exist_ok=True)
    home.marts.unlink(missing_ok=True)
    with duckdb.connect(str(home.marts)) as marts:
        marts.execute("""
            create table mart_marketing__customer_360 (
                customer_id varchar, recency_days integer, net_amount decimal(18, 2), rate double, city varchar, seen_at timestamptz
            )
        """)
        marts.executemany(
            "insert into mart_marketing__customer_360 values (?, 200, ?, 0.0000005, '上海', ?)",
            [[name, Decimal("-1.50") if name == "c_1" else Decimal("1234567.00"), AT] for name, *_ in PEOPLE],
        )
        marts.execute("create table kpi as select 'net_sales' as metric, 1.5 as value")
        marts.execute("create view sales as select * from kpi")
        if extra:
            marts.execute(extra)


def publish_it(run: Run, run_id: str = "r1") -> PublishReport:
    return publish(run, run_id, Definitions((SMS, EMAIL)), "v1", ["l2", "l1"], write_page)


def content(home: Home) -> dict[str, bytes]:
    return {path.relative_to(home.root).as_posix(): path.read_bytes() for path in home.published.rglob("*") if path.is_file()}


def tables(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    with duckdb.connect(str(path), read_only=True) as database:
        names = [name for (name,) in database.execute("select table_name from duckdb_tables()").fetchall()]
        return {name: database.execute(f"select * from {name} order by all").fetchall() for name in names}
