"""What was published about campaigns and their tests, read from the database of analysts. Computes nothing new."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import duckdb

from pipelines.contracts.errors import ConfigurationError
from pipelines.contracts.home import Home

_NEEDED = ("mart_marketing__campaign_performance", "mart_marketing__experiments", "segment_memberships", "about")
_FIGURES = """
select campaign_key, channel, arm, registered_name, segment_name, targeted, held_out, contaminated, sent, delivered, converted,
    attributed_revenue, cost, budget_amount, budget_used_rate, incremental_revenue, currency_code
from mart_marketing__campaign_performance
order by registered_name nulls last, campaign_key, channel, arm
"""
_PAIRS = """
select metric, arm, against_arm, is_declared, customer_count, against_customer_count, mean, against_mean, against_standard_deviation,
    difference, difference_low, difference_high, p_value, winner, smallest_detectable_difference, unit, is_provisional
from mart_marketing__experiments
where segment_name = $segment
order by is_declared desc, metric, against_arm <> 'held_out', against_arm, arm
"""
# those whom a message may reach: what stopped the others today stops them tomorrow as well
_REACHED = """
select count(*), count(*) filter (outcome in ('over_cap', 'lost_priority', 'held_out', 'exported'))
from segment_memberships
where segment_name = $segment and as_of = (select as_of from about)
"""


@dataclass(frozen=True, slots=True)
class Figures:
    """A row of the performance: one campaign of a channel, or of a segment, and arm."""

    campaign_key: str
    channel: str
    arm: str
    registered_name: str | None
    segment_name: str | None
    targeted: int
    held_out: int
    contaminated: int
    sent: int
    delivered: int
    converted: int
    attributed_revenue: Decimal
    cost: Decimal | None
    budget_amount: Decimal | None
    budget_used_rate: float | None
    incremental_revenue: Decimal | None
    currency_code: str


@dataclass(frozen=True, slots=True)
class Pair:
    """Two arms of a test, by one metric."""

    metric: str
    arm: str
    against_arm: str
    is_declared: bool
    customer_count: int
    against_customer_count: int
    mean: float
    against_mean: float
    against_standard_deviation: float | None
    difference: float
    difference_low: float | None  # null, as the others, with too few customers
    difference_high: float | None
    p_value: float | None
    winner: str
    smallest_detectable_difference: float | None
    unit: str
    is_provisional: bool


@dataclass(frozen=True, slots=True)
class Pool:
    """How many customers a segment matched on the published day, and how many of them a message may reach."""

    as_of: date
    matched: int
    reachable: int


def read_figures(home: Home) -> tuple[date, tuple[Figures, ...]]:
    """The published day, and what came of every campaign. Raises ConfigurationError where nothing was published."""
    with _published(home) as database:
        rows = database.execute(_FIGURES).fetchall()
        return _day(database), tuple(Figures(*row) for row in rows)


def read_pairs(home: Home, segment: str) -> tuple[Pair, ...]:
    """The pairs of arms of the test that the lists of `segment` made, the declared metric first; empty before the first list."""
    with _published(home) as database:
        return tuple(Pair(*row) for row in database.execute(_PAIRS, {"segment": segment}).fetchall())


def read_pool(home: Home, segment: str) -> Pool:
    """Customers whom a list of `segment` could reach."""
    with _published(home) as database:
        [(matched, reachable)] = database.execute(_REACHED, {"segment": segment}).fetchall()
        return Pool(_day(database), matched, reachable)


def held_out_base(pairs: Sequence[Pair], metric: str) -> Pair | None:
    """A comparison with those whom the lists held out, who say what happens without a message; None without one."""
    return next((pair for pair in pairs if pair.metric == metric and pair.against_arm == "held_out"), None)


def customers_by_arm(pairs: Sequence[Pair]) -> Mapping[str, int]:
    """Customers of each arm, the held-out among them, without those who stood in two."""
    counts = {pair.arm: pair.customer_count for pair in pairs}
    return dict(sorted((counts | {pair.against_arm: pair.against_customer_count for pair in pairs}).items()))


@contextmanager
def _published(home: Home) -> Iterator[duckdb.DuckDBPyConnection]:
    if not home.analytics.exists():
        raise ConfigurationError("nothing is published yet", where=str(home.analytics), do="`cdp run`, or name another --home")
    with duckdb.connect(str(home.analytics), read_only=True) as database:
        known = {name for (name,) in database.execute("select table_name from duckdb_tables()").fetchall()}
        columns = {name for (name,) in database.execute("select column_name from duckdb_columns()").fetchall()}
        if not known.issuperset(_NEEDED) or "budget_used_rate" not in columns:
            what = "was published without the registry of campaigns"
            raise ConfigurationError(what, where=str(home.analytics), do="`cdp run` once with this version")
        yield database


def _day(database: duckdb.DuckDBPyConnection) -> date:
    [(day,)] = database.execute("select as_of from about").fetchall()
    published: date = day
    return published
