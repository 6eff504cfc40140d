"""Which of a model and a simple rule is used, and how both are told of. A model is used where it was judged and was better."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import polars as pl

from pipelines.value.findings import Findings, Model, no_backtests
from pipelines.value.needs.bought import Span


@dataclass(frozen=True, slots=True)
class Trial:
    """What there was to judge by: how many, in words what coming true is, and the shares that did by the model and by the rule."""

    count: int
    what: str
    model: float
    rule: float


@dataclass(frozen=True, slots=True)
class Choice:
    """At most one of the two is used; `reason` is why."""

    is_model_used: bool
    is_rule_used: bool
    reason: str


def choose(trial: Trial, needed: int, *, has_rule: bool = True) -> Choice:
    """The model where it was better, else the rule: of two that are equal it is the simpler one.

    Without a rule to fall back to, a model is used unless it was judged and was worse.
    """
    if trial.count < needed:
        return Choice(not has_rule, has_rule, f"not judged: {trial.count:,} {trial.what}, {needed:,} are needed")
    is_better = trial.model > trial.rule or (not has_rule and trial.model == trial.rule)
    reason = f"{trial.model:.1%} of {trial.count:,} {trial.what}, {trial.rule:.1%} by the simple rule"
    return Choice(is_better, has_rule and not is_better, reason)


def neither(reason: str) -> Choice:
    """There is nothing that either could speak of."""
    return Choice(is_model_used=False, is_rule_used=False, reason=reason)


@dataclass(frozen=True, slots=True)
class Figure:
    """A row of VALUE_BACKTESTS but for what all rows of a target have in common."""

    metric: str
    actual: float
    customer_count: int
    bucket: str = "all"
    expected: float | None = None


@dataclass(frozen=True, slots=True)
class Contender:
    """A model or rule with its figures. Those over everybody are its metrics, too, beside `counts`."""

    model_name: str
    is_baseline: bool
    is_used: bool
    reason: str
    figures: tuple[Figure, ...]
    parameters: Mapping[str, Any] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)


def findings(target: str, span: Span, cutoff: date, horizon_days: int, contenders: Iterable[Contender]) -> Findings:
    """What a target's contenders are told as: all were fitted on the whole span."""
    contenders = list(contenders)
    models = tuple(
        Model(
            target=target,
            model_name=one.model_name,
            is_baseline=one.is_baseline,
            is_used=one.is_used,
            reason=one.reason,
            customer_count=span.customer_count,
            data_from_on=span.first_on,
            data_until_on=span.last_on,
            parameters=one.parameters,
            metrics={**one.counts, **{figure.metric: figure.actual for figure in one.figures if figure.bucket == "all"}},
        )
        for one in contenders
    )
    rows = [
        {
            "target": target,
            "model_name": one.model_name,
            "is_baseline": one.is_baseline,
            "cutoff_on": cutoff,
            "horizon_days": horizon_days,
            "metric": figure.metric,
            "bucket": figure.bucket,
            "expected": figure.expected,
            "actual": figure.actual,
            "customer_count": figure.customer_count,
        }
        for one in contenders
        for figure in one.figures
    ]
    return Findings(models, pl.DataFrame(rows, schema=no_backtests().schema))
