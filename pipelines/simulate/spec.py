"""Say what is to be simulated: every parameter of the retailer, its people and its planted traps.

Only values and the delivery calendar that follows from them; nothing is drawn and nothing is written here.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from pipelines.simulate.draws import Ints
from pipelines.simulate.format_names import ALL_FORMATS, BASE_FORMATS, OUTREACH_FORMATS, nearest_format

BUSINESS_ZONE = "Asia/Shanghai"
DAY_SECONDS = 86_400


@dataclass(frozen=True)
class SimulationSpec:
    """One simulated retailer. The same spec gives the same bytes of every file, on every machine."""

    customers: int
    days: int
    seed: int
    first_day: date
    formats: frozenset[str] = BASE_FORMATS
    # Delivery calendar: every n-th day at first, daily in the tail, always on the last day.
    deliver_every_days: int = 1
    daily_tail_days: int = 14

    # Purchases: BG/NBD. Rates are Gamma(rate_shape, rate_scale) a day, dropout after an order is Beta(a, b).
    prospect_share: float = 0.12
    early_share: float = 0.45
    rate_shape: float = 0.9
    rate_scale_per_day: float = 0.076
    dropout_a: float = 0.8
    dropout_b: float = 9.0
    # Spend: Gamma-Gamma in CNY. An order is Gamma(spend_p, nu), nu is Gamma(spend_q, spend_gamma).
    spend_p: float = 4.0
    spend_q: float = 3.8
    spend_gamma: float = 150.0

    # Channels that a person may use.
    taobao_share: float = 0.50
    youzan_share: float = 0.50
    store_share: float = 0.80
    card_share: float = 0.85
    shopify_share: float = 0.42
    shopify_account_share: float = 0.88
    visitor_share: float = 0.12
    wechat_payment_share: float = 0.85
    store_weight: float = 4.0

    # What becomes of an order.
    unpaid_share: float = 0.05
    full_refund_share: float = 0.035
    partial_refund_share: float = 0.03
    gift_share: float = 0.003
    status_redelivery_share: float = 0.25

    # Browsing, a month of activity.
    sessions_per_month: float = 1.3
    sessions_shape: float = 1.2

    # Planted traps, as shares of people or of the cells that carry the value.
    family_phone_share: float = 0.06
    recycled_phone_share: float = 0.004
    second_phone_share: float = 0.12
    second_email_share: float = 0.05
    duplicate_account_share: float = 0.03
    rare_surname_share: float = 0.002
    placeholder_share: float = 0.004
    typo_phone_share: float = 0.004
    typo_name_share: float = 0.01
    email_case_share: float = 0.05
    masked_phone_share: float = 0.04
    walk_in_card_share: float = 0.02
    virtual_phone_from: float = 0.6
    virtual_phone_share: float = 0.8

    # People whose birthday falls on the last day or in the week after it, most of them three days after it.
    birthday_soon_share: float = 0.0

    # Account holders who leave a cart behind in the last three days, beyond those of chance.
    closing_cart_share: float = 0.0

    # How much is held in memory at once. It never changes a byte of the deliveries.
    people_per_chunk: int = 25_000

    def __post_init__(self) -> None:
        unknown = self.formats - ALL_FORMATS
        if unknown:
            raise ValueError(f"unknown formats {sorted(unknown)}{nearest_format(min(unknown))}; known are {sorted(ALL_FORMATS)}")
        if not self.formats:
            raise ValueError(f"formats is empty; known are {sorted(ALL_FORMATS)}")
        for name in ("customers", "days", "deliver_every_days", "people_per_chunk"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}")

    @property
    def last_day(self) -> date:
        """The last business date that is simulated."""
        return self.first_day + timedelta(days=self.days - 1)

    @property
    def seconds(self) -> int:
        """Length of the simulated time."""
        return self.days * DAY_SECONDS

    def day(self, number: int) -> date:
        """The calendar date of a day counted from 0."""
        return self.first_day + timedelta(days=number)

    def parameters(self) -> dict[str, object]:
        """The spec as JSON values, without what never changes a byte."""
        out: dict[str, object] = {}
        for name, value in dataclasses.asdict(self).items():
            if name != "people_per_chunk":
                out[name] = sorted(value) if isinstance(value, frozenset) else value
        return out | {"first_day": self.first_day.isoformat(), "last_day": self.last_day.isoformat()}


class DeliveryCalendar:
    """Which day's facts arrive in which delivery."""

    def __init__(self, spec: SimulationSpec) -> None:
        tail = max(0, spec.days - spec.daily_tail_days) if spec.deliver_every_days > 1 else 0
        sparse = range(spec.deliver_every_days - 1, tail, spec.deliver_every_days)
        last_of_sparse = [tail - 1] if tail else []
        self.days: Ints = np.unique(np.array([*sparse, *last_of_sparse, *range(tail, spec.days)], dtype=np.int64))
        # One entry a day, and one behind the end for everything that is never seen.
        self._delivery_of_day = np.append(np.searchsorted(self.days, np.arange(spec.days)), len(self.days))
        self._last = spec.days

    def delivery_at(self, seconds: Ints) -> Ints:
        """The delivery that first tells of an instant; its count for instants behind the horizon or absent (< 0)."""
        day = np.where(seconds < 0, self._last, seconds // DAY_SECONDS)
        return np.asarray(self._delivery_of_day[np.minimum(day, self._last)], dtype=np.int64)

    def cut(self, deliveries: Ints) -> Ints:
        """The first second that a delivery no longer covers."""
        return np.asarray((self.days[deliveries] + 1) * DAY_SECONDS, dtype=np.int64)


SAMPLE = SimulationSpec(
    customers=480,
    days=245,
    seed=20261044,
    first_day=date(2026, 3, 1),
    deliver_every_days=14,
    daily_tail_days=7,
    formats=BASE_FORMATS
    | OUTREACH_FORMATS
    | {"loyalty_members", "mailchimp_members", "google_ads_campaign", "meta_ads", "generic_coupons", "generic_products", "generic_reviews"},
    sessions_per_month=1.0,
    family_phone_share=0.10,
    recycled_phone_share=0.02,
    placeholder_share=0.02,
    typo_phone_share=0.01,
    rare_surname_share=0.01,
    birthday_soon_share=0.10,
    closing_cart_share=0.06,
)
