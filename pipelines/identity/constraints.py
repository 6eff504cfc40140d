"""Cluster again the components that hold two values of an exclusive kind: strongest links first, refusing those that would join them.

The pass that this equals takes all links in one order (rank, type, scope, value, left, right) and joins two clusters unless they
hold different values of an exclusive kind. Set-wise rounds decide the same, because a cluster only gains values:
1. Clusters that conflict conflict for ever, so every link between them is refused, now or at its turn.
2. The best open link of both its clusters comes before every other open link of either: its turn finds these very clusters.
3. The best open link of b alone finds b untouched at its turn; if the other cluster holds all of b's exclusive values already,
   it still does then, whatever it has gained, and b brings nothing that could change a later decision.
The best open link of all falls under 1 or 2, so each round decides something in every component that has a link left.
"""

from __future__ import annotations

import duckdb

from pipelines.identity.components import connect

# all pairs of the carriers of one value, so that no record is the center by accident; beyond this many carriers, only pairs
# with the smallest carrier of each set of exclusive values, which keeps 10,000 carriers from becoming 50 M pairs
_CLIQUE_LIMIT = 50

_EXCLUSIVE = """
create or replace table _exclusive as
select judged.record_id, judged.kind_id, judged.value, coalesce(labels.label, judged.record_id) as label
from judged
join kinds on kinds.kind_id = judged.kind_id
left join labels on labels.node = judged.record_id
where kinds.is_exclusive and judged.is_accepted
"""

_CONFLICTS = """
create or replace table _conflicts as
select distinct label from (select label from _exclusive group by label, kind_id having min(value) <> max(value)) as found
"""

# values that one source record holds together are one to the constraint: the channel itself says so (a card that was replaced)
_TOGETHER = """
create or replace table _held as
select record_id, kind_id, dense_rank() over (order by kind_id, value) as held_id
from _exclusive
where label in (select label from _conflicts)
"""

_TOGETHER_EDGES = """
(select held_id as a, min(held_id) over (partition by record_id, kind_id) as b from _held)
"""

_HOLDINGS = """
create or replace table _holdings as
select distinct _held.record_id as cluster_id, _held.kind_id, coalesce(_together.label, _held.held_id) as held_id
from _held
left join _together on _together.node = _held.held_id
"""

_OPEN_CARRIERS = """
create or replace table _open_carriers as
select
    carried.value_id,
    carried.record_id,
    carried.signature,
    count(*) over (partition by carried.value_id, carried.label) as carrier_count,
    min(carried.record_id) over (partition by carried.value_id, carried.label) as group_id,
    min(carried.record_id) over (partition by carried.value_id, carried.label, carried.signature) = carried.record_id as is_first
from (
    select
        carriers.value_id,
        carriers.record_id,
        coalesce(labels.label, carriers.record_id) as label,
        coalesce(signatures.signature, '') as signature
    from carriers
    left join labels on labels.node = carriers.record_id
    left join (
        select cluster_id, string_agg(kind_id || '=' || held_id, ',' order by kind_id) as signature from _holdings group by cluster_id
    ) as signatures on signatures.cluster_id = carriers.record_id
) as carried
where carried.label in (select label from _conflicts)
"""

_OPEN = """
create or replace table _open as
select row_number() over (order by value_id, l, r) as link_no, value_id, l, r, l as a, r as b
from (
    select small.value_id, small.record_id as l, large.record_id as r
    from _open_carriers as small
    join _open_carriers as large
        on large.value_id = small.value_id and large.group_id = small.group_id and large.record_id > small.record_id
    where small.carrier_count <= {limit}
    union all
    select small.value_id, least(small.record_id, large.record_id) as l, greatest(small.record_id, large.record_id) as r
    from _open_carriers as small
    join _open_carriers as large
        on large.value_id = small.value_id and large.group_id = small.group_id and large.record_id <> small.record_id
        and (large.signature = small.signature or (large.is_first and large.record_id > small.record_id))
    where small.carrier_count > {limit} and small.is_first
) as pairs
"""

_REFUSE = """
create or replace table _incompatible as
select _open.link_no, min(mine.kind_id) as kind_id
from _open
join _holdings as mine on mine.cluster_id = _open.a
join _holdings as theirs on theirs.cluster_id = _open.b and theirs.kind_id = mine.kind_id and theirs.held_id <> mine.held_id
group by _open.link_no;
insert into refused
select _open.l, _open.r, _open.value_id, _incompatible.kind_id from _open join _incompatible using (link_no);
create or replace table _open as select * from _open anti join _incompatible using (link_no)
"""

# compatible by now, so an end whose kinds the other end shares brings no value of its own
_ACCEPT = """
create or replace table _best as
select cluster_id, min(link_no) as link_no
from (select a as cluster_id, link_no from _open union all select b, link_no from _open) as ends
group by cluster_id;
create or replace table _kind_counts as
select cluster_id, count(*) as kind_count from _holdings group by cluster_id;
create or replace table _shared_counts as
select _open.link_no, count(*) as kind_count
from _open
join _holdings as mine on mine.cluster_id = _open.a
join _holdings as theirs on theirs.cluster_id = _open.b and theirs.kind_id = mine.kind_id
group by _open.link_no;
create or replace table _accepted as
select _open.a, _open.b
from _open
left join _best as best_a on best_a.cluster_id = _open.a and best_a.link_no = _open.link_no
left join _best as best_b on best_b.cluster_id = _open.b and best_b.link_no = _open.link_no
left join _kind_counts as kinds_a on kinds_a.cluster_id = _open.a
left join _kind_counts as kinds_b on kinds_b.cluster_id = _open.b
left join _shared_counts as shared on shared.link_no = _open.link_no
where (best_a.link_no is not null and best_b.link_no is not null)
    or (best_a.link_no is not null and coalesce(kinds_a.kind_count, 0) = coalesce(shared.kind_count, 0))
    or (best_b.link_no is not null and coalesce(kinds_b.kind_count, 0) = coalesce(shared.kind_count, 0))
"""

_MERGE = """
create or replace table regrouped as
select regrouped.record_id, coalesce(_joined.label, regrouped.cluster_id) as cluster_id
from regrouped
left join _joined on _joined.node = regrouped.cluster_id;
create or replace table _holdings as
select distinct coalesce(_joined.label, _holdings.cluster_id) as cluster_id, _holdings.kind_id, _holdings.held_id
from _holdings
left join _joined on _joined.node = _holdings.cluster_id;
create or replace table _open as
select moved.*
from (
    select
        _open.link_no,
        _open.value_id,
        _open.l,
        _open.r,
        coalesce(joined_a.label, _open.a) as a,
        coalesce(joined_b.label, _open.b) as b
    from _open
    left join _joined as joined_a on joined_a.node = _open.a
    left join _joined as joined_b on joined_b.node = _open.b
) as moved
where moved.a <> moved.b
"""

# links of one value between the same two clusters say one thing: the first of them stands for all
_FIRST_REFUSED = """
create or replace table refused as
select left_id, right_id, value_id, kind_id
from (
    select
        refused.*,
        row_number() over (
            partition by refused.value_id, least(l.cluster_id, r.cluster_id), greatest(l.cluster_id, r.cluster_id)
            order by refused.left_id, refused.right_id
        ) as position
    from refused
    join regrouped as l on l.record_id = refused.left_id
    join regrouped as r on r.record_id = refused.right_id
) as numbered
where position = 1
"""


def separate(connection: duckdb.DuckDBPyConnection) -> None:
    """Create `regrouped (record_id, cluster_id)` for the records of components in conflict, and `refused`.

    Reads `judged`, `kinds`, `carriers` and `labels`. `refused (left_id, right_id, value_id, kind_id)`: the first link of each value
    between two clusters that hold different values of the exclusive `kind_id`.
    """
    connection.execute("create table refused (left_id bigint, right_id bigint, value_id bigint, kind_id bigint)")
    connection.execute(_EXCLUSIVE)
    connection.execute(_CONFLICTS)
    connection.execute(_TOGETHER)
    connect(connection, _TOGETHER_EDGES, "_together")
    connection.execute(_HOLDINGS)
    connection.execute(_OPEN_CARRIERS)
    connection.execute(_OPEN.format(limit=_CLIQUE_LIMIT))
    connection.execute("create table regrouped as select distinct record_id, record_id as cluster_id from _open_carriers")
    while _open_links(connection):
        connection.execute(_REFUSE)
        connection.execute(_ACCEPT)
        connect(connection, "_accepted", "_joined")
        connection.execute(_MERGE)
    connection.execute(_FIRST_REFUSED)
    for table in ("_exclusive", "_conflicts", "_held", "_together", "_holdings", "_open_carriers", "_open"):
        connection.execute(f"drop table {table}")


def _open_links(connection: duckdb.DuckDBPyConnection) -> int:
    [(count,)] = connection.execute("select count(*) from _open").fetchall()
    return int(count)
