"""`cdp refresh`: the hourly job of the schedule, executed in this process, and what came of it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from assets.cli.deliver import stop_on_undelivered
from assets.cli.run import executed_hour
from assets.cli.summary import left_out_lines, stop_on_left_out
from assets.cli.wording import counted
from assets.records import hour_records
from pipelines.publish import deliveries_of


def print_refresh(home: Path | None, deliveries: Path | None, config: Path | None, at: str | None, *, as_json: bool) -> None:
    """Refresh and say what was published. Raises as a run does, and ConfigurationError for an instant that cannot be."""
    folders, done = executed_hour(home, deliveries, config, at)
    record = done or next(iter(hour_records(folders)[-1:]), None)
    delivered, undelivered = deliveries_of(folders, record["hour"]) if record else ((), ())
    if as_json:
        told = {"delivered": len(delivered), "undelivered": [asdict(one) for one in undelivered]}
        facts = {"is_new": done is not None, **(record or {}), **told}
        print(json.dumps(facts, ensure_ascii=False))
    else:
        print("\n".join(_lines(record, is_new=done is not None, folder=str(folders.published / "segments"))))
    stop_on_undelivered(undelivered)
    stop_on_left_out((record or {}).get("left_out", []))


def _lines(record: Mapping[str, Any] | None, *, is_new: bool, folder: str) -> Iterator[str]:
    if record is None:
        yield "nothing new since the night; nothing was published"
        return
    if not is_new:
        yield f"hour {record['hour']}: nothing new since, nothing was published"
        return
    people = record["people"]
    yield f"hour {record['hour']}, after the night of {record['night_run_id'][:10]}"
    yield f"run  {record['run_id']}"
    yield f"Records    {counted(people['new_records'], 'new source record')}, {people['waiting_records']:,} of them wait for the night"
    yield f"Lists in {folder}/{record['hour']}"
    for name, waterfall in record["segments"].items():
        yield f"  {name:<24} {waterfall['matched']:>8,} matched  {waterfall['exported']:>8,} exported"
    yield from left_out_lines(record.get("left_out", []))
    yield from (f"  {notice}" for notice in record["notices"])
