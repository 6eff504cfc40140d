"""`cdp deliver`: bring the published files of a day to the places of their destinations, as far as they are not there yet."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

from assets.cli.installation import installation
from assets.cli.wording import counted
from assets.delivery import deliver_day
from assets.resources import only_command, only_run
from pipelines.contracts.errors import ConfigurationError, DeliveryError
from pipelines.publish import DeliveryReport, Undelivered, newest_published_day

_SHOWN = 5


def print_delivery(home: Path | None, config: Path | None, as_of: date | None, *, again: bool, as_json: bool) -> None:
    """Deliver and say what became of it. Raises DeliveryError when files did not arrive."""
    folders, settings = installation(home, config)
    day = as_of or newest_published_day(folders)
    if day is None:
        raise ConfigurationError("nothing is published yet", where=str(folders.root), do="`cdp run`, or name another --home")
    with only_command(folders), only_run(folders):
        report = deliver_day(folders, settings, day, again=again)
    print(json.dumps({"as_of": str(day), **report.as_metadata()}, ensure_ascii=False) if as_json else "\n".join(_lines(report)))
    stop_on_undelivered(report.undelivered)


def stop_on_undelivered(undelivered: Sequence[Undelivered]) -> None:
    """Raise DeliveryError, naming the first and how many more. What is published stays published."""
    if undelivered:
        first = undelivered[0]
        more = f" (and {len(undelivered) - 1} more)" if len(undelivered) > 1 else ""
        what = f"{first.name} was not delivered: {first.reason}{more}"
        raise DeliveryError(what, where=first.place, do=f"{first.do}; `cdp deliver` then brings what is missing")


def _lines(report: DeliveryReport) -> Iterator[str]:
    yield f"as of {report.moment}"
    yield f"delivered  {counted(len(report.sent), 'file')} now, {report.known_count} before, {len(report.found)} found there already"
    yield from (f"           {entry.name} to {entry.place}" for entry in report.sent)
    yield from (f"held back  {name}: it changed after it was delivered, --again delivers it all the same" for name in report.held)
    yield from (f"missing    {one.name} to {one.place}: {one.reason}" for one in report.undelivered[:_SHOWN])
    if len(report.undelivered) > _SHOWN:
        yield f"           and {len(report.undelivered) - _SHOWN} more"
