"""Build the golden tables for one day: attributes with provenance, then consents. Each is a module of its own."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from pipelines.contracts.engine import lake_rows, open_engine
from pipelines.contracts.identity_tables import IDENTITY_CURRENT
from pipelines.contracts.run import Run
from pipelines.golden.attributes import write_attributes
from pipelines.golden.consents import write_consents

# numbered in the order of the ids, so that sorting 2 M customers is sorting whole numbers
_MEMBERS = """
create table ids as
select row_number() over (order by customer_id) as customer_no, customer_id
from (select distinct customer_id from {current});
create table members as
select
    current_members.source_record_key,
    split_part(current_members.source_record_key, ':', 1) as channel,
    current_members.first_seen_at,
    ids.customer_no
from {current} as current_members
join ids on ids.customer_id = current_members.customer_id
"""


@dataclass(frozen=True, slots=True)
class GoldenReport:
    """What was written, in counts."""

    customers: int
    with_phone: int
    with_email: int
    consents: int
    denied_consents: int


def build_golden(run: Run) -> GoldenReport:
    """Write the golden tables for the customers of `identity_current`, each whole."""
    with open_engine(run, "golden") as connection:
        connection.execute(_MEMBERS.format(current=lake_rows(run, IDENTITY_CURRENT)))
        write_attributes(connection, run)
        write_consents(connection, run)
        return _report(connection)


def build_consents(run: Run) -> None:
    """Write `golden_consents` alone, for the customers of `identity_current`: of an hour, as they are known of its whole day."""
    with open_engine(run, "golden") as connection:
        connection.execute(_MEMBERS.format(current=lake_rows(run, IDENTITY_CURRENT)))
        write_consents(connection, run.whole_day)


def _report(connection: duckdb.DuckDBPyConnection) -> GoldenReport:
    [counts] = connection.execute(
        "select (select count(*) from ids), (select count(*) from contacts where field = 'phone_e164'),"
        " (select count(*) from contacts where field = 'email'), (select count(*) from decided),"
        " (select count(*) from decided where status = 'denied')"
    ).fetchall()
    return GoldenReport(*(int(count) for count in counts))
