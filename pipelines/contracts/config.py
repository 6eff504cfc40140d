"""The one configuration file (`cdp.yaml`): every threshold and switch, validated, with the nearest key for a wrong one.

Each section is a class in `pipelines.contracts.settings`. Defaults live there and nowhere else; no SQL or Python literal repeats them.
"""

from __future__ import annotations

import hashlib
import json
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator

from pipelines.contracts.declarations import checked, read_yaml
from pipelines.contracts.errors import ConfigurationError
from pipelines.contracts.identifiers import IDENTIFIER_TYPES
from pipelines.contracts.publishing import PublishConfig

Score = Annotated[int, Field(ge=1, le=5)]
PresetName = Literal["monthly", "annual"]
BandName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_]{0,30}$")]  # a value in tables and lists
Hour = Annotated[int, Field(ge=0, le=23)]
FileProblem = Literal["unknown_format", "unreadable", "refused", "totals_differ", "quarantined_rows"]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ChannelsConfig(_Section):
    """How deliveries are read."""

    formats_folders: tuple[Path, ...] = ()  # own contracts, besides the shipped ones
    fatal: frozenset[FileProblem] = frozenset()  # problems of a delivery that end the run with exit code 3
    totals_differ: Literal["refuse", "warn"] = "refuse"  # a file whose rows do not give the totals that it states
    drift_shown_days: int = Field(14, ge=1)  # how long a new header generation is told
    export_grace_hours: int = Field(12, ge=0, le=48)  # an export made this long after midnight still belongs to the day before
    default_currency: str = Field("CNY", pattern=r"^[A-Z]{3}$")  # of exports that name none
    max_unpacked_bytes: int = Field(
        8_000_000_000, ge=1
    )  # of one archive or gzip file: a larger one waits, so that a bomb cannot fill the disk
    max_unpacked_files: int = Field(1000, ge=1)
    max_workbook_bytes: int = Field(500_000_000, ge=1)  # of an Excel workbook unpacked, and of its cells: a parser holds it whole


class MatcherConfig(_Section):
    """The probabilistic matcher: who is one person by name, birthday, address, and half-known phones and e-mails."""

    enabled: bool = False
    threshold: Decimal = Field(Decimal("0.95"), gt=0, lt=1, decimal_places=6)  # match probability from which a link is accepted
    clerical_from: Decimal = Field(Decimal("0.5"), gt=0, lt=1, decimal_places=6)  # ... and from which a person is asked
    max_pairs: int = Field(20_000_000, ge=1)  # of records compared, two minutes of one core; rules that would exceed it are left out
    retrain: bool = True  # false: the model saved last is used as long as it fits

    @model_validator(mode="after")
    def _band(self) -> MatcherConfig:
        if self.clerical_from > self.threshold:
            raise ValueError("clerical_from must not be above threshold")
        return self


class IdentityConfig(_Section):
    """What counts as evidence that two records are one person."""

    id_key: str = Field("retail-cdp", min_length=1)  # key of the hash that new customer ids are derived with
    max_strong_ids_per_value: int = Field(3, ge=1)
    max_names_per_value: int = Field(5, ge=1)
    # phones, e-mails or payers of one source record; above, it is a till's own card or a proxy buyer and these values of it link nothing
    max_values_per_record: int = Field(5, ge=1)
    exclusive_types: frozenset[str] = frozenset({"member_id", "unionid"})
    silent_days: int = Field(90, ge=1)  # a number that comes back with other people after more days without a sign has a new owner
    review_from_records: int = Field(10, ge=2)  # customers of so many records are searched for a link that alone holds two people together
    largest_cluster_records: int = Field(50, ge=2)  # of one customer; above, links that people may share are held back
    max_changed_share: Decimal = Field(Decimal("0.02"), ge=0, le=1, decimal_places=4)  # of customers whose id may change from run to run
    changes_always_allowed: int = Field(20, ge=0)  # so many may change however few customers there are
    lower_case_email_local_part: bool = True
    fold_gmail: bool = False
    matcher: MatcherConfig = MatcherConfig()
    trusted_channels: tuple[str, ...] = ()  # golden record: the first that has a value wins; then the newest claim

    @field_validator("exclusive_types")
    @classmethod
    def _known_types(cls, value: frozenset[str]) -> frozenset[str]:
        for name in sorted(value - set(IDENTIFIER_TYPES)):
            raise ValueError(f"unknown identifier type {name!r}{nearest(name, IDENTIFIER_TYPES)}")
        return value


class RfmPreset(_Section):
    """Bands of one preset: score -> lower bound of frequency and money, upper bound of days for recency."""

    window_days: int = Field(ge=1)
    recency_up_to_days: dict[Score, int]
    frequency_from: dict[Score, int]
    monetary_from: dict[Score, Decimal]

    @model_validator(mode="after")
    def _monotone(self) -> RfmPreset:
        days = [self.recency_up_to_days.get(score, -1) for score in (5, 4, 3, 2)]
        if sorted(self.recency_up_to_days) != [2, 3, 4, 5] or days != sorted(set(days)):
            raise ValueError("recency_up_to_days needs scores 2 to 5 with fewer days for higher scores")
        for name in ("frequency_from", "monetary_from"):
            bands: dict[int, Any] = getattr(self, name)
            bounds = [bands.get(score, -1) for score in (2, 3, 4, 5)]
            if sorted(bands) != [2, 3, 4, 5] or bounds != sorted(set(bounds)):
                raise ValueError(f"{name} needs scores 2 to 5 with larger bounds for higher scores")
        return self


def _preset(days: int, frequency: tuple[int, int, int, int], monetary: tuple[int, int, int, int]) -> RfmPreset:
    scores = (5, 4, 3, 2)
    return RfmPreset(
        window_days=days,
        recency_up_to_days=dict(zip(scores, (7, 30, 90, 180), strict=True)),
        frequency_from=dict(zip(scores, frequency, strict=True)),
        monetary_from=dict(zip(scores, (Decimal(amount) for amount in monetary), strict=True)),
    )


def _default_presets() -> dict[PresetName, RfmPreset]:
    return {"monthly": _preset(30, (5, 3, 2, 1), (1000, 500, 300, 200)), "annual": _preset(365, (12, 6, 3, 2), (5000, 2000, 1000, 300))}


class RfmConfig(_Section):
    """Presets, tiers and the eight classes (metrics.md, RFM)."""

    presets: dict[PresetName, RfmPreset] = Field(default_factory=_default_presets)
    high_value_from_total: int = Field(12, ge=3, le=15)
    potential_from_total: int = Field(8, ge=3, le=15)
    class_recent_within_days: int = Field(90, ge=1)
    class_window_days: int = Field(365, ge=1)
    class_frequent_from: int = Field(3, ge=1)
    class_high_spend_from: Decimal = Field(Decimal(1000), gt=0)
    history_months: int = Field(24, ge=1)

    @field_validator("presets")
    @classmethod
    def _both(cls, value: dict[str, RfmPreset]) -> dict[str, RfmPreset]:
        if set(value) != {"monthly", "annual"}:
            raise ValueError("needs exactly the presets monthly and annual")
        return value


class LifecycleConfig(_Section):
    """Stages of a customer's life (metrics.md, Lifecycle)."""

    new_within_days: int = Field(30, ge=1)
    declining_after_days: int = Field(30, ge=1)
    churned_after_days: int = Field(90, ge=1)
    mature_from_purchases: int = Field(3, ge=1)
    mature_window_days: int = Field(365, ge=1)


class ReconciliationConfig(_Section):
    """When orders, payments, settlements and refunds that do not agree are told of."""

    pending_days: int = Field(7, ge=0)  # a mismatch younger than this may still be put right by an export that is on its way
    # ... and so may one whose payment or settlement is due later: marketplaces settle weeks after the order. Times the usual days from
    # order to payment (or settlement) of its shop and payment method
    pending_lags: Decimal = Field(Decimal(2), ge=0, decimal_places=2)
    tolerance: Decimal = Field(Decimal("0.01"), ge=0, decimal_places=2)  # amounts that differ by no more are equal
    # payments are expected of the orders of a shop and payment method, and orders of the payments of a bill and trade type, once
    # at least this share of them has one: a bill nobody delivers makes no differences
    expected_from_share: Decimal = Field(Decimal("0.5"), gt=0, le=1, decimal_places=2)


class ScorecardConfig(_Section):
    """What is usual for an export: against the same weekday of the last weeks, else against as many exports before."""

    weeks: int = Field(8, ge=1)
    usual_from_exports: int = Field(4, ge=1)  # with fewer to compare with, a source is new and only its rows are judged
    judged_from_rows: int = Field(100, ge=1)  # volume and empty columns of smaller exports are chance
    smaller_than: Decimal = Field(Decimal("0.5"), ge=0, le=1, decimal_places=4)  # times the usual rows
    larger_than: Decimal = Field(Decimal(2), ge=1, decimal_places=4)
    nulls_jump_by: Decimal = Field(Decimal("0.2"), gt=0, le=1, decimal_places=4)  # a column's share of empty cells above its usual share
    valid_from: Decimal = Field(Decimal("0.95"), ge=0, le=1, decimal_places=4)  # share of the rows that could be loaded
    late_by_days: int = Field(3, ge=0)  # newest fact older at the export than usual
    silent_after_gaps: Decimal = Field(Decimal(2), ge=1, decimal_places=4)  # times the usual days from export to export


class AnalysisConfig(_Section):
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


class NeedsConfig(_Section):
    """When something falls due, what a season is, and which category is offered next. Seasons share the thresholds of seasonal buyers."""

    bought_again_from_share: Decimal = Field(Decimal("0.3"), ge=0, le=1, decimal_places=4)  # of a category's buyers, with two days or more
    bought_again_from_intervals: int = Field(30, ge=1)  # with fewer the category's own interval is chance, and nothing of it falls due
    category_weight: int = Field(3, ge=1)  # the category's typical interval counts as much as so many intervals of a customer
    lapsed_after_intervals: Decimal = Field(Decimal(3), ge=1, decimal_places=2)  # typical ones since the last purchase; then nothing is due
    shown_from_intervals: int = Field(1, ge=0)  # who has fewer of a category is not reminded of it
    season_from_index: Decimal = Field(Decimal("1.5"), gt=1, decimal_places=4)  # times the category's usual share, in each of the years
    season_from_days: int = Field(30, ge=1)  # days of purchase, without which a category has no season
    seasons_missed: int = Field(1, ge=0)  # so many in a row, and the need is over
    next_window_days: int = Field(365, ge=1)  # what was bought in so many days speaks, and is not offered
    next_per_customer: int = Field(5, ge=5, le=100)
    next_from_customers: int = Field(10, ge=1)  # categories with fewer buyers are not offered
    next_categories: int = Field(2000, ge=2, le=10_000)  # of more, those with most buyers
    next_ridge: Decimal = Field(Decimal(2), gt=0, decimal_places=4)  # times the buyers of a category on average; more: closer to popularity
    judged_days: int = Field(60, ge=30)  # days before the run that models may not see, and are judged by
    judged_from_count: int = Field(100, ge=1)  # with fewer due dates or customers to judge by, the simple rule is used


class MarketingConfig(_Section):
    """What a message, a coupon and a campaign are said to have earned (metrics.md, Marketing)."""

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


def _default_age_groups() -> dict[str, int]:
    return {"under_18": 0, "18_to_24": 18, "25_to_34": 25, "35_to_44": 35, "45_to_54": 45, "55_to_64": 55, "65_and_over": 65}


def _default_price_bands() -> dict[str, Decimal]:
    return {"low": Decimal(0), "middle": Decimal(50), "high": Decimal(200), "premium": Decimal(500)}


def _default_promotion_bands() -> dict[str, Decimal]:
    return {"low": Decimal(0), "medium": Decimal("0.3"), "high": Decimal("0.7")}


def _default_hour_bands() -> dict[str, int]:
    return {"morning": 6, "noon": 11, "afternoon": 14, "evening": 18, "night": 22}


class TagsConfig(_Section):
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
    hour_bands: dict[BandName, Annotated[int, Field(ge=0, le=23)]] = Field(
        default_factory=_default_hour_bands
    )  # the last goes on past midnight

    @field_validator("age_groups", "price_bands", "promotion_bands")
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


_WRONG_SIZE = (
    *("wrong size", "size issue", "size too", "too small", "too large", "too big", "too tight", "too loose", "does not fit", "doesn't fit"),
    *("尺码", "尺寸", "偏大", "偏小", "太大", "太小", "不合身", "大小不合"),
)


class ServiceConfig(_Section):
    """From when on an answer counts as good, and how fast the first reply should be."""

    satisfied_from_score: int = Field(4, ge=1, le=5)  # of a case, 1 to 5
    positive_review_from_score: int = Field(4, ge=1, le=5)
    promoter_from_score: int = Field(9, ge=0, le=10)  # of an answer on recommending, 0 to 10
    detractor_up_to_score: int = Field(6, ge=0, le=10)
    first_response_target_seconds: int = Field(30, ge=1)
    # in the reason of a refund, without regard to case
    wrong_size_words: tuple[Annotated[str, Field(min_length=1, pattern=r"\S")], ...] = Field(_WRONG_SIZE, min_length=1)

    @model_validator(mode="after")
    def _apart(self) -> ServiceConfig:
        if self.detractor_up_to_score >= self.promoter_from_score:
            raise ValueError("detractor_up_to_score must be below promoter_from_score")
        return self


class LevelConfig(_Section):
    """A member level: either bound is enough, over the trailing 365 days."""

    net_amount_from: Decimal = Field(gt=0, decimal_places=2)
    order_count_from: int = Field(ge=1)


class LevelsConfig(_Section):
    """Levels above normal."""

    silver: LevelConfig = LevelConfig(net_amount_from=Decimal(2000), order_count_from=6)
    gold: LevelConfig = LevelConfig(net_amount_from=Decimal(8000), order_count_from=20)

    @model_validator(mode="after")
    def _ordered(self) -> LevelsConfig:
        if self.gold.net_amount_from <= self.silver.net_amount_from or self.gold.order_count_from <= self.silver.order_count_from:
            raise ValueError("both bounds of gold must be above those of silver")
        return self


class LevelNamesConfig(_Section):
    """What channels call the levels, compared without regard to case."""

    normal: tuple[str, ...] = ("normal", "regular", "普通", "普通会员", "普通卡")
    silver: tuple[str, ...] = ("silver", "银卡", "银卡会员", "银牌会员")
    gold: tuple[str, ...] = ("gold", "金卡", "金卡会员", "金牌会员")

    @model_validator(mode="after")
    def _one_level_each(self) -> LevelNamesConfig:
        names = [name.strip().lower() for name in (*self.normal, *self.silver, *self.gold)]
        for name in names:
            if not name or "," in name:
                raise ValueError(f"{name!r} is no name: it must not be empty and hold no comma")
            if names.count(name) > 1:
                raise ValueError(f"{name!r} stands twice")
        return self


class LoyaltyConfig(_Section):
    """Points and member levels (metrics.md, Activity, service, loyalty)."""

    points_per_unit: Decimal = Field(Decimal(1), gt=0, decimal_places=6)  # points for one unit of the reporting currency
    levels: LevelsConfig = LevelsConfig()
    level_names: LevelNamesConfig = LevelNamesConfig()
    level_notice_days: int = Field(30, ge=1, le=364)  # who would lose a level so soon without another purchase is told
    points_lifetime_days: int | None = Field(None, ge=1)  # after they were booked; no export states it, null: they do not expire
    points_notice_days: int = Field(30, ge=1)


class PropensityConfig(_Section):
    """Who buys again, and who is gone: what is learned from, and from when a model is trusted."""

    training_cutoffs: int = Field(3, ge=1, le=12)  # days whose outcomes are learned from, a horizon apart
    max_training_customers: int = Field(100_000, ge=1000)  # of one of these days; of more, the same part on every run
    min_customers: int = Field(200, ge=10)  # to fit a model, on the days of training and on the day of calibration
    min_boosted_customers: int = Field(1000, ge=10)  # ... to fit trees, which invent patterns where there are fewer
    min_outcomes: int = Field(30, ge=2)  # of those who bought and of those who did not, on each of these days
    min_rate_customers: int = Field(30, ge=1)  # to give rates by recency; with fewer there is no probability
    recency_bands_days: tuple[int, ...] = (7, 30, 90, 180, 365)  # upper bounds of the recency rule
    sensitive_features: frozenset[Literal["age_years", "is_female", "province_share"]] = frozenset()  # read only where named
    drivers: int = Field(3, ge=0, le=10)  # reasons kept for each probability

    @field_validator("recency_bands_days")
    @classmethod
    def _rising(cls, value: tuple[int, ...]) -> tuple[int, ...]:
        if not value or list(value) != sorted(set(value)) or value[0] < 0:
            raise ValueError("needs days in rising order")
        return value


class ClustersConfig(_Section):
    """Groups of buyers that behave alike."""

    count: int = Field(6, ge=2, le=20)
    max_fitted_customers: int = Field(200_000, ge=1000)  # whom the centers are fitted on; of more, the same part on every run
    min_customers: int = Field(100, ge=2)  # with fewer buyers there are no groups
    restart_from_gain: Decimal = Field(Decimal("0.02"), ge=0, lt=1, decimal_places=4)  # the last centers start unless others fit better
    high_from_ratio: Decimal = Field(Decimal("1.5"), gt=1, decimal_places=4)  # times the mean of all buyers that is much
    label_margin: Decimal = Field(Decimal("0.1"), ge=0, lt=1, decimal_places=4)  # a label stays while its rule holds within this


class SegmentsConfig(_Section):
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


class PurchaseModelConfig(_Section):
    """When the purchase model is fitted, and how it is judged."""

    min_customers: int = Field(100, ge=1)  # who have bought; with fewer nothing is said of anybody
    min_repeat_customers: int = Field(30, ge=1)  # who have bought on two days
    min_days: int = Field(28, ge=2)  # from the first purchase of all to the day of the run
    backtest_days: int = Field(90, ge=1)  # that the back-test predicts; half of a history that is shorter than twice as long
    backtest_customers: int = Field(1_000_000, ge=1)  # at most, of a sample by customer number


class ValueConfig(_Section):
    """What customers will do next: rates, intervals, and when there is enough to tell from."""

    discount_rate: Decimal = Field(Decimal("0.10"), ge=0, le=1, decimal_places=4)  # a year; money of later is worth less today
    confidence: Decimal = Field(Decimal("0.9"), ge=Decimal("0.5"), lt=1, decimal_places=4)  # of intervals around what one customer spends
    purchases: PurchaseModelConfig = PurchaseModelConfig()


class EngineConfig(_Section):
from pipelines.contracts.settings.activation import MarketingConfig, SegmentsConfig
from pipelines.contracts.settings.identity import IdentityConfig
from pipelines.contracts.settings.patterns import AnalysisConfig, TagsConfig
from pipelines.contracts.settings.predictions import ClustersConfig, NeedsConfig, PropensityConfig, ValueConfig
from pipelines.contracts.settings.publishing import PublishConfig
from pipelines.contracts.settings.scoring import LifecycleConfig, RfmConfig
from pipelines.contracts.settings.section import Section
from pipelines.contracts.settings.service import LoyaltyConfig, ServiceConfig
from pipelines.contracts.settings.sources import ChannelsConfig, ReconciliationConfig, ScorecardConfig


class EngineConfig(Section):
    """Limits for DuckDB; null threads means all cores."""

    memory_limit: str = Field("2GB", pattern=r"^\d+(\.\d+)?(MB|GB)$")
    threads: int | None = Field(None, ge=1)


class Config(Section):
    """`cdp.yaml`, whole."""

    business_time_zone: str = "Asia/Shanghai"
    reporting_currency: str = Field("CNY", pattern=r"^[A-Z]{3}$")
    default_phone_region: str = Field("CN", pattern=r"^[A-Z]{2}$")
    reference_folder: Path | None = None  # own placeholders, rates, organization and suppressions; default: data/reference of the project
    channels: ChannelsConfig = ChannelsConfig()
    identity: IdentityConfig = IdentityConfig()
    rfm: RfmConfig = RfmConfig()
    lifecycle: LifecycleConfig = LifecycleConfig()
    reconciliation: ReconciliationConfig = ReconciliationConfig()
    scorecard: ScorecardConfig = ScorecardConfig()
    analysis: AnalysisConfig = AnalysisConfig()
    needs: NeedsConfig = NeedsConfig()
    marketing: MarketingConfig = MarketingConfig()
    tags: TagsConfig = TagsConfig()
    service: ServiceConfig = ServiceConfig()
    loyalty: LoyaltyConfig = LoyaltyConfig()
    propensity: PropensityConfig = PropensityConfig()
    clusters: ClustersConfig = ClustersConfig()
    value: ValueConfig = ValueConfig()
    segments: SegmentsConfig = SegmentsConfig()
    publish: PublishConfig = PublishConfig()
    engine: EngineConfig = EngineConfig()

    @field_validator("business_time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"unknown time zone {value!r}, expected a name such as Asia/Shanghai") from error
        return value

    @property
    def hash(self) -> str:
        """SHA-256 over the effective values: two files that mean the same have the same hash, in every process."""
        return hashlib.sha256(json.dumps(_canonical(self.model_dump()), sort_keys=True).encode()).hexdigest()


def _canonical(value: Any) -> Any:
    """Values that JSON holds in one way only: sets have no order from process to process, and 0.050 is 0.05."""
    if isinstance(value, dict):
        return {str(key): _canonical(item) for key, item in value.items()}
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, tuple):
        return [_canonical(item) for item in value]
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    return str(value) if isinstance(value, Path) else value


def load_config(path: Path | None) -> Config:
    """Read and validate `path`; None gives the defaults. Relative folders in it are taken from the file's own folder.

    Raises ConfigurationError naming the key and, for an unknown one, the nearest that exists.
    """
    if path is None:
        return Config()
    raw = read_yaml(path) or {}
    if not isinstance(raw, dict):
        raise ConfigurationError("holds no settings", where=str(path), do="write `key: value` lines, see cdp.yaml of the project")
    return _absolute_folders(checked(Config, raw, path, "mend the key; cdp.yaml of the project lists all"), path.parent)


def _absolute_folders(config: Config, base: Path) -> Config:
    def absolute(folders: tuple[Path, ...]) -> tuple[Path, ...]:
        return tuple((base / folder).resolve() for folder in folders)

    return config.model_copy(
        update={
            "channels": config.channels.model_copy(update={"formats_folders": absolute(config.channels.formats_folders)}),
            "segments": config.segments.model_copy(update={"folders": absolute(config.segments.folders)}),
            "publish": config.publish.absolute(base),
            "reference_folder": (base / config.reference_folder).resolve() if config.reference_folder else None,
        }
    )
