"""Keep who was who on which day: the histories of members and changes, which only move forward. Decides no id."""

from __future__ import annotations

from pathlib import Path

import duckdb

from pipelines.contracts.engine import stored_rows, write_query
from pipelines.contracts.identity_tables import IDENTITY_CHANGES, IDENTITY_MEMBERS
from pipelines.contracts.run import Run
from pipelines.contracts.tables import Table

# what the table said before the day of this run: running a day again starts from the same state and ends in the same bytes
_BEFORE = """
create table members_before as
select source_record_key, customer_id, valid_from_on, case when valid_to_on < {day} then valid_to_on end as valid_to_on
from {members}
where valid_from_on < {day}
"""

_PREVIOUS = """
create table previous as
select records.record_id, members_before.customer_id
from members_before
join records on records.source_record_key = members_before.source_record_key
where members_before.valid_to_on is null
"""

_MEMBERS = """
select
    members_before.source_record_key,
    members_before.customer_id,
    members_before.valid_from_on,
    case
        when members_before.valid_to_on is not null then members_before.valid_to_on
        when today.customer_id is distinct from members_before.customer_id then {day}
    end as valid_to_on
from members_before
left join today on today.source_record_key = members_before.source_record_key
union all
select today.source_record_key, today.customer_id, {day}, null
from today
left join members_before
    on members_before.source_record_key = today.source_record_key
    and members_before.customer_id = today.customer_id
    and members_before.valid_to_on is null
where members_before.source_record_key is null
order by source_record_key, valid_from_on
"""

_CHANGES = """
select as_of, change, customer_id, other_customer_id, source_record_count from {changes} where as_of < {day}
union all
select {day}, change, customer_id, other_customer_id, source_record_count from changes
order by as_of, change, customer_id, other_customer_id
"""


def read_history(connection: duckdb.DuckDBPyConnection, run: Run) -> bool:
    """Create `members_before`, `previous (record_id, customer_id)` and `ids_ever_given`; say whether a later day is known already."""
    members, day = stored_rows(run, IDENTITY_MEMBERS), _day(run)
    connection.execute(_BEFORE.format(members=members, day=day))
    connection.execute(_PREVIOUS)
    connection.execute("create table ids_ever_given as select distinct customer_id from members_before")
    [(has_later,)] = connection.execute(
        f"select count(*) > 0 from {members} where greatest(valid_from_on, coalesce(valid_to_on, valid_from_on)) > {day}"
    ).fetchall()
    return bool(has_later)


def write_history(connection: duckdb.DuckDBPyConnection, run: Run) -> None:
    """Move the histories on to the day of the run, from `members_before`, `today (source_record_key, customer_id)` and `changes`."""
    day = _day(run)
    write_query(connection, _MEMBERS.format(day=day), IDENTITY_MEMBERS, _path(run, IDENTITY_MEMBERS))
    changes = _CHANGES.format(changes=stored_rows(run, IDENTITY_CHANGES), day=day)
    write_query(connection, changes, IDENTITY_CHANGES, _path(run, IDENTITY_CHANGES))


def _path(run: Run, table: Table) -> Path:
    return run.home.table(table.name) / "part-0.parquet"


def _day(run: Run) -> str:
    return f"date '{run.as_of.isoformat()}'"
