"""Where the lists of earlier days first put every customer: what a test of a segment is read by. Decides nothing, reads no mart.

The gate decides after the marts, and the marts tell what came of it: the circle is cut at midnight. A run knows the lists of the days
before its own, whatever was decided later or by an earlier run of the same day.
"""

from __future__ import annotations

from datetime import date

from pipelines.contracts.engine import lake_rows, literal, open_engine, write_query
from pipelines.contracts.identity_tables import IDENTITY_CHANGES
from pipelines.contracts.run import Run
from pipelines.contracts.segment_tables import SEGMENT_ASSIGNMENTS, SEGMENT_MEMBERSHIPS
from pipelines.segments import steps

# an arm is an arm of the exported; the day, the segment and the first id of several decide in this order
_SETTLED = """
with listed as (
    select segment_name, customer_id, as_of, outcome, arm
    from {past}
    where as_of < {as_of} and outcome in ('exported', 'held_out')
),

-- the id that a merged customer has today: the end of its redirections
today as (
    select old_id, min(new_id) as new_id
    from successors
    where new_id not in (select old_id from successors)
    group by old_id
),

stood as (
    select
        listed.segment_name,
        coalesce(today.new_id, listed.customer_id) as customer_id,
        listed.customer_id as listed_id,
        listed.outcome,
        listed.arm,
        min(listed.as_of) as assigned_on
    from listed
    left join today on today.old_id = listed.customer_id
    group by all
)

select
    segment_name,
    customer_id,
    outcome,
    arm,
    assigned_on,
    is_contaminated
from (
    select
        stood.*,
        min((outcome, coalesce(arm, ''))) over of_customer <> max((outcome, coalesce(arm, ''))) over of_customer as is_contaminated,
        row_number() over (of_customer order by assigned_on, listed_id, outcome, arm) as place
    from stood
    window of_customer as (partition by segment_name, customer_id)
)
where place = 1
order by segment_name, customer_id
"""


def settle_assignments(run: Run) -> None:
    """Write SEGMENT_ASSIGNMENTS: one row a segment and customer on or held out of a list before the day, by where they stood first.

    The whole history of lists is read again each time, so that a merge of today holds for lists of any day.
    """
    names = {"identity_changes": lake_rows(run, IDENTITY_CHANGES), "as_of": f"date {literal(run.as_of.isoformat())}", "past": _past(run)}
    with open_engine(run, "assignments") as connection:
        connection.execute(steps.SUCCESSORS.format_map(names))
        write_query(
            connection, _SETTLED.format_map(names), SEGMENT_ASSIGNMENTS, run.home.table(SEGMENT_ASSIGNMENTS.name) / "part-0.parquet"
        )


def _past(run: Run) -> str:
    """SQL relation: the memberships of the days before the run's; none on the first night."""
    folder = run.home.table(SEGMENT_MEMBERSHIPS.name)
    paths = [path for path in sorted(folder.glob("as_of=*/part-0.parquet")) if _day(path.parent.name) < run.as_of]
    if not paths:
        return "(select null::date as as_of, '' as segment_name, '' as customer_id, '' as outcome, '' as arm where false)"
    return f"read_parquet([{', '.join(literal(str(path)) for path in paths)}], hive_partitioning = false)"


def _day(folder: str) -> date:
    return date.fromisoformat(folder.removeprefix("as_of="))
