"""The gate: its boundaries one by one, and all of it against a plain Python reading of the rules."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from math import sqrt
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.contracts.catalog import TABLES
from pipelines.contracts.config import Config, SegmentsConfig
from pipelines.contracts.errors import CdpError
from pipelines.contracts.home import Home
from pipelines.contracts.run import Run
from pipelines.contracts.segments import Segment, SegmentReport, Waterfall
from pipelines.segments import decide_memberships

DAY = date(2026, 3, 10)
NEVER = datetime(2026, 1, 1, tzinfo=UTC)
OPEN = SegmentsConfig(global_holdout=Decimal(0))


def phone(number: int) -> str:
    return f"+86138{number:08d}"


def segment(name: str = "all_sms", **changes: Any) -> Segment:
    plain = Segment(
        name=name, label={"en": name, "zh": name}, description=name, where="recency_days >= 0", columns=("recency_days",),
        channel="sms", purpose="marketing", priority=10, holdout=Decimal(0), arms={}, owner="crm", definition_hash=name,
    )  # fmt: skip
    return replace(plain, **changes)


@dataclass
class Shop:
    """A home with just what the gate reads. Customers are reachable by a phone of their own and consent to sms unless told otherwise."""

    root: Path
    config: SegmentsConfig = OPEN
    customers: dict[str, dict[str, Any]] = field(default_factory=dict)
    consents: list[tuple[str, str, str, str]] = field(default_factory=list)  # customer, contact value, medium, status
    suppressions: str = ""
    redirects: list[tuple[str, str]] = field(default_factory=list)
    points: list[tuple[str, str, str]] = field(default_factory=list)  # customer, type, value

    def add(self, customer: str, *, recency_days: int | None = 1, consents: bool = True, **contact: str | None) -> None:
        golden = {"phone_e164": phone(len(self.customers)), "email": None} | contact
        self.customers[customer] = golden | {"recency_days": recency_days}
        if consents and golden["phone_e164"]:
            self.consents.append((customer, golden["phone_e164"], "sms", "granted"))

    def decide(self, *segments: Segment, day: date = DAY) -> dict[tuple[str, str], tuple[str, str | None, str | None]]:
        """(segment, customer) -> outcome, reason, arm."""
        self.report = decide_memberships(self.run(day), segments)
        frame = pl.read_parquet(self.root / "lake" / "segment_memberships" / f"as_of={day}" / "part-0.parquet")
        assert frame.schema == TABLES["segment_memberships"].schema
        assert frame.rows() == sorted(frame.rows(), key=lambda row: row[1:3])
        return {(row["segment_name"], row["customer_id"]): (row["outcome"], row["reason"], row["arm"]) for row in frame.to_dicts()}

    def run(self, day: date) -> Run:
        home, reference = Home(self.root), self.root / "reference"
        reference.mkdir(parents=True, exist_ok=True)
        (reference / "suppressions.csv").write_text("type,value,reason,since_on\n" + self.suppressions, encoding="utf-8")
        home.marts.parent.mkdir(parents=True, exist_ok=True)
        home.marts.unlink(missing_ok=True)
        with duckdb.connect(str(home.marts)) as marts:
            marts.execute("create table mart_marketing__customer_360 (customer_id varchar, recency_days integer)")
            if self.customers:
                rows = [[name, facts["recency_days"]] for name, facts in self.customers.items()]
                marts.execute(
                    "insert into mart_marketing__customer_360 select unnest($1), unnest($2)", list(map(list, zip(*rows, strict=True)))
                )
        base = {
            "first_seen_at": NEVER,
            "last_seen_at": NEVER,
            "source_record_count": 1,
            "channel_count": 1,
            "_load_id": "0" * 16,
            "_source_row": 1,
        }
        self.write("golden_customers", [base | {"customer_id": name} | facts for name, facts in self.customers.items()])
        self.write("golden_consents", [
            base | {"customer_id": name, "contact_type": "phone" if medium == "sms" else "email", "contact_value": value, "medium": medium,
                    "purpose": "marketing", "status": status, "stated_at": NEVER}
            for name, value, medium, status in self.consents
        ])  # fmt: skip
        self.write("identity_changes", [
            {"as_of": DAY, "change": "redirected", "customer_id": old, "other_customer_id": new, "source_record_count": 1}
            for old, new in self.redirects
        ])  # fmt: skip
        self.write("identity_contact_points", [
            base | {"source_record_key": f"pos:{name}", "type": kind, "scope": "global", "value": value, "state": "real",
             "is_accepted": True}
            for name, kind, value in self.points
        ])  # fmt: skip
        self.write("identity_current", [base | {"source_record_key": f"pos:{name}", "customer_id": name} for name in self.customers])
        return Run(day, Config(segments=self.config), home, reference)

    def write(self, name: str, rows: list[dict[str, Any]]) -> None:
        path = self.root / "lake" / name / "part-0.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        schema = TABLES[name].schema
        columns = {column: [row.get(column) for row in rows] for column in schema}
        pl.DataFrame(columns, schema=schema).write_parquet(path)

    def sent(self, days_ago: int, *customers: str, outcome: str = "exported", name: str = "earlier") -> None:
        day = DAY - timedelta(days=days_ago)
        path = self.root / "lake" / "segment_memberships" / f"as_of={day}" / "part-0.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        rows = [(day, name, customer, None, outcome, None) for customer in customers]
        pl.DataFrame(rows, schema=TABLES["segment_memberships"].schema, orient="row").write_parquet(path)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def test_waterfall_counts_those_left_after_each_step(shop: Shop) -> None:
    shop.add("unmatched", recency_days=None)
    shop.add("unreachable", phone_e164=None)
    shop.add("silent", consents=False)
    shop.add("complained")
    shop.suppressions = f"phone,{shop.customers['complained']['phone_e164']},complaint,\n"
    shop.add("tired")
    shop.sent(1, "tired")
    shop.sent(2, "tired")
    shop.add("wanted_twice")
    shop.add("plain")
    rival = segment("rival", where="customer_id = 'wanted_twice'", priority=1)
    found = shop.decide(segment(), rival)
    assert {customer: outcome for (name, customer), (outcome, _, _) in found.items() if name == "all_sms"} == {
        "unreachable": "unreachable",
        "silent": "no_consent",
        "complained": "suppressed",
        "tired": "over_cap",
        "wanted_twice": "lost_priority",
        "plain": "exported",
    }
    assert shop.report.waterfalls["all_sms"] == Waterfall(6, 5, 4, 3, 2, 1, 1, 1)
    assert shop.report.as_metadata()["rival"] == asdict(Waterfall(1, 1, 1, 1, 1, 1, 1, 1))


@pytest.mark.parametrize(
    ("days_ago", "outcome"),
    [((1, 2), "over_cap"), ((1, 6), "over_cap"), ((1, 7), "exported"), ((6,), "exported"), ((), "exported")],
)
def test_third_message_within_seven_days_is_over_the_cap(shop: Shop, days_ago: tuple[int, ...], outcome: str) -> None:
    shop.add("a")
    for days in days_ago:
        shop.sent(days, "a")
    assert shop.decide(segment())["all_sms", "a"][0] == outcome


def test_only_what_was_exported_before_the_day_counts_for_the_cap(shop: Shop) -> None:
    shop.add("a")
    shop.sent(1, "a", outcome="held_out")
    shop.sent(2, "a", outcome="lost_priority")
    shop.sent(-1, "a")
    shop.sent(-2, "a")
    assert shop.decide(segment())["all_sms", "a"][0] == "exported"


def test_messages_to_an_id_that_was_merged_away_count_for_its_successor(shop: Shop) -> None:
    shop.add("a")
    shop.sent(1, "oldest")
    shop.sent(2, "old")
    shop.redirects = [("oldest", "old"), ("old", "a")]
    assert shop.decide(segment())["all_sms", "a"] == ("over_cap", "2 messages in 7 days", None)


def test_cap_of_zero_exports_nobody(shop: Shop) -> None:
    shop.config = OPEN.model_copy(update={"cap_messages": 0})
    shop.add("a")
    assert shop.decide(segment())["all_sms", "a"][0] == "over_cap"


def test_consent_counts_for_the_very_contact_point_channel_and_purpose(shop: Shop) -> None:
    shop.add("other_number", consents=False)
    shop.consents.append(("other_number", phone(999), "sms", "granted"))
    shop.add("other_channel", consents=False, email="a@example.com")
    shop.consents.append(("other_channel", "a@example.com", "email", "granted"))
    shop.add("yes")
    found = shop.decide(segment(), segment("by_mail", channel="email"))
    assert found["all_sms", "other_number"][0] == "no_consent"
    assert found["all_sms", "other_channel"][0] == "no_consent"
    assert found["by_mail", "other_channel"][0] == "exported"
    assert found["all_sms", "yes"][0] == "exported"


def test_denial_by_anybody_who_shares_the_phone_holds(shop: Shop) -> None:
    shop.add("mother", phone_e164=phone(1))
    shop.consents.append(("son", phone(1), "sms", "denied"))
    assert shop.decide(segment())["all_sms", "mother"] == ("no_consent", "sms for marketing is denied on the phone", None)


def test_two_people_with_one_phone_get_one_message(shop: Shop) -> None:
    shop.add("b", phone_e164=phone(1))
    shop.add("a", phone_e164=phone(1))
    shop.add("c")
    found = shop.decide(segment(), segment("rival", where="customer_id = 'b'", priority=1))
    assert found["rival", "b"][0] == "exported"
    assert found["all_sms", "a"] == ("lost_priority", "the phone is on a list already", None)
    assert found["all_sms", "c"][0] == "exported"


def test_smallest_priority_wins_and_the_name_decides_ties(shop: Shop) -> None:
    shop.add("a")
    found = shop.decide(segment("b_list"), segment("a_list"), segment("late", priority=11))
    assert [found[name, "a"][0] for name in ("a_list", "b_list", "late")] == ["exported", "lost_priority", "lost_priority"]
    assert found["late", "a"][1] == "on the list of a_list"


def test_segment_that_cannot_reach_a_customer_takes_nobody_from_another(shop: Shop) -> None:
    shop.add("a")
    found = shop.decide(segment("by_mail", channel="email", priority=1), segment())
    assert found["by_mail", "a"][0] == "unreachable"
    assert found["all_sms", "a"][0] == "exported"


@pytest.mark.parametrize(
    ("row", "outcome"),
    [
        ("phone,138 0000 0000,bounce,", "suppressed"),
        ("phone,８６-13800000000,unsubscribed,2026-03-10", "suppressed"),
        ("phone,13800000000,bounce,2026-03-11", "exported"),
        ("phone,13800000001,bounce,", "exported"),
        ("customer_id,a,staff,", "suppressed"),
        ("customer_id,gone,erased,", "suppressed"),
        ("email,OLD@example.com,bounce,", "exported"),
        ("email,OLD@example.com,erased,", "suppressed"),
    ],
)
def test_suppression_is_compared_normalized_and_by_person_where_the_reason_is_one(shop: Shop, row: str, outcome: str) -> None:
    shop.add("a", phone_e164=phone(0))
    shop.points.append(("a", "email", "old@example.com"))
    shop.redirects = [("gone", "a")]
    shop.suppressions = row + "\n"
    assert shop.decide(segment())["all_sms", "a"][0] == outcome


def test_segment_outside_its_dates_is_left_out(shop: Shop) -> None:
    shop.add("a")
    assert shop.decide(segment(valid_from=DAY + timedelta(days=1)), segment("over", valid_to=DAY - timedelta(days=1))) == {}
    assert shop.report == SegmentReport(DAY, {})
    assert len(shop.decide(segment(valid_from=DAY, valid_to=DAY))) == 1


def test_holdouts_and_arms_have_their_shares(shop: Shop) -> None:
    for place in range(4000):
        shop.add(f"c_{place}")
    shop.config = SegmentsConfig(global_holdout=Decimal("0.05"))
    arms = {"coupon": Decimal("0.3"), "reminder": Decimal("0.7")}
    found = shop.decide(segment(holdout=Decimal("0.2"), arms=arms))
    reasons = Counter(reason for _, reason, _ in found.values())
    given_arms = Counter(arm for outcome, _, arm in found.values() if outcome == "exported")

    def near(count: int, of: int, share: float) -> bool:
        return abs(count - of * share) <= 3 * sqrt(of * share * (1 - share))

    assert near(reasons["global holdout"], 4000, 0.05)
    assert near(reasons["holdout of the segment"], 4000 - reasons["global holdout"], 0.2)
    assert set(given_arms) == {"coupon", "reminder"}
    assert near(given_arms["coupon"], given_arms.total(), 0.3)


def test_holdout_follows_the_salt_and_nothing_else(shop: Shop) -> None:
    for place in range(400):
        shop.add(f"c_{place}")

    def held(salt: str, name: str) -> set[str]:
        shop.config = SegmentsConfig(global_holdout=Decimal("0.5"), holdout_salt=salt)
        return {customer for (_, customer), (outcome, _, _) in shop.decide(segment(name)).items() if outcome == "held_out"}

    assert held("x", "one") == held("x", "two")
    assert held("x", "one") != held("y", "one")


def test_own_holdout_differs_between_segments_and_from_the_arms(shop: Shop) -> None:
    for place in range(2000):
        shop.add(f"c_{place}")
    arms = {"a": Decimal("0.5"), "b": Decimal("0.5")}
    one = shop.decide(segment("one", holdout=Decimal("0.5"), arms=arms))
    two = shop.decide(segment("two", holdout=Decimal("0.5"), arms=arms))
    held_by_both = sum(one["one", name][0] == two["two", name][0] == "held_out" for name in shop.customers)
    assert 400 < held_by_both < 600
    kept = Counter(arm for outcome, _, arm in one.values() if outcome == "exported")
    assert abs(kept["a"] - kept["b"]) < 3 * sqrt(kept.total())


def test_same_inputs_give_the_same_bytes_in_any_order(shop: Shop) -> None:
    for place in range(50):
        shop.add(f"c_{place}", phone_e164=phone(place % 20))
    lists = (segment(arms={"a": Decimal("0.5"), "b": Decimal("0.5")}), segment("other", where="recency_days > 0", priority=9))
    path = shop.root / "lake" / "segment_memberships" / f"as_of={DAY}" / "part-0.parquet"
    shop.decide(*lists)
    first = path.read_bytes()
    shop.customers = dict(reversed(shop.customers.items()))
    shop.consents.reverse()
    shop.decide(*reversed(lists))
    assert path.read_bytes() == first


def test_day_is_replaced_whole_and_other_days_stay(shop: Shop) -> None:
    shop.add("a")
    shop.decide(segment(), day=DAY - timedelta(days=1))
    shop.decide(segment(), segment("second"))
    assert set(shop.decide(segment("second"))) == {("second", "a")}
    assert (shop.root / "lake" / "segment_memberships" / f"as_of={DAY - timedelta(days=1)}" / "part-0.parquet").exists()


def test_missing_marts_are_an_error_that_says_what_to_do(shop: Shop) -> None:
    run = shop.run(DAY)
    run.home.marts.unlink()
    with pytest.raises(CdpError, match=r"marts\.duckdb: cannot be read.*dbt"):
        decide_memberships(run, (segment(),))


def share_of(text: str) -> float:
    return int(hashlib.md5(text.encode()).hexdigest()[:12], 16) / 16**12


def expected(shop: Shop, segments: list[Segment], sent: dict[str, list[int]]) -> dict[tuple[str, str], str]:
    """The rules, read once more: a dictionary at a time, with no thought for speed."""
    outcome: dict[tuple[str, str], str] = {}
    hopeful: dict[str, list[Segment]] = {}
    for plan in segments:
        column, kind = {"sms": ("phone_e164", "phone"), "email": ("email", "email")}[plan.channel]
        for name, facts in shop.customers.items():
            if facts["recency_days"] is None or facts["recency_days"] < int(plan.where.rpartition(" ")[2]):
                continue
            contact = facts[column]
            stated = {(who, status) for who, value, medium, status in shop.consents if value == contact and medium == plan.channel}
            if contact is None:
                outcome[plan.name, name] = "unreachable"
            elif (name, "granted") not in stated or any(status == "denied" for _, status in stated):
                outcome[plan.name, name] = "no_consent"
            elif f"{kind},{contact},bounce," in shop.suppressions:
                outcome[plan.name, name] = "suppressed"
            elif sum(days < shop.config.cap_days for days in sent.get(name, [])) >= shop.config.cap_messages:
                outcome[plan.name, name] = "over_cap"
            else:
                hopeful.setdefault(name, []).append(plan)
    chosen = {name: min(plans, key=lambda plan: (plan.priority, plan.name)) for name, plans in hopeful.items()}
    taken: dict[tuple[str, str], tuple[int, str, str]] = {}
    for name, plan in chosen.items():
        point = plan.channel, shop.customers[name]["phone_e164" if plan.channel == "sms" else "email"]
        taken[point] = min(taken.get(point, (99, "", "")), (plan.priority, plan.name, name))
    winners = {(plan, name) for _, plan, name in taken.values()}
    for name, plans in hopeful.items():
        for plan in plans:
            if (plan.name, name) not in winners:
                outcome[plan.name, name] = "lost_priority"
            elif share_of(f"s|holdout|{name}") < 0.25 or share_of(f"s|holdout|{plan.name}|{name}") < plan.holdout:
                outcome[plan.name, name] = "held_out"
            else:
                outcome[plan.name, name] = "exported"
    return outcome


PEOPLE = st.lists(
    st.tuples(
        st.sampled_from([None, 0, 5, 9]),  # recency
        st.sampled_from([None, phone(0), phone(1), phone(2)]),
        st.sampled_from([None, "a@x.cn", "b@x.cn"]),
        st.sets(st.sampled_from(["sms:granted", "sms:denied", "email:granted"])),
        st.lists(st.integers(1, 9), max_size=3, unique=True),  # days ago of past messages
    ),
    max_size=8,
)
PLANS = st.lists(
    st.tuples(st.sampled_from(["sms", "email"]), st.integers(1, 3), st.sampled_from([0, 5]), st.sampled_from(["0", "0.5"])),
    min_size=1, max_size=3,
)  # fmt: skip


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(people=PEOPLE, plans=PLANS, bounced=st.booleans(), cap=st.integers(0, 3))
def test_gate_decides_like_a_plain_reading_of_the_rules(
    tmp_path_factory: pytest.TempPathFactory, people: list[Any], plans: list[Any], bounced: bool, cap: int
) -> None:
    shop = Shop(tmp_path_factory.mktemp("shop"), SegmentsConfig(global_holdout=Decimal("0.25"), holdout_salt="s", cap_messages=cap))
    sent: dict[str, list[int]] = {}
    for place, (recency, number, mail, stated, days) in enumerate(people):
        name = f"c_{place}"
        shop.add(name, recency_days=recency, consents=False, phone_e164=number, email=mail)
        for statement in sorted(stated):
            medium, status = statement.split(":")
            value = number if medium == "sms" else mail
            if value:
                shop.consents.append((name, value, medium, status))
        sent[name] = days
    for ago in {days for past in sent.values() for days in past}:
        shop.sent(ago, *(name for name, past in sent.items() if ago in past))
    shop.suppressions = f"phone,{phone(1)},bounce,\n" if bounced else ""
    segments = [
        segment(f"s_{place}", channel=channel, priority=priority, where=f"recency_days >= {least}", holdout=Decimal(holdout))
        for place, (channel, priority, least, holdout) in enumerate(plans)
    ]
    found = {key: outcome for key, (outcome, _, _) in shop.decide(*segments).items()}
    assert found == expected(shop, segments, sent)
    for plan in segments:
        counts = Counter(outcome for (name, _), outcome in found.items() if name == plan.name)
        assert shop.report.waterfalls[plan.name].exported == counts["exported"]
        assert shop.report.waterfalls[plan.name].matched == counts.total()
    assert json.dumps(shop.report.as_metadata())
