"""Needs against brute force on random shops; what bad input gives; that order changes nothing and the future is not seen."""

from __future__ import annotations

import json
import math
import random
import tempfile
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.contracts.need_tables import NEED_TABLES
from pipelines.value.needs import bought, categories, replenishment, seasons
from tests.oracle import needs as oracle
from tests.value.shop import a_run, history, predicted, shop

AS_OF = date(2026, 5, 20)
SEEDS = (1, 2, 3)
Tables = dict[str, pl.DataFrame]


def names(connection: Any, sql: str) -> list[tuple[Any, ...]]:
    """Rows of a query over numbers, with the names of customers and categories in front."""
    found: list[tuple[Any, ...]] = connection.execute(
        "select customers.customer_id, categories.category, found.* exclude (customer_no, category_no)"
        f" from ({sql}) as found join bought_customers as customers using (customer_no) join bought_categories as categories"
        " using (category_no)"
    ).fetchall()
    return found


def told(tables: Tables) -> dict[str, list[tuple[Any, ...]]]:
    return {name: frame.rows() for name, frame in tables.items()}


def used(found: Any) -> dict[str, str | None]:
    """By target the model or rule in use."""
    names = {model.target: None for model in found.models}
    return names | {model.target: model.model_name for model in found.models if model.is_used}


@pytest.mark.parametrize("seed", SEEDS)
def test_due_dates_equal_brute_force(seed: int, tmp_path: Path) -> None:
    run, facts = a_run(tmp_path, AS_OF, bought_again_from_share="0.6"), history(seed, AS_OF)
    wanted = oracle.due_dates(facts, run.config.needs, AS_OF)
    with shop(run, facts + facts[::3]) as (connection, sold):
        bought.create_bought_days(connection, sold)
        replenishment.create_due_dates(connection, run.config.needs, AS_OF)
        rows = names(
            connection,
            "select customer_no, category_no, interval_count, last_on, round(model_days, 9), model_on, model_from_on, model_to_on,"
            " round(rule_days, 9), rule_on from need_due_dates",
        )
    assert {row[:2]: oracle.Due(*row[2:]) for row in rows} == wanted
    assert {category for _, category in wanted} >= {"milk", "coffee", "shampoo"} and len(wanted) < len(oracle.days_bought(facts, AS_OF))
    assert {due.intervals > 0 for due in wanted.values()} == {True, False}


@pytest.mark.parametrize("seed", SEEDS)
def test_hits_of_due_dates_equal_brute_force(seed: int, tmp_path: Path) -> None:
    run, facts = a_run(tmp_path, AS_OF), history(seed, AS_OF, customers=120)
    with shop(run, facts) as (connection, sold):
        bought.create_bought_days(connection, sold)
        [everything] = [met for met in replenishment.judge_due_dates(connection, run.config.needs, AS_OF) if met.bucket == "all"]
    nameable = run.config.needs.judged_days - 14
    for near in replenishment.NEAR_DAYS:
        count, model, rule, by_lot = oracle.hits(facts, run.config.needs, AS_OF, near)
        assert count > 20 and model > 0
        assert (everything.due_count, everything.model[near], everything.rule[near]) == (count, model / count, rule / count)
        assert everything.by_lot[near] == pytest.approx(by_lot / count / nameable, abs=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("as_of", [AS_OF, date(2026, 1, 10), date(2025, 7, 31)])
def test_seasons_and_who_has_them_equal_brute_force(seed: int, as_of: date, tmp_path: Path) -> None:
    run, facts = a_run(tmp_path, as_of), history(seed, as_of, customers=60)
    rules = (run.config.needs, run.config.analysis, as_of)
    with shop(run, facts) as (connection, sold):
        bought.create_bought_days(connection, sold)
        seasons.create_seasonal_needs(connection, *rules)
        found = connection.execute("select category, from_month, month_count from seasons join bought_categories using (category_no)")
        assert set(found.fetchall()) == {(one.category, one.months[0], len(one.months)) for one in oracle.seasons(facts, *rules)}
        rows = names(
            connection,
            "select customer_no, category_no, from_month, year_count, first_year, last_year, season_day_count, day_count, from_on, to_on"
            " from season_needs",
        )
    wanted = oracle.seasonal_needs(facts, *rules)
    assert {row[:3]: row[3:] for row in rows} == wanted
    assert len(wanted) > 5
    assert {category for _, category, _ in wanted} >= {"sunscreen", "gloves"}
    assert as_of != AS_OF or any(row[9].year > row[8].year for row in rows), "no season goes over the new year"


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("as_of", [AS_OF, date(2026, 2, 28)])
def test_seasons_of_the_last_year_came_true_as_often_as_brute_force_says(seed: int, as_of: date, tmp_path: Path) -> None:
    run, facts = a_run(tmp_path, as_of), history(seed, as_of, customers=60, days=1600)
    rules = (run.config.needs, run.config.analysis, as_of)
    with shop(run, facts) as (connection, sold):
        bought.create_bought_days(connection, sold)
        found = seasons.judge_seasonal_needs(connection, *rules)
    wanted = oracle.kept(facts, *rules)
    assert [(one.need_count, one.customer_count, one.rate) for one in found] == [
        (count, customers, met / count) for count, customers, met in wanted
    ]
    assert all(count > 5 and met for count, _, met in wanted)


@pytest.mark.parametrize("seed", SEEDS)
def test_weights_are_those_of_a_ridge_regression_solved_by_hand(seed: int, tmp_path: Path) -> None:
    run, facts = a_run(tmp_path, AS_OF), history(seed, AS_OF)
    with shop(run, facts) as (connection, sold):
        bought.create_bought_days(connection, sold)
        basket = categories.read_basket(connection, run.config.needs, AS_OF)
        labels = dict(connection.execute("select category_no, category from bought_categories").fetchall())
    shelf = oracle.baskets(facts, run.config.needs, AS_OF)
    wanted = oracle.weights(shelf, run.config.needs)
    found = categories.item_weights(basket, run.config.needs)
    order = [labels[number] for number in basket.category_no.tolist()]
    assert len(order) >= 6
    assert {(one, other) for one in order for other in order if one != other} == set(wanted)
    for row, one in enumerate(order):
        for column, other in enumerate(order):
            assert found[row, column] == pytest.approx(wanted.get((one, other), 0.0), abs=1e-9)
    # what is offered: the largest sums of weights of what was not bought, and the bought category with the largest weight as the reason
    customers = sorted({customer for customer, _, _ in facts})
    offered = categories.candidates(basket, found, 5)
    first = {customers[row[0] - 1]: row[2:] for row in offered.iter_rows() if row[1] == 1}
    for customer, shelf_of in shelf.items():
        scores = {other: round(sum(wanted[one, other] for one in shelf_of), 6) for other in order if other not in shelf_of}
        best = max(scores.values(), default=0.0)
        if best <= 0:
            assert customer not in first
            continue
        category, affinity, because = first[customer]
        assert affinity == pytest.approx(best, abs=2e-6) and scores[labels[category]] == pytest.approx(best, abs=2e-6)
        assert wanted[labels[because], labels[category]] == pytest.approx(max(wanted[one, labels[category]] for one in shelf_of), abs=2e-6)


@pytest.mark.parametrize("seed", SEEDS)
def test_hits_of_candidates_equal_brute_force(seed: int, tmp_path: Path) -> None:
    run, facts = a_run(tmp_path, AS_OF), history(seed, AS_OF, customers=200)
    needs, cutoff = run.config.needs, AS_OF - timedelta(days=60)
    shelf = oracle.baskets(facts, needs, cutoff)
    weight = oracle.weights(shelf, needs)
    known = sorted({category for of in shelf.values() for category in of})
    buyers = {category: sum(category in of for of in shelf.values()) for category in known}
    new = {
        customer: {category for who, category, day in facts if who == customer and cutoff < day <= AS_OF} & set(known) - of
        for customer, of in shelf.items()
    }
    judged = [customer for customer, of in new.items() if of]

    def rate(score: Any, rank: int) -> float:
        met = 0
        for customer in judged:
            left = [(-score(customer, name), -buyers[name], name) for name in known if name not in shelf[customer]]
            met += bool({name for negative, _, name in sorted(left)[:rank] if negative < 0} & new[customer])
        return met / len(judged)

    with shop(run, facts) as (connection, sold):
        bought.create_bought_days(connection, sold)
        found = categories.judge_candidates(connection, needs, AS_OF)
    assert found.customer_count == len(judged) > 10
    for rank in categories.RANKS:
        assert found.model[rank] == rate(lambda who, name: round(sum(weight[one, name] for one in shelf[who]), 6), rank)
        assert found.popularity[rank] == rate(lambda _, name: buyers[name], rank)


def test_order_of_rows_and_number_of_threads_change_nothing(tmp_path: Path) -> None:
    facts = history(4, AS_OF)
    first, tables = predicted(a_run(tmp_path / "a", AS_OF), facts)
    random.Random(0).shuffle(facts)
    second, others = predicted(a_run(tmp_path / "b", AS_OF, threads=1), facts)
    assert told(tables) == told(others) and all(frame.height for frame in tables.values())
    assert (first.models, first.backtests.rows()) == (second.models, second.backtests.rows())


@pytest.mark.parametrize("seed", SEEDS)
def test_what_was_said_before_a_day_does_not_know_what_came_after(seed: int, tmp_path: Path) -> None:
    """With the facts after the cut-off and without them, tables as of the cut-off are the same."""
    cutoff, facts = AS_OF - timedelta(days=60), history(seed, AS_OF)
    answers = []
    for number, known in enumerate((facts, [fact for fact in facts if fact[2] <= cutoff])):
        run = a_run(tmp_path / str(number), AS_OF)
        with shop(run, known) as (connection, sold):
            bought.create_bought_days(connection, sold)
            replenishment.create_due_dates(connection, run.config.needs, cutoff)
            seasons.create_seasonal_needs(connection, run.config.needs, run.config.analysis, cutoff)
            basket = categories.read_basket(connection, run.config.needs, cutoff)
            connection.register("offered", categories.candidates(basket, categories.item_weights(basket, run.config.needs), 5).to_arrow())
            answers.append([
                sorted(names(connection, f"select * from {table}")) for table in ("need_due_dates", "season_needs", "offered")
            ])  # fmt: skip
    # the reason is a number, and numbers are given out over all that was ever bought
    assert [[row[: 7 if table == 2 else None] for row in rows] for table, rows in enumerate(answers[0])] == [
        [row[: 7 if table == 2 else None] for row in rows] for table, rows in enumerate(answers[1])
    ]


@pytest.mark.parametrize("seed", SEEDS)
def test_who_denied_personalization_is_told_nothing_of_and_changes_nobody_else(seed: int, tmp_path: Path) -> None:
    facts = history(seed, AS_OF)
    _, everybody = predicted(a_run(tmp_path / "a", AS_OF), facts)
    denied = sorted({row[0] for frame in everybody.values() for row in frame.rows()})[::4]
    _, others = predicted(a_run(tmp_path / "b", AS_OF), facts, *denied)
    assert denied
    assert told(others) == {name: [row for row in rows if row[0] not in denied] for name, rows in told(everybody).items()}


def test_first_ranks_are_what_a_customer_is_told(tmp_path: Path) -> None:
    run = a_run(tmp_path, AS_OF)
    _, tables = predicted(run, history(5, AS_OF, customers=80))
    due = tables["value_replenishments"]
    shown = due.filter((pl.col("due_to_on") >= AS_OF) & (pl.col("interval_count") >= run.config.needs.shown_from_intervals))
    assert 0 < shown.height < due.height
    assert due.filter(pl.col("due_rank").is_not_null()).rows() == shown.rows()
    for customer, mine in shown.group_by("customer_id"):
        assert sorted(mine["due_rank"]) == list(range(1, mine.height + 1)), customer
        assert mine.filter(pl.col("due_rank") == 1)["due_on"].item() == mine["due_on"].min()
    coming = tables["value_seasonal_needs"]
    listed = coming.filter(pl.col("listed_rank").is_not_null())
    assert 0 < listed.height < coming.height
    assert (listed["listed_from_on"] <= AS_OF).all() and (listed["season_to_on"] >= AS_OF).all()
    assert (coming.filter(pl.col("listed_rank").is_null())["listed_from_on"] > AS_OF).all()
    assert ((coming["season_from_on"] - coming["listed_from_on"]).dt.total_days() == run.config.analysis.seasonal_lead_days).all()


@pytest.mark.parametrize("seed", (6, 7))
def test_what_was_not_bought_for_three_intervals_is_due_no_more(seed: int, tmp_path: Path) -> None:
    run = a_run(tmp_path, AS_OF)
    facts = history(seed, AS_OF)
    found, tables = predicted(run, facts)
    is_model = used(found)["replenishment"] == "own_and_category"
    wanted = {
        pair
        for pair, due in oracle.due_dates(facts, run.config.needs, AS_OF).items()
        if (AS_OF - due.last_on).days <= float(run.config.needs.lapsed_after_intervals) * (due.days if is_model else due.rule_days)
    }
    assert {row[:2] for row in tables["value_replenishments"].rows()} == wanted
    assert len(wanted) < len(oracle.due_dates(facts, run.config.needs, AS_OF))


def test_a_model_that_does_not_beat_its_rule_is_not_used_and_the_rule_speaks(tmp_path: Path) -> None:
    """Everybody buys on exactly the same days: own intervals and those of the category say the same, and popularity all there is."""
    facts = [
        (f"c_{number}", category, AS_OF - timedelta(days=day))
        for number in range(30)
        for category, rhythm in (("milk", 20), ("bread", 20), ("lamp", 20))
        for day in range(7, 900, rhythm)
    ]
    found, tables = predicted(a_run(tmp_path, AS_OF), facts)
    assert used(found) == {"replenishment": "category_interval", "seasonal_need": None, "next_category": "popularity"}
    assert {model.reason for model in found.models if model.model_name == "own_and_category"} == {
        "100.0% of 90 due dates were met within 14 days, 100.0% by the simple rule"
    }
    assert set(tables["value_replenishments"]["basis"]) == {"category"}
    assert tables["value_next_categories"].height == 0, "everybody bought everything"


@pytest.mark.parametrize("is_kept", [True, False])
def test_habits_of_a_season_that_were_given_up_by_most_are_listed_no_more(is_kept: bool, tmp_path: Path) -> None:
    """Old customers bought a tree each Christmas; new ones bought their first one a year before the last."""
    as_of = date(2026, 2, 10)
    facts = [(f"c_{number}", "milk", as_of - timedelta(days=day)) for number in range(40) for day in range(number % 7, 900, 7)]
    for number in range(40):
        is_old = number < 20
        years = (2023, 2024, *([2025] if is_kept or not is_old else [])) if is_old else (2024, 2025)
        facts += [(f"c_{number}", "tree", date(year, 12, 1 + number % 20)) for year in years]
    found, tables = predicted(a_run(tmp_path, as_of), facts)
    reasons = {model.target: model.reason for model in found.models if not model.is_baseline}
    share = "100.0%" if is_kept else "0.0%"
    rule = "100.0%" if is_kept else "50.0%"
    assert reasons["seasonal_need"] == f"{share} of 20 needs came true in the seasons of the last year, {rule} by the simple rule"
    assert used(found)["seasonal_need"] == ("seasonal_habit" if is_kept else None)
    assert tables["value_seasonal_needs"].height == (40 if is_kept else 0)


def test_a_planted_taste_beats_popularity(tmp_path: Path) -> None:
    """Who buys a left shoe buys the right one: the model finds it, popularity sells bread."""
    pick = random.Random(7)
    facts = []
    for number in range(300):
        side = number % 10
        facts += [(f"c_{number:03}", "bread", AS_OF - timedelta(days=pick.randrange(80, 300)))] * (number % 3 == 0)
        facts.append((f"c_{number:03}", f"left {side}", AS_OF - timedelta(days=pick.randrange(70, 300))))
        if pick.random() < 0.8:
            facts.append((f"c_{number:03}", f"right {side}", AS_OF - timedelta(days=pick.choice((5, 20, 100, 200)))))
    found, tables = predicted(a_run(tmp_path, AS_OF), facts)
    assert used(found)["next_category"] == "item_to_item"
    metrics = {model.model_name: model.metrics for model in found.models if model.target == "next_category"}
    assert metrics["item_to_item"]["hit_rate_at_1"] > 0.8 > 0.3 > metrics["popularity"]["hit_rate_at_1"]
    left = {customer: category for customer, category, _ in facts if category.startswith("left")}
    served = {customer for customer, category, _ in facts if category.startswith("right")}
    first = {row[0]: (row[2], row[4]) for row in tables["value_next_categories"].rows() if row[1] == 1}
    waiting = left.keys() - served
    assert len(waiting) > 20
    assert {customer: first[customer] for customer in waiting} == {
        customer: (left[customer].replace("left", "right"), left[customer]) for customer in waiting
    }


FEW = {"bought_again_from_intervals": 1, "season_from_days": 1, "next_from_customers": 1, "judged_from_count": 1}
PURCHASES = st.lists(
    st.tuples(st.sampled_from(["a", "b", "c", "d"]), st.sampled_from(["milk", "tea", "rice"]), st.integers(0, 900)), max_size=60
)


@settings(max_examples=25)
@given(purchases=PURCHASES, as_of=st.dates(date(2024, 2, 1), date(2025, 3, 1)))
def test_any_few_purchases_give_what_brute_force_gives(purchases: list[tuple[str, str, int]], as_of: date) -> None:
    """No rhythm, no size, any day of a leap year."""
    facts = [(customer, category, as_of - timedelta(days=day)) for customer, category, day in purchases]
    with tempfile.TemporaryDirectory() as folder:
        run = a_run(Path(folder), as_of, **FEW)
        needs, analysis = run.config.needs, run.config.analysis
        found, tables = predicted(run, facts)
        with shop(run, facts) as (connection, sold):
            bought.create_bought_days(connection, sold)
            met = [one for one in replenishment.judge_due_dates(connection, needs, as_of) if one.bucket == "all"]
            habits = seasons.judge_seasonal_needs(connection, needs, analysis, as_of)
            replenishment.create_due_dates(connection, needs, as_of)
            due = names(
                connection, "select customer_no, category_no, interval_count, model_on, model_from_on, model_to_on from need_due_dates"
            )
            seasons.create_seasonal_needs(connection, needs, analysis, as_of)
            coming = names(connection, "select customer_no, category_no, from_month, year_count, from_on, to_on from season_needs")
    wanted = oracle.due_dates(facts, needs, as_of)
    assert {row[:2]: row[2:] for row in due} == {pair: (one.intervals, one.on, one.from_on, one.to_on) for pair, one in wanted.items()}
    habitual = oracle.seasonal_needs(facts, needs, analysis, as_of)
    assert {row[:3]: row[3:] for row in coming} == {key: (need[0], *need[-2:]) for key, need in habitual.items()}
    count, model, rule, by_lot = oracle.hits(facts, needs, as_of, 14)
    assert [(one.due_count, one.model[14], one.rule[14]) for one in met] == ([(count, model / count, rule / count)] if count else [])
    assert [one.by_lot[14] for one in met] == pytest.approx([by_lot / count / 46] if count else [])
    assert [(one.need_count, one.customer_count) for one in habits] == [kept[:2] for kept in oracle.kept(facts, needs, analysis, as_of)]
    assert used(found).keys() == {"replenishment", "seasonal_need", "next_category"}
    shelf = oracle.baskets(facts, needs, as_of)
    for customer, _, category, affinity, because, _ in tables["value_next_categories"].rows():
        assert category not in shelf[customer] and affinity > 0 and (because is None or because in shelf[customer])


BAD: dict[str, list[oracle.Fact]] = {
    "nothing": [],
    "one_purchase": [("c_1", "milk", AS_OF)],
    "ten_customers": [(f"c_{number}", "milk", AS_OF - timedelta(days=number * day)) for number in range(10) for day in (1, 5)],
    "all_on_one_day": [(f"c_{number}", category, AS_OF) for number in range(50) for category in ("milk", "bread")],
    "one_time_buyers": [(f"c_{number:04}", f"category {number % 7}", AS_OF - timedelta(days=number % 400)) for number in range(500)],
    "twenty_years": [
        (f"c_{number}", category, AS_OF - timedelta(days=30 * month + number))
        for number in range(20)
        for category in ("milk", "bread")
        for month in range(243)
    ],
    "a_category_with_one_purchase": [*history(8, AS_OF), ("c_001", "piano", AS_OF - timedelta(days=3))],
    "names_from_elsewhere": [
        (f"c_{number}'; drop table x; --", "{category}\n'\"", AS_OF - timedelta(days=day))
        for number in range(20)
        for day in range(0, 200, 9)
    ],
    "the_last_day_of_february": [(f"c_{number}", "milk", date(2024, 2, 29)) for number in range(20)],
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_gives_tables_without_gaps_and_says_what_was_done(name: str, tmp_path: Path) -> None:
    found, tables = predicted(a_run(tmp_path, AS_OF), BAD[name])
    for table in NEED_TABLES:
        frame = tables[table.name]
        assert frame.schema == table.schema
        assert frame.select(pl.col(table.required).null_count()).sum_horizontal().sum() == 0
        assert all(frame[column].is_finite().all() for column, kind in frame.schema.items() if kind == pl.Float64)
        assert frame.select(table.key).is_duplicated().sum() == 0
    assert used(found).keys() == {"replenishment", "seasonal_need", "next_category"}
    assert all(model.reason for model in found.models)
    is_without = {model.reason == "no product that was bought has a category" for model in found.models if not model.is_baseline}
    assert is_without == {name == "nothing"}
    for model in found.models:
        json.dumps([dict(model.parameters or {}), dict(model.metrics or {})], allow_nan=False)
    figures = found.backtests.select("expected", "actual").drop_nulls().to_numpy()
    assert not any(math.isnan(figure) for row in figures for figure in row)


def test_too_little_to_judge_by_falls_back_to_the_rule_and_says_so(tmp_path: Path) -> None:
    facts = [fact for fact in history(9, AS_OF) if fact[2] > AS_OF - timedelta(days=50)]
    found, tables = predicted(a_run(tmp_path, AS_OF, judged_from_count=30), facts)
    reasons = {model.target: model.reason for model in found.models if not model.is_baseline}
    assert reasons["replenishment"] == "not judged: 0 due dates were met within 14 days, 30 are needed"
    assert used(found)["replenishment"] == "category_interval"
    assert reasons["seasonal_need"] == "no category sells more in the same months of 2 years"
    assert used(found)["next_category"] == "popularity"
    assert tables["value_next_categories"]["because_of_category"].null_count() == tables["value_next_categories"].height > 0
