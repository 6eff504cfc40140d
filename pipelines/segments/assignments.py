"""Where the lists of earlier days first put every customer: what a test of a segment is read by. Decides nothing, reads no mart.

The gate decides after the marts, and the marts tell what came of it: the circle is cut at midnight. A run knows the lists of the days
before its own, whatever was decided later or by an earlier run of the same day.
"""

from __future__ import annotations

from pipelines.contracts.engine import open_engine, write_query
from pipelines.contracts.redirections import redirections
from pipelines.contracts.run import Run
from pipelines.contracts.segment_tables import SEGMENT_ASSIGNMENTS
from pipelines.segments.past import complete_past, past_memberships
from pipelines.segments.reading import examine_segments
from pipelines.segments.units import households, unit_of

# an arm is an arm of the exported; the day, the segment and the first id of several decide in this order
_SETTLED = """
with listed as (
    select segment_name, customer_id, as_of, outcome, arm, reason
    from {past}
    where outcome in ('exported', 'held_out')
),

stood as (
    select
        listed.segment_name,
        coalesce(today.new_id, listed.customer_id) as customer_id,
        listed.customer_id as listed_id,
        listed.outcome,
        listed.arm,
        min(listed.reason) filter (where listed.outcome = 'held_out') as reason,
        min(listed.as_of) as assigned_on
    from listed
    left join {redirections} as today on today.old_id = listed.customer_id
    group by 1, 2, 3, 4, 5
),

of_units as (
    select stood.*, {unit} as unit_id
    from stood
    left join {households} as households on households.customer_id = stood.customer_id
),

-- nearly all have stood in one place, under one id, in a unit of their own: windows over them all took three quarters of the time
moved as (
    select segment_name, unit_id
    from of_units
    group by segment_name, unit_id
    having count(*) > 1
),

settled as (
    select of_units.*, false as is_contaminated
    from of_units
    anti join moved on moved.segment_name = of_units.segment_name and moved.unit_id = of_units.unit_id

    union all

    select * exclude (place)
    from (
        select
            of_units.*,
            min((outcome, coalesce(arm, ''))) over of_unit <> max((outcome, coalesce(arm, ''))) over of_unit as is_contaminated,
            row_number() over (of_customer order by assigned_on, listed_id, outcome, arm) as place
        from of_units
        semi join moved on moved.segment_name = of_units.segment_name and moved.unit_id = of_units.unit_id
        window
            of_customer as (partition by segment_name, customer_id),
            of_unit as (partition by segment_name, unit_id)
    ) as placed
    where place = 1
)

select
    segment_name,
    customer_id,
    outcome,
    arm,
    reason,
    assigned_on,
    is_contaminated
from settled
order by segment_name, customer_id
"""


def settle_assignments(run: Run) -> None:
    """Write SEGMENT_ASSIGNMENTS: one row a segment and customer on or held out of a list before the day, by where they stood first.

    The whole history of lists is read again each time, so that a merge of today holds for lists of any day.
    """
    query = _SETTLED.format(
        past=past_memberships(run),
        redirections=redirections(run),
        households=households(run),
        unit=unit_of("stood", run.config.segments.holdout_unit),
    )
    complete_past(run, (defined.segment for defined in examine_segments(run.config.segments.folders)[0]))
    with open_engine(run, "assignments") as connection:
        write_query(connection, query, SEGMENT_ASSIGNMENTS, run.home.table(SEGMENT_ASSIGNMENTS.name) / "part-0.parquet")
