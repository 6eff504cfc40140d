"""What groups of buyers are formed by, and the words for having much or little of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Trait:
    """A declared feature of a customer; `much` and `little` say what a group far above or below the mean does."""

    name: str
    much: str
    little: str


RECENCY = "recency_days"
FREQUENCY = "purchase_day_count_365d"
MONEY = "paid_amount_365d"

TRAITS: tuple[Trait, ...] = (
    Trait(RECENCY, "last bought long ago", "bought lately"),
    Trait(FREQUENCY, "buys often", "buys seldom"),
    Trait(MONEY, "spends much", "spends little"),
    Trait("tenure_days", "a customer for long", "a new customer"),
    Trait("paid_amount_a_day", "spends much at a time", "spends little at a time"),
    Trait("discounted_rate_365d", "buys with discounts", "buys without discounts"),
    Trait("event_day_count_30d", "visits often", "hardly visits"),
    Trait("refunded_order_count_365d", "gives much back", "gives nothing back"),
)
