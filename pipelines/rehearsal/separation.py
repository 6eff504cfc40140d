"""Which pairs of records must be kept apart so that some records of a customer leave the rest. Decides nothing, writes nothing."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from pipelines.contracts.home import Home
from pipelines.contracts.identity_tables import (
    IDENTITY_CHANGES,
    IDENTITY_CONTACT_POINTS,
    IDENTITY_CURRENT,
    IDENTITY_LINKS,
    IDENTITY_REFUSED_LINKS,
)
from pipelines.contracts.tables import Table

_LEFT, _RIGHT = "left_source_record_key", "right_source_record_key"
Pairs = frozenset[tuple[str, str]]


def members(home: Home, customer_id: str) -> tuple[str, ...]:
    """Source records of the customer in the last run of this home, those seen first first, as `cdp explain` counts them.

    Empty for an id that nobody has.
    """
    current = _table(home, IDENTITY_CURRENT).filter(customer_id=customer_id).sort("first_seen_at", "source_record_key")
    return tuple(current.select("source_record_key").collect()["source_record_key"])


def customers_of(home: Home, keys: Iterable[str]) -> dict[str, frozenset[str]]:
    """The customers who hold any of the records `keys`, each with all its records, in the order of their ids."""
    current = _table(home, IDENTITY_CURRENT).select("source_record_key", "customer_id")
    concerned = current.filter(pl.col("source_record_key").is_in(list(keys))).select("customer_id").unique()
    grouped = current.join(concerned, on="customer_id", how="semi").group_by("customer_id").all().sort("customer_id").collect()
    return {customer: frozenset(records) for customer, records in grouped.select("customer_id", "source_record_key").iter_rows()}


def successor(home: Home, customer_id: str) -> str | None:
    """Where a merge has redirected an id that is no longer given; None when it was never given or still is."""
    redirected = _table(home, IDENTITY_CHANGES).filter(change="redirected").sort("as_of")
    later: dict[str, str] = dict(redirected.select("customer_id", "other_customer_id").collect().iter_rows())
    met, found = {customer_id}, later.get(customer_id)
    while found is not None and found in later and found not in met:
        met.add(found)
        found = later[found]
    return found


def pairs_to_cut(home: Home, named: frozenset[str], rest: frozenset[str]) -> Pairs:
    """The fewest pairs of a named record and another one that part them in whatever order evidence comes.

    One for every such pair that evidence ties directly: an accepted value that both carry, or a link between them. With all of these
    no link across is ever accepted, and within a side nothing is refused; without one of them, the link that it stands for could
    come first. Pairs that no evidence ties cost nothing today and are left out.
    """
    points = _table(home, IDENTITY_CONTACT_POINTS).filter("is_accepted").select("source_record_key", "type", "scope", "value")
    ours = points.filter(pl.col("source_record_key").is_in(list(named))).rename({"source_record_key": _LEFT})
    theirs = points.filter(pl.col("source_record_key").is_in(list(rest))).rename({"source_record_key": _RIGHT})
    shared = ours.join(theirs, on=["type", "scope", "value"]).select(_LEFT, _RIGHT)
    links = _table(home, IDENTITY_LINKS).select(_LEFT, _RIGHT)
    both_ways = pl.concat([links, links.select(pl.col(_RIGHT).alias(_LEFT), pl.col(_LEFT).alias(_RIGHT))])
    linked = both_ways.filter(pl.col(_LEFT).is_in(list(named)) & pl.col(_RIGHT).is_in(list(rest)))
    return frozenset(pl.concat([shared, linked]).unique().collect().iter_rows())


def all_pairs(named: frozenset[str], rest: frozenset[str]) -> Pairs:
    """Every named record with every other one: holds whatever records of other customers tie them to."""
    return frozenset((one, other) for one in named for other in rest)


def are_parted(customers: Iterable[frozenset[str]], named: frozenset[str], rest: frozenset[str]) -> bool:
    """Does no customer hold records of both sides?"""
    return not any(records & named and records & rest for records in customers)


def why_refused(home: Home, one: str, other: str) -> tuple[str, ...]:
    """Why links between the two records were refused, in words; empty when none was."""
    refused = _table(home, IDENTITY_REFUSED_LINKS).filter(pl.col(_LEFT) == min(one, other), pl.col(_RIGHT) == max(one, other))
    return tuple(refused.select("reason").unique().sort("reason").collect()["reason"])


def _table(home: Home, table: Table) -> pl.LazyFrame:
    return pl.scan_parquet(home.table(table.name) / "*.parquet")
