"""Say why figures changed between two runs, from what changed between them: inputs, people, and facts that came. Nothing is guessed.

A cause is named when it lies between the two runs and can move the figure: facts of the tables that its rows are read from, people
where customers are counted or the dimension describes them. Several causes are all named; with none of these it is unexplained.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import date

import duckdb
import polars as pl

from pipelines.contracts.engine import create_from_frame, stored_rows
from pipelines.contracts.identity_tables import IDENTITY_CHANGES, IDENTITY_CURRENT
from pipelines.contracts.run import Run
from pipelines.metrics.arrivals import FACT_TABLES, create_arrivals
from pipelines.metrics.definitions import Metric, read_metrics
from pipelines.metrics.periods import period_end_sql
from pipelines.metrics.runs import RunFacts

# which facts move the rows of a mart; a mart that is not named here may be moved by any
_FED_BY: Mapping[str, frozenset[str]] = {
    "fct_orders": frozenset({"channel_orders", "channel_refunds"}),
    "fct_order_lines": frozenset({"channel_orders", "channel_order_lines", "channel_refunds"}),
    "fct_refunds": frozenset({"channel_orders", "channel_refunds"}),
    "fct_events": frozenset({"channel_events"}),
    "fct_sends": frozenset({"channel_sends"}),
    "fct_coupons": frozenset({"channel_coupons"}),
    "fct_cost_days": frozenset({"channel_costs"}),
    "fct_attributions": frozenset({"channel_orders", "channel_refunds", "channel_sends", "channel_coupons"}),
    "customer_rfm_history": frozenset({"channel_orders", "channel_refunds"}),
    "dim_customers": frozenset({"channel_profiles"}),
}
# columns of the customer mart that any sign of life moves; its others that metrics read follow from purchases and registrations
_OF_ANY_ACTIVITY = frozenset({"known_on", "last_active_on", "last_active_at", "lifecycle_stage"})
_NOUNS: Mapping[str, tuple[str, str]] = {
    "channel_costs": ("cost line", "cost lines"),
    "channel_profiles": ("registration", "registrations"),
    "channel_points": ("points entry", "points entries"),
    "channel_coupons": ("coupon", "coupons"),
} | {
    f"channel_{noun}s": (noun.replace("_", " "), f"{noun.replace('_', ' ')}s")
    for noun in ("order", "order_line", "payment", "refund", "event", "interaction", "send", "ticket", "review")
}
# what describes people, and is another when the people are
_OF_PEOPLE = frozenset({"rfm_tier", "acquisition_channel"})

# an order belongs to the day that its money is booked on, and so do its refunds, whenever they were paid out
_DATED = """
create or replace table dated as
select
    arrivals.fact_table,
    arrivals.change,
    coalesce(orders.booked_on, refunded_orders.booked_on, arrivals.occurred_on) as belongs_on
from arrivals
left join marts.main.fct_orders as orders on arrivals.fact_table = 'channel_orders' and orders.order_key = arrivals.fact_key
left join marts.main.fct_refunds as refunds on arrivals.fact_table = 'channel_refunds' and refunds.refund_key = arrivals.fact_key
left join marts.main.fct_orders as refunded_orders on refunded_orders.order_key = refunds.order_key
where coalesce(orders.booked_on, refunded_orders.booked_on, arrivals.occurred_on) <= {old_day}
"""

_COUNTED = """
with spans as (
    select distinct period_grain, period_start, {period_end} as period_end_on from restated
),
days as (
    select fact_table, change, belongs_on, count(*) as fact_count from dated group by all
)
select spans.period_grain, spans.period_start, days.fact_table, days.change, sum(days.fact_count) as fact_count
from spans
join days on days.belongs_on between spans.period_start and spans.period_end_on
group by all
order by all
"""

Fact = tuple[str, str]  # table, change
Span = tuple[str, date]  # grain, first day


def create_causes(connection: duckdb.DuckDBPyConnection, run: Run, present: RunFacts, old: RunFacts | None, old_as_of: date | None) -> None:
    """Create `causes`: one row per metric, period, dimension and was_provisional of `restated`, with `cause` in words."""
    keys = connection.execute(
        "select distinct metric, period_grain, period_start, dimension, was_provisional from restated order by all"
    ).fetchall()
    told: list[str] = []
    if old is not None and old_as_of is not None and keys:
        inside, everywhere = _arrived(connection, run, present, old, old_as_of)
        general, people = list(_of_inputs(present, old)), _of_people(connection, run, old, old_as_of)
        metrics = read_metrics()
        for name, grain, start, dimension, was_provisional in keys:
            metric = metrics.get(name)
            is_of_people = metric is None or metric.counts_customers or dimension in _OF_PEOPLE
            causes = list(_of_facts(_moved_by(metric), inside.get((grain, start), Counter()), everywhere if is_of_people else Counter()))
            if people and is_of_people:
                causes.append(people)
            causes += [*general, *(["its window was not over"] if was_provisional else [])]
            told.append("; ".join(causes) or "unexplained")
    schema = {
        "metric": pl.String,
        "period_grain": pl.String,
        "period_start": pl.Date,
        "dimension": pl.String,
        "was_provisional": pl.Boolean,
    }
    frame = pl.DataFrame(keys, schema=schema, orient="row").with_columns(pl.Series("cause", told, dtype=pl.String))
    create_from_frame(connection, "causes", frame)


def _arrived(
    connection: duckdb.DuckDBPyConnection, run: Run, present: RunFacts, old: RunFacts, old_as_of: date
) -> tuple[Mapping[Span, Counter[Fact]], Counter[Fact]]:
    """News that the old run did not see, by the period it belongs to, and all of it; what belongs to later days moves nothing old."""
    create_arrivals(connection, run, present.loads - old.loads, present.loads & old.loads, old_as_of)
    connection.execute(_DATED.format(old_day=f"date '{old_as_of}'"))
    everywhere: Counter[Fact] = Counter()
    for table, change, count in connection.execute("select fact_table, change, count(*) from dated group by all order by all").fetchall():
        everywhere[table, change] = count
    inside: dict[Span, Counter[Fact]] = {}
    counted = _COUNTED.format(period_end=period_end_sql("period_grain", "period_start"))
    for grain, start, table, change, count in connection.execute(counted).fetchall():
        inside.setdefault((grain, start), Counter())[table, change] = int(count)
    return inside, everywhere


def _of_facts(tables: frozenset[str], inside: Counter[Fact], everywhere: Counter[Fact]) -> Iterator[str]:
    """Facts of the period, then those of other days, at which windows before or after the period may look."""
    own = Counter({fact: count for fact, count in inside.items() if fact[0] in tables})
    yield from _told(own, "")
    yield from _told(Counter({fact: count for fact, count in everywhere.items() if fact[0] in tables}) - own, " of other days")


def _moved_by(metric: Metric | None) -> frozenset[str]:
    every = frozenset(FACT_TABLES)
    if metric is None:
        return every
    fed_by = dict(_FED_BY)
    if not metric.columns & _OF_ANY_ACTIVITY:
        fed_by["mart_marketing__customer_360"] = _FED_BY["fct_orders"] | _FED_BY["dim_customers"]
    return frozenset().union(*(fed_by.get(mart, every) for mart in metric.tables))


def _told(facts: Mapping[Fact, int], where: str) -> Iterator[str]:
    """`2 late orders`, `1 late refund`, `3 changed tickets`. What an order itself says of its refunds is a refund."""
    counts: Counter[tuple[str, str]] = Counter()
    for (table, change), count in facts.items():
        counts[("channel_refunds", "late") if change == "refunded" else (table, "late" if change == "new" else "changed")] += count
    for (table, word), count in sorted(counts.items()):
        yield f"{count:,} {word} {_NOUNS[table][count != 1]}{where}"


def _of_inputs(present: RunFacts, old: RunFacts) -> Iterator[str]:
    gone = len(old.loads - present.loads)
    if gone:
        yield f"{gone:,} {'file' if gone == 1 else 'files'} no longer in the lake"
    if present.loads == old.loads and present.readings_hash != old.readings_hash:
        yield "files read again"
    if present.config_hash != old.config_hash:
        yield "configuration"
    if present.definitions_hash != old.definitions_hash:
        yield "reviewed rows or definitions"
    if present.code_version != old.code_version:
        yield "code"


def _of_people(connection: duckdb.DuckDBPyConnection, run: Run, old: RunFacts, old_as_of: date) -> str | None:
    """Merges and splits since the old run. Of two runs of one day the histories keep one: there the number of customers tells."""
    since = f"as_of > date '{old_as_of}' and as_of <= date '{run.as_of}'"
    changes = connection.execute(
        f"select change, count(*) from {stored_rows(run, IDENTITY_CHANGES)} where {since} and change in ('merged', 'split')"
        " group by change order by change"
    ).fetchall()
    if changes:
        return f"identity ({', '.join(_counted(count, change) for change, count in changes)})"
    if run.as_of != old_as_of or old.customers is None:
        return None
    [(customers,)] = connection.execute(f"select count(distinct customer_id) from {stored_rows(run, IDENTITY_CURRENT)}").fetchall()
    return None if customers == old.customers else f"identity ({old.customers:,} customers became {customers:,})"


def _counted(count: int, change: str) -> str:
    nouns: Mapping[str, Iterable[str]] = {"merged": ("merge", "merges"), "split": ("split", "splits")}
    return f"{count:,} {tuple(nouns[change])[count != 1]}"
