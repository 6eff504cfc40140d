"""Where a customer first stood, there they stay: arms and holdouts against changed definitions, merges and households."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from decimal import Decimal
from math import sqrt
from pathlib import Path
from typing import Any

import pytest

from pipelines.contracts.segments import Segment
from pipelines.contracts.settings.activation import SegmentsConfig
from pipelines.segments import settle_assignments
from tests.segments.shop import DAY, OPEN, Shop, segment

Place = tuple[str, str | None]  # outcome, arm
HALVES = {"a": Decimal("0.5"), "b": Decimal("0.5")}
UNCAPPED = OPEN.model_copy(update={"cap_messages": 1000, "stop_after_unanswered": None})


class Nights:
    """A shop whose gate runs night after night, each time after the assignments were settled."""

    def __init__(self, root: Path, config: SegmentsConfig = UNCAPPED) -> None:
        self.shop, self.day = Shop(root, config), DAY

    def night(self, *plans: Segment) -> dict[str, Place]:
        """Customer -> outcome and arm, of the first of `plans`."""
        self.day += timedelta(days=1)
        settle_assignments(self.shop.run(self.day))
        found = self.shop.decide(*plans, day=self.day)
        return {customer: (outcome, arm) for (name, customer), (outcome, _, arm) in found.items() if name == plans[0].name}

    def configure(self, **changes: Any) -> None:
        self.shop.config = self.shop.config.model_copy(update=changes)


@pytest.fixture
def nights(tmp_path: Path) -> Nights:
    nights = Nights(tmp_path)
    for number in range(200):
        nights.shop.add(f"c{number:03}")
    return nights


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"arms": HALVES}, {"arms": {"a": Decimal("0.1"), "b": Decimal("0.9")}}),
        ({"arms": HALVES}, {"arms": {"0_new": Decimal("0.5"), "a": Decimal("0.25"), "b": Decimal("0.25")}}),
        ({"arms": HALVES, "holdout": Decimal("0.3")}, {"arms": HALVES}),
        ({"arms": HALVES}, {"arms": HALVES, "holdout": Decimal("0.3")}),
        ({}, {"holdout": Decimal("0.9")}),
    ],
    ids=["other shares", "another arm", "no holdout", "a holdout", "a holdout without arms"],
)
def test_a_changed_definition_moves_nobody_and_newcomers_follow_it(nights: Nights, before: Any, after: Any) -> None:
    first = nights.night(segment(**before))
    for number in range(400):
        nights.shop.add(f"d{number:03}")
    second = nights.night(segment(**after))
    assert {name: second[name] for name in first} == first
    newcomers = Counter(place for name, place in second.items() if name not in first)
    held, share = newcomers["held_out", None], float(after.get("holdout", 0))
    assert abs(held - 400 * share) <= 3 * sqrt(400 * share * (1 - share))
    for arm, of_rest in after.get("arms", {}).items():
        expected, rest = (400 - held) * float(of_rest), float(of_rest) * (1 - float(of_rest))
        assert abs(newcomers["exported", arm] - expected) <= 3 * sqrt((400 - held) * rest)
    assert nights.night(segment(**after)) == second
    assert nights.shop.report.contaminated == {"all_sms": 0}


def test_another_salt_or_global_holdout_moves_nobody_who_was_listed(nights: Nights) -> None:
    nights.configure(global_holdout=Decimal("0.5"))
    first = nights.night(segment(arms=HALVES))
    nights.configure(global_holdout=Decimal("0.1"), holdout_salt="another")
    assert nights.night(segment(arms=HALVES)) == first
    fresh = nights.night(segment("second", where="customer_id >= 'c000'", priority=1), segment(arms=HALVES))
    assert 0 < Counter(fresh.values())["held_out", None] < 50, "in a segment that is new the configuration of today counts"


def test_an_arm_that_is_declared_no_more_is_drawn_anew_and_contaminates(nights: Nights) -> None:
    first = nights.night(segment(arms=HALVES))
    only_a = segment(arms={"a": Decimal(1)})
    assert set(nights.night(only_a).values()) == {("exported", "a")}
    nights.night(only_a)
    assert nights.shop.report.contaminated == {"all_sms": Counter(first.values())["exported", "b"]}


def test_who_was_stopped_at_the_gate_has_no_place_yet(nights: Nights) -> None:
    nights.configure(cap_messages=0)
    assert set(nights.night(segment(arms=HALVES)).values()) == {("over_cap", None)}
    nights.configure(cap_messages=1000)
    assert Counter(outcome for outcome, _ in nights.night(segment(arms=HALVES, holdout=Decimal("0.5"))).values())["held_out"] > 50


def test_after_a_merge_the_earlier_place_counts_and_two_places_are_told(nights: Nights) -> None:
    plan = segment(arms=HALVES, holdout=Decimal("0.2"))
    early = nights.night(segment(where="customer_id < 'c100'", arms=HALVES, holdout=Decimal("0.2")))
    both = nights.night(plan)
    pairs = {f"c{number:03}": f"c{number + 100:03}" for number in range(100)}  # who came first goes into who came later
    for old, new in pairs.items():
        del nights.shop.customers[old]
        nights.shop.redirects.append((old, new))
    merged = nights.night(plan)
    assert merged == {new: early[old] for old, new in pairs.items()}
    apart = {new for old, new in pairs.items() if both[old] != both[new]}
    assert 30 < len(apart) < 90
    assert nights.shop.report.contaminated == {"all_sms": len(apart)}


def test_a_household_stands_together_where_the_configuration_says_so(nights: Nights) -> None:
    plan = segment(arms=HALVES, holdout=Decimal("0.3"))
    nights.shop.households = [(f"h{number // 2}", f"c{number:03}") for number in range(200)]
    alone = nights.night(plan)
    assert any(alone[f"c{number:03}"] != alone[f"c{number + 1:03}"] for number in range(0, 200, 2))
    # a segment that nobody was listed for yet
    nights.configure(holdout_unit="household")
    other = segment("other", arms=HALVES, holdout=Decimal("0.3"))
    together = nights.night(other)
    assert all(together[f"c{number:03}"] == together[f"c{number + 1:03}"] for number in range(0, 200, 2))
    assert len(set(together.values())) == 3


def test_who_joins_a_household_stands_where_it_stands(nights: Nights) -> None:
    nights.configure(holdout_unit="household")
    plan = segment(arms=HALVES, holdout=Decimal("0.3"))
    first = nights.night(plan)
    for number in range(200):
        nights.shop.add(f"new{number:03}")
        nights.shop.households += [(f"h{number}", f"c{number:03}"), (f"h{number}", f"new{number:03}")]
    second = nights.night(plan)
    assert all(second[f"new{number:03}"] == first[f"c{number:03}"] == second[f"c{number:03}"] for number in range(200))
    nights.night(plan)
    assert nights.shop.report.contaminated == {"all_sms": 0}


def test_a_household_of_two_who_stood_apart_is_contaminated_whole(nights: Nights) -> None:
    nights.configure(holdout_unit="household")
    plan = segment(arms=HALVES)
    first = nights.night(plan)
    nights.shop.households = [("h", "c000"), ("h", next(name for name in first if first[name] != first["c000"]))]
    assert nights.night(plan) == first, "nobody who was listed is moved"
    assert nights.shop.report.contaminated == {"all_sms": 2}
