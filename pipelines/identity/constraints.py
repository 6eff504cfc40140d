"""Cluster again the components that hold what one person cannot: strongest links first, refusing those that would join it.

What cannot be one person: two values of an exclusive kind, two records that a decision keeps apart, and, for links of identifiers that
people may share, two portraits with different names and different birthdays.

The pass that this equals takes all links in one order (rank, type, scope, value, left, right) and joins two clusters unless they
hold what opposes each other. Set-wise rounds decide the same, because a cluster only gains holdings:
1. Clusters that are opposed are opposed for ever, so every link between them is refused, now or at its turn.
2. The best open link of both its clusters comes before every other open link of either: its turn finds these very clusters.
3. The best open link of b alone finds b untouched at its turn; if the other cluster holds all that b holds already,
   it still does then, whatever it has gained, and b brings nothing that could change a later decision.
The best open link of all falls under 1 or 2, so each round decides something in every component that has a link left.
Portraits count from the moment when all links of ids that are given to one person are decided: such an id outweighs a name.
"""

from __future__ import annotations

import duckdb

from pipelines.identity.components import connect
from pipelines.identity.portraits import add_alike

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

_PORTRAITS = """
create or replace table _portraits as
select births.record_id, coalesce(labels.label, births.record_id) as label, min(own_names.name_id) as name_id, births.birth_on
from births
join own_names on own_names.record_id = births.record_id
left join labels on labels.node = births.record_id
group by births.record_id, coalesce(labels.label, births.record_id), births.birth_on;
create or replace table _portraits as
select *, dense_rank() over (order by label, name_id, birth_on) as portrait_id
from _portraits
where label in (
    select label from _portraits group by label having min(birth_on) <> max(birth_on) and min(name_id) <> max(name_id)
)
"""

_PAIRS_OF_PORTRAITS = """
select distinct lefts.name_id as a, rights.name_id as b
from (select distinct label, name_id, birth_on from _portraits) as lefts
join (select distinct label, name_id, birth_on from _portraits) as rights
    on rights.label = lefts.label and rights.name_id > lefts.name_id and rights.birth_on <> lefts.birth_on
"""

_OPPOSED = """
create or replace table _opposed as
select distinct lefts.label, lefts.portrait_id as a, rights.portrait_id as b
from _portraits as lefts
join _portraits as rights
    on rights.label = lefts.label and rights.name_id <> lefts.name_id and rights.birth_on <> lefts.birth_on
anti join alike on alike.a = lefts.name_id and alike.b = rights.name_id
"""

_CONFLICTS = """
create or replace table _conflicts as
select label from _exclusive group by label, kind_id having min(value) <> max(value)
union
select coalesce(lefts.label, cannot_links.left_id)
from cannot_links
left join labels as lefts on lefts.node = cannot_links.left_id
left join labels as rights on rights.node = cannot_links.right_id
where coalesce(lefts.label, cannot_links.left_id) = coalesce(rights.label, cannot_links.right_id)
union
select label from _opposed
"""

_MEMBERS = """
create or replace table regrouped as
select members.record_id, coalesce(_musts.label, members.record_id) as cluster_id
from (
    select node as record_id, label from labels
    union all
    select distinct label as record_id, label from labels
) as members
left join _musts on _musts.node = members.record_id
where members.label in (select label from _conflicts)
"""

# values that one source record holds together are one to the constraint: the channel itself says so (a card that was replaced);
# so are those that records of a must-link hold
_TOGETHER = """
create or replace table _held as
select regrouped.cluster_id, _exclusive.kind_id, dense_rank() over (order by _exclusive.kind_id, _exclusive.value) as held_id
from _exclusive
join regrouped on regrouped.record_id = _exclusive.record_id
"""

_TOGETHER_EDGES = """
(select held_id as a, min(held_id) over (partition by cluster_id, kind_id) as b from _held)
"""

# a decision that keeps two records apart is an exclusive kind of its own, with two values
_HOLDINGS = """
create or replace table _holdings as
select distinct _held.cluster_id, _held.kind_id, coalesce(_together.label, _held.held_id) as held_id
from _held
left join _together on _together.node = _held.held_id
union
select regrouped.cluster_id, -sides.decision_no, sides.side
from (
    select decision_no, left_id as record_id, 1 as side from cannot_links
    union all
    select decision_no, right_id, 2 from cannot_links
) as sides
join regrouped on regrouped.record_id = sides.record_id
"""

# portraits that links of personal ids have brought together are one to the constraint
_HELD_PORTRAITS = """
create or replace table _held_portraits as
select distinct regrouped.cluster_id, _portraits.portrait_id
from _portraits
join regrouped on regrouped.record_id = _portraits.record_id
"""

_PORTRAIT_EDGES = """
(select portrait_id as a, min(portrait_id) over (partition by cluster_id) as b from _held_portraits)
"""

_PORTRAIT_HOLDINGS = """
insert into _holdings
select distinct _held_portraits.cluster_id, 0, coalesce(_one_portrait.label, _held_portraits.portrait_id)
from _held_portraits
left join _one_portrait on _one_portrait.node = _held_portraits.portrait_id;
create or replace table _opposed as
select distinct coalesce(lefts.label, _opposed.a) as a, coalesce(rights.label, _opposed.b) as b
from _opposed
left join _one_portrait as lefts on lefts.node = _opposed.a
left join _one_portrait as rights on rights.node = _opposed.b
where coalesce(lefts.label, _opposed.a) <> coalesce(rights.label, _opposed.b)
"""

_OPEN_CARRIERS = """
create or replace table _open_carriers as
select
    carried.*,
    count(*) over (partition by carried.value_id, carried.label) as carrier_count,
    min(carried.record_id) over (partition by carried.value_id, carried.label) as group_id,
    min(carried.record_id) over (partition by carried.value_id, carried.label, carried.signature) = carried.record_id as is_first
from (
    select
        carriers.value_id,
        carriers.record_id,
        regrouped.cluster_id,
        coalesce(labels.label, carriers.record_id) as label,
        signatures.signature
    from carriers
    join regrouped on regrouped.record_id = carriers.record_id
    join link_values on link_values.value_id = carriers.value_id
    join kinds on kinds.kind_id = link_values.kind_id and kinds.may_be_shared = {may_be_shared}
    left join labels on labels.node = carriers.record_id
    left join (
        select cluster_id, array_sort(array_agg(kind_id || '=' || held_id)) as signature
        from _holdings
        group by cluster_id
    ) as signatures on signatures.cluster_id = regrouped.cluster_id
) as carried
"""

_OPEN = """
create or replace table _open as
select row_number() over (order by pairs.value_id, pairs.l, pairs.r) as link_no, pairs.*
from (
    select small.value_id, small.record_id as l, large.record_id as r, small.cluster_id as a, large.cluster_id as b
    from _open_carriers as small
    join _open_carriers as large
        on large.value_id = small.value_id and large.group_id = small.group_id and large.record_id > small.record_id
    where small.carrier_count <= {limit}
    union all
    select
        small.value_id,
        least(small.record_id, large.record_id),
        greatest(small.record_id, large.record_id),
        case when small.record_id < large.record_id then small.cluster_id else large.cluster_id end,
        case when small.record_id < large.record_id then large.cluster_id else small.cluster_id end
    from _open_carriers as small
    join _open_carriers as large
        on large.value_id = small.value_id and large.group_id = small.group_id and large.record_id <> small.record_id
        and (large.signature is not distinct from small.signature or (large.is_first and large.record_id > small.record_id))
    where small.carrier_count > {limit} and small.is_first
) as pairs
where pairs.a <> pairs.b
"""

_REFUSE = """
create or replace table _incompatible as
select _open.link_no, min(mine.kind_id) as kind_id
from _open
join _holdings as mine on mine.cluster_id = _open.a
join _holdings as theirs on theirs.cluster_id = _open.b and theirs.kind_id = mine.kind_id and theirs.held_id <> mine.held_id
left join _opposed on mine.kind_id = 0 and _opposed.a = mine.held_id and _opposed.b = theirs.held_id
where mine.kind_id <> 0 or _opposed.a is not null
group by _open.link_no;
insert into refused
select _open.l, _open.r, _open.value_id, _incompatible.kind_id from _open join _incompatible using (link_no);
create or replace table _open as select * from _open anti join _incompatible using (link_no)
"""

# compatible by now; an end whose holdings the other end has too brings none of its own
_ACCEPT = """
create or replace table _best as
select cluster_id, min(link_no) as link_no
from (select a as cluster_id, link_no from _open union all select b, link_no from _open) as ends
group by cluster_id;
create or replace table _holding_counts as
select cluster_id, count(*) as holding_count from _holdings group by cluster_id;
create or replace table _common_counts as
select _open.link_no, count(*) as holding_count
from _open
join _holdings as mine on mine.cluster_id = _open.a
join _holdings as theirs on theirs.cluster_id = _open.b and theirs.kind_id = mine.kind_id and theirs.held_id = mine.held_id
group by _open.link_no;
create or replace table _accepted as
select _open.a, _open.b
from _open
left join _best as best_a on best_a.cluster_id = _open.a and best_a.link_no = _open.link_no
left join _best as best_b on best_b.cluster_id = _open.b and best_b.link_no = _open.link_no
left join _holding_counts as holds_a on holds_a.cluster_id = _open.a
left join _holding_counts as holds_b on holds_b.cluster_id = _open.b
left join _common_counts as common on common.link_no = _open.link_no
where (best_a.link_no is not null and best_b.link_no is not null)
    or (best_a.link_no is not null and coalesce(holds_a.holding_count, 0) = coalesce(common.holding_count, 0))
    or (best_b.link_no is not null and coalesce(holds_b.holding_count, 0) = coalesce(common.holding_count, 0))
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

    Reads `judged`, `kinds`, `link_values`, `carriers`, `labels`, `births`, `own_names`, `alike`, `must_links (left_id, right_id)` and
    `cannot_links (decision_no, left_id, right_id)`. `refused (left_id, right_id, value_id, kind_id)`: the first link of each value
    between two clusters that cannot be one, because of the exclusive `kind_id`, of portraits (0) or of a decision (its number, negative).
    """
    connection.execute("create or replace table refused (left_id bigint, right_id bigint, value_id bigint, kind_id bigint)")
    connect(connection, "(select left_id as a, right_id as b from must_links)", "_musts")
    connection.execute(_EXCLUSIVE)
    connection.execute(_PORTRAITS)
    add_alike(connection, _PAIRS_OF_PORTRAITS)
    connection.execute(_OPPOSED)
    connection.execute(_CONFLICTS)
    connection.execute(_MEMBERS)
    connection.execute(_TOGETHER)
    connect(connection, _TOGETHER_EDGES, "_together")
    connection.execute(_HOLDINGS)
    _decide(connection, may_be_shared=False)
    connection.execute(_HELD_PORTRAITS)
    connect(connection, _PORTRAIT_EDGES, "_one_portrait")
    connection.execute(_PORTRAIT_HOLDINGS)
    _decide(connection, may_be_shared=True)
    connection.execute(_FIRST_REFUSED)
    for table in (
        "_musts",
        "_exclusive",
        "_portraits",
        "_opposed",
        "_conflicts",
        "_held",
        "_together",
        "_holdings",
        "_held_portraits",
        "_one_portrait",
        "_open_carriers",
        "_open",
    ):
        connection.execute(f"drop table {table}")


def _decide(connection: duckdb.DuckDBPyConnection, *, may_be_shared: bool) -> None:
    """Take every link of identifiers that people may share, or of those that they may not, in rounds until none is open."""
    connection.execute(_OPEN_CARRIERS.format(may_be_shared=may_be_shared))
    connection.execute(_OPEN.format(limit=_CLIQUE_LIMIT))
    while _open_links(connection):
        connection.execute(_REFUSE)
        connection.execute(_ACCEPT)
        connect(connection, "_accepted", "_joined")
        connection.execute(_MERGE)


def _open_links(connection: duckdb.DuckDBPyConnection) -> int:
    [(count,)] = connection.execute("select count(*) from _open").fetchall()
    return int(count)
