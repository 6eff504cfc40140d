"""The features: everything that a prediction may know of a customer, by name. What is not declared here is not read.

A feature is a number as of the end of a cut-off day. Null means that there is nothing to count from, never 0.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

Group = Literal["recency", "frequency", "amount", "refunds", "service", "browsing", "messages", "coupons", "person"]


@dataclass(frozen=True, slots=True)
class Feature:
    """One number. `words` stand for it in explanations; a sensitive one is read only where the configuration names it."""

    name: str
    group: Group
    words: str
    is_sensitive: bool = False


FEATURES: tuple[Feature, ...] = (
    Feature("recency_days", "recency", "days since the last purchase"),
    Feature("tenure_days", "recency", "days since the first purchase"),
    Feature("days_since_contact", "recency", "days since the last sign of any kind"),
    Feature("interval_days", "recency", "mean days between purchase days"),
    Feature("recency_to_interval", "recency", "time since the last purchase, in usual intervals"),
    Feature("purchase_day_count_total", "frequency", "purchase days"),
    Feature("purchase_day_count_30d", "frequency", "purchase days in 30 days"),
    Feature("purchase_day_count_90d", "frequency", "purchase days in 90 days"),
    Feature("purchase_day_count_365d", "frequency", "purchase days in 365 days"),
    Feature("purchase_day_trend_90d", "frequency", "purchase days in 90 days, less those in the 90 days before"),
    Feature("purchase_day_count_year_ago", "frequency", "purchase days in the 90 days after this day a year ago"),
    Feature("channel_count", "frequency", "channels bought in"),
    Feature("paid_amount_90d", "amount", "paid in 90 days"),
    Feature("paid_amount_365d", "amount", "paid in 365 days"),
    Feature("paid_amount_a_day", "amount", "paid on a purchase day"),
    Feature("paid_amount_trend_90d", "amount", "paid in 90 days, less the 90 days before"),
    Feature("discounted_rate_365d", "coupons", "share of orders with a discount or coupon in 365 days"),
    Feature("refunded_order_count_365d", "refunds", "orders with a refund in 365 days"),
    Feature("days_since_refund", "refunds", "days since the last refund"),
    Feature("ticket_count_365d", "service", "service cases in 365 days"),
    Feature("complaint_count_365d", "service", "complaints in 365 days"),
    Feature("days_since_complaint", "service", "days since the last complaint"),
    Feature("view_count_30d", "browsing", "products viewed in 30 days"),
    Feature("view_count_90d", "browsing", "products viewed in 90 days"),
    Feature("cart_add_count_30d", "browsing", "products put into the cart in 30 days"),
    Feature("event_day_count_30d", "browsing", "days with a visit in 30 days"),
    Feature("send_count_30d", "messages", "messages in 30 days"),
    Feature("clicked_send_count_90d", "messages", "messages clicked in 90 days"),
    Feature("open_coupon_count", "coupons", "coupons that can be used"),
    Feature("redeemed_coupon_count_365d", "coupons", "coupons used in 365 days"),
    Feature("age_years", "person", "age", is_sensitive=True),
    Feature("is_female", "person", "1 for women, 0 for men", is_sensitive=True),
    Feature("province_share", "person", "share of customers who live in the same province", is_sensitive=True),
)

SENSITIVE: frozenset[str] = frozenset(feature.name for feature in FEATURES if feature.is_sensitive)


def used_features(allowed_sensitive: Collection[str] = ()) -> tuple[Feature, ...]:
    """The features of a run: all that are not sensitive, and the sensitive ones that the configuration names."""
    return tuple(feature for feature in FEATURES if not feature.is_sensitive or feature.name in allowed_sensitive)
