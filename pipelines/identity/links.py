"""Turn accepted values into clusters of source records, and say which links hold and which were refused."""

from __future__ import annotations

import duckdb

from pipelines.identity.components import connect
from pipelines.identity.constraints import separate

# numbered in the order in which links compete: strongest type first, then by what everyone can read
_LINK_VALUES = """
create table link_values as
select row_number() over (order by kinds.rank, accepted.kind_id, accepted.value) as value_id, accepted.kind_id, accepted.value
from (select kind_id, value from sharing group by kind_id, value having count(*) > 1) as accepted
join kinds on kinds.kind_id = accepted.kind_id
"""

_SHARING = """
create table sharing as
select judged.record_id, judged.kind_id, judged.value
from judged
join shared on shared.kind_id = judged.kind_id and shared.value = judged.value
where judged.is_accepted
"""

_CARRIERS = """
create table carriers as
select link_values.value_id, sharing.record_id
from sharing
join link_values on link_values.kind_id = sharing.kind_id and link_values.value = sharing.value
"""

# a star, not a clique: a value with n carriers is n - 1 edges
_STARS = """
create table stars as
select carriers.record_id as a, centers.record_id as b
from carriers
join (select value_id, min(record_id) as record_id from carriers group by value_id) as centers using (value_id)
where carriers.record_id <> centers.record_id
"""

_CLUSTERS = """
create table clusters as
select records.record_id, coalesce(regrouped.cluster_id, labels.label, records.record_id) as cluster_id
from records
left join labels on labels.node = records.record_id
left join regrouped on regrouped.record_id = records.record_id
"""

# one definition for all clusters: each carrier of a value with the smallest carrier in its cluster
_LINKS = """
create table links as
select min(carriers.record_id) over (partition by clusters.cluster_id, carriers.value_id) as left_id,
    carriers.record_id as right_id, carriers.value_id
from carriers
join clusters on clusters.record_id = carriers.record_id
"""

_CROWDED_LINKS = """
create table crowded_links as
with points as (
    select judged.record_id, judged.kind_id, judged.value, crowded.reason
    from judged
    join crowded on crowded.record_id = judged.record_id and crowded.kind_id = judged.kind_id
    anti join rejected on rejected.kind_id = judged.kind_id and rejected.value = judged.value
    where judged.state = 'real'
)

select
    least(points.record_id, others.record_id) as left_id,
    greatest(points.record_id, others.record_id) as right_id,
    points.kind_id,
    points.value,
    min(case when points.record_id < others.record_id then 'the left record ' else 'the right record ' end || points.reason) as reason
from points
join (
    select sharing.kind_id, sharing.value, min(sharing.record_id) as record_id
    from sharing
    join (select distinct kind_id, value from points) as wanted on wanted.kind_id = sharing.kind_id and wanted.value = sharing.value
    group by sharing.kind_id, sharing.value
) as others on others.kind_id = points.kind_id and others.value = points.value
group by least(points.record_id, others.record_id), greatest(points.record_id, others.record_id), points.kind_id, points.value
"""


def link(connection: duckdb.DuckDBPyConnection) -> None:
    """Create `clusters (record_id, cluster_id)`, `links`, `refused` and `crowded_links` from `judged`.

    `cluster_id` is the smallest record of the cluster. `links (left_id, right_id, value_id)` holds a row for every carrier of a linking
    value; those with left_id = right_id are the centers and no links. No cluster holds two values of an exclusive kind, unless one
    source record holds both.
    """
    connection.execute(_SHARING)
    connection.execute(_LINK_VALUES)
    connection.execute(_CARRIERS)
    connection.execute(_STARS)
    connect(connection, "stars", "labels")
    connection.execute("drop table stars")
    separate(connection)
    connection.execute(_CLUSTERS)
    connection.execute("drop table labels; drop table regrouped")
    connection.execute(_LINKS)
    connection.execute(_CROWDED_LINKS)
    connection.execute("drop table carriers; drop table sharing; drop table shared")
