"""Turn accepted values into clusters of source records: which carriers of a value it links, and which clusters that makes."""

from __future__ import annotations

import duckdb

from pipelines.identity.components import connect
from pipelines.identity.constraints import separate

# a value that had several holders links the records of each holder, as if each had a value of their own; so does a must-link its two
_SHARING = """
create table sharing as
select judged.record_id, judged.kind_id, judged.value, coalesce(holders.holder_no, 0) as holder_no
from judged
join shared on shared.kind_id = judged.kind_id and shared.value = judged.value
anti join apart on apart.record_id = judged.record_id and apart.kind_id = judged.kind_id and apart.value = judged.value
left join holders on holders.record_id = judged.record_id and holders.kind_id = judged.kind_id and holders.value = judged.value
where judged.is_accepted
union all
select must_sides.record_id, kinds.kind_id, must_sides.said_by, must_sides.decision_no
from (
    select left_id as record_id, said_by, decision_no from must_links
    union all
    select right_id, said_by, decision_no from must_links
) as must_sides
join kinds on kinds.type = 'decision'
"""

# numbered in the order in which links compete: strongest type first, then by what everyone can read
_LINK_VALUES = """
create table link_values as
select
    row_number() over (order by kinds.rank, accepted.kind_id, accepted.value, accepted.holder_no) as value_id,
    accepted.kind_id,
    accepted.value,
    accepted.holder_no
from (select kind_id, value, holder_no from sharing group by kind_id, value, holder_no having count(*) > 1) as accepted
join kinds on kinds.kind_id = accepted.kind_id
"""

_CARRIERS = """
create table carriers as
select link_values.value_id, sharing.record_id
from sharing
join link_values
    on link_values.kind_id = sharing.kind_id and link_values.value = sharing.value and link_values.holder_no = sharing.holder_no
"""

# a star, not a clique: a value with n carriers is n - 1 edges
_STARS = """
create or replace table stars as
select carriers.record_id as a, centers.record_id as b
from carriers
join (select value_id, min(record_id) as record_id from carriers group by value_id) as centers using (value_id)
where carriers.record_id <> centers.record_id
"""

_CLUSTERS = """
create or replace table clusters as
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


def gather_carriers(connection: duckdb.DuckDBPyConnection) -> None:
    """Create `sharing`, `link_values (value_id, kind_id, value, holder_no)` and `carriers (value_id, record_id)`."""
    connection.execute(_SHARING)
    connection.execute(_LINK_VALUES)
    connection.execute(_CARRIERS)


def cluster(connection: duckdb.DuckDBPyConnection) -> None:
    """Create `clusters (record_id, cluster_id)` and `refused` from `carriers`, `must_links` and `cannot_links`.

    `cluster_id` is the smallest record of the cluster. No cluster holds two values of an exclusive kind, unless one source record or a
    must-link holds both, nor two records that a decision keeps apart.
    """
    connection.execute(_STARS)
    connect(connection, "stars", "labels")
    connection.execute("drop table stars")
    separate(connection)
    connection.execute(_CLUSTERS)
    connection.execute("drop table labels; drop table regrouped")


def name_links(connection: duckdb.DuckDBPyConnection) -> None:
    """Create `links (left_id, right_id, value_id)`: a row for every carrier of a linking value, with the smallest of its cluster.

    Rows with left_id = right_id are that smallest carrier itself and no links.
    """
    connection.execute(_LINKS)
