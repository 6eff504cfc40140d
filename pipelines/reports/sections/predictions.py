"""What customers are expected to do, and how good such expectations were: what models said then beside what came, and which are used."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pipelines.reports import charts
from pipelines.reports.figures import Published
from pipelines.reports.parts import Figures, Part, Section
from pipelines.reports.sections.drawing import drawn
from pipelines.reports.sections.needs import TARGETS, needs_judged
from pipelines.reports.wording import Words, number

# what is used, and the rule that needs no model
_BY_WEEK = """
select tests.model_name, tests.bucket, tests.expected, tests.actual, tests.cutoff_on
from value_backtests as tests
inner join value_models as models on models.as_of = tests.as_of and models.target = tests.target and models.model_name = tests.model_name
where tests.as_of = ? and tests.metric = 'purchases_by_week' and (models.is_used or tests.model_name = 'last_period')
order by models.is_used desc, tests.model_name, tests.bucket
"""
_BY_DECILE = """
select tests.bucket, tests.expected, tests.actual, tests.customer_count
from value_backtests as tests
inner join value_models as models on models.as_of = tests.as_of and models.target = tests.target and models.model_name = tests.model_name
where tests.as_of = ? and tests.metric = ? and models.is_used
order by tests.bucket
"""
_MODELS = """
select models.target, models.model_name, models.is_used, tests.metric, tests.expected, tests.horizon_days, models.customer_count
from value_models as models
left join value_backtests as tests
    on models.as_of = tests.as_of and models.target = tests.target and models.model_name = tests.model_name
    and tests.bucket = 'all' and tests.metric in ('deviance', 'log_loss')
where models.as_of = ? and not list_contains(?, models.target)
qualify row_number() over (partition by models.target, models.model_name order by tests.metric asc) = 1
order by models.target, models.is_used desc, tests.expected, models.model_name
"""


def predictions(published: Published, words: Words) -> Section:
    """The back-test of this run."""
    parts = [
        _by_week(published, words),
        _by_decile(published, words, "purchase_probability_by_decile", 3),
        _by_decile(published, words, "net_amount_by_decile", 2),
        _by_decile(published, words, "churn_probability_by_decile", 3),
        _by_decile(published, words, "repurchase_probability_by_decile", 3),
        _models(published, words),
        needs_judged(published, words),
    ]
    return Section("predictions", words("predictions"), parts)


def _by_week(published: Published, words: Words) -> Part:
    found = published.rows(_BY_WEEK, [published.as_of])
    came = {bucket: actual for _, bucket, _, actual, _ in found}
    said: dict[str, dict[str, Any]] = {}
    for model, bucket, expected, _, _ in found:
        said.setdefault(model, {})[bucket] = expected
    rows = _points(words("actual"), came.items())
    for model, weeks in said.items():
        rows += _points(words.value("model", model), weeks.items())
    header = [words("week"), words("actual"), *(words.value("model", model) for model in said)]
    table = [[week, number(came[week]), *(number(weeks.get(week), 1) for weeks in said.values())] for week in sorted(came)]
    figures = Figures(header, table, frozenset(range(1, len(header))))
    day = found[0][4].isoformat() if found else ""
    return drawn(words, "purchases_by_week", rows, lambda rows: charts.lines(rows, ",d"), figures, day=day)


def _by_decile(published: Published, words: Words, metric: str, decimals: int) -> Part:
    found = published.rows(_BY_DECILE, [published.as_of, metric])
    rows = _points(words("actual"), ((bucket, actual) for bucket, _, actual, _ in found))
    rows += _points(words("expected"), ((bucket, expected) for bucket, expected, _, _ in found))
    header = [words("tenth"), words("customers"), words("expected"), words("actual")]
    table = [[bucket, number(count), number(expected, decimals), number(actual, decimals)] for bucket, expected, actual, count in found]
    figures = Figures(header, table, frozenset(range(1, 4)))
    return drawn(words, metric, rows, lambda rows: charts.lines(rows, ",~f"), figures, currency=published.currency)


def _models(published: Published, words: Words) -> Part:
    found = published.rows(_MODELS, [published.as_of, list(TARGETS)])
    if not found:
        return Part(words("models"), words("nothing_yet"))
    header = [words("target"), words("model"), words("used"), words("error"), words("days"), words("customers")]
    table = [
        [
            words.value("target", target),
            words.value("model", model),
            words("yes" if is_used else "no"),
            f"{number(error, 3)} ({words.value('error', metric)})" if metric and error is not None else "–",
            number(horizon),
            number(customers),
        ]
        for target, model, is_used, metric, error, horizon, customers in found
    ]
    return Part(words("models"), words("models_note"), figures=Figures(header, table, frozenset(range(3, 6))))


def _points(series: str, values: Any) -> list[charts.Row]:
    pairs: Sequence[tuple[str, float | None]] = sorted(values)
    return [{"x": bucket, "series": series, "y": value, "is_provisional": False} for bucket, value in pairs]
