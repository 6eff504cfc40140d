"""Hold back joins that would do much harm if they were wrong: clusters too large to be one person, and large ones that hang on one claim.

What is held back is published apart and queued for review; a must-link lets it through, a cannot-link closes the question.
"""

from __future__ import annotations

import duckdb

from pipelines.contracts.settings.identity import IdentityConfig
from pipelines.identity.components import connect

_SIZES = """
create table _sizes as
select cluster_id, count(*) as record_count from clusters group by cluster_id having count(*) >= {review_from}
"""

# a claim is a record's carrying of a value: an edge of the graph of records and values
_CLAIMS = """
create table _claims as
select
    row_number() over (order by carriers.value_id, carriers.record_id) as claim_no,
    clusters.cluster_id,
    carriers.record_id,
    carriers.value_id,
    kinds.may_be_shared
from carriers
join clusters on clusters.record_id = carriers.record_id
join _sizes on _sizes.cluster_id = clusters.cluster_id
join link_values on link_values.value_id = carriers.value_id
join kinds on kinds.kind_id = link_values.kind_id
"""

_OVERSIZE = """
create table held_back as
select
    _claims.cluster_id,
    _claims.record_id,
    _claims.value_id,
    'would make a cluster of ' || _sizes.record_count || ' source records, more than {largest}' as reason
from _claims
join _sizes on _sizes.cluster_id = _claims.cluster_id and _sizes.record_count > {largest}
where _claims.may_be_shared
"""

# Without this claim, which records does its record still reach? Asked of every claim at once, on a copy of the cluster for each: few
# clusters are large, and the largest are held back already. Nodes of different copies differ by more than any two in one.
_COPIES = """
create table _copies as
select
    cut.claim_no * 8589934592 + kept.record_id * 2 as a,
    cut.claim_no * 8589934592 + kept.value_id * 2 + 1 as b
from _claims as cut
join _claims as kept on kept.cluster_id = cut.cluster_id and kept.claim_no <> cut.claim_no
join _sizes on _sizes.cluster_id = cut.cluster_id and _sizes.record_count <= {largest}
where cut.may_be_shared
"""

_SIDES = """
create table _sides as
select
    cut.claim_no,
    clusters.record_id,
    coalesce(labels.label, cut.claim_no * 8589934592 + clusters.record_id * 2)
        = coalesce(own_labels.label, cut.claim_no * 8589934592 + cut.record_id * 2) as is_near
from _claims as cut
join clusters on clusters.cluster_id = cut.cluster_id
join _sizes on _sizes.cluster_id = cut.cluster_id and _sizes.record_count <= {largest}
left join _labels as labels on labels.node = cut.claim_no * 8589934592 + clusters.record_id * 2
left join _labels as own_labels on own_labels.node = cut.claim_no * 8589934592 + cut.record_id * 2
where cut.may_be_shared;
create table _bridges as
select claim_no from _sides group by claim_no having not bool_and(is_near)
"""

# a value of one kind on both sides would join them, so a kind that is on both sides has different values there
_STRANGE = """
create table _strange as
select distinct claim_no
from (
    select _sides.claim_no, judged.kind_id
    from _sides
    join _bridges on _bridges.claim_no = _sides.claim_no
    join judged on judged.record_id = _sides.record_id and judged.is_accepted
    join kinds on kinds.kind_id = judged.kind_id and not kinds.may_be_shared
    group by _sides.claim_no, judged.kind_id
    having bool_or(_sides.is_near) and not bool_and(_sides.is_near)
) as found
"""

_NAMED_ALIKE = """
create table _named_alike as
select distinct near.claim_no
from (
    select _sides.claim_no, own_names.name_id
    from _sides
    join _strange on _strange.claim_no = _sides.claim_no
    join own_names on own_names.record_id = _sides.record_id
    where _sides.is_near
) as near
join (
    select _sides.claim_no, own_names.name_id
    from _sides
    join _strange on _strange.claim_no = _sides.claim_no
    join own_names on own_names.record_id = _sides.record_id
    where not _sides.is_near
) as far on far.claim_no = near.claim_no
left join alike on alike.a = near.name_id and alike.b = far.name_id
where near.name_id = far.name_id or alike.a is not null
"""

_HANGING = """
insert into held_back
select _claims.cluster_id, _claims.record_id, _claims.value_id,
    'is all that holds together two parts of a cluster of ' || _sizes.record_count || ' source records with different ids of one kind'
from _strange
anti join _named_alike using (claim_no)
join _claims on _claims.claim_no = _strange.claim_no
join _sizes on _sizes.cluster_id = _claims.cluster_id
"""

_PARTS = """
create table _parts as
select distinct clusters.record_id, clusters.cluster_id from clusters where cluster_id in (select cluster_id from held_back);
create table _part_stars as
select kept.record_id as a, min(kept.record_id) over (partition by kept.cluster_id, kept.value_id) as b
from _claims as kept
anti join held_back on held_back.record_id = kept.record_id and held_back.value_id = kept.value_id
where kept.cluster_id in (select cluster_id from held_back)
"""

# the pair stands for the link: the record and the first other carrier of the value that it was in one cluster with
_REVIEWS = """
create table reviews as
select
    least(held.record_id, held.other_id) as left_id,
    greatest(held.record_id, held.other_id) as right_id,
    held.value_id,
    min(held.reason) as reason
from (
    select held_back.*, (
        select min(_claims.record_id)
        from _claims
        where _claims.cluster_id = held_back.cluster_id and _claims.value_id = held_back.value_id
            and _claims.record_id <> held_back.record_id
    ) as other_id
    from held_back
) as held
where held.other_id is not null
group by least(held.record_id, held.other_id), greatest(held.record_id, held.other_id), held.value_id
"""

_SPLIT = """
create or replace table clusters as
select clusters.record_id, coalesce(_part_labels.label, _parts.record_id, clusters.cluster_id) as cluster_id
from clusters
left join _parts on _parts.record_id = clusters.record_id
left join _part_labels on _part_labels.node = clusters.record_id;
create or replace table carriers as
select carriers.*
from carriers
anti join held_back on held_back.record_id = carriers.record_id and held_back.value_id = carriers.value_id
"""


def hold_back(connection: duckdb.DuckDBPyConnection, config: IdentityConfig) -> None:
    """Split suspicious clusters in `clusters` and `carriers`; create `reviews (left_id, right_id, value_id, reason)`: links held back.

    Suspicious is a cluster of more than `largest_cluster_records`: all its links of identifiers that people may share are held back. So
    is, in a cluster of `review_from_records` or more, a claim without which the cluster falls into two parts that each hold a different
    id of one kind, unless records of both parts bear the same name.
    """
    largest = config.largest_cluster_records
    connection.execute(_SIZES.format(review_from=min(config.review_from_records, largest + 1)))
    connection.execute(_CLAIMS)
    connection.execute(_OVERSIZE.format(largest=largest))
    connection.execute(_COPIES.format(largest=largest))
    connect(connection, "_copies", "_labels")
    connection.execute(_SIDES.format(largest=largest))
    connection.execute(_STRANGE)
    connection.execute(_NAMED_ALIKE)
    connection.execute(_HANGING)
    connection.execute(_PARTS)
    connect(connection, "_part_stars", "_part_labels")
    connection.execute(_REVIEWS)
    connection.execute(_SPLIT)
    for table in ("sizes", "claims", "copies", "labels", "sides", "bridges", "strange", "named_alike", "parts", "part_stars"):
        connection.execute(f"drop table _{table}")
    connection.execute("drop table held_back; drop table _part_labels")
