"""What is bought together, what sells, when customers come back, why they leave and who brings the money, against brute force."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

import duckdb
import pytest

from pipelines.contracts.config import Config
from pipelines.contracts.home import Home
from pipelines.contracts.settings.predictions import NeedsConfig
from pipelines.value.needs.bought import SOLD_CATEGORIES, create_bought_days
from pipelines.value.needs.replenishment import create_due_dates
from tests.dbt.analysis_history import AnalysisHistory
from tests.dbt.compiled import CompiledModels
from tests.dbt.lake import tiny_run
from tests.dbt.warehouse import rows
from tests.oracle.analysis import AnalysisOracle

AS_OF = date(2024, 3, 13)
MODELS = ("marts/analysis/", "int_daily_sales")
RULES = {
    "basket_days": 300,
    "basket_items": 4,
    "min_basket_count": 3,
    "min_support": 0.03,
    "min_lift": 1.01,
    "cross_sell_per_customer": 3,
    "cross_sell_reasons": 4,
    "cross_sell_partners": 3,
    "hot_seller_months": 7,
    "seasonal_from_share": 0.25,
    "interval_from_count": 3,
    "churn_reason_days": 25,
    "late_from_quantile": 0.7,
    "pareto_days": 200,
}
Case = tuple[Home, AnalysisOracle]


@pytest.fixture(scope="module")
def case(compiled: CompiledModels, tmp_path_factory: pytest.TempPathFactory) -> Case:
    lake = AnalysisHistory(11, AS_OF).lake
    run = tiny_run(tmp_path_factory.mktemp("lake"), AS_OF, Config.model_validate({"analysis": RULES}))
    return compiled.write(lake, run, *MODELS), AnalysisOracle(lake, run)


def differences(found: dict[Any, Any], wanted: dict[Any, Any]) -> dict[Any, Any]:
    """What is said of each key by only one of both, or differently."""
    return {key: (found.get(key), wanted.get(key)) for key in found.keys() | wanted.keys() if found.get(key) != wanted.get(key)}


def test_associations_equal_brute_force_over_all_pairs(case: Case) -> None:
    home, oracle = case
    found = rows(
        home,
        "select channel, item_type, item_key, with_item_key, basket_count, item_basket_count, with_item_basket_count,"
        " channel_basket_count, confidence_rate, lift from basket_associations",
    )
    wanted = [
        (one.channel, one.item_type, one.item, one.other, one.both, one.own, one.others, one.all_, one.confidence, one.lift)
        for one in oracle.associations()
    ]
    assert sorted(found) == sorted(wanted)
    assert {row[1] for row in found} == {"product", "category"}
    frequent = {(row[0], row[1], row[2]) for row in found}
    assert len(frequent) < len({(b.purchase.channel, p) for b in oracle.baskets for p in b.products}), "the minimum must leave items out"
    assert any(len(basket.products) > oracle.rules.basket_items for basket in oracle.within(oracle.rules.basket_days))


def test_cross_sell_is_the_strongest_that_was_never_bought(case: Case) -> None:
    home, oracle = case
    found = rows(home, "select customer_id, candidate_rank, product_key, reason_product_key from customer_cross_sell")
    wanted = oracle.cross_sell()
    assert differences({(row[0], row[1]): row[2:] for row in found}, wanted) == {}
    assert {rank for _, rank in wanted} == {1, 2, 3}


def test_hot_sellers_equal_the_oracle_and_lose_no_cent(case: Case) -> None:
    home, oracle = case
    found = {
        tuple(row[:4]): row[4:]
        for row in rows(
            home,
            "select period_grain, period_start, channel, product_key, piece_count, order_count, buyer_count, net_amount, sales_rank,"
            " channel_sales_rank, is_provisional from hot_sellers",
        )
    }
    wanted = oracle.hot_sellers()
    assert differences({key: row[:3] for key, row in found.items()}, {key: row[:3] for key, row in wanted.items()}) == {}
    for key, (_, order_count, _, net) in wanted.items():
        assert abs(Fraction(found[key][3]) - net) <= Fraction(1, 100) * order_count, key
        inside = [row[3] for other, row in found.items() if other[:2] == key[:2] and other[3] != "unattributed"]
        rank = None if key[3] == "unattributed" else 1 + sum(amount > found[key][3] for amount in inside)
        assert found[key][4] == rank, key
    totals: dict[tuple[str, date], Decimal] = defaultdict(Decimal)
    for (grain, start, *_), row in found.items():
        totals[grain, start] += row[3]
    for period in oracle.periods():
        if (period.grain, period.start) in totals:
            inside = [p.net for p in oracle.purchases if period.start <= p.on <= period.end]
            assert totals[period.grain, period.start] == sum(inside, Decimal(0))
    assert any(key[3] == "unattributed" for key in found) and any(row[0] is None for row in found.values())


def test_hot_sellers_are_compared_with_the_calendar_period_before(case: Case) -> None:
    home, _ = case
    wrong = rows(
        home,
        "select now.product_key from hot_sellers as now left join hot_sellers as before on before.period_grain = now.period_grain"
        " and before.channel = now.channel and before.product_key = now.product_key"
        " and before.period_start = now.period_start - (case now.period_grain when 'week' then interval 7 day else interval 1 month end)"
        " where now.period_start > (select min(period_start) + interval 31 day from hot_sellers)"
        " and (now.previous_net_amount is distinct from before.net_amount"
        " or now.previous_channel_sales_rank is distinct from before.channel_sales_rank)",
    )
    assert wrong == []
    first = rows(
        home, "select count(previous_net_amount) from hot_sellers where period_start = (select min(period_start) from hot_sellers)"
    )
    assert first[0][0] > 0, "the first period shown has one to compare with"


def test_seasons_are_those_of_two_years(case: Case) -> None:
    home, oracle = case
    found = rows(
        home,
        "select customer_id, item_key, season_month_number, year_count, season_day_count, day_count, season_share_rate, due_from_on,"
        " due_to_on from seasonal_buyers",
    )
    wanted = oracle.seasons()
    assert differences({tuple(row[:3]): row[3:] for row in found}, wanted) == {}
    assert len({start.year for *_, start, _ in wanted.values()}) == 2


def test_intervals_equal_the_oracle(case: Case) -> None:
    home, oracle = case
    found = rows(
        home,
        "select customer_id, category, interval_count, median_days_between, mean_days_between, last_purchased_on, expected_on"
        " from customer_purchase_intervals",
    )
    cent = Decimal("0.01")
    wanted = {key: (count, median, last, expected, abs(mean)) for key, (count, median, mean, last, expected) in oracle.intervals().items()}
    assert differences({(row[0], row[1]): (row[2], row[3], row[5], row[6]) for row in found}, {k: v[:4] for k, v in wanted.items()}) == {}
    assert all(abs(row[4] - wanted[row[0], row[1]][4]) <= cent for row in found)
    spread = rows(home, "select category, interval_days, interval_count, customer_count from purchase_interval_distribution")
    assert differences({(row[0], row[1]): row[2:] for row in spread}, oracle.interval_distribution()) == {}


def test_funnel_equals_the_oracle_and_never_widens(case: Case) -> None:
    home, oracle = case
    found: dict[Any, list[tuple[int, int]]] = defaultdict(list)
    for grain, start, reached, did in rows(
        home, "select period_grain, period_start, customer_count, did_customer_count from journey_funnel order by stage_number"
    ):
        found[grain, start].append((reached, did))
    assert differences(found, oracle.funnel()) == {}
    assert all(before[0] >= after[0] for stages in found.values() for before, after in pairwise(stages))
    assert sum(stages[4][0] for stages in found.values()) > 0


def test_reasons_to_leave_equal_the_oracle(case: Case) -> None:
    home, oracle = case
    wanted = oracle.churn_reasons()
    gone = {
        (customer, reason): (stage, count, last)
        for customer, (stage, reasons, last) in wanted.items()
        for reason, count in reasons.items()
        if stage in {"churned", "declining"}
    }
    found = rows(home, "select customer_id, reason, lifecycle_stage, fact_count, last_order_on from customer_churn_reasons")
    assert differences({(row[0], row[1]): row[2:] for row in found}, gone) == {}
    kinds = ("refund", "complaint", "late_delivery", "low_score", "none_found")
    assert {reason for _, reason in gone} == set(kinds)
    groups: dict[str, list[dict[str, int]]] = defaultdict(list)
    for stage, reasons, _ in wanted.values():
        groups[stage if stage in {"churned", "declining"} else "stayed"].append(reasons)
    counts = {
        (stage, kind): (
            sum(kind in reasons for reasons in groups[stage]),
            len(groups[stage]),
            sum(kind in reasons for reasons in groups["stayed"]),
            len(groups["stayed"]),
        )
        for stage in ("churned", "declining")
        for kind in kinds
    }
    told = rows(
        home,
        "select lifecycle_stage, reason, customer_count, all_customer_count, stayed_customer_count, stayed_all_customer_count, lift"
        " from churn_reasons",
    )
    assert differences({(row[0], row[1]): row[2:6] for row in told}, counts) == {}
    lifts = [(row[6], row[2] / row[3] / (row[4] / row[5])) for row in told if row[4] and row[3]]
    assert lifts and all(lift == pytest.approx(wanted_lift) for lift, wanted_lift in lifts)


def test_the_best_buyers_come_first_and_every_purchase_counts(case: Case) -> None:
    home, oracle = case
    spenders = oracle.spenders()
    known = [(net, count) for net, customer, count in spenders if customer]
    slices: dict[int, list[tuple[Decimal, int]]] = defaultdict(list)
    for rank, spender in enumerate(known, start=1):
        slices[-(-rank * 100 // len(known))].append(spender)
    cumulative = Decimal(0)
    wanted = {}
    for percent, members in sorted(slices.items()):
        cumulative += sum((net for net, _ in members), Decimal(0))
        wanted[percent] = (len(members), sum((net for net, _ in members), Decimal(0)), cumulative)
    found = rows(home, "select top_percent, customer_count, net_amount, cumulative_net_amount from pareto_customers where top_percent > 0")
    assert differences({row[0]: row[1:] for row in found}, wanted) == {}
    tiers: dict[str, list[tuple[Decimal, int]]] = defaultdict(list)
    for net, customer, count in spenders:
        rfm = oracle.rfm(customer, "monthly", oracle.as_of) if customer else None
        tiers[rfm[-1] if rfm else "unattributed"].append((net, count))
    by_tier = {tier: (sum(net for net, _ in members), sum(count for _, count in members)) for tier, members in tiers.items()}
    told = rows(home, "select rfm_tier, net_amount, order_count from pareto_customers where slice_type = 'rfm_tier'")
    assert differences({row[0]: row[1:] for row in told}, by_tier) == {}
    assert "unattributed" in by_tier


def test_needs_are_read_from_the_purchases_that_intervals_are_told_of(case: Case) -> None:
    """What counts as bought is said in SQL models and in the stage `value`: both must say the same."""
    home, oracle = case
    with duckdb.connect() as connection:
        connection.execute(f"attach '{home.marts}' as marts (read_only)")
        create_bought_days(connection, SOLD_CATEGORIES)
        create_due_dates(connection, NeedsConfig(), oracle.as_of)
        pairs = connection.execute(
            "select customer_id, category, interval_count, cast(median_days as decimal(9, 2)), last_on from need_pairs"
            " join bought_customers using (customer_no) join bought_categories using (category_no) where interval_count > 0"
        ).fetchall()
    told = rows(
        home,
        "select customer_id, category, interval_count, median_days_between, last_purchased_on from customer_purchase_intervals"
        " where scope = 'category'",
    )
    assert sorted(pairs) == sorted(told) and len(told) > 20
