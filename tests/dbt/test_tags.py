"""Tags of random customers equal the oracle's, agree with the 360, and do not move within a month when they are monthly."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

import pytest

from pipelines.contracts.home import Home
from pipelines.contracts.run import Run
from pipelines.segments import read_segments
from pipelines.tags import read_tags
from tests.dbt.compiled import CompiledModels
from tests.dbt.lake import TinyLake, tiny_run
from tests.dbt.tag_history import DAYS, TagHistory
from tests.dbt.warehouse import rows
from tests.oracle.tags import Held, TagOracle

TAGS = {tag.name: tag for tag in read_tags()}
MODELS = ("customer_tags", "tag_report", "customer_timeline", "mart_marketing__customer_360")


class Case(NamedTuple):
    home: Home
    lake: TinyLake
    run: Run
    found: dict[tuple[str, str], Held]
    wanted: dict[tuple[str, str], Held]


NEEDY, OTHER = sorted(row["customer_id"] for row in TagHistory(1).lake.of("golden_customers"))[:2]


def add_needs(lake: TinyLake) -> None:
    """What the stage `value` may say of two customers; the 360 shows what comes first."""
    for customer, rank, category in ((NEEDY, 2, "tea"), (NEEDY, 1, "milk"), (NEEDY, None, "rice"), (OTHER, None, "milk")):
        lake.add("value_replenishments", customer_id=customer, category=category, due_rank=rank, due_on=DAYS[0] + timedelta(days=2))
    for customer, rank, category in ((NEEDY, 1, "sunscreen"), (OTHER, None, "gloves")):
        lake.add("value_seasonal_needs", customer_id=customer, category=category, listed_rank=rank, season_from_on=date(2024, 6, 1))
    for rank, category in ((1, "bread"), (2, "wine")):
        lake.add("value_next_categories", customer_id=NEEDY, candidate_rank=rank, category=category)


@pytest.fixture(scope="module")
def cases(compiled: CompiledModels, tmp_path_factory: pytest.TempPathFactory) -> dict[date, Case]:
    """One lake, seen on two days of a month."""
    lake = TagHistory(1).lake
    add_needs(lake)
    found = {}
    for day in DAYS:
        run = tiny_run(tmp_path_factory.mktemp("lake"), day)
        home = compiled.write(lake, run, *MODELS)
        held = rows(home, "select customer_id, tag, tag_value, confidence, valid_from_on from customer_tags")
        found[day] = Case(
            home,
            lake,
            run,
            {(customer, tag): (value, confidence, since) for customer, tag, value, confidence, since in held},
            TagOracle(lake, run).held(),
        )
    return found


@pytest.mark.parametrize("day", DAYS)
@pytest.mark.parametrize("tag", TAGS)
def test_every_tag_equals_the_oracle(cases: dict[date, Case], day: date, tag: str) -> None:
    found, wanted = ({key[0]: held for key, held in side.items() if key[1] == tag} for side in (cases[day].found, cases[day].wanted))
    assert {customer: (found.get(customer), held) for customer, held in wanted.items() if found.get(customer) != held} == {}
    assert found.keys() == wanted.keys()


@pytest.mark.parametrize("day", DAYS)
def test_the_random_lake_tries_every_tag_and_most_values(cases: dict[date, Case], day: date) -> None:
    values = Counter((tag, held[0]) for (_, tag), held in cases[day].wanted.items())
    assert {tag for tag, _ in values} == TAGS.keys()
    wanted = {
        "age_group": ("18_to_24",),
        "gender_inferred": ("female", "male"),
        "life_stage": ("new_parent",),
        "price_band": ("middle", "high"),
        "promotion_sensitivity": ("medium", "high"),
        "send_time_preference": ("night", "morning"),
        "brand_preference": ("Alba", "Boro"),
        "churn_risk": ("low", "medium", "high"),
        "repurchase_likelihood": ("low", "medium", "high"),
    }
    for tag, value in ((tag, value) for tag, listed in wanted.items() for value in listed):
        assert values[tag, value], (tag, value)


def test_monthly_tags_are_the_same_on_every_day_of_a_month(cases: dict[date, Case]) -> None:
    first, last = (
        {key: held for key, held in case.found.items() if TAGS[key[1]].cadence == "monthly"} for case in (cases[day] for day in DAYS)
    )
    assert first == last
    assert {held[2] for held in first.values()} == {date(2024, 2, 29)}


@pytest.mark.parametrize("day", DAYS)
def test_a_tag_and_its_column_of_the_360_say_the_same(cases: dict[date, Case], day: date) -> None:
    """A tag holds where its column has a value: booleans that are true, numbers above 0."""
    columns = ", ".join(f"cast({tag.column} as varchar)" for tag in TAGS.values())
    shown = rows(cases[day].home, f"select customer_id, {columns} from mart_marketing__customer_360")
    nothing = {None, "false", "0", "0.00"}
    in_360 = {(row[0], name): value for row in shown for name, value in zip(TAGS, row[1:], strict=True) if value not in nothing}
    assert in_360 == {key: held[0] for key, held in cases[day].found.items()}


@pytest.mark.parametrize("day", DAYS)
def test_figures_of_the_evidence_are_those_of_the_confidence(cases: dict[date, Case], day: date) -> None:
    told = rows(cases[day].home, "select tag, confidence, evidence from customer_tags")
    parts = [(tag, confidence, re.search(r"(\d+) of (\d+)", evidence)) for tag, confidence, evidence in told]
    shares = [(tag, confidence, Decimal(found[1]) / Decimal(found[2])) for tag, confidence, found in parts if found]
    inferred = [item for item in shares if item[0] != "promotion_sensitivity"]
    assert len({tag for tag, *_ in inferred}) >= 8
    assert [item for item in inferred if abs(item[1] - item[2]) > Decimal("0.0001")] == []
    assert {confidence for tag, confidence, found in parts if not found and TAGS[tag].tag_class != "predictive"} == {Decimal(1)}
    likely = {
        tag: [
            (confidence, Decimal(found[1]))
            for name, confidence, evidence in told
            if name == tag and (found := re.search(r"([\d.]+)$", evidence))
        ]
        for tag in ("churn_risk", "repurchase_likelihood")
    }
    assert all(likely.values())
    assert {tag: [(sure, told) for sure, told in pairs if sure != max(told, 1 - told)] for tag, pairs in likely.items()} == {
        tag: [] for tag in likely
    }


def test_no_life_stage_without_consent(cases: dict[date, Case]) -> None:
    case = cases[DAYS[0]]
    statements = [row for row in case.lake.of("golden_consents") if row["purpose"] == "personalization"]
    denied = {row["customer_id"] for row in statements if row["status"] == "denied"}
    allowed = {row["customer_id"] for row in statements} - denied
    tagged = {customer for customer, tag in case.found if tag == "life_stage"}
    assert tagged and tagged < allowed


@pytest.mark.parametrize("day", DAYS)
def test_report_counts_customers_and_names_the_segments_that_read_the_column(cases: dict[date, Case], day: date) -> None:
    case = cases[day]
    found = rows(
        case.home,
        "select tag, customer_count, coverage_rate, refreshed_on, is_stale, segment_count, segments, declared_since_on, last_used_on,"
        " is_unused from tag_report",
    )
    customers = len(case.lake.of("golden_customers"))
    counts = Counter(tag for _, tag in case.found)
    wanted = []
    for name, tag in TAGS.items():
        readers = sorted(segment.name for segment in read_segments(()) if tag.column in segment.columns)
        refreshed = day.replace(day=1) - timedelta(days=1) if tag.cadence == "monthly" else day
        used = (len(readers), ",".join(readers) or None, day, day if readers else None, False)
        wanted.append((name, counts[name], counts[name] / customers, refreshed, False, *used))
    assert sorted(found) == sorted(wanted)


@pytest.mark.parametrize("day", DAYS)
def test_timeline_holds_every_fact_of_a_known_customer_once(cases: dict[date, Case], day: date) -> None:
    case, oracle = cases[day], TagOracle(cases[day].lake, cases[day].run)
    found = Counter(kind for (kind,) in rows(case.home, "select kind from customer_timeline"))
    end = case.run.as_of_end_at
    coupons = oracle.visible("channel_coupons", "issued_at")
    wanted = {
        "registration": sum(bool(row["registered_at"] and row["registered_at"] < end) for row in case.lake.of("golden_customers")),
        "order": len(oracle.facts.orders),
        "message": sum(
            bool(row[moment] and row[moment] < end)
            for row in oracle.visible("channel_sends", "sent_at")
            for moment in ("sent_at", "opened_at", "clicked_at")
        ),
        "stage": sum(len(oracle.facts.stages(row["customer_id"])) for row in case.lake.of("golden_customers")),
        "ticket": len(oracle.visible("channel_tickets", "created_at")),
        "review": len(oracle.visible("channel_reviews", "reviewed_at")),
        "interaction": len(oracle.visible("channel_interactions", "occurred_at")),
        "coupon": len(coupons) + sum(bool(row["redeemed_at"] and row["redeemed_at"] < end) for row in coupons),
        "activity": len({(oracle.customer(e), oracle.day(e["occurred_at"]), e["channel"], e["event_name"]) for e in oracle.events}),
    }
    assert found == wanted
    [(events,)] = rows(case.home, "select cast(sum(fact_count) as bigint) from customer_timeline where kind = 'activity'")
    assert events == len(oracle.events)


@pytest.mark.parametrize("day", DAYS)
def test_messages_coupons_and_cases_of_the_360_equal_the_oracle(cases: dict[date, Case], day: date) -> None:
    case, oracle = cases[day], TagOracle(cases[day].lake, cases[day].run)
    end = case.run.as_of_end_at
    found = rows(
        case.home,
        "select customer_id, send_count_30d, opened_send_count_30d, last_sent_at, last_opened_at, last_clicked_at, open_coupon_count,"
        " next_coupon_expires_at, redeemed_coupon_count, open_ticket_count, ticket_count_365d, complaint_count_365d, last_ticket_at,"
        " last_satisfaction_score, last_review_score, last_nps_score from mart_marketing__customer_360",
    )
    wanted: list[tuple[Any, ...]] = []
    for customer in (row["customer_id"] for row in case.lake.of("golden_customers")):
        sends = [row for row in oracle.visible("channel_sends", "sent_at") if oracle.customer(row) == customer]
        recent = [row for row in sends if oracle.within(oracle.day(row["sent_at"]), 30, day)]
        coupons = [row for row in oracle.visible("channel_coupons", "issued_at") if oracle.customer(row) == customer]
        tickets = [row for row in oracle.visible("channel_tickets", "created_at") if oracle.customer(row) == customer]
        cases_of_a_year = [row for row in tickets if oracle.within(oracle.day(row["created_at"]), 365, day)]
        rated = [
            (row["created_at"], row["ticket_key"], row["satisfaction_score"]) for row in tickets if row["satisfaction_score"] is not None
        ]
        reviews = [row for row in oracle.visible("channel_reviews", "reviewed_at") if oracle.customer(row) == customer]
        scored = [(row["reviewed_at"], row["review_key"], row["score"], row["review_type"]) for row in reviews if row["score"] is not None]
        usable = [row for row in coupons if row["status"] == "issued" and not (row["expires_at"] and row["expires_at"] < end)]
        wanted.append(
            (
                customer,
                len(recent),
                sum(bool(row["opened_at"] or row["clicked_at"]) for row in recent),
                max((row["sent_at"] for row in sends), default=None),
                max((row["opened_at"] for row in sends if row["opened_at"] and row["opened_at"] < end), default=None),
                max((row["clicked_at"] for row in sends if row["clicked_at"] and row["clicked_at"] < end), default=None),
                len(usable),
                min((row["expires_at"] for row in usable if row["expires_at"]), default=None),
                sum(row["status"] == "redeemed" for row in coupons),
                sum(row["status"] in {"open", "pending"} for row in tickets),
                len(cases_of_a_year),
                sum(row["ticket_type"] == "complaint" for row in cases_of_a_year),
                max((row["created_at"] for row in tickets), default=None),
                max(rated, default=(None, None, None))[2],
                max((score for score in scored if score[3] != "nps"), default=(None, None, None))[2],
                max((score for score in scored if score[3] == "nps"), default=(None, None, None))[2],
            )
        )
    assert sorted(found, key=str) == sorted(wanted, key=str)


@pytest.mark.parametrize("day", DAYS)
def test_the_360_shows_of_each_need_what_comes_first(cases: dict[date, Case], day: date) -> None:
    needs = (
        "next_best_category, replenishment_category, replenishment_due_on, replenishment_due_in_days, seasonal_need, seasonal_need_from_on"
    )
    found = rows(
        cases[day].home,
        f"select customer_id, {needs} from mart_marketing__customer_360"
        " where next_best_category is not null or replenishment_category is not null or seasonal_need is not null",
    )
    due_on = DAYS[0] + timedelta(days=2)
    assert found == [(NEEDY, "bread", "milk", due_on, (due_on - day).days, "sunscreen", date(2024, 6, 1))]
    [(customers,)] = rows(cases[day].home, "select count(*) from mart_marketing__customer_360")
    assert customers == len(cases[day].lake.of("golden_customers"))
