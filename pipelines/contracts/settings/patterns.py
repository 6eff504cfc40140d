"""From when on something is a pattern: in what is sold, and in what one customer does (tags)."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

from pydantic import Field, field_validator, model_validator

from pipelines.contracts.settings.section import Section

BandName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_]{0,30}$")]  # a value in tables and lists
Hour = Annotated[int, Field(ge=0, le=23)]


class AnalysisConfig(Section):
    """What the analysis marts look at, and from when a pattern is told."""

    basket_days: int = Field(365, ge=1)  # baskets of so many days tell what is bought together
    basket_items: int = Field(50, ge=2)  # of one basket; of a larger one those found in most baskets are paired
    min_basket_count: int = Field(10, ge=1)  # items and pairs found in fewer baskets of a channel are chance
    min_support: Decimal = Field(Decimal("0.0005"), ge=0, le=1, decimal_places=6)  # ... or in a smaller share of them
    min_lift: Decimal = Field(Decimal("1.2"), ge=0, decimal_places=4)  # pairs below are bought together about as often as by chance
    cross_sell_per_customer: int = Field(5, ge=1)
    cross_sell_reasons: int = Field(20, ge=1)  # products that a customer bought last, for which others are looked up
    cross_sell_partners: int = Field(10, ge=1)  # products looked up for each of them
    # from this quantity on a line is a volume; a product with most lines of that kind, or with parts of a piece, is never counted in pieces
    volume_from_quantity: int = Field(100, ge=2)
    hot_seller_months: int = Field(13, ge=1)  # the month of the run and those before it
    seasonal_from_years: int = Field(2, ge=2)  # years with a purchase in one month of the year
    seasonal_from_share: Decimal = Field(Decimal("0.5"), ge=0, le=1, decimal_places=4)  # of the item's purchase days in that month
    seasonal_lead_days: int = Field(30, ge=0)  # before the season begins
    interval_from_count: int = Field(2, ge=1)  # with fewer intervals no next day is expected
    churn_reason_days: int = Field(30, ge=1)  # before and after the last order in which a reason is looked for
    late_from_quantile: Decimal = Field(Decimal("0.9"), gt=0, lt=1, decimal_places=4)  # slower than this share of a channel
    low_score_up_to: int = Field(2, ge=1, le=4)  # of 5, in a review
    pareto_days: int = Field(365, ge=1)


def _default_age_groups() -> dict[str, int]:
    return {"under_18": 0, "18_to_24": 18, "25_to_34": 25, "35_to_44": 35, "45_to_54": 45, "55_to_64": 55, "65_and_over": 65}


def _default_price_bands() -> dict[str, Decimal]:
    return {"low": Decimal(0), "middle": Decimal(50), "high": Decimal(200), "premium": Decimal(500)}


def _default_promotion_bands() -> dict[str, Decimal]:
    return {"low": Decimal(0), "medium": Decimal("0.3"), "high": Decimal("0.7")}


def _default_churn_risk_bands() -> dict[str, Decimal]:
    return {"low": Decimal(0), "medium": Decimal("0.4"), "high": Decimal("0.7")}


def _default_repurchase_likelihood_bands() -> dict[str, Decimal]:
    return {"low": Decimal(0), "medium": Decimal("0.2"), "high": Decimal("0.5")}


def _default_hour_bands() -> dict[str, int]:
    return {"morning": 6, "noon": 11, "afternoon": 14, "evening": 18, "night": 22}


class TagsConfig(Section):
    """From when on a pattern is a tag, and the bands of tags that have some. What each tag is stands in pipelines/tags/definitions."""

    pattern_window_days: int = Field(365, ge=1)  # habits and preferences are read from so many days up to the last month end
    pattern_from_count: int = Field(3, ge=1)  # with fewer purchases, lines or visits there is no habit
    pattern_from_share: Decimal = Field(Decimal("0.5"), gt=0, le=1, decimal_places=4)  # of them that must agree
    gender_from_share: Decimal = Field(Decimal("0.7"), gt=Decimal("0.5"), le=1, decimal_places=4)  # more than half: one gender at most
    night_from_hour: Hour = 22
    night_to_hour: Hour = 6  # first hour that is night no more
    dwell_cap_minutes: int = Field(30, ge=1)  # a page that was left open for longer counts nothing
    listed_values: int = Field(3, ge=1)  # of tags that list several values
    life_stage_window_days: int = Field(180, ge=1)
    life_stage_from_days: int = Field(2, ge=1)  # days with a sign
    oldest_age: int = Field(110, ge=1)  # who would be older gave a birthday to get past a form
    unused_after_days: int = Field(90, ge=0)  # a tag that no segment has read for longer is told of
    age_groups: dict[BandName, int] = Field(default_factory=_default_age_groups)  # from which age
    price_bands: dict[BandName, Decimal] = Field(default_factory=_default_price_bands)  # from which amount a line, on average
    promotion_bands: dict[BandName, Decimal] = Field(default_factory=_default_promotion_bands)  # from which share of purchases
    churn_risk_bands: dict[BandName, Decimal] = Field(default_factory=_default_churn_risk_bands)  # from which probability
    repurchase_likelihood_bands: dict[BandName, Decimal] = Field(default_factory=_default_repurchase_likelihood_bands)
    hour_bands: dict[BandName, Annotated[int, Field(ge=0, le=23)]] = Field(
        default_factory=_default_hour_bands
    )  # the last goes on past midnight

    @field_validator("age_groups", "price_bands", "promotion_bands", "churn_risk_bands", "repurchase_likelihood_bands")
    @classmethod
    def _cover_all(cls, value: dict[str, Any]) -> dict[str, Any]:
        if 0 not in value.values():
            raise ValueError("needs a band from 0")
        return _begin_apart(value)

    @field_validator("hour_bands")
    @classmethod
    def _hours_apart(cls, value: dict[str, int]) -> dict[str, int]:
        return _begin_apart(value)

    @model_validator(mode="after")
    def _night(self) -> TagsConfig:
        if self.night_from_hour == self.night_to_hour:
            raise ValueError("night_from_hour and night_to_hour must differ")
        return self


def _begin_apart(bands: dict[str, Any]) -> dict[str, Any]:
    if not bands or len(set(bands.values())) != len(bands):
        raise ValueError("needs bands that begin apart")
    return bands
