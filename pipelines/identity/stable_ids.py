"""Give clusters their ids: a pure function of today's clusters, yesterday's map, the ids ever given, and the key. Reads no table else."""

from __future__ import annotations

import duckdb

from pipelines.contracts.engine import literal

_OVERLAPS = """
create table shares as
select clusters.cluster_id, previous.customer_id as old_id, count(*) as shared_count
from clusters
join previous on previous.record_id = clusters.record_id
group by clusters.cluster_id, previous.customer_id
"""

# nearly every day nearly every cluster is one old customer and nothing else
_INHERIT_UNDISPUTED = """
create table inherited as
select shares.cluster_id, shares.old_id as customer_id
from shares
join (select cluster_id from shares group by cluster_id having count(*) = 1) as clear_clusters using (cluster_id)
join (select old_id from shares group by old_id having count(*) = 1) as clear_ids using (old_id);
create table disputed as select * from shares anti join inherited using (cluster_id)
"""

# most shared records first, then the smaller id, then the smaller cluster: an overlap that is first for both its sides is decided
_INHERIT_FIRST = """
create or replace table firsts as
select cluster_id, old_id
from (
    select
        cluster_id,
        old_id,
        row_number() over (partition by cluster_id order by shared_count desc, old_id) as place_for_cluster,
        row_number() over (partition by old_id order by shared_count desc, cluster_id) as place_for_id
    from disputed
) as placed
where place_for_cluster = 1 and place_for_id = 1;
insert into inherited select cluster_id, old_id from firsts;
create or replace table disputed as
select * from disputed where cluster_id not in (select cluster_id from firsts) and old_id not in (select old_id from firsts)
"""

_UNNAMED = """
create table unnamed as
select new_clusters.cluster_id, records.source_record_key
from (select distinct cluster_id from clusters anti join inherited using (cluster_id)) as new_clusters
join records on records.record_id = new_clusters.cluster_id;
create table named (cluster_id bigint, customer_id varchar)
"""

# An id that was given once is never given to anybody else, also not to the part that splits off with the very record that the id
# was derived from: lists that went out with the old id would point to two people. Such a part hashes its key with a number.
_NAME = """
create or replace table proposals as
select
    unnamed.cluster_id,
    'c_' || left(sha256({key} || chr(31) || unnamed.source_record_key || case when {salt} > 0 then chr(31) || '{salt}' else '' end), 20)
        as customer_id
from unnamed;
create or replace table fresh as
select cluster_id, customer_id
from (
    select proposals.*, row_number() over (partition by proposals.customer_id order by proposals.cluster_id) as place
    from proposals
    anti join ids_ever_given on ids_ever_given.customer_id = proposals.customer_id
    anti join named on named.customer_id = proposals.customer_id
) as free
where place = 1;
insert into named select cluster_id, customer_id from fresh;
create or replace table unnamed as select * from unnamed anti join fresh using (cluster_id)
"""

_CUSTOMERS = """
create table customers as
select cluster_id, customer_id, false as is_new from inherited
union all
select cluster_id, customer_id, true from named
"""

_CHANGES = """
create table changes as
with moved as (
    select customers.customer_id, customers.is_new, shares.old_id, shares.shared_count
    from shares
    join customers on customers.cluster_id = shares.cluster_id
    where customers.customer_id <> shares.old_id
),

heirs as (
    select
        moved.*,
        row_number() over (partition by moved.old_id order by moved.shared_count desc, moved.customer_id) as place
    from moved
    anti join customers on customers.customer_id = moved.old_id
)

select 'created' as change, customers.customer_id, '' as other_customer_id, sizes.record_count as source_record_count
from customers
join (select cluster_id, count(*) as record_count from clusters group by cluster_id) as sizes on sizes.cluster_id = customers.cluster_id
anti join shares on shares.cluster_id = customers.cluster_id
union all
select case when is_new then 'split' else 'merged' end, customer_id, old_id, shared_count from moved
union all
select 'redirected', old_id, customer_id, shared_count from heirs where place = 1
"""


def assign_ids(connection: duckdb.DuckDBPyConnection, key: str) -> None:
    """Create `customers (cluster_id, customer_id, is_new)` and `changes (change, customer_id, other_customer_id, source_record_count)`.

    Reads `records (record_id, source_record_key)`, `clusters (record_id, cluster_id)` with cluster_id the smallest record of the
    cluster, `previous (record_id, customer_id)` and `ids_ever_given (customer_id)`. The best overlap inherits; a split part that does
    not inherit, and a cluster of new records, get a new id from the keyed hash of their smallest source_record_key. `merged` says
    which id's records went to another customer that existed; when nothing is left of that id, `redirected` says where to look.
    """
    connection.execute(_OVERLAPS)
    connection.execute(_INHERIT_UNDISPUTED)
    while _any(connection, "disputed"):
        connection.execute(_INHERIT_FIRST)
    connection.execute(_UNNAMED)
    salt = 0
    while _any(connection, "unnamed"):
        connection.execute(_NAME.format(key=literal(key), salt=salt))
        salt += 1
    connection.execute(_CUSTOMERS)
    connection.execute(_CHANGES)
    for table in ("shares", "inherited", "disputed", "unnamed", "named"):
        connection.execute(f"drop table {table}")


def _any(connection: duckdb.DuckDBPyConnection, table: str) -> bool:
    [(count,)] = connection.execute(f"select count(*) from {table}").fetchall()
    return bool(count)
