"""What customers will do next: needs, propensity, groups and value, and from when a model is trusted."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from pydantic import Field, field_validator

from pipelines.contracts.settings.section import Section


class NeedsConfig(Section):
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


class PropensityConfig(Section):
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


class ClustersConfig(Section):
    """Groups of buyers that behave alike."""

    count: int = Field(6, ge=2, le=20)
    max_fitted_customers: int = Field(200_000, ge=1000)  # whom the centers are fitted on; of more, the same part on every run
    min_customers: int = Field(100, ge=2)  # with fewer buyers there are no groups
    restart_from_gain: Decimal = Field(Decimal("0.02"), ge=0, lt=1, decimal_places=4)  # the last centers start unless others fit better
    high_from_ratio: Decimal = Field(Decimal("1.5"), gt=1, decimal_places=4)  # times the mean of all buyers that is much
    label_margin: Decimal = Field(Decimal("0.1"), ge=0, lt=1, decimal_places=4)  # a label stays while its rule holds within this


class PurchaseModelConfig(Section):
    """When the purchase model is fitted, and how it is judged."""

    min_customers: int = Field(100, ge=1)  # who have bought; with fewer nothing is said of anybody
    min_repeat_customers: int = Field(30, ge=1)  # who have bought on two days
    min_days: int = Field(28, ge=2)  # from the first purchase of all to the day of the run
    backtest_days: int = Field(90, ge=1)  # that the back-test predicts; half of a history that is shorter than twice as long
    backtest_customers: int = Field(1_000_000, ge=1)  # at most, of a sample by customer number


class ValueConfig(Section):
    """What customers will do next: rates, intervals, and when there is enough to tell from."""

    discount_rate: Decimal = Field(Decimal("0.10"), ge=0, le=1, decimal_places=4)  # a year; money of later is worth less today
    confidence: Decimal = Field(Decimal("0.9"), ge=Decimal("0.5"), lt=1, decimal_places=4)  # of intervals around what one customer spends
    kept_days: int = Field(92, ge=0)  # of which predictions of everybody are kept for replays; about 100 bytes a customer and night
    purchases: PurchaseModelConfig = PurchaseModelConfig()
