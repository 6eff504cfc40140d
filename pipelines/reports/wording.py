"""The words of the report in one language, and how numbers, dates and names of values are written in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from importlib import resources
from typing import Any

import yaml

LANGUAGES = ("en", "zh")


@dataclass(frozen=True, slots=True)
class Words:
    """Texts by key. A key without a text is a fault of the project, told as KeyError. `metrics`: names of metrics in this language."""

    language: str
    metrics: Mapping[str, str]

    def __call__(self, key: str, **values: object) -> str:
        return _texts()[key][self.language].format(**values)

    def value(self, kind: str, value: object) -> str:
        """A value of a column in words; what has none, such as the name of a channel, as it is."""
        text = _texts().get(f"{kind}/{value}")
        return text[self.language] if text else str(value)

    def metric(self, name: str) -> str:
        """As its definition calls it."""
        return self.metrics.get(name, name)


def number(value: Decimal | float | int | None, decimals: int = 0) -> str:
    """With separators of thousands; a dash for what is not known."""
    return "–" if value is None else f"{value:,.{decimals}f}"


def share(value: Decimal | float | None, decimals: int = 1) -> str:
    """A rate as percent; a dash where nothing could be divided."""
    return "–" if value is None else f"{value * 100:,.{decimals}f} %"


def measured(value: Decimal | float | None, unit: str) -> str:
    """A value of `kpi` in its unit: rates as percent, money and scores with decimals, counts without."""
    if unit == "rate":
        return share(value)
    if unit == "seconds":
        return number(value)
    return number(value, 2 if unit.isupper() else 0)


def month(day: date) -> str:
    """As people write it in both languages."""
    return f"{day:%Y-%m}"


@cache
def _texts() -> dict[str, dict[str, str]]:
    loaded: dict[str, Any] = yaml.safe_load(resources.files(__package__).joinpath("wording.yaml").read_text(encoding="utf-8"))
    return {key: {language: str(text) for language, text in texts.items()} for key, texts in loaded.items()}
