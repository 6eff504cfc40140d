"""Say how each source record names its person and when that person was born. Compares names and days; links nobody.

A record that names several people (a family's login, a proxy buyer) is an account: only what was said beside its usual name is its own.
"""

from __future__ import annotations

import duckdb
import polars as pl

from pipelines.contracts.engine import create_from_frame, fetch_frame
from pipelines.contracts.run import Run
from pipelines.identity.agreement import name_agreement
from pipelines.identity.components import connect
from pipelines.identity.names import whole_names

# a form's default, not a birthday: one day that so many records name, and so large a share of those that name any. By chance a day has
# one record in 20,000
_DEFAULT_DAY_RECORDS = 50
_DEFAULT_DAY_SHARE = 0.005
_EARLIEST_BIRTH = "date '1905-01-01'"
# of the claims of a record that name somebody; below, nobody is its usual person
_USUAL_SHARE = "0.66"

_RECORD_NAMES = """
create table record_names as
select claimed_names.record_id, name_list.name_id, sum(claimed_names.claim_count) as claim_count
from claimed_names
join name_list on name_list.full_name = claimed_names.full_name
group by claimed_names.record_id, name_list.name_id
"""

_BIRTHS = """
create table births as
with claimed as (
    select record_id, min(birth_on) as birth_on
    from profile_claims
    anti join accounts using (record_id)
    where birth_on >= {earliest} and birth_on < {day}
    group by record_id
    having min(birth_on) = max(birth_on)
),

usual as (
    select birth_on
    from claimed
    group by birth_on
    having count(*) < {least} or count(*) < {share} * (select count(*) from claimed)
)

select claimed.record_id, claimed.birth_on
from claimed
join usual on usual.birth_on = claimed.birth_on
"""

_MANY_NAMED = """
create table many_named as
select record_id, count(*) as name_count, sum(claim_count) as claim_count from record_names group by record_id having count(*) > 1
"""

_PAIRS_OF_RECORDS = """
select distinct lefts.name_id as a, rights.name_id as b
from record_names as lefts
join record_names as rights on rights.record_id = lefts.record_id and rights.name_id > lefts.name_id
join many_named on many_named.record_id = lefts.record_id and many_named.name_count <= {limit}
"""

# a node is a name of a record; alike names of one record are one name
_NODES = """
create table name_nodes as
select row_number() over (order by record_names.record_id, record_names.name_id) as node, record_names.*
from record_names
join many_named on many_named.record_id = record_names.record_id and many_named.name_count <= {limit}
"""

_NODE_EDGES = """
(
    select lefts.node as a, rights.node as b
    from name_nodes as lefts
    join alike on alike.a = lefts.name_id
    join name_nodes as rights on rights.record_id = lefts.record_id and rights.name_id = alike.b
)
"""

_OWN_NAMES = """
create table own_names as
select record_id, name_id from record_names anti join many_named using (record_id)
union all
select grouped.record_id, grouped.name_id
from (
    select
        name_nodes.record_id,
        name_nodes.name_id,
        sum(name_nodes.claim_count)
            over (partition by name_nodes.record_id, coalesce(name_labels.label, name_nodes.node)) as alike_count
    from name_nodes
    left join name_labels on name_labels.node = name_nodes.node
) as grouped
join many_named on many_named.record_id = grouped.record_id
where grouped.alike_count >= {usual_share} * many_named.claim_count
"""

# a record that names somebody else too; one person's name in two spellings makes no account of a record
_ACCOUNTS = """
create table accounts as
select distinct record_id from record_names anti join own_names using (record_id, name_id)
"""

_SEVERAL = """
create table several as
select record_id, 'names ' || name_count || ' people, none of them usually' as reason
from many_named
anti join own_names using (record_id)
"""

# an order to somebody else gives that person's phone: of an account, only what was said beside its own name is its own
_FOREIGN = """
create table foreign_points as
with beside as (
    select distinct profile_claims.record_id, profile_claims.proof
    from profile_claims
    join name_list on name_list.full_name = profile_claims.full_name
    join own_names on own_names.record_id = profile_claims.record_id and own_names.name_id = name_list.name_id
    where profile_claims.record_id in (select record_id from accounts)
)

select claims.record_id, claims.kind_id, claims.value
from claims
left join beside on beside.record_id = claims.record_id and beside.proof = claims.proof
where claims.value is not null
    and claims.record_id in (select record_id from accounts)
    and claims.record_id in (select record_id from own_names)
group by claims.record_id, claims.kind_id, claims.value
having count(beside.proof) = 0
"""


def collect_portraits(connection: duckdb.DuckDBPyConnection, run: Run) -> None:
    """Turn `claims`, `profile_claims` and `claimed_names` into what each record says of its person.

    Creates `own_names`, `births`, `several`, `foreign_points`, `names (name_id, full_name)` and `alike (a, b)`, to be added to.
    `own_names (record_id, name_id)`: what the record usually calls its person; more than one row where spellings are alike.
    `births (record_id, birth_on)`: where all claims agree, the day is no form's default and the record is no account of several.
    `several (record_id, reason)`: accounts that name several people and none of them usually.
    `foreign_points (record_id, kind_id, value)`: of an account of several, what was never given beside its own name.
    """
    limit = run.config.identity.max_names_per_value
    delivered = fetch_frame(connection, "select distinct full_name from claimed_names")["full_name"]
    create_from_frame(connection, "name_list", _numbered(whole_names(delivered)))
    connection.execute("create table names as select name_id, min(full_name) as full_name from name_list group by name_id")
    connection.execute(_RECORD_NAMES)
    connection.execute(_MANY_NAMED)
    connection.execute("create table alike (a bigint, b bigint)")
    add_alike(connection, _PAIRS_OF_RECORDS.format(limit=limit))
    connection.execute(_NODES.format(limit=limit))
    connect(connection, _NODE_EDGES, "name_labels")
    connection.execute(_OWN_NAMES.format(usual_share=_USUAL_SHARE))
    connection.execute(_ACCOUNTS)
    connection.execute(_SEVERAL)
    connection.execute(
        _BIRTHS.format(
            earliest=_EARLIEST_BIRTH,
            day=f"date '{run.as_of.isoformat()}'",
            least=_DEFAULT_DAY_RECORDS,
            share=_DEFAULT_DAY_SHARE,
        )
    )
    connection.execute(_FOREIGN)
    for table in (
        "claims",
        "profile_claims",
        "claimed_names",
        "record_names",
        "many_named",
        "name_nodes",
        "name_labels",
        "name_list",
        "accounts",
    ):
        connection.execute(f"drop table {table}")


def add_alike(connection: duckdb.DuckDBPyConnection, pairs: str) -> None:
    """Compare the pairs `a, b` (name_id, a < b) of query `pairs`; those that may be one person's go into `alike`, both ways round."""
    compared = fetch_frame(
        connection,
        f"""
        select pairs.a, pairs.b, lefts.full_name as left_name, rights.full_name as right_name
        from ({pairs}) as pairs
        join names as lefts on lefts.name_id = pairs.a
        join names as rights on rights.name_id = pairs.b
        """,
    )
    if compared.is_empty():
        return
    agreement = name_agreement(compared["left_name"], compared["right_name"])
    found = compared.filter(agreement.is_in(["same", "similar"])).select("a", "b")
    create_from_frame(connection, "new_alike", pl.concat([found, found.select(a="b", b="a")]))
    connection.execute("insert into alike select a, b from new_alike anti join alike using (a, b); drop table new_alike")


def _numbered(named: pl.DataFrame) -> pl.DataFrame:
    """One row per full name that is a name, whole; spellings that compare equal share a `name_id`."""
    return named.drop_nulls("name").select("full_name", name_id=pl.col("name").rank("dense").cast(pl.Int64))
