"""A small shop for tests of the gate: a home with just what the gate reads."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from pipelines.contracts.catalog import TABLES
from pipelines.contracts.config import Config
from pipelines.contracts.home import Home
from pipelines.contracts.run import Run
from pipelines.contracts.segments import Segment
from pipelines.contracts.settings.activation import SegmentsConfig
from pipelines.segments import decide_memberships

DAY = date(2026, 3, 10)
NEVER = datetime(2026, 1, 1, tzinfo=UTC)
OPEN = SegmentsConfig(global_holdout=Decimal(0))


def phone(number: int) -> str:
    return f"+86138{number:08d}"


def segment(name: str = "all_sms", **changes: Any) -> Segment:
    plain = Segment(
        name=name, label={"en": name, "zh": name}, description=name, where="recency_days >= 0", columns=("recency_days",),
        channel="sms", purpose="marketing", priority=10, holdout=Decimal(0), arms={}, owner="crm", definition_hash=name,
    )  # fmt: skip
    return replace(plain, **changes)


@dataclass
class Shop:
    """A home with just what the gate reads. Customers are reachable by a phone of their own and consent to sms unless told otherwise."""

    root: Path
    config: SegmentsConfig = OPEN
    customers: dict[str, dict[str, Any]] = field(default_factory=dict)
    consents: list[tuple[str, str, str, str]] = field(default_factory=list)  # customer, contact value, medium, status
    denied_service: list[tuple[str, str]] = field(default_factory=list)  # customer, phone
    suppressions: str = ""
    redirects: list[tuple[str, str]] = field(default_factory=list)
    points: list[tuple[str, str, str]] = field(default_factory=list)  # customer, type, value
    sends: list[dict[str, Any]] = field(default_factory=list)  # rows of fct_sends
    reports: list[dict[str, Any]] = field(default_factory=list)  # rows of channel_sends
    statements: list[dict[str, Any]] = field(default_factory=list)  # rows of channel_consents
    households: list[tuple[str, str]] = field(default_factory=list)  # household, customer
    campaigns: dict[str, tuple[str, ...]] = field(default_factory=dict)  # registered campaign -> what belongs to it, `segments:name` too

    def add(
        self,
        customer: str,
        *,
        recency_days: int | None = 1,
        consents: bool = True,
        last_active_on: date | None = None,
        **contact: str | None,
    ) -> None:
        golden = {"phone_e164": phone(len(self.customers)), "email": None} | contact
        self.customers[customer] = golden | {"recency_days": recency_days, "last_active_on": last_active_on}
        if consents and golden["phone_e164"]:
            self.consents.append((customer, golden["phone_e164"], "sms", "granted"))

    def decide(self, *segments: Segment, day: date = DAY) -> dict[tuple[str, str], tuple[str, str | None, str | None]]:
        """(segment, customer) -> outcome, reason, arm."""
        self.report = decide_memberships(self.run(day), segments)
        frame = pl.read_parquet(self.root / "lake" / "segment_memberships" / f"as_of={day}" / "part-0.parquet")
        assert frame.schema == TABLES["segment_memberships"].schema
        assert frame.rows() == sorted(frame.rows(), key=lambda row: row[1:3])
        return {(row["segment_name"], row["customer_id"]): (row["outcome"], row["reason"], row["arm"]) for row in frame.to_dicts()}

    def run(self, day: date) -> Run:
        home, reference = Home(self.root), self.root / "reference"
        reference.mkdir(parents=True, exist_ok=True)
        (reference / "suppressions.csv").write_text("type,value,reason,since_on\n" + self.suppressions, encoding="utf-8")
        home.marts.parent.mkdir(parents=True, exist_ok=True)
        home.marts.unlink(missing_ok=True)
        with duckdb.connect(str(home.marts)) as marts:
            marts.execute("create table mart_marketing__customer_360 (customer_id varchar, recency_days integer, last_active_on date)")
            if self.customers:
                rows = [[name, facts["recency_days"], facts["last_active_on"]] for name, facts in self.customers.items()]
                marts.execute(
                    "insert into mart_marketing__customer_360 select unnest($1), unnest($2), unnest($3)",
                    list(map(list, zip(*rows, strict=True))),
                )
            self._write_sends(marts, reference)
        base = {
            "first_seen_at": NEVER,
            "last_seen_at": NEVER,
            "source_record_count": 1,
            "channel_count": 1,
            "_load_id": "0" * 16,
            "_source_row": 1,
        }
        self.write("golden_customers", [base | {"customer_id": name} | facts for name, facts in self.customers.items()])
        self.write("golden_consents", [
            base | {"customer_id": name, "contact_type": "phone" if medium == "sms" else "email", "contact_value": value, "medium": medium,
                    "purpose": purpose, "status": status, "stated_at": NEVER}
            for name, value, medium, status, purpose in (
                *((*consent, "marketing") for consent in self.consents),
                *((*denial, "sms", "denied", "service") for denial in self.denied_service),
            )
        ])  # fmt: skip
        self.write("identity_changes", [
            {"as_of": DAY, "change": "redirected", "customer_id": old, "other_customer_id": new, "source_record_count": 1}
            for old, new in self.redirects
        ])  # fmt: skip
        self.write("identity_contact_points", [
            base | {"source_record_key": f"pos:{name}", "type": kind, "scope": "global", "value": value, "state": "real",
             "is_accepted": True}
            for name, kind, value in self.points
        ])  # fmt: skip
        self.write("identity_households", [{"household_id": household, "customer_id": name} for household, name in self.households])
        self.write("campaign_sources", [
            {"source_key": key, "channel": key.partition(":")[0], "campaign_no": key.partition(":")[2], "registered_name": name}
            for name, keys in self.campaigns.items()
            for key in keys
        ])  # fmt: skip
        provenance = {"channel": "sms", "_exported_at": NEVER, "_load_id": "0" * 16, "_source_row": 1}
        self.write("channel_sends", [provenance | row for row in self.reports], "load=0")
        self.write("channel_consents", [provenance | base | row for row in self.statements], "load=0")
        self.write("identity_current", [base | {"source_record_key": f"pos:{name}", "customer_id": name} for name in self.customers])
        return Run(day, Config(segments=self.config), home, reference)

    def _write_sends(self, marts: duckdb.DuckDBPyConnection, folder: Path) -> None:
        schema = {
            **dict.fromkeys(("send_key", "channel", "campaign_key", "customer_id", "medium", "status"), pl.String()),
            "counted_on": pl.Date(),
            **dict.fromkeys(("opened_at", "clicked_at"), pl.Datetime("us", "UTC")),
        }
        filled = [{"send_key": f"sms:{place}", "channel": "sms", "medium": "sms", "status": "delivered"} | row
                  for place, row in enumerate(self.sends)]  # fmt: skip
        columns = {column: [row.get(column) for row in filled] for column in schema}
        pl.DataFrame(columns, schema=schema).write_parquet(folder / "sends.parquet")
        marts.execute(f"create table fct_sends as select * from read_parquet('{folder / 'sends.parquet'}')")

    def write(self, name: str, rows: list[dict[str, Any]], folder: str = ".") -> None:
        path = self.root / "lake" / name / folder / "part-0.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        schema = TABLES[name].schema
        columns = {column: [row.get(column) for row in rows] for column in schema}
        pl.DataFrame(columns, schema=schema).write_parquet(path)

    def sent(
        self,
        days_ago: int,
        *customers: str,
        outcome: str = "exported",
        name: str = "earlier",
        medium: str = "sms",
        purpose: str = "marketing",
    ) -> None:
        self.sent_lists(days_ago, [(customer, name) for customer in customers], outcome, medium, purpose)

    def sent_lists(
        self, days_ago: int, listed: list[tuple[str, str]], outcome: str = "exported", medium: str = "sms", purpose: str = "marketing"
    ) -> None:
        """The memberships of a day: customers and segments."""
        day = DAY - timedelta(days=days_ago)
        path = self.root / "lake" / "segment_memberships" / f"as_of={day}" / "part-0.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        rows = [(day, name, customer, None, outcome, None, medium, purpose) for customer, name in listed]
        pl.DataFrame(rows, schema=TABLES["segment_memberships"].schema, orient="row").write_parquet(path)
