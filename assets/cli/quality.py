"""`cdp quality`: how people were told apart, against the run before and against the truth, as text, JSON or a page. Computes nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import date
from pathlib import Path

from assets.cli.explain import run_of, warn_of_clear_values
from assets.cli.quality_page import page
from assets.cli.wording import counted, cut, plain
from pipelines.contracts.errors import ConfigurationError
from pipelines.contracts.storage import replacing
from pipelines.identity.quality_report import Judgment, Measured, Quality, WrongCustomer, judge_against, quality_of

_WORST = 20


def print_quality(
    home: Path | None, config: Path | None, on: date | None, truth: Path | None, out: Path | None, *, reveal: bool, as_json: bool
) -> None:
    """Print the measures, and with `truth` how well they did; write a page to `out`. Say on stderr when keys are in clear."""
    run = run_of(home, config)
    quality = quality_of(run, on)
    judgment = judge_against(run, truth, on, _WORST, reveal=reveal) if truth else None
    if out:
        _write(out, page(quality, judgment))
    if reveal and judgment is not None:
        warn_of_clear_values()
    if as_json:
        told = asdict(quality) | {"truth": asdict(judgment) | _f1(judgment) if judgment else None}
        print(json.dumps(told, ensure_ascii=False, default=str))
        return
    print("\n".join([*_measures(quality), *(_judgment(judgment) if judgment else ()), *([f"\npage in {out}"] if out else ())]))


def _write(out: Path, text: str) -> None:
    try:
        with replacing(out.resolve()) as beside:
            beside.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"the page cannot be written: {error.strerror}", where=str(out), do="name a file with --out") from error


def _f1(judgment: Judgment) -> dict[str, float]:
    return {"f1": judgment.accuracy.f1, "b_cubed_f1": judgment.accuracy.b_cubed_f1}


def _measures(quality: Quality) -> Iterator[str]:
    yield f"How people were told apart as of {quality.as_of}" + (f", beside {quality.before_on}" if quality.before_on else "")
    previous = ""
    for row in quality.measures:
        if row.measure != previous:
            yield f"\n{row.measure.replace('_', ' ')}"
            previous = row.measure
        yield f"  {plain(row.item):<18}{row.measured:>12,}{_beside(quality, row)}{_allowed(row)}"


def _beside(quality: Quality, row: Measured) -> str:
    """How much more or less it is than before; days have no such thing in common as what changed on them."""
    if quality.before_on is None or row.measure in ("changes", "changed_customers"):
        return ""
    return f"{row.measured - (row.before or 0):>+12,}"


def _allowed(row: Measured) -> str:
    return "" if row.allowed is None else f"   of {row.allowed:,} allowed"


def _judgment(judgment: Judgment) -> Iterator[str]:
    found = judgment.accuracy
    yield f"\nAgainst the truth: {counted(judgment.records, 'record')} with a right answer"
    yield f"  {'':<12}{'precision':>12}{'recall':>12}{'F1':>12}"
    yield f"  {'pairs':<12}{found.precision:>12.5f}{found.recall:>12.5f}{found.f1:>12.5f}"
    yield f"  {'B-cubed':<12}{found.b_cubed_precision:>12.5f}{found.b_cubed_recall:>12.5f}{found.b_cubed_f1:>12.5f}"
    if judgment.worst:
        yield f"\n{counted(judgment.wrong_customers, 'customer')} of several people, the worst first; | between two people"
        yield from cut([_wrong(customer) for customer in judgment.worst])


def _wrong(customer: WrongCustomer) -> str:
    keys = " | ".join(", ".join(plain(key) for key in of) for of in customer.source_record_keys)
    more = ", ..." if sum(map(len, customer.source_record_keys)) < customer.records else ""
    what = f"{customer.people} people, {counted(customer.records, 'record')}, {counted(customer.wrong_pairs, 'wrong pair')}"
    return f"  {customer.customer_id}: {what}: {keys}{more}"
