"""Write down what does not link although it is shared: records kept apart from a value, and holders kept apart from each other."""

from __future__ import annotations

import duckdb

_APART = """
create table apart as
select judged.record_id, judged.kind_id, judged.value, several.reason
from several
join judged on judged.record_id = several.record_id and judged.is_accepted
join kinds on kinds.kind_id = judged.kind_id and kinds.may_be_shared
join shared on shared.kind_id = judged.kind_id and shared.value = judged.value
union all
select foreign_points.record_id, foreign_points.kind_id, foreign_points.value, 'was only given beside the name of somebody else'
from foreign_points
join judged
    on judged.record_id = foreign_points.record_id and judged.kind_id = foreign_points.kind_id and judged.value = foreign_points.value
    and judged.is_accepted
join kinds on kinds.kind_id = judged.kind_id and kinds.may_be_shared
join shared on shared.kind_id = judged.kind_id and shared.value = judged.value
"""

# a record that a value does not link, with the first record that it does
_UNLINKED = """
create table unlinked as
with points as (
    select judged.record_id, judged.kind_id, judged.value, crowded.reason
    from judged
    join crowded on crowded.record_id = judged.record_id and crowded.kind_id = judged.kind_id
    anti join rejected on rejected.kind_id = judged.kind_id and rejected.value = judged.value
    where judged.state = 'real'
    union all
    select record_id, kind_id, value, reason from apart
),

others as (
    select sharing.kind_id, sharing.value, min(sharing.record_id) as record_id
    from sharing
    join (select distinct kind_id, value from points) as wanted on wanted.kind_id = sharing.kind_id and wanted.value = sharing.value
    group by sharing.kind_id, sharing.value
),

firsts as (
    select kind_id, value, holder_no, owner_no, min(record_id) as record_id from holders group by kind_id, value, holder_no, owner_no
),

found as (
    select
        least(points.record_id, others.record_id) as left_id,
        greatest(points.record_id, others.record_id) as right_id,
        points.kind_id,
        points.value,
        min(case when points.record_id < others.record_id then 'the left record ' else 'the right record ' end || points.reason) as reason
    from points
    join others on others.kind_id = points.kind_id and others.value = points.value
    group by least(points.record_id, others.record_id), greatest(points.record_id, others.record_id), points.kind_id, points.value
    union all
    select
        least(one.record_id, other.record_id),
        greatest(one.record_id, other.record_id),
        one.kind_id,
        one.value,
        case
            when one.owner_no = other.owner_no then 'is shared by people of different names'
            else 'was silent for more than {silent_days} days and came back with another owner'
        end
    from firsts as one
    join firsts as other on other.kind_id = one.kind_id and other.value = one.value and other.holder_no = one.holder_no + 1
)

select found.*
from found
join clusters as lefts on lefts.record_id = found.left_id
join clusters as rights on rights.record_id = found.right_id
where lefts.cluster_id <> rights.cluster_id
"""


def set_apart(connection: duckdb.DuckDBPyConnection) -> None:
    """Create `apart (record_id, kind_id, value, reason)`: records that a shared value says nothing about. Others may add to it."""
    connection.execute(_APART)


def name_unlinked(connection: duckdb.DuckDBPyConnection, silent_days: int) -> None:
    """Create `unlinked (left_id, right_id, kind_id, value, reason)`: a row per pair that a shared value does not link.

    Reads `clusters`: pairs that something else links are left out.
    """
    connection.execute(_UNLINKED.format(silent_days=silent_days))
