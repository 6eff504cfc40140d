"""Which pairs are compared at all: pairs that agree on a key of some rule, as many rules as the budget of pairs allows."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

# most telling first: the budget is spent in this order
RULES: tuple[tuple[str, ...], ...] = (
    ("phone",),
    ("email",),
    ("name", "birth"),
    ("phone_head", "phone_tail", "surname"),
    ("address_words", "address_numbers"),
    ("email_local",),
    ("birth", "surname"),
    ("birth", "given"),
    ("birth", "city"),
    ("birth", "postcode"),
    ("name", "city"),
    ("reading", "city"),
    ("name", "postcode"),
    ("surname", "given"),
    ("surname", "address_words"),
    ("given", "address_words"),
    ("surname", "postcode"),
    ("given", "postcode"),
    ("phone_tail", "city"),
    ("birth",),
    ("name",),
    ("address_words",),
    ("surname", "city"),
)


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule with the pairs that it proposes (pairs of another rule among them) and whether the budget had room for it."""

    columns: tuple[str, ...]
    pairs: int
    is_used: bool

    @property
    def condition(self) -> str:
        """SQL over the sides `l` and `r`."""
        return " and ".join(f"l.{column} = r.{column}" for column in self.columns)


def plan_blocking(connection: duckdb.DuckDBPyConnection, table: str, max_pairs: int) -> tuple[Rule, ...]:
    """Count the pairs of each rule over `table` and take rules in order while the sum stays within `max_pairs`."""
    planned: list[Rule] = []
    spent = 0
    for columns in RULES:
        pairs = count_pairs(connection, table, columns)
        is_used = 0 < pairs <= max_pairs - spent
        spent += pairs if is_used else 0
        planned.append(Rule(columns, pairs, is_used))
    return tuple(planned)


def count_pairs(connection: duckdb.DuckDBPyConnection, table: str, columns: tuple[str, ...]) -> int:
    """Pairs of records of different clusters that agree on `columns`; nothing is joined for it."""
    keys = ", ".join(columns)
    known = " and ".join(f"{column} is not null" for column in columns)
    query = f"""
        with parts as (select {keys}, cluster_id, count(*) as n from {table} where {known} group by all),
        blocks as (select sum(n) as n, sum(n * n) as within from parts group by {keys})
        select cast(coalesce(sum(n * n - within), 0) / 2 as bigint) from blocks
    """
    [(pairs,)] = connection.execute(query).fetchall()
    return int(pairs)
