"""When a customer is due to buy a category again, and how often that was right. Chooses no model and writes no table."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import duckdb

from pipelines.contracts.settings.predictions import NeedsConfig

NEAR_DAYS = (7, 14)  # a due date is met by a purchase within so many days
_WINDOW = (0.25, 0.75)  # of the intervals of a category, relative to the typical one: half of them end in between
_EXACT = 6  # decimals that a whole number of days is told by: 567.0000000001 is 567, and not a day more

_INTERVALS = """
create or replace table need_intervals as
select
    customer_no, category_no, bought_on,
    date_diff('day', lag(bought_on) over (partition by customer_no, category_no order by bought_on), bought_on) as interval_days
from bought_days
where bought_on <= date '{cutoff}'
"""
_PAIRS = """
create or replace table need_pairs as
select
    customer_no, category_no, count(interval_days) as interval_count, quantile_cont(interval_days, 0.5) as median_days,
    cast(sum(interval_days) as bigint) as all_days, max(bought_on) as last_on
from need_intervals
group by customer_no, category_no
"""
# a customer counts once for what is typical of a category, however often they buy; medians are halves, which any order adds up to the same
_CATEGORIES = """
create or replace table need_categories as
select
    category_no,
    sum(median_days) / count(median_days) as typical_days,
    cast(sum(all_days) as double) / sum(interval_count) as mean_days
from need_pairs
group by category_no
having sum(interval_count) >= {intervals} and count(median_days) >= {share} * count(*)
"""
_TYPICAL = """
create or replace table need_typical as
select
    pairs.customer_no, pairs.category_no, pairs.interval_count, pairs.last_on,
    (pairs.interval_count * coalesce(pairs.median_days, 0) + {weight} * categories.typical_days) / (pairs.interval_count + {weight})
        as model_days,
    categories.mean_days as rule_days
from need_pairs as pairs
inner join need_categories as categories on pairs.category_no = categories.category_no
"""
_SPREADS = """
create or replace table need_spreads as
select
    intervals.category_no,
    quantile_cont(intervals.interval_days / typical.model_days, {window}) as model_window,
    quantile_cont(intervals.interval_days / typical.rule_days, {window}) as rule_window
from need_intervals as intervals
inner join need_typical as typical on intervals.customer_no = typical.customer_no and intervals.category_no = typical.category_no
where intervals.interval_days is not null
group by intervals.category_no
"""
_DUE_DATES = """
create or replace table need_due_dates as
with dated as (
    select
        typical.*,
        last_on + greatest(1, cast(floor(round(model_days, {exact}) + 0.5) as integer)) as model_on,
        last_on + greatest(1, cast(floor(round(rule_days, {exact}) + 0.5) as integer)) as rule_on,
        spreads.model_window,
        spreads.rule_window
    from need_typical as typical
    inner join need_spreads as spreads on typical.category_no = spreads.category_no
)
select
    customer_no, category_no, interval_count, last_on,
    model_days, model_on,
    least(model_on, last_on + greatest(1, cast(floor(round(model_window[1] * model_days, {exact})) as integer))) as model_from_on,
    greatest(model_on, last_on + cast(ceil(round(model_window[2] * model_days, {exact})) as integer)) as model_to_on,
    rule_days, rule_on,
    least(rule_on, last_on + greatest(1, cast(floor(round(rule_window[1] * rule_days, {exact})) as integer))) as rule_from_on,
    greatest(rule_on, last_on + cast(ceil(round(rule_window[2] * rule_days, {exact})) as integer)) as rule_to_on
from dated
"""

# the same due dates are judged for all three; the rule may name the nearest day that can be judged, so that none is missed by its date
_JUDGED = """
create or replace table need_judged as
select
    customer_no, category_no, case when interval_count > 0 then 'own_and_category' else 'category' end as basis,
    model_on, model_from_on, model_to_on,
    greatest(date '{first}', least(date '{last}', rule_on)) as rule_on
from need_due_dates
where model_on between date '{first}' and date '{last}'
"""
_MET = """
create or replace table need_met as
with later as (
    select
        customer_no, category_no, bought_on,
        lag(bought_on) over (partition by customer_no, category_no order by bought_on) as before_on
    from bought_days
    where bought_on > date '{cutoff}' and bought_on <= date '{until}'
)
select
    judged.customer_no, judged.category_no, judged.basis,
    {columns},
    judged.model_from_on > date '{cutoff}' and judged.model_to_on <= date '{until}' as has_window,
    coalesce(bool_or(later.bought_on between judged.model_from_on and judged.model_to_on), false) as is_met_window
from need_judged as judged
left join later on judged.customer_no = later.customer_no and judged.category_no = later.category_no
group by all
"""
# on how many of the days that could be named a date would have been met: each purchase adds those that the one before did not
_MET_WITHIN = """
    coalesce(bool_or(abs(later.bought_on - judged.model_on) <= {near}), false) as is_met_model_{near},
    coalesce(bool_or(abs(later.bought_on - judged.rule_on) <= {near}), false) as is_met_rule_{near},
    coalesce(sum(greatest(0,
        least(date '{last}', later.bought_on + {near})
        - greatest(date '{first}', later.bought_on - {near}, coalesce(later.before_on + {near} + 1, date '{first}')) + 1
    )) filter (where later.bought_on is not null), 0) as met_days_{near}
"""
_COUNTED = """
select
    coalesce(basis, 'all') as bucket, count(*) as due_count, count(distinct customer_no) as customer_count, {columns},
    count(*) filter (where has_window) as window_count,
    count(distinct customer_no) filter (where has_window) as window_customer_count,
    count(*) filter (where has_window and is_met_window) as window_met_count
from need_met
group by grouping sets ((), (basis))
order by bucket
"""


@dataclass(frozen=True, slots=True)
class Met:
    """Due dates of a bucket and how many were met, by days of tolerance: the model's, the rule's, and those of a day drawn by lot."""

    bucket: str
    due_count: int
    customer_count: int
    model: dict[int, float]
    rule: dict[int, float]
    by_lot: dict[int, float]
    window_count: int
    window_customer_count: int
    window_met_count: int


def create_due_dates(connection: duckdb.DuckDBPyConnection, needs: NeedsConfig, cutoff: date) -> None:
    """Create `need_due_dates` from `bought_days` as of the evening of `cutoff`: one row per customer and category that is bought again.

    Days, due date and window are told twice: by the model (`model_`: own intervals and the category's) and by the rule (`rule_`: the mean
    interval of the category).
    """
    words = {
        "cutoff": cutoff,
        "intervals": needs.bought_again_from_intervals,
        "share": needs.bought_again_from_share,
        "weight": needs.category_weight,
        "window": list(_WINDOW),
        "exact": _EXACT,
    }
    for statement in (_INTERVALS, _PAIRS, _CATEGORIES, _TYPICAL, _SPREADS, _DUE_DATES):
        connection.execute(statement.format(**words))


def judge_due_dates(connection: duckdb.DuckDBPyConnection, needs: NeedsConfig, as_of: date) -> list[Met]:
    """What the due dates of `needs.judged_days` ago came to, for all and by basis; none where nothing fell due.

    Judged are the due dates so far before `as_of` that the widest tolerance is over. Leaves `need_due_dates` of that day.
    """
    cutoff = as_of - timedelta(days=needs.judged_days)
    first, last = cutoff + timedelta(days=1), as_of - timedelta(days=max(NEAR_DAYS))
    create_due_dates(connection, needs, cutoff)
    connection.execute(_JUDGED.format(first=first, last=last))
    within = ",".join(_MET_WITHIN.format(near=near, first=first, last=last) for near in NEAR_DAYS)
    connection.execute(_MET.format(cutoff=cutoff, until=as_of, columns=within))
    names = [f"{kind}_{near}" for near in NEAR_DAYS for kind in ("is_met_model", "is_met_rule", "met_days")]
    sums = ", ".join(f"coalesce(cast(sum(cast({name} as integer)) as bigint), 0)" for name in names)
    days = (last - first).days + 1
    rows = connection.execute(_COUNTED.format(columns=sums)).fetchall()
    return [_met(row, names, days) for row in rows if row[1]]


def _met(row: tuple[Any, ...], names: list[str], days: int) -> Met:
    bucket, due_count, customer_count, *counts, window_count, window_customer_count, window_met_count = row
    rates = {name: count / due_count for name, count in zip(names, counts, strict=True)}
    return Met(
        bucket=bucket,
        due_count=due_count,
        customer_count=customer_count,
        model={near: rates[f"is_met_model_{near}"] for near in NEAR_DAYS},
        rule={near: rates[f"is_met_rule_{near}"] for near in NEAR_DAYS},
        by_lot={near: rates[f"met_days_{near}"] / days for near in NEAR_DAYS},
        window_count=window_count,
        window_customer_count=window_customer_count,
        window_met_count=window_met_count,
    )
