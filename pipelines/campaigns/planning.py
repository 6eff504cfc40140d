"""A test before it begins: who would be in which arm, and what each comparison could show. Reads nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from pipelines.campaigns.power import Measure, needed_customers, smallest_lift

HELD_OUT = "held_out"
ALL = "all"


@dataclass(frozen=True, slots=True)
class Design:
    """What would be tested: customers, who gets nothing, and how the others are parted."""

    customers: int
    holdout: float  # share of the customers that gets nothing
    arms: Mapping[str, float]  # shares of the others; empty for one arm
    confidence: float
    power: float

    def shares(self) -> dict[str, float]:
        """Share of all customers by arm, the held-out last; empty groups are left out."""
        arms = self.arms or {ALL: 1.0}
        shares = {arm: share * (1 - self.holdout) for arm, share in sorted(arms.items())} | {HELD_OUT: self.holdout}
        return {arm: share for arm, share in shares.items() if share > 0}


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two groups of the design, what their comparison could show, and how many customers in all a wanted lift would take."""

    arm: str
    against_arm: str
    customers: int
    against_customers: int
    smallest_lift: float | None  # null where a rate cannot rise so far
    needed: int | None  # null without a wanted lift, and where a rate cannot change so much


def holdout_share(global_holdout: Decimal, own_holdout: Decimal) -> float:
    """Share of the customers whom the gate holds out: the global holdout comes first, the list's own takes its part of the rest."""
    return float(1 - (1 - global_holdout) * (1 - own_holdout))


def compare(design: Design, measure: Measure, lift: float | None) -> tuple[Comparison, ...]:
    """Every two groups as the read-out compares them: each arm with the held-out, then the arms with each other."""
    shares = design.shares()
    sizes = {arm: round(design.customers * share) for arm, share in shares.items()}
    pairs = [(arm, HELD_OUT) for arm in shares if arm != HELD_OUT and HELD_OUT in shares]
    arms = [arm for arm in shares if arm != HELD_OUT]
    pairs += [(arm, other) for other in arms for arm in arms if other < arm]
    levels = {"confidence": design.confidence, "power": design.power}
    return tuple(
        Comparison(
            arm,
            other,
            sizes[arm],
            sizes[other],
            smallest_lift(measure, sizes[arm], sizes[other], **levels),
            None if lift is None else needed_customers(measure, lift, shares[arm], shares[other], **levels),
        )
        for arm, other in pairs
    )
