"""Whom the shop writes to: the gate between a segment and a file, and what a message has earned."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Literal

from pydantic import Field

from pipelines.contracts.settings.section import Section


class SegmentsConfig(Section):
    """The gate between a segment and a file (activation.md)."""

    folders: tuple[Path, ...] = ()  # own segments, besides the shipped ones
    header_language: Literal["en", "zh"] = "en"
    global_holdout: Decimal = Field(Decimal("0.05"), ge=0, lt=1)
    holdout_salt: str = "retail-cdp"
    holdout_unit: Literal["customer", "household"] = "customer"  # who is held out, and put in an arm, together
    cap_messages: int = Field(2, ge=0)
    cap_days: int = Field(7, ge=1)
    hourly_repeat_hours: int = Field(24, ge=1)  # nobody is on one list that is made every hour twice within so many hours
    same_message_days: int = Field(3, ge=1)  # a report of so many days after a list may be of its message
    stop_after_unanswered: int | None = Field(6, ge=1)  # marketing messages in a row without an answer; null: never
    greeting_lead_days: int = Field(3, ge=0, le=60)


class MarketingConfig(Section):
    """What a message, a coupon and a campaign are said to have earned (metrics.md, Marketing)."""

    campaign_folders: tuple[Path, ...] = ()  # own plans, besides `campaigns/` of the reviewed rows
    attribution_days: int = Field(7, ge=0)  # an order belongs to the last message of so many days before it
    effect_days: int = Field(30, ge=1)  # trailing days of the table behind the effect report
    readout_days: int = Field(30, ge=1)  # days after somebody was first listed or held out whose purchases count in a comparison of arms
    readout_from_customers: int = Field(30, ge=2)  # arms with fewer are not compared
    declared_metric: Literal["revenue_per_customer", "purchase_rate"] = "revenue_per_customer"  # decided before anybody looks
    confidence: Decimal = Field(
        Decimal("0.95"), ge=Decimal("0.5"), lt=1, decimal_places=4
    )  # of intervals; 1 less it is what a p-value must be below
    power: Decimal = Field(
        Decimal("0.8"), ge=Decimal("0.5"), lt=1, decimal_places=4
    )  # chance that a test shows its smallest detectable effect
