"""Connected components as set-wise SQL to a fixed point: the same text for 100 edges and 100 M. Knows numbers, no people."""

from __future__ import annotations

import duckdb

_START = """
create or replace table _edges as
select greatest(a, b) as a, least(a, b) as b from {edges} where a <> b
"""

_HOOK = "create or replace table _parents as select a as node, min(b) as parent from _edges group by a"

_JUMP = """
create or replace table _parents as
select _parents.node, coalesce(above.parent, _parents.parent) as parent
from _parents
left join _parents as above on above.node = _parents.parent
"""

_CAN_JUMP = "select count(*) from _parents where parent in (select node from _parents)"

_COMPOSE = """
create or replace table {labels} as
select {labels}.node, coalesce(_parents.parent, {labels}.label) as label
from {labels}
left join _parents on _parents.node = {labels}.label
union all
select node, parent from _parents
"""

_CONTRACT = """
create or replace table _edges as
select distinct greatest(a, b) as a, least(a, b) as b
from (
    select coalesce(above_a.parent, _edges.a) as a, coalesce(above_b.parent, _edges.b) as b
    from _edges
    left join _parents as above_a on above_a.node = _edges.a
    left join _parents as above_b on above_b.node = _edges.b
) as contracted
where a <> b
"""


def connect(connection: duckdb.DuckDBPyConnection, edges: str, labels: str) -> None:
    """Create table `labels (node, label)` from relation `edges (a, b)`: `label` is the smallest node of the component.

    Nodes that are the smallest of their component have no row. Each round hooks every node to its smallest neighbor, jumps pointers
    to the root and contracts: about four rounds, whatever the order of the rows.
    """
    connection.execute(f"create or replace table {labels} (node bigint, label bigint)")
    connection.execute(_START.format(edges=edges))
    while _count(connection, "select count(*) from _edges"):
        connection.execute(_HOOK)
        while _count(connection, _CAN_JUMP):
            connection.execute(_JUMP)
        connection.execute(_COMPOSE.format(labels=labels))
        connection.execute(_CONTRACT)
    connection.execute("drop table _edges; drop table if exists _parents")


def _count(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    [(count,)] = connection.execute(query).fetchall()
    return int(count)
