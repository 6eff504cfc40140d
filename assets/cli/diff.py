"""`cdp diff`: what other settings would do to customers, lists, KPIs and money, before they do it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

from assets.cli.differences import difference_lines
from assets.cli.installation import installation
from assets.cli.rehearsal import Rehearsed, rehearsing
from pipelines.contracts.config import Config, load_config
from pipelines.contracts.errors import CheckFailedError
from pipelines.rehearsal import Comparison

# values that are secrets of the shop: who knows them can recompute hashes of ids or predict holdouts
_SECRET = frozenset({"identity.id_key", "segments.holdout_salt"})
# what acts when a file is read: loads keep what they were read with until they are read again
_AT_LOADING = ("channels.", "business_time_zone")


def print_diff(home: Path | None, config: Path, as_of: date | None, *, examples: int, as_json: bool) -> None:
    """Rehearse a run with the settings of `config` and print what differs from the run with the present ones.

    Raises CheckFailedError, after the report, when a check would keep such a run from publishing.
    """
    folders, present = installation(home, None)
    load_config(config)  # a wrong key is told at once
    with rehearsing(folders, None, as_of) as rehearsal:
        wanted = rehearsal.candidate(config)
        settings = changed_settings(present, wanted.config)
        rehearsed, comparison = None, None
        if not rehearsal.would_be_the_same(wanted):
            rehearsed = rehearsal.rehearse(config)
            comparison = rehearsal.compare(rehearsed, examples)
        against = rehearsal.run_id
        if as_json:
            print(json.dumps(_facts(rehearsal.as_of, against, settings, rehearsed, comparison), ensure_ascii=False, default=str))
        else:
            currency = wanted.config.reporting_currency
            print("\n".join(_lines(rehearsal.as_of, against, settings, rehearsed, comparison, currency)))
    if rehearsed is not None and rehearsed.red_checks:
        raise CheckFailedError(rehearsed.red_checks, where="a run with these settings", do="it would publish nothing")


def changed_settings(present: Config, wanted: Config) -> dict[str, tuple[str, str]]:
    """Dotted key -> values of both, for the settings that differ; secrets are not told."""
    old, new = dict(_flat(present.model_dump())), dict(_flat(wanted.model_dump()))
    changed = sorted(key for key in old.keys() | new.keys() if old.get(key) != new.get(key))
    return {key: ("***", "***") if key in _SECRET else (_told(old.get(key)), _told(new.get(key))) for key in changed}


def _flat(settings: Mapping[Any, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in settings.items():
        if isinstance(value, Mapping) and value:
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _told(value: Any) -> str:
    if isinstance(value, (frozenset, tuple)):
        return f"[{', '.join(str(item) for item in (sorted(value) if isinstance(value, frozenset) else value))}]"
    return "none" if value is None else str(value)


def _facts(
    as_of: date, against: str | None, settings: Mapping[str, tuple[str, str]], rehearsed: Rehearsed | None, comparison: Comparison | None
) -> dict[str, Any]:
    return {
        "as_of": as_of,
        "against_run_id": against,
        "settings": {key: {"before": old, "after": new} for key, (old, new) in settings.items()},
        "not_rehearsed": _not_rehearsed(settings),
        "is_empty": comparison is None or comparison.is_empty,
        "red_checks": rehearsed.red_checks if rehearsed else None,
        "differences": asdict(comparison) if comparison else None,
    }


def _lines(
    as_of: date,
    against: str | None,
    settings: Mapping[str, tuple[str, str]],
    rehearsed: Rehearsed | None,
    comparison: Comparison | None,
    currency: str,
) -> Iterator[str]:
    yield f"as of {as_of}, against {f'run {against}' if against else 'a rehearsal with the present settings'}; nothing was written"
    yield from (f"setting    {key}: {old} -> {new}" for key, (old, new) in settings.items())
    for key in _not_rehearsed(settings):
        yield f"note       {key} acts when a file is read; loaded files stay as they were read: `cdp channels reload`"
    yield ""
    if comparison is None:
        yield "nothing would change: the settings mean the same"
        return
    yield from difference_lines(comparison, currency)
    if rehearsed and rehearsed.red_checks:
        yield ""
        yield "Checks     red: such a run would publish nothing"


def _not_rehearsed(settings: Mapping[str, tuple[str, str]]) -> list[str]:
    return [key for key in settings if key.startswith(_AT_LOADING)]
