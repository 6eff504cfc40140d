"""How well people were told apart, against the truth that the simulator planted: precision and recall over pairs of source records."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb

_PAIRS = """
with

-- a record that the exports themselves give to several people has no right answer, and a device without a login says nothing of its owner
truth as (
    select source_record_key as record_key, any_value(person_id) as person_id
    from read_parquet('{truth}')
    where not starts_with(source_record_key, 'segment:anon/')
    group by source_record_key
    having count(distinct person_id) = 1
),

judged as (
    select found.customer_id, truth.person_id
    from {members} as found
    inner join truth on truth.record_key = found.record_key
),

counts as (
    select customer_id, person_id, count(*) as n from judged group by all
)

select
    (select sum(n * (n - 1)) from counts) as both_say,
    (select sum(n * (n - 1)) from (select sum(n) as n from counts group by customer_id)) as we_say,
    (select sum(n * (n - 1)) from (select sum(n) as n from counts group by person_id)) as truth_says
"""


@dataclass(frozen=True, slots=True)
class Agreement:
    """Shares of pairs of records: of those joined, how many are one person; of those that are one person, how many were joined."""

    precision: float
    recall: float


def of_parquet(members: Path, truth: Path) -> Agreement:
    """The platform's answer."""
    with duckdb.connect() as connection:
        return _agreement(connection, f"(select source_record_key as record_key, customer_id from read_parquet('{members}'))", truth)


def of_database(database: Path, truth: Path) -> Agreement:
    """The answer by hand."""
    with duckdb.connect(str(database), read_only=True) as connection:
        return _agreement(connection, "members", truth)


def _agreement(connection: duckdb.DuckDBPyConnection, members: str, truth: Path) -> Agreement:
    query = _PAIRS.format(members=members, truth=truth / "source_records.parquet")
    [(both, ours, planted)] = connection.execute(query).fetchall()
    return Agreement(both / ours, both / planted)
