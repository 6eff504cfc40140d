"""A shop of a few records, and a job of a few lines in the place of the real one: clusters by shared phones, decisions first."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from assets.cli import rehearsal
from assets.jobs import rehearse
from assets.records import run_id, run_inputs, write_record
from assets.resources import HomeResource
from pipelines.channels import load_deliveries
from pipelines.contracts.catalog import TABLES
from pipelines.contracts.errors import CheckFailedError
from pipelines.contracts.home import Home
from pipelines.contracts.run import Run
from pipelines.contracts.storage import write_table
from pipelines.identity.decisions import CANNOT_LINK, MUST_LINK, read_decisions
from tests.channels import samples
from tests.channels.lake import home_with

SEEN = datetime(2026, 3, 1, tzinfo=UTC)
_MARTS = """
create table fct_orders (order_key varchar, customer_id varchar, is_purchase boolean, net_amount decimal(18, 2));
create table fct_sends (send_key varchar, customer_id varchar);
create table customer_rfm (customer_id varchar, preset varchar, rfm_tier varchar, monetary_amount decimal(18, 2));
create table kpi (
    metric varchar, period_grain varchar, period_start date, dimension varchar, dimension_value varchar,
    numerator decimal(18, 2), denominator decimal(18, 2), value decimal(18, 6), unit varchar
)
"""


def id_of(record: str) -> str:
    """The customer whose smallest record this is."""
    return f"c_{hashlib.sha256(record.encode()).hexdigest()[:20]}"


class SmallShop:
    """A home with one loaded file, reviewed rows of its own, and the toy job. `values`: the phones of each record, one order each."""

    def __init__(self, root: Path, values: Mapping[str, Iterable[str]], monkeypatch: pytest.MonkeyPatch) -> None:
        self.values, self.done = {record: set(phones) for record, phones in values.items()}, list[str]()
        self.is_red, self.is_broken = False, False
        self.home = home_with(root / "home", {"2026-03-07/orders.csv": samples.taobao()})
        self.reference = root / "reference"
        self.reference.mkdir()
        (self.home.root / "cdp.yaml").write_text("reference_folder: ../reference\n")
        monkeypatch.setattr(rehearsal, "execute_aside", self._execute)
        load_deliveries(self.home, self.resource.config())

    @property
    def resource(self) -> HomeResource:
        return HomeResource(root=str(self.home.root), config_file=str(self.home.root / "cdp.yaml"))

    def publish(self) -> Home:
        """Run the newest day on the home itself and publish it."""
        run = self.resource.run(rehearsal.business_day(self.home, None).isoformat())
        self._run(run)
        self.home.published.mkdir(exist_ok=True)
        self.home.analytics.write_bytes(self.home.marts.read_bytes())
        inputs = run_inputs(run)
        write_record(self.home, run_id(inputs), inputs, analytics="published/analytics.duckdb", files={})
        return self.home

    def customers(self) -> set[frozenset[str]]:
        current = pl.read_parquet(self.home.table("identity_current") / "part-0.parquet")
        return {frozenset(records) for (records,) in current.group_by("customer_id").all().select("source_record_key").iter_rows()}

    def content(self) -> dict[str, bytes]:
        """Every file of the home and of the reviewed rows."""
        return {str(path): path.read_bytes() for folder in (self.home.root, self.reference) for path in folder.rglob("*") if path.is_file()}

    def _execute(self, job: Any, resource: HomeResource, day: str) -> None:
        self.done.append(job.name)
        if self.is_broken:
            raise RuntimeError("broken")
        if self.is_red and job is rehearse:
            raise CheckFailedError("identity_current:meets_expectations: failed")
        self._run(resource.run(day))

    def _run(self, run: Run) -> None:
        customers = {record: id_of(min(cluster)) for cluster in self._clusters(run) for record in cluster}
        points = [
            (record, "phone", "global", phone, "real", True, SEEN, SEEN, "1", 2) for record in customers for phone in self.values[record]
        ]
        self._write(run, "identity_current", [(record, customer, SEEN) for record, customer in customers.items()])
        self._write(run, "identity_contact_points", points)
        for name in ("identity_links", "identity_refused_links", "identity_changes"):
            self._write(run, name, [])
        listed = [(run.as_of, "loyal", customer, None, "exported", None, "sms", "marketing") for customer in set(customers.values())]
        self._write(run, "segment_memberships", listed, f"as_of={run.as_of}")
        run.home.marts.parent.mkdir(parents=True, exist_ok=True)
        run.home.marts.unlink(missing_ok=True)
        with duckdb.connect(str(run.home.marts)) as marts:
            marts.execute(_MARTS)
            for number, (record, customer) in enumerate(sorted(customers.items()), start=1):
                marts.execute(f"insert into fct_orders values ('{record}', '{customer}', true, {Decimal(10 * number)})")

    def _clusters(self, run: Run) -> set[frozenset[str]]:
        decisions = read_decisions(run).filter("is_effective")
        said = {
            word: [frozenset(pair) for pair in decisions.filter(decision=word).select(pl.col("^.*_source_record_key$")).iter_rows()]
            for word in (MUST_LINK, CANNOT_LINK)
        }
        shared = [frozenset(pair) for pair in itertools.combinations(self.values, 2) if self.values[pair[0]] & self.values[pair[1]]]
        found = {record: frozenset({record}) for record in self.values}
        for pair in (*said[MUST_LINK], *shared):
            joined = frozenset().union(*(found[record] for record in pair))
            if not any(other <= joined for other in said[CANNOT_LINK]):
                found |= dict.fromkeys(joined, joined)
        return set(found.values())

    def _write(self, run: Run, name: str, rows: list[tuple[Any, ...]], part: str = "") -> None:
        frame = pl.DataFrame(rows, schema=TABLES[name].schema, orient="row")
        write_table(frame, TABLES[name], run.home.table(name) / part / "part-0.parquet")
