"""The part of `cdp explain` about what a customer is expected to do, and what moves the expectation, as text for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from assets.cli.wording import part, plain
from pipelines.value.explanation import Expected, Outlook

_TARGETS: Mapping[str, str] = {
    "churn_90d": "no purchase in the next 90 days",
    "repurchase_30d": "a purchase in the next 30 days",
}
_BASES: Mapping[str, str] = {
    "opted_out": "not predicted: personalization is denied",
    "too_little_data": "not predicted: too little data",
}


def expected_lines(expected: Expected) -> Iterator[str]:
    """Probabilities with their drivers, then the group; nothing for who has not bought."""
    yield from part("Expected, as seen by the last run", [line for outlook in expected.outlooks for line in _outlook(outlook)])
    if expected.group is not None:
        group = expected.group
        yield from part("Group of buyers alike", [f"  {group.cluster} {group.label}: {plain(group.description or '?', to=200)}"])


def _outlook(outlook: Outlook) -> Iterator[str]:
    what = _TARGETS.get(outlook.target, outlook.target)
    if outlook.probability is None:
        yield f"  {what}: {_BASES.get(outlook.basis, outlook.basis)}"
        return
    yield f"  {what}: {outlook.probability:.1%} ({outlook.model_name})"
    yield from (f"    {plain(driver, to=200)}" for driver in outlook.drivers)
