"""How often needs that were foreseen came true: due dates, seasons and next categories, by the model and by the simple rule."""

from __future__ import annotations

from pipelines.reports.figures import Published
from pipelines.reports.parts import Figures, Part
from pipelines.reports.wording import Words, number, share

TARGETS = ("replenishment", "seasonal_need", "next_category")
_JUDGED = """
select models.target, models.model_name, models.is_used, tests.metric, tests.actual, tests.horizon_days, tests.customer_count
from value_models as models
left join value_backtests as tests
    on models.as_of = tests.as_of and models.target = tests.target and models.model_name = tests.model_name
    and tests.bucket = 'all' and tests.metric in ('hit_rate', 'hit_rate_14d', 'hit_rate_at_3')
where models.as_of = ? and list_contains(?, models.target)
order by models.target, models.is_baseline, models.model_name
"""


def needs_judged(published: Published, words: Words) -> Part:
    """The models and rules of the three targets, with the share that came true of what was foreseen."""
    found = published.rows(_JUDGED, [published.as_of, list(TARGETS)])
    if not found:
        return Part(words("needs"), words("nothing_yet"))
    header = [words("target"), words("model"), words("used"), words("came_true"), words("days"), words("customers")]
    table = [
        [
            words.value("target", target),
            words.value("model", model),
            words("yes" if is_used else "no"),
            f"{share(rate)} ({words.value('came_true', metric)})" if metric else "–",
            number(horizon),
            number(customers),
        ]
        for target, model, is_used, metric, rate, horizon, customers in found
    ]
    return Part(words("needs"), words("needs_note"), figures=Figures(header, table, frozenset(range(3, 6))))
