"""Bring people's decisions before the clustering: which pairs of known records are one person whatever, and which never."""

from __future__ import annotations

import duckdb
import polars as pl

from pipelines.contracts.engine import create_from_frame
from pipelines.contracts.identifiers import DECISION
from pipelines.contracts.run import Run
from pipelines.identity.decisions import CANNOT_LINK, MUST_LINK, read_decisions

# numbered by the pair, so that the order of the lines in the file says nothing
_LINKS = """
create table {table} as
select
    row_number() over (order by lefts.record_id, rights.record_id) as decision_no,
    lefts.record_id as left_id,
    rights.record_id as right_id,
    min(decisions.author || ', ' || decisions.decided_on) as said_by
from decisions
join records as lefts on lefts.source_record_key = decisions.left_source_record_key
join records as rights on rights.source_record_key = decisions.right_source_record_key
where decisions.decision = '{decision}'
group by lefts.record_id, rights.record_id
"""

# a must-link is the strongest identifier of all, and has a scope of its own
_KIND = f"""
insert into kinds
select coalesce(max(kind_id), 0) + 1, '{DECISION}', 'must_link', 0, false, false from kinds
"""


def apply_decisions(connection: duckdb.DuckDBPyConnection, run: Run) -> None:
    """Create `must_links` and `cannot_links (decision_no, left_id, right_id, said_by)` of known records; add their kind to `kinds`.

    Raises ConfigurationError when the file of decisions cannot be understood or contradicts itself.
    """
    effective = read_decisions(run).filter("is_effective")
    columns = ["decision", "left_source_record_key", "right_source_record_key", "author", "decided_on"]
    create_from_frame(connection, "decisions", effective.select(columns).with_columns(pl.col("decided_on").cast(pl.String)))
    for table, decision in (("must_links", MUST_LINK), ("cannot_links", CANNOT_LINK)):
        connection.execute(_LINKS.format(table=table, decision=decision))
    connection.execute("drop table decisions")
    connection.execute(_KIND)
