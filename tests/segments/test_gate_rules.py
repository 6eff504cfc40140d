"""All of the gate against a plain Python reading of its rules."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.contracts.segments import Segment
from pipelines.contracts.settings.activation import SegmentsConfig
from tests.segments.shop import Shop, phone, segment


def share_of(text: str) -> float:
    return int(hashlib.md5(text.encode()).hexdigest()[:12], 16) / 16**12


def expected(shop: Shop, segments: list[Segment], sent: dict[str, list[int]]) -> dict[tuple[str, str], str]:
    """The rules, read once more: a dictionary at a time, with no thought for speed."""

    def recent(name: str) -> int:
        return sum(days < shop.config.cap_days for days in sent.get(name, []))

    def rung(telephone: str) -> int:
        """All past messages are texts, whoever of those behind the telephone was meant."""
        return sum(recent(name) for name, facts in shop.customers.items() if facts["phone_e164"] == telephone)

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
            elif max(recent(name), rung(contact) if plan.channel == "sms" else 0) >= shop.config.cap_messages:
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
