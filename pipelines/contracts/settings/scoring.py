"""What customers are worth by what they bought: RFM presets, tiers and classes, stages of a customer's life."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from pipelines.contracts.settings.section import Section

Score = Annotated[int, Field(ge=1, le=5)]
PresetName = Literal["monthly", "annual"]


class RfmPreset(Section):
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


class RfmConfig(Section):
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


class LifecycleConfig(Section):
    """Stages of a customer's life (metrics.md, Lifecycle)."""

    new_within_days: int = Field(30, ge=1)
    declining_after_days: int = Field(30, ge=1)
    churned_after_days: int = Field(90, ge=1)
    mature_from_purchases: int = Field(3, ge=1)
    mature_window_days: int = Field(365, ge=1)
