"""What campaigns earned equals the oracle's on a random history; a comparison of arms tells scipy's numbers, and no more than it may."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import jinja2
import numpy as np
import polars as pl
import pytest
from scipy import stats

from pipelines.contracts.config import Config
from pipelines.contracts.home import Home
from tests.dbt.campaigns import REGISTRY
from tests.dbt.compiled import CompiledModels
from tests.dbt.history import History
from tests.dbt.lake import tiny_run
from tests.dbt.warehouse import PROJECT, rows
from tests.oracle.marketing import MarketingOracle

AS_OF = date(2024, 3, 13)
CONFIG = Config.model_validate({"marketing": {"readout_from_customers": 5, "attribution_days": 7}})
MODELS = (
    "mart_marketing__campaign_performance",
    "mart_marketing__campaign_effects",
    "int_kpi_marketing",
    "int_customer_home_stores",
)


@pytest.fixture(scope="module")
def case(compiled: CompiledModels, tmp_path_factory: pytest.TempPathFactory) -> tuple[Home, MarketingOracle]:
    lake = History(4, AS_OF).lake
    run = tiny_run(tmp_path_factory.mktemp("lake"), AS_OF, CONFIG)
    return compiled.write(lake, run, *MODELS), MarketingOracle(lake, run)


def test_every_purchase_is_attributed_as_the_oracle_says(case: tuple[Home, MarketingOracle]) -> None:
    home, oracle = case
    found = {
        row[0]: row[1:]
        for row in rows(
            home, "select order_key, campaign_key, channel, arm, touch, rule, coupon_key, send_key, net_amount from fct_attributions"
        )
    }
    wanted = {
        key: (one.campaign, one.channel, one.arm, one.touch, one.rule, one.coupon_key, one.send_key, one.purchase.net)
        for key, one in oracle.attributions.items()
    }
    assert {key: (found.get(key), wanted.get(key)) for key in found | wanted if found.get(key) != wanted.get(key)} == {}
    assert {one.rule for one in oracle.attributions.values()} == {"coupon_order", "coupon_code", "coupon_day", "last_message"}
    assert {"all", "held_out", "contaminated", "unassigned", "reminder"} <= {one.arm for one in oracle.attributions.values()}


def test_costs_are_spread_over_their_days_to_the_cent(case: tuple[Home, MarketingOracle]) -> None:
    home, oracle = case
    found = rows(home, "select channel, coalesce(campaign_key, 'unattributed'), spent_on, cost_amount from fct_cost_days")
    assert sorted(found) == sorted(oracle.costs)


def test_performance_equals_the_oracle(case: tuple[Home, MarketingOracle]) -> None:
    home, oracle = case
    columns = (
        "sent", "delivered", "opened", "clicked", "converted", "coupons_issued", "coupons_redeemed", "attributed_order_count",
        "attributed_revenue", "attributed_customer_count", "redeeming_customer_count",
    )  # fmt: skip
    found = {
        row[:3]: dict(zip(columns, row[3:], strict=True))
        for row in rows(home, f"select campaign_key, channel, arm, {', '.join(columns)} from mart_marketing__campaign_performance")
    }
    wanted = {key: {name: row[name] for name in columns} for key, row in oracle.rows_by_arm().items()}
    assert {key: (found.get(key), row) for key, row in wanted.items() if found.get(key) != row} == {}
    idle = {key for key in found if key not in wanted}
    assert all(not any(found[key].values()) for key in idle)
    # a segment that no channel reports of, and one whose campaign has a cost only
    assert ("segments:unsent", "segments", "all") in idle and any(key[1] == "ads" for key in idle)


def test_rates_are_null_without_a_denominator(case: tuple[Home, MarketingOracle]) -> None:
    home, _ = case
    found = rows(home, "select delivered, opened, open_rate, click_rate, conversion_rate from mart_marketing__campaign_performance")
    assert all((delivered == 0) == (rate is None) for delivered, _, *rates in found for rate in rates)
    assert all(rate == pytest.approx(opened / delivered) for delivered, opened, rate, *_ in found if delivered)


def test_cost_of_arms_adds_up_and_is_never_assumed(case: tuple[Home, MarketingOracle]) -> None:
    home, oracle = case
    sql = "select campaign_key, channel, sum(cost) from mart_marketing__campaign_performance group by all having sum(cost) is not null"
    assert {row[:2]: row[2] for row in rows(home, sql)} == oracle.costs_by_campaign()
    for campaign, channel, revenue, cost, roas, net in rows(
        home, "select campaign_key, channel, attributed_revenue, cost, roas, roi_net from mart_marketing__campaign_performance"
    ):
        if (campaign, channel) not in oracle.costs_by_campaign():
            assert (cost, roas, net) == (None, None, None)
        elif roas is not None:
            assert roas == pytest.approx(float(revenue / cost)) and net == pytest.approx(float(revenue / cost) - 1)
    # advertising has a cost and nothing that revenue could be attributed by
    assert rows(home, "select distinct roas from mart_marketing__campaign_performance where channel = 'ads'") == [(None,)]


def test_lists_are_read_out_by_intention_to_treat(case: tuple[Home, MarketingOracle]) -> None:
    home, oracle = case
    sql = """
    select segment_name, arm, targeted, held_out, contaminated, incremental_revenue, incremental_revenue_low, incremental_revenue_high,
    incremental_revenue_p_value from mart_marketing__campaign_performance where incremental_revenue is not null order by all
    """
    found = {row[:2]: row[2:] for row in rows(home, sql)}
    assert set(found) == {("win_back", "coupon"), ("win_back", "reminder"), ("thanks", "all"), ("unsent", "all")}
    for (segment, arm), row in found.items():
        outcomes = oracle.outcomes(segment)
        treated, control = ([float(net) for _, net in outcomes[name]] for name in (arm, "held_out"))
        contaminated = sum(listed["is_contaminated"] for listed in oracle.lists[segment].values())
        assert row[:3] == (len(treated), len(control), contaminated)
        test = stats.ttest_ind(treated, control, equal_var=False)
        interval = test.confidence_interval(0.95)
        wanted = [number * len(treated) for number in (np.mean(treated) - np.mean(control), interval.low, interval.high)]
        assert [float(number) for number in row[3:6]] == pytest.approx(wanted, abs=0.5)
        assert row[6] == pytest.approx(test.pvalue, abs=0.001)


def test_every_pair_of_arms_is_compared_once(case: tuple[Home, MarketingOracle]) -> None:
    home, oracle = case
    sql = """
    select metric, arm, against_arm, is_declared, customer_count, against_customer_count, mean from mart_marketing__experiments
    where segment_name = 'win_back'
    """
    found = {row[:3]: row[3:] for row in rows(home, sql)}
    pairs = {("reminder", "coupon"), ("reminder", "held_out"), ("coupon", "held_out")}
    wanted = {(metric, *pair) for metric in ("revenue_per_customer", "purchase_rate") for pair in pairs}
    wanted |= {(metric, "reminder", "coupon") for metric in ("open_rate", "click_rate")}
    assert set(found) == wanted
    assert {key[0] for key, row in found.items() if row[0]} == {"revenue_per_customer"}
    bought = {arm: [count > 0 for count, _ in outcomes] for arm, outcomes in oracle.outcomes("win_back").items()}
    for (metric, arm, against), row in found.items():
        assert row[1:3] == (len(bought[arm]), len(bought[against]))
        if metric == "purchase_rate":
            assert row[3] == pytest.approx(sum(bought[arm]) / len(bought[arm]))


def test_sales_of_the_days_before_during_and_after(case: tuple[Home, MarketingOracle]) -> None:
    home, oracle = case
    first = min(purchase.on for purchase in oracle.purchases)
    sql = """
    select distinct campaign_key, starts_on, ends_on, campaign_days, sales_before_amount, sales_during_amount, sales_after_amount
    from mart_marketing__campaign_performance where starts_on <= ends_on
    """
    found = rows(home, sql)
    for _, starts_on, ends_on, days, *amounts in found:
        assert days == (ends_on - starts_on).days + 1
        wanted = []
        for shift in (-days, 0, days):
            span = (starts_on + timedelta(days=shift), ends_on + timedelta(days=shift))
            inside = [purchase.net for purchase in oracle.purchases if span[0] <= purchase.on <= span[1]]
            wanted.append(sum(inside, Decimal(0)) if first <= span[0] and span[1] <= oracle.as_of else None)
        assert amounts == wanted
    assert any(None in row for row in found) and any(None not in row for row in found)


def test_plans_stand_beside_what_came_of_them(case: tuple[Home, MarketingOracle]) -> None:
    home, oracle = case
    owners = {key: name for name, _, keys in REGISTRY for key in keys}
    budgets = {name: budget for name, budget, _ in REGISTRY}
    sql = """
    select campaign_key, segment_name, registered_name, is_registered, budget_amount, budget_used_rate, targeted, sent, cost
    from mart_marketing__campaign_performance
    """
    found = rows(home, sql)
    costs: dict[str, Decimal] = {}
    for (campaign, _), amount in oracle.costs_by_campaign().items():
        # win_back is billed by a channel under the name of its segment
        owner = owners.get(campaign) or owners.get(f"segments:{campaign.split(':')[-1]}")
        if owner:
            costs[owner] = costs.get(owner, Decimal(0)) + amount
    assert {"big", "free"} <= costs.keys()
    for campaign, segment, name, is_registered, budget, used, *_ in found:
        owner = owners.get(campaign) or owners.get(f"segments:{segment}")
        assert (name, is_registered, budget) == (owner, owner is not None, budgets.get(owner or ""))
        assert used == (pytest.approx(float(costs[name] / budget)) if budget and name in costs else None)
    nothing = {row[0]: row[6:] for row in found if row[2] == "quiet"}
    assert nothing == {"post:never": (0, 0, None), "segments:unlisted": (0, 0, None)}
    assert {row[2] for row in found} == {"big", "quiet", "free", None}
    planned = rows(home, "select campaign_key, registered_name from dim_campaigns where registered_name is not null")
    assert {("post:never", "quiet"), ("sms:spring", "big"), ("ads:search", "big"), ("mail:summer", "free")} == set(planned)


def test_effect_report_is_of_the_trailing_days(case: tuple[Home, MarketingOracle]) -> None:
    home, oracle = case
    begin = oracle.as_of - timedelta(days=29)
    sql = (
        "select campaign_key, channel, from_on, window_days, sent, clicked, attributed_revenue, cost from mart_marketing__campaign_effects"
    )
    found = {row[:2]: row[2:] for row in rows(home, sql)}
    converted: dict[tuple[str, str], list[Any]] = {}
    for message in oracle.messages:
        if message.on and begin <= message.on <= oracle.as_of:
            row = converted.setdefault((message.campaign, message.channel), [0, 0, Decimal(0), None])
            row[0] += 1
            row[1] += message.clicked
    for one in oracle.attributions.values():
        if one.purchase.on >= begin:
            row = converted.setdefault((one.campaign, one.channel), [0, 0, Decimal(0), None])
            row[2] += one.purchase.net
    for channel, campaign, day, share in oracle.costs:
        if day >= begin:
            row = converted.setdefault((campaign, channel), [0, 0, Decimal(0), None])
            row[3] = (row[3] or Decimal(0)) + share
    for coupon in oracle.coupons:
        if coupon.issued_on and coupon.issued_on >= begin:
            converted.setdefault((coupon.campaign or "unattributed", coupon.channel), [0, 0, Decimal(0), None])
    assert found == {key: (begin, 30, *row) for key, row in converted.items()}


def test_every_marketing_kpi_equals_the_oracle(case: tuple[Home, MarketingOracle]) -> None:
    home, oracle = case
    sql = """
    select metric, period_grain, period_start, dimension, dimension_value, numerator, denominator, is_provisional
    from warehouse.intermediate.int_kpi_marketing
    """
    with duckdb.connect() as connection:
        connection.execute(f"attach '{home.warehouse}' as warehouse (read_only)")
        connection.execute(f"attach '{home.marts}' as marts (read_only)")
        connection.execute("set timezone = 'UTC'")
        found = {row[:5]: row[5:] for row in connection.execute(sql).fetchall()}
    wanted = oracle.marketing_kpis()
    assert found.keys() == wanted.keys()
    assert {key: (found[key], wanted[key]) for key in wanted if found[key] != wanted[key]} == {}


def test_home_store_is_that_of_most_purchases(case: tuple[Home, MarketingOracle]) -> None:
    home, oracle = case
    visits: dict[str, dict[str, list[datetime]]] = {}
    for purchase in oracle.purchases:
        if purchase.customer_id is not None and purchase.store is not None:
            visits.setdefault(purchase.customer_id, {}).setdefault(purchase.store, []).append(purchase.at)
    wanted = {}
    for customer, stores in visits.items():
        most = max((len(times), max(times)) for times in stores.values())
        wanted[customer] = min(store for store, times in stores.items() if (len(times), max(times)) == most)
    with duckdb.connect() as connection:
        connection.execute(f"attach '{home.warehouse}' as warehouse (read_only)")
        found = connection.execute(
            "select customer_id, home_store_key from warehouse.intermediate.int_customer_home_stores"
            " join warehouse.intermediate.int_customers using (customer_no)"
        ).fetchall()
    assert dict(found) == wanted and len(found) == len(wanted) > 10 and len(set(wanted.values())) > 1


# --- one implementation of the statistics, on any table

Arms = dict[str, Sequence[float]]


class Statistics:
    """The macros of the project, run without dbt."""

    def __init__(self) -> None:
        source = (PROJECT / "macros" / "experiments.sql").read_text(encoding="utf-8")
        module: Any = jinja2.Environment(extensions=["jinja2.ext.do"], autoescape=False).from_string(source).module
        self.sql = module.compared_arms("moments", "settings")
        self.connection = duckdb.connect()
        confidence, power = stats.norm.ppf(0.975), stats.norm.ppf(0.8)
        self.connection.execute(
            "create table settings as select 30 as marketing_readout_from_customers, 0.95::double as marketing_confidence,"
            f" {confidence}::double as marketing_confidence_z, {power}::double as marketing_power_z"
        )

    def compare(self, tests: dict[str, Arms]) -> dict[tuple[str, str, str], dict[str, Any]]:
        """(test, arm, against arm) -> columns."""
        moments = pl.DataFrame(  # noqa: F841  read by DuckDB
            [
                (test, "x", arm, len(values), math.fsum(values), math.fsum(value * value for value in values))
                for test, arms in tests.items()
                for arm, values in arms.items()
            ],
            schema={
                "test": pl.String, "metric": pl.String, "arm": pl.String, "customer_count": pl.Int64, "total": pl.Float64,
                "total_squares": pl.Float64,
            },
            orient="row",
        )  # fmt: skip
        result = self.connection.execute(self.sql)
        names = [column[0] for column in result.description or ()]
        found = [dict(zip(names, row, strict=True)) for row in result.fetchall()]
        return {(row["test"], row["arm"], row["against_arm"]): row for row in found}


@pytest.fixture(scope="module")
def statistics() -> Statistics:
    return Statistics()


def test_intervals_and_p_values_are_those_of_scipy(statistics: Statistics) -> None:
    draw = np.random.default_rng(7)
    tests: dict[str, Arms] = {}
    for number, size in enumerate((30, 31, 60, 300, 5_000)):
        for shift in (0.0, 0.2, 0.5):
            a, b = draw.gamma(2, 30, size) + shift * 42, draw.gamma(1, 60, size + number * 17)
            tests[f"{size}/{shift}"] = {"mail": a.tolist(), "held_out": b.tolist()}
    found = statistics.compare(tests)
    for name, arms in tests.items():
        row = found[name, "mail", "held_out"]
        test = stats.ttest_ind(arms["mail"], arms["held_out"], equal_var=False)
        interval = test.confidence_interval(0.95)
        assert row["p_value"] == pytest.approx(test.pvalue, abs=3e-5)
        assert (row["difference_low"], row["difference_high"]) == pytest.approx((interval.low, interval.high), abs=1e-3)
        assert row["winner"] == ("no difference shown" if test.pvalue >= 0.05 else "mail" if row["difference"] > 0 else "held_out")


def test_a_small_p_value_keeps_its_digits(statistics: Statistics) -> None:
    draw = np.random.default_rng(8)
    arms: Arms = {"mail": (draw.normal(5, 1, 4_000)).tolist(), "held_out": draw.normal(4.2, 1, 4_000).tolist()}
    p_value = statistics.compare({"t": arms})["t", "mail", "held_out"]["p_value"]
    exact = stats.ttest_ind(arms["mail"], arms["held_out"], equal_var=False).pvalue
    assert 0 < exact < 1e-100 and math.log(p_value) == pytest.approx(math.log(exact), rel=1e-3)


@pytest.mark.parametrize(
    ("mail", "held_out", "p_value", "winner"),
    [
        ([1.0] * 40, [1.0] * 40, 1.0, "no difference shown"),
        ([1.0] * 40, [0.0] * 40, 0.0, "mail"),
        ([0.0] * 40, [1.0] * 40, 0.0, "held_out"),
        ([0.0, 1.0] * 20, [0.0, 1.0] * 14, None, "too few customers"),
        ([1.0], [0.0] * 40, None, "too few customers"),
    ],
)
def test_arms_without_spread_or_people(
    statistics: Statistics, mail: list[float], held_out: list[float], p_value: float | None, winner: str
) -> None:
    row = statistics.compare({"t": {"mail": mail, "held_out": held_out}})["t", "mail", "held_out"]
    assert (row["p_value"], row["winner"]) == (p_value, winner)
    assert (row["difference_low"] is None) == (p_value is None)


def test_smallest_detectable_difference_is_found_as_often_as_promised(statistics: Statistics) -> None:
    draw = np.random.default_rng(9)
    size, tests = 400, {}
    for number in range(600):
        tests[f"{number}"] = {"mail": draw.normal(0.198, 1, size).tolist(), "held_out": draw.normal(0, 1, size).tolist()}
    found = statistics.compare(tests).values()
    assert np.mean([row["smallest_detectable_difference"] for row in found]) == pytest.approx(0.198, abs=0.002)
    assert np.mean([row["winner"] == "mail" for row in found]) == pytest.approx(0.8, abs=4 * math.sqrt(0.16 / 600))


@pytest.mark.parametrize("metric", ["revenue", "rate"])
def test_nothing_against_nothing_is_seldom_something(statistics: Statistics, metric: str) -> None:
    """1,000 splits of one population at random: at most 5 % and what chance adds to that call a winner."""
    draw = np.random.default_rng(10)
    bought = draw.random(6_000) < 0.12
    values = np.where(bought, np.round(draw.gamma(1.5, 80, bought.size), 2), 0.0) if metric == "revenue" else bought.astype(float)
    tests: dict[str, Arms] = {}
    for number in range(1_000):
        draw.shuffle(values)
        tests[f"{number}"] = {"mail": values[:3_000].tolist(), "held_out": values[3_000:].tolist()}
    found = statistics.compare(tests).values()
    wrong = np.mean([row["winner"] != "no difference shown" for row in found])
    assert wrong <= 0.05 + 2.33 * math.sqrt(0.05 * 0.95 / 1_000)
    assert np.mean([row["difference_low"] > 0 or row["difference_high"] < 0 for row in found]) == pytest.approx(wrong, abs=0.002)


def test_three_arms_make_three_pairs_with_the_holdout_as_the_base(statistics: Statistics) -> None:
    pick = random.Random(11)
    arms: Arms = {name: [pick.random() for _ in range(50)] for name in ("zebra", "held_out", "apple")}
    assert {key[1:] for key in statistics.compare({"t": arms})} == {("zebra", "apple"), ("zebra", "held_out"), ("apple", "held_out")}


def test_hillstrom_reads_as_published(statistics: Statistics, real_data: Path) -> None:
    """MineThatData's e-mail test of 2008: 64,000 customers, two e-mails and none."""
    path = real_data / "hillstrom" / "hillstrom_2008.csv.gz"
    if not path.exists():
        pytest.skip("the Hillstrom data is not beside the checkout")
    frame = pl.read_csv(path, schema_overrides={"spend": pl.Float64})
    names = {"Mens E-Mail": "mens", "Womens E-Mail": "womens", "No E-Mail": "held_out"}
    tests: dict[str, Arms] = {
        metric: {
            names[segment]: part[metric].cast(pl.Float64).to_list()
            for (segment,), part in frame.partition_by("segment", as_dict=True).items()
        }
        for metric in ("visit", "conversion", "spend")
    }
    found = statistics.compare(tests)
    published = {
        "mens": (21_307, 0.18276, 0.012531, 1.42262),
        "womens": (21_387, 0.15140, 0.008837, 1.07720),
        "held_out": (21_306, 0.10617, 0.005726, 0.65279),
    }
    for (metric, arm, against), row in found.items():
        place = ("visit", "conversion", "spend").index(metric) + 1
        assert (row["customer_count"], row["against_customer_count"]) == (published[arm][0], published[against][0])
        assert (row["mean"], row["against_mean"]) == pytest.approx((published[arm][place], published[against][place]), abs=6e-6)
        test = stats.ttest_ind(tests[metric][arm], tests[metric][against], equal_var=False)
        interval = test.confidence_interval(0.95)
        assert (row["difference_low"], row["difference_high"]) == pytest.approx((interval.low, interval.high), abs=1e-6)
        assert row["p_value"] == pytest.approx(test.pvalue, abs=1e-6)
    # each e-mail brings more visits, orders and money than none
    for metric, arm in itertools.product(("visit", "conversion", "spend"), ("mens", "womens")):
        row = found[metric, arm, "held_out"]
        assert row["difference_low"] > 0 and row["winner"] == arm
