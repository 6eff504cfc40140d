"""`cdp campaign`: plans with and without a published home, power before launch, the read-out in words, mistakes as one line."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from assets.project import ROOT
from pipelines.contracts.home import Home
from tests.assets.cli.command import cdp

DAY = date(2026, 10, 31)
DEMO = ROOT / "data" / "demo" / "campaigns"
SEGMENT, CAMPAIGN = "win_back_180_days", "win_back_autumn_2026"
PLAN = {"registered_name": CAMPAIGN, "segment_name": SEGMENT, "budget_amount": Decimal("6000"), "budget_used_rate": 0.25}
COUNTS = {"targeted": 40, "held_out": 30, "contaminated": 3, "sent": 40, "delivered": 38, "converted": 2}
FIGURES = [
    {"campaign_key": "sms:win_back_180_days", "channel": "sms", "arm": "coupon", "cost": Decimal("1000"), **PLAN, **COUNTS},
    {"campaign_key": "sms:win_back_180_days", "channel": "sms", "arm": "reminder", "cost": Decimal("500"), **PLAN, **COUNTS},
    {"campaign_key": "mail:77", "channel": "mail", "arm": "all", **COUNTS},
    {"campaign_key": "unattributed", "channel": "mail", "arm": "all", **COUNTS},
]
FEW = {"arm": "all", "customer_count": 20, "mean": 0.05, "difference": 0.01, "winner": "too few customers"}
READ = {"confidence": 0.95, "is_provisional": False, "segment_name": SEGMENT, "against_arm": "held_out", "against_customer_count": 300}
MONEY = {
    **READ,
    "metric": "revenue_per_customer",
    "unit": "CNY",
    "is_declared": True,
    "against_mean": 8.0,
    "against_standard_deviation": 40.0,
}
RATE = {**READ, "metric": "purchase_rate", "unit": "rate", "is_declared": False, "against_mean": 0.04, "against_standard_deviation": 0.196}
PAIRS = [
    {**MONEY, "arm": "coupon", "customer_count": 820, "mean": 15.0, "difference": 7.0, "difference_low": 1.5, "difference_high": 12.5,
     "p_value": 0.0125, "winner": "coupon", "smallest_detectable_difference": 7.9},
    {**MONEY, "arm": "reminder", "customer_count": 780, "mean": 8.5, "difference": 0.5, "difference_low": -5.0, "difference_high": 6.0,
     "p_value": 0.86, "winner": "no difference shown", "smallest_detectable_difference": 7.9},
    {**RATE, "arm": "coupon", "customer_count": 820, "mean": 0.01, "difference": -0.03, "difference_low": -0.05, "difference_high": -0.01,
     "p_value": 0.00001, "winner": "held_out", "smallest_detectable_difference": 0.03},
]  # fmt: skip


def table(database: duckdb.DuckDBPyConnection, name: str, columns: str, rows: list[dict[str, Any]]) -> None:
    database.execute(f"create table {name} ({columns})")
    for row in rows:
        database.execute(f"insert into {name} ({', '.join(row)}) values ({', '.join('?' * len(row))})", list(row.values()))


def with_plans_of_the_demo(home: Path) -> None:
    (home / "cdp.yaml").write_text(f"marketing: {{campaign_folders: [{DEMO}]}}\n", encoding="utf-8")


def published(folder: Path, pairs: list[dict[str, Any]]) -> Path:
    """A home of which nothing but the published campaigns is there, and the plans of the demo."""
    home = Home(folder)
    home.published.mkdir(parents=True)
    with_plans_of_the_demo(folder)
    with duckdb.connect(str(home.analytics)) as database:
        table(database, "about", "as_of date", [{"as_of": DAY}])
        columns = "campaign_key varchar, channel varchar, arm varchar, registered_name varchar, segment_name varchar, targeted bigint"
        columns += ", held_out bigint, contaminated bigint, sent bigint, delivered bigint, converted bigint"
        columns += ", attributed_revenue decimal(18, 2) default 120.50, cost decimal(18, 2), budget_amount decimal(18, 2)"
        columns += ", budget_used_rate double, incremental_revenue decimal(18, 2), currency_code varchar default 'CNY'"
        table(database, "mart_marketing__campaign_performance", columns, FIGURES)
        columns = "segment_name varchar, metric varchar, arm varchar, against_arm varchar, is_declared boolean, customer_count bigint"
        columns += ", against_customer_count bigint, mean double, against_mean double, against_standard_deviation double"
        columns += ", difference double, difference_low double, difference_high double, confidence double, p_value double"
        columns += ", winner varchar, smallest_detectable_difference double, unit varchar, is_provisional boolean"
        table(database, "mart_marketing__experiments", columns, pairs)
        outcomes = ["unreachable"] * 700 + ["over_cap"] * 40 + ["held_out"] * 300 + ["exported"] * 1660
        database.execute(
            "create table segment_memberships as select ? as as_of, ? as segment_name, unnest(?) as outcome", [DAY, SEGMENT, outcomes]
        )
    return folder


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return published(tmp_path_factory.mktemp("campaigns"), PAIRS)


@pytest.fixture
def called(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Any:
    return lambda *words: cdp(capsys, monkeypatch, "campaign", *words)


def test_plans_are_listed_before_anything_is_published(tmp_path: Path, called: Any) -> None:
    assert called("list", "--home", tmp_path)[1].startswith("no campaign is registered -> ")
    with_plans_of_the_demo(tmp_path)
    code, out, _ = called("list", "--home", tmp_path)
    assert code == 0 and f"{CAMPAIGN}: Autumn win-back" in out
    assert "no cost reported of a budget of 6,000.00 CNY; 0 messages" in out and "nothing is published yet" in out
    assert "秋季唤回" in called("list", "--home", tmp_path, "--language", "zh")[1]


def test_list_sets_costs_beside_budgets_and_names_what_nobody_planned(home: Path, called: Any) -> None:
    out = called("list", "--home", home)[1]
    assert "1,500.00 CNY spent of a budget of 6,000.00 CNY (25.0%); 80 messages, 241.00 CNY attributed" in out
    assert "1 campaign that only the channels know:\n  mail: 77\n" in out
    found = json.loads(called("list", "--home", home, "--json")[1])
    assert (found["as_of"], found["unregistered"]) == ("2026-10-31", ["mail:77"])
    assert [(row["name"], row["cost"], row["budget_used_rate"]) for row in found["registered"]] == [
        ("spring_launch_2026", None, None),
        (CAMPAIGN, "1500.00", 0.25),
    ]


def test_show_tells_the_plan_and_a_line_for_each_arm(home: Path, called: Any) -> None:
    out = called("show", CAMPAIGN, "--home", home)[1]
    assert "planned    2026-10-01 to 2026-11-30" in out and "arm        coupon: The same text with the coupon." in out
    assert [line.split() for line in out.splitlines() if line.startswith("sms:")] == [
        ["sms:win_back_180_days", "coupon", "40", "40", "38", "2", "120.50", "1,000.00"],
        ["sms:win_back_180_days", "reminder", "40", "40", "38", "2", "120.50", "500.00"],
    ]
    code, _, err = called("show", "win_back_autumn_2025", "--home", home)
    assert code == 2 and f"did you mean '{CAMPAIGN}'" in err


def test_results_tell_a_winner_harm_and_nothing(home: Path, called: Any) -> None:
    code, out, _ = called("results", CAMPAIGN, "--home", home)
    assert code == 0
    assert "customers  coupon 820, held_out 300, reminder 780" in out
    assert "left out   3 customers who stood in two places of the test" in out
    assert "revenue_per_customer (declared: this one decides)" in out
    assert "lift +7.00 CNY, interval 1.50 CNY to 12.50 CNY, p = 0.0125" in out and "coupon is better" in out
    assert "lift +0.50 CNY" in out and "no difference shown; smallest lift that it could show: 7.90 CNY" in out
    assert "coupon does harm" in out and "p = less than 0.0001" in out
    assert called("results", SEGMENT, "--home", home)[1].count("segment win_back_180_days") == 1
    assert json.loads(called("results", SEGMENT, "--home", home, "--json")[1])["tests"][0]["contaminated"] == 3


def test_page_shows_what_a_read_out_says(tmp_path: Path, called: Any) -> None:
    out = called("results", CAMPAIGN, "--home", published(tmp_path, PAIRS[:2]))[1]
    for suffix in ("", ".zh-CN"):
        assert out in (ROOT / "docs" / f"campaigns{suffix}.md").read_text(encoding="utf-8")


def test_a_split_that_chance_did_not_make_is_told(tmp_path: Path, called: Any) -> None:
    skewed = [{**PAIRS[0], "customer_count": 900}, {**PAIRS[1], "customer_count": 700}]
    out = called("results", SEGMENT, "--home", published(tmp_path / "skewed", skewed))[1]
    # 900 of 1,600 where half was declared: (900 - 800) / sqrt(1600 / 4)
    assert "split      coupon 56.2%, declared 50.0%, 5.0 standard errors apart -> NOT BY CHANCE" in out
    fair = [{**PAIRS[0], "customer_count": 810}, {**PAIRS[1], "customer_count": 790}]
    out = called("results", SEGMENT, "--home", published(tmp_path / "fair", fair))[1]
    assert "split      coupon 50.6%, declared 50.0%, 0.5 standard errors apart\n" in out


def test_arms_that_get_the_same_are_read_as_a_test_of_the_test(home: Path, tmp_path: Path, called: Any) -> None:
    (tmp_path / "campaigns").mkdir()
    text = (DEMO / f"{CAMPAIGN}.yaml").read_text(encoding="utf-8")
    text = text.replace("The same text with the coupon.", "A text without an offer.")
    (tmp_path / "campaigns" / "own.yaml").write_text(text, encoding="utf-8")
    (tmp_path / "cdp.yaml").write_text("reference_folder: .\n", encoding="utf-8")
    out = called("results", CAMPAIGN, "--home", home, "--config", tmp_path / "cdp.yaml")[1]
    assert "A/A        coupon, reminder get the same: a difference between them is chance, or a broken split" in out


def test_small_groups_get_no_verdict(tmp_path: Path, called: Any) -> None:
    few = [{**RATE, **FEW, "against_customer_count": 9}]
    out = called("results", SEGMENT, "--home", published(tmp_path, few))[1]
    assert "too few customers: 9 in the smaller group" in out and "p =" not in out


def test_nothing_listed_is_nothing_to_compare(tmp_path: Path, called: Any) -> None:
    out = called("results", "high_value", "--home", published(tmp_path, []))[1]
    assert "nothing to compare yet" in out


def test_plan_takes_size_base_and_arms_from_the_segment(home: Path, called: Any) -> None:
    out = called("plan", SEGMENT, "--home", home)[1]
    assert "base       8.00 CNY, of 300 customers whom its lists held out" in out and "spread     40.00 CNY" in out
    assert "customers  2,000, whom win_back_180_days can reach on 2026-10-31, of 2,700 who match" in out
    assert "groups     coupon 42.8%, reminder 42.8%, held_out 14.5%" in out
    found = json.loads(called("plan", SEGMENT, "--home", home, "--metric", "purchase_rate", "--lift", "0.02", "--json")[1])
    assert (found["metric"], found["base"], found["customers"]) == ("purchase_rate", 0.04, 2000)
    assert [(one["arm"], one["against_arm"]) for one in found["comparisons"]] == [
        ("coupon", "held_out"), ("reminder", "held_out"), ("reminder", "coupon"),
    ]  # fmt: skip
    assert all(one["needed"] > 2000 for one in found["comparisons"][:2])


def test_nobody_is_held_out_of_a_service_list_by_the_global_holdout(home: Path, called: Any) -> None:
    words = ("--size", 100, "--base", 0.1, "--metric", "purchase_rate", "--arms", 2, "--home", home, "--json")
    shares = {name: json.loads(called("plan", name, *words)[1])["holdout"] for name in ("satisfaction_survey", "first_order_thanks")}
    assert shares == {"satisfaction_survey": 0.0, "first_order_thanks": pytest.approx(0.05)}


def test_plan_needs_no_home_when_everything_is_said(tmp_path: Path, called: Any) -> None:
    words = ("plan", "--size", 3_000, "--base", 0.1, "--metric", "purchase_rate", "--holdout", 0.5, "--home", tmp_path)
    code, out, _ = called(*words)
    assert code == 0
    # 2.80159 * sqrt((0.13276 * 0.86724 + 0.1 * 0.9) / 1500) = 0.0328
    assert "all against held_out" in out and "3.28%, to 13.28%" in out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("plan",), "--size: how many customers"),
        (("plan", "--size", "100"), "--base: nothing tells what customers do"),
        (("plan", "--size", "100", "--base", "7", "--metric", "purchase_rate"), "7 is no share -> write 0.04"),
        (("plan", "--size", "100", "--base", "7"), "--spread: nothing tells how much"),
        (("plan", "--size", "100", "--base", "0.1", "--metric", "purchase_rate", "--holdout", "0"), "there is nothing to compare"),
        (("plan", "win_back"), "no segment 'win_back'"),
        (("plan", "high_value"), "high_value reaches nobody on 2026-10-31"),
        (("plan", "high_value", "--size", "100"), "no list of high_value has held anybody out yet"),
        (("results", "nothing"), "no campaign 'nothing' is registered"),
    ],
)
def test_what_is_missing_is_told(home: Path, called: Any, words: tuple[str, ...], message: str) -> None:
    code, _, err = called(*words, "--home", home)
    assert code == 2 and message in err and "->" in err


def test_a_home_of_an_older_version_is_told(tmp_path: Path, called: Any) -> None:
    home = Home(tmp_path)
    home.published.mkdir()
    with duckdb.connect(str(home.analytics)) as database:
        database.execute("create table about (as_of date)")
    code, _, err = called("results", SEGMENT, "--home", tmp_path)
    assert code == 2 and "published without the registry of campaigns" in err
