"""Who entered a list, stayed or left it since it was last published: derived from the memberships, kept nowhere."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from pipelines.contracts.engine import literal
from pipelines.contracts.redirections import redirections
from pipelines.contracts.run import Run
from pipelines.contracts.segment_tables import SEGMENT_MEMBERSHIPS
from pipelines.contracts.segments import EXPORTED

_CHANGES = """(
with listed_now as (
    select customer_id
    from {now}
    where segment_name = {segment} and outcome = {exported}
),

listed_then as (
    select coalesce(today.new_id, past.customer_id) as customer_id, min(past.customer_id) as listed_id
    from {past} as past
    left join {redirections} as today on today.old_id = past.customer_id
    where past.segment_name = {segment} and past.outcome = {exported}
    group by coalesce(today.new_id, past.customer_id)
)

select
    coalesce(listed_now.customer_id, listed_then.customer_id) as customer_id,
    listed_then.listed_id,
    case
        when listed_then.customer_id is null then 'entered'
        when listed_now.customer_id is null then 'left'
        else 'stayed'
    end as change
from listed_now
full join listed_then on listed_then.customer_id = listed_now.customer_id
)"""
_NOBODY = "(select '' as segment_name, '' as customer_id, '' as outcome where false)"


def memberships_path(run: Run, day: date) -> Path:
    """Where the gate keeps what it decided on `day`."""
    return run.home.table(SEGMENT_MEMBERSHIPS.name) / f"as_of={day}" / "part-0.parquet"


def previously_published_on(run: Run, segment_name: str) -> date | None:
    """The newest day before the run's whose list of the segment was published; None for the first one.

    The folders tell: a day that a check stopped has memberships, and nobody was given its list.
    """
    found = (run.home.published / "segments").glob(f"*/{segment_name}/manifest.json")
    days = (date.fromisoformat(path.parents[1].name) for path in found if not path.parents[1].name.startswith("."))
    return max((day for day in days if day < run.as_of), default=None)


def changes_since(run: Run, segment_name: str) -> str:
    """SQL relation `(customer_id, listed_id, change)`: one row per customer on the list of the day or on the one published before it.

    `change` is entered, stayed or left. `customer_id` is the id of today, also where the earlier list had another; `listed_id` is the one
    that stood there, the smallest of several, null for who entered. Without an earlier list all have entered. Needs the memberships of
    the day.
    """
    previous = previously_published_on(run, segment_name)
    return _CHANGES.format(
        now=_rows(memberships_path(run, run.as_of)),
        past=_NOBODY if previous is None else _rows(memberships_path(run, previous)),
        redirections=redirections(run),
        segment=literal(segment_name),
        exported=literal(EXPORTED),
    )


def _rows(path: Path) -> str:
    return f"read_parquet({literal(str(path))}, hive_partitioning = false)"
