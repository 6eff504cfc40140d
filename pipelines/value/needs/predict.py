"""The part of a run on needs: judge each model by what it would have said before, choose, write the tables, tell of it."""

from __future__ import annotations

from datetime import timedelta

import duckdb
import polars as pl

from pipelines.contracts.engine import create_from_frame, fetch_frame, lake_rows, write_query
from pipelines.contracts.identity_tables import GOLDEN_CONSENTS
from pipelines.contracts.need_tables import VALUE_NEXT_CATEGORIES, VALUE_REPLENISHMENTS, VALUE_SEASONAL_NEEDS
from pipelines.contracts.run import Run
from pipelines.contracts.tables import Table
from pipelines.value.findings import Findings
from pipelines.value.needs.bought import SOLD_CATEGORIES, Span, create_bought_days
from pipelines.value.needs.categories import RANKS, candidates, item_weights, judge_candidates, read_basket
from pipelines.value.needs.outcomes import Contender, Figure, Trial, choose, findings, neither
from pipelines.value.needs.replenishment import NEAR_DAYS, Met, create_due_dates, judge_due_dates
from pipelines.value.needs.seasons import YEAR_DAYS, create_seasonal_needs, judge_seasonal_needs

_NO_CATEGORY = "no product that was bought has a category"
# what later predictions of the run have no use for: on a million customers it is most of the memory that there is
_OF_DUE_DATES = (
    *("need_intervals", "need_pairs", "need_categories", "need_typical", "need_spreads", "need_due_dates"),
    *("need_judged", "need_met"),
)
_OF_ALL = (
    *("season_months", "seasons", "season_habits", "season_needs", "next_candidates"),
    *("opted_out", "bought_days", "bought_customers", "bought_categories"),
)
_DECIDING_DAYS, _DECIDING_RANK = max(NEAR_DAYS), RANKS[1]

_OPTED_OUT = """
create or replace table opted_out as
select customer_no from bought_customers
where customer_id in (select customer_id from {consents} where purpose = 'personalization' and status = 'denied')
"""
_REPLENISHMENTS = """
with chosen as (
    select
        customer_no, category_no, interval_count, last_on, {kind}_days as typical_days, {kind}_on as due_on,
        {kind}_from_on as due_from_on, {kind}_to_on as due_to_on,
        '{kind}' = 'model' and interval_count > 0 as is_own,
        {kind}_to_on >= date '{as_of}' and interval_count >= {shown} as is_shown
    from need_due_dates
    where date '{as_of}' - last_on <= {lapsed} * {kind}_days and customer_no not in (select customer_no from opted_out)
),
ranked as (
    select *, row_number() over (partition by customer_no, is_shown order by due_on, category_no) as due_rank from chosen
)
select
    customers.customer_id, categories.category, last_on as last_purchased_on, interval_count,
    round(typical_days, 2) as typical_days_between, case when is_own then 'own_and_category' else 'category' end as basis,
    due_on, due_from_on, due_to_on, case when is_shown then due_rank end as due_rank
from ranked
inner join bought_customers as customers on ranked.customer_no = customers.customer_no
inner join bought_categories as categories on ranked.category_no = categories.category_no
order by customers.customer_id, categories.category
"""
_SEASONAL_NEEDS = """
with listed as (
    select *, from_on - {lead} as listed_from_on, from_on - {lead} <= date '{as_of}' as is_listed
    from season_needs
    where {is_used} and customer_no not in (select customer_no from opted_out)
),
ranked as (
    select *, row_number() over (partition by customer_no, is_listed order by from_on, category_no, from_month) as listed_rank
    from listed
)
select
    customers.customer_id, categories.category, from_month as season_from_month_number, to_month as season_to_month_number, year_count,
    first_year as first_season_year_number, last_year as last_season_year_number, season_day_count, day_count,
    cast(season_day_count as double) / day_count as season_share_rate, last_on as last_purchased_on, listed_from_on,
    from_on as season_from_on, to_on as season_to_on, case when is_listed then listed_rank end as listed_rank
from ranked
inner join bought_customers as customers on ranked.customer_no = customers.customer_no
inner join bought_categories as categories on ranked.category_no = categories.category_no
order by customers.customer_id, categories.category, from_month
"""
_NEXT_CATEGORIES = """
select
    customers.customer_id, offered.candidate_rank, categories.category, offered.affinity,
    reasons.category as because_of_category, '{model}' as model_name
from next_candidates as offered
inner join bought_customers as customers on offered.customer_no = customers.customer_no
inner join bought_categories as categories on offered.category_no = categories.category_no
left join bought_categories as reasons on offered.because_of_category_no = reasons.category_no
order by customers.customer_id, offered.candidate_rank
"""


def predict_needs(connection: duckdb.DuckDBPyConnection, run: Run, sold: str = SOLD_CATEGORIES) -> Findings:
    """Write NEED_TABLES; return the models, why each is used or not, and how they did.

    `sold` is a relation that `connection` sees, by default over the marts. Customers who denied personalization have no row: what they
    bought is counted in sums over everybody, and nothing is told of them.
    """
    span = create_bought_days(connection, sold)
    connection.execute(_OPTED_OUT.format(consents=lake_rows(run, GOLDEN_CONSENTS)))
    parts = [_replenishments(connection, run, span), _seasonal_needs(connection, run, span), _next_categories(connection, run, span)]
    _drop(connection, _OF_ALL)
    return Findings(tuple(model for part in parts for model in part.models), pl.concat(part.backtests for part in parts))


def _replenishments(connection: duckdb.DuckDBPyConnection, run: Run, span: Span) -> Findings:
    needs = run.config.needs
    met = judge_due_dates(connection, needs, run.as_of)
    create_due_dates(connection, needs, run.as_of)
    what = f"due dates were met within {_DECIDING_DAYS} days"
    trial = next(
        (Trial(one.due_count, what, one.model[_DECIDING_DAYS], one.rule[_DECIDING_DAYS]) for one in met if one.bucket == "all"),
        Trial(0, what, 0.0, 0.0),
    )
    counts = {"categories": _count(connection, "need_categories"), "customer_categories": _count(connection, "need_due_dates")}
    choice = choose(trial, needs.judged_from_count)
    if not counts["customer_categories"]:
        choice = neither("no category is bought again by enough of its buyers" if span.customer_count else _NO_CATEGORY)
    query = _REPLENISHMENTS.format(
        kind="model" if choice.is_model_used else "rule",
        as_of=run.as_of,
        lapsed=needs.lapsed_after_intervals,
        shown=needs.shown_from_intervals,
    )
    counts |= {"rows": _write(connection, run, query, VALUE_REPLENISHMENTS), "judged_due_dates": trial.count}
    _drop(connection, _OF_DUE_DATES)
    weight = {"category_weight": needs.category_weight}
    contenders = (
        Contender("own_and_category", False, choice.is_model_used, choice.reason, _of_model(met), weight, counts),
        Contender("category_interval", True, choice.is_rule_used, choice.reason, _near(met, "rule")),
        Contender("random_day", True, False, "shows what is due to chance", _near(met, "by_lot")),
    )
    return findings("replenishment", span, run.as_of - timedelta(days=needs.judged_days), needs.judged_days, contenders)


def _near(met: list[Met], of: str) -> tuple[Figure, ...]:
    return tuple(Figure(f"hit_rate_{near}d", getattr(one, of)[near], one.customer_count, one.bucket) for one in met for near in NEAR_DAYS)


def _of_model(met: list[Met]) -> tuple[Figure, ...]:
    windows = tuple(
        Figure("window_rate", one.window_met_count / one.window_count, one.window_customer_count, one.bucket, expected=0.5)
        for one in met
        if one.window_count
    )
    return _near(met, "model") + windows


def _seasonal_needs(connection: duckdb.DuckDBPyConnection, run: Run, span: Span) -> Findings:
    needs, analysis = run.config.needs, run.config.analysis
    model, rule = judge_seasonal_needs(connection, needs, analysis, run.as_of)
    create_seasonal_needs(connection, needs, analysis, run.as_of)
    trial = Trial(model.need_count, "needs came true in the seasons of the last year", model.rate, rule.rate)
    choice = choose(trial, needs.judged_from_count, has_rule=False)
    if not _count(connection, "seasons"):
        choice = neither(
            f"no category sells more in the same months of {analysis.seasonal_from_years} years" if span.customer_count else _NO_CATEGORY
        )
    query = _SEASONAL_NEEDS.format(as_of=run.as_of, lead=analysis.seasonal_lead_days, is_used=choice.is_model_used)
    counts = {"seasons": _count(connection, "seasons"), "rows": _write(connection, run, query, VALUE_SEASONAL_NEEDS)}
    contenders = (
        Contender(
            "seasonal_habit",
            is_baseline=False,
            is_used=choice.is_model_used,
            reason=choice.reason,
            figures=(Figure("hit_rate", model.rate, model.customer_count),) if model.need_count else (),
            parameters={"season_from_index": float(needs.season_from_index)},
            counts={**counts, "judged_needs": model.need_count},
        ),
        Contender(
            "bought_last_year",
            is_baseline=True,
            is_used=False,
            reason="shows what a list of all who bought the category within a year comes to",
            figures=(Figure("hit_rate", rule.rate, rule.customer_count),) if rule.need_count else (),
            counts={"judged_needs": rule.need_count},
        ),
    )
    return findings("seasonal_need", span, run.as_of - timedelta(days=YEAR_DAYS), YEAR_DAYS, contenders)


def _next_categories(connection: duckdb.DuckDBPyConnection, run: Run, span: Span) -> Findings:
    needs = run.config.needs
    hits = judge_candidates(connection, needs, run.as_of)
    what = f"customers bought one of the first {_DECIDING_RANK} candidates"
    choice = choose(Trial(hits.customer_count, what, hits.model[_DECIDING_RANK], hits.popularity[_DECIDING_RANK]), needs.judged_from_count)
    basket = read_basket(connection, needs, run.as_of)
    if len(basket.category_no) < 2:
        choice = neither("fewer than two categories have enough buyers" if span.customer_count else _NO_CATEGORY)
    weights = item_weights(basket, needs) if choice.is_model_used else None
    denied = fetch_frame(connection, "select customer_no from opted_out")["customer_no"].to_numpy()
    create_from_frame(connection, "next_candidates", candidates(basket.of(denied, are_out=True), weights, needs.next_per_customer))
    query = _NEXT_CATEGORIES.format(model="item_to_item" if choice.is_model_used else "popularity")
    counts = {
        "categories": len(basket.category_no),
        "customers": len(basket.customer_no),
        "rows": _write(connection, run, query, VALUE_NEXT_CATEGORIES),
        "judged_customers": hits.customer_count,
    }
    ridge = {"next_ridge": float(needs.next_ridge), "window_days": needs.next_window_days}
    shares = [
        tuple(Figure(f"hit_rate_at_{rank}", rates[rank], hits.customer_count) for rank in RANKS if hits.customer_count)
        for rates in (hits.model, hits.popularity)
    ]
    contenders = (
        Contender("item_to_item", False, choice.is_model_used, choice.reason, shares[0], ridge, counts),
        Contender("popularity", True, choice.is_rule_used, choice.reason, shares[1]),
    )
    return findings("next_category", span, run.as_of - timedelta(days=needs.judged_days), needs.judged_days, contenders)


def _write(connection: duckdb.DuckDBPyConnection, run: Run, query: str, table: Table) -> int:
    """Write the table whole; return its rows."""
    path = run.home.table(table.name) / "part-0.parquet"
    write_query(connection, query, table, path)
    return int(pl.scan_parquet(path).select(pl.len()).collect().item())


def _drop(connection: duckdb.DuckDBPyConnection, tables: tuple[str, ...]) -> None:
    for table in tables:
        connection.execute(f"drop table {table}")


def _count(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    [(count,)] = connection.execute(f"select count(*) from {table}").fetchall()
    return int(count)
