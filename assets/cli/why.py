"""`cdp why`: why somebody is on a list, or at which step they were stopped. Computes nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, replace
from datetime import date
from pathlib import Path
from typing import Any

from assets.cli.aside import kept_database
from assets.cli.explain import run_of
from assets.cli.segment_preview import part_line
from assets.cli.segments import defined_segment
from assets.cli.wording import plain
from assets.declared import declared_columns
from assets.resources import no_run
from pipelines.contracts.errors import ConfigurationError
from pipelines.contracts.run import Run
from pipelines.contracts.segment_changes import past_hour
from pipelines.identity.inquiry import inquire
from pipelines.segments import Condition, Why, check_condition, why

_ANSWER = {True: "yes", False: "no ", None: " ? "}
_WORDS = {True: "yes", False: "no", None: "-"}


def print_why(home: Path | None, config: Path | None, asked: str, name: str, as_of: date | None, at: str | None, *, as_json: bool) -> None:
    """Print why `asked` is on the list `name` of a day, by default the last one, or of the hour `at`; or why not.

    Raises ConfigurationError when nobody or several people are meant, for an unknown segment, and for a day without lists.
    """
    run = run_of(home, config)
    with no_run(run.home):
        listed = replace(run, as_of=as_of or run.as_of) if at is None else past_hour(run, at.replace(":", ""))
        day = listed.as_of if listed.hour is None else listed.hour.night
        inquiry = inquire(run, asked, None if day == run.as_of else day)
        if inquiry.customer_id is None:
            raise ConfigurationError("does not stand for one person", where="cdp why", do="`cdp explain` names them: ask for a customer id")
        condition, published = _condition(listed, name)
        # of an hour no database is kept, and that of its night says what was true before
        found = why(listed, name, condition, inquiry.customer_id, kept_database(run.home, day) if listed.hour is None else None)
    if as_json:
        facts = asdict(found) | {"is_listed": found.is_listed, "led_from": inquiry.redirected_from}
        print(json.dumps(facts, ensure_ascii=False, default=str))
        return
    print("\n".join(_lines(found, inquiry.redirected_from, published=published)))


def _condition(run: Run, name: str) -> tuple[Condition, bool]:
    """What decided then, and whether it was published: the manifest keeps the definition, today's may say something else."""
    manifest = run.home.segments(run.moment) / name / "manifest.json"
    if name.isidentifier() and manifest.exists():
        where = json.loads(manifest.read_bytes())["segment"]["where"]
        return check_condition(where, None, str(manifest)), True
    segment = defined_segment(run.config.segments.folders, name).segment
    return check_condition(segment.where, declared_columns(), name), False


def _lines(found: Why, led_from: tuple[str, ...], *, published: bool) -> Iterator[str]:
    stopped = next((step.name for step in found.steps if step.passed is False), None)
    place = f"the list {found.segment_name} of {found.hour or found.as_of}"
    if found.is_listed:
        yield f"{found.customer_id} is on {place}{f', arm {found.arm}' if found.arm else ''}"
    elif stopped == "matched":
        yield f"{found.customer_id} is not on {place}: the condition does not hold"
    else:
        yield f"{found.customer_id} is not on {place}: {(found.outcome or '').replace('_', ' ')}, {plain(found.reason or '')}"
    yield from (f"  {old} led here" for old in led_from)
    if not published:
        yield "  no such list was published on that day; the condition is that of today"
    yield "condition"
    if found.parts is None:
        yield f"  the values of that {'hour' if found.hour else 'day'} are not kept: `cdp replay` of its manifest makes them again"
    else:
        for judged in found.parts:
            yield f"  {_ANSWER[judged.answer]} {part_line(judged.part)}"
        yield "values"
        yield from (f"  {name} = {_shown(value)}" for name, value in (found.values or {}).items())
    yield "gate"
    for step in found.steps:
        reason = f"  {plain(found.reason)}" if step.passed is False and found.reason else ""
        yield f"  {_WORDS[step.passed]:<4}{step.name.replace('_', ' ')}{reason}"
    if found.other_lists:
        yield f"also on    {', '.join(found.other_lists)}"


def _shown(value: Any) -> str:
    return "unknown" if value is None else plain(str(value))
