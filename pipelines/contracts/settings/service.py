"""How customers are cared for: cases and reviews, points and member levels."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import Field, model_validator

from pipelines.contracts.settings.section import Section

_WRONG_SIZE = (
    *("wrong size", "size issue", "size too", "too small", "too large", "too big", "too tight", "too loose", "does not fit", "doesn't fit"),
    *("尺码", "尺寸", "偏大", "偏小", "太大", "太小", "不合身", "大小不合"),
)


class ServiceConfig(Section):
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


class LevelConfig(Section):
    """A member level: either bound is enough, over the trailing 365 days."""

    net_amount_from: Decimal = Field(gt=0, decimal_places=2)
    order_count_from: int = Field(ge=1)


class LevelsConfig(Section):
    """Levels above normal."""

    silver: LevelConfig = LevelConfig(net_amount_from=Decimal(2000), order_count_from=6)
    gold: LevelConfig = LevelConfig(net_amount_from=Decimal(8000), order_count_from=20)

    @model_validator(mode="after")
    def _ordered(self) -> LevelsConfig:
        if self.gold.net_amount_from <= self.silver.net_amount_from or self.gold.order_count_from <= self.silver.order_count_from:
            raise ValueError("both bounds of gold must be above those of silver")
        return self


class LevelNamesConfig(Section):
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


class LoyaltyConfig(Section):
    """Points and member levels (metrics.md, Activity, service, loyalty)."""

    points_per_unit: Decimal = Field(Decimal(1), gt=0, decimal_places=6)  # points for one unit of the reporting currency
    levels: LevelsConfig = LevelsConfig()
    level_names: LevelNamesConfig = LevelNamesConfig()
    level_notice_days: int = Field(30, ge=1, le=364)  # who would lose a level so soon without another purchase is told
    points_lifetime_days: int | None = Field(None, ge=1)  # after they were booked; no export states it, null: they do not expire
    points_notice_days: int = Field(30, ge=1)
