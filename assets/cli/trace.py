"""`cdp trace`: the raw lines behind a row of a list. Computes nothing."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import polars as pl

from assets.cli.aside import kept_database
from assets.cli.explain import run_of
from assets.cli.wording import counted, cut, plain
from assets.resources import no_run
from pipelines.channels import read_manifests
from pipelines.contracts.errors import ConfigurationError
from pipelines.identity.inquiry import members_on
from pipelines.publish import Line, Listed, read_row, trace


def print_trace(home: Path | None, config: Path | None, file: Path, number: int, *, as_json: bool) -> None:
    """Print file and line of every raw export that row `number` of a list rests on.

    Raises ConfigurationError for a file that is not a published list, a row that is not there, and a customer of whom no record is left.
    """
    listed = read_row(file, number)
    run = run_of(home, config)
    with no_run(run.home):
        # the night after an hour knows more of its records than the one before
        day = listed.as_of if listed.as_of <= run.as_of else listed.known_on
        members = members_on(run, None if day == run.as_of else day)
        records = members.filter(pl.col("customer_id") == listed.customer_id).collect()["source_record_key"].to_list()
        if not records:
            do = "`cdp explain` tells what became of the id; of who was forgotten nothing is kept"
            raise ConfigurationError(f"{listed.customer_id} has no record on {listed.as_of}", where=str(file), do=do)
        database = kept_database(run.home, day)
        lines = trace(replace(run, as_of=listed.as_of), listed, records, database)
        copies = {load_id: load.archive_path for load_id, load in read_manifests(run.home).items()}
    missing = None if database else f"the database of {day} is not kept: payments and refunds that name no person are not told"
    if as_json:
        facts = {"row": number, **asdict(listed), "source_record_count": len(records), "note": missing}
        facts["lines"] = [asdict(line) | {"copy": copies.get(line.load_id)} for line in lines]
        print(json.dumps(facts, ensure_ascii=False, default=str))
        return
    print("\n".join(_lines(listed, number, len(records), lines, copies)))
    if missing:
        print(f"note  {missing}")


def _lines(listed: Listed, number: int, records: int, lines: Sequence[Line], copies: Mapping[str, str]) -> Iterator[str]:
    yield f"row {number} of {listed.segment_name}, {listed.hour or listed.as_of}: customer {listed.customer_id}, run {listed.run_id}"
    files = len({line.file_path for line in lines})
    yield f"rests on {counted(len(lines), 'fact')} of {counted(records, 'source record')} in {counted(files, 'file')}"
    tables = Counter(line.table_name.removeprefix("channel_") for line in lines)
    yield ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in sorted(tables.items()))
    rows, file = [], None
    for line in lines:
        if line.file_path != file:
            file = line.file_path
            rows.append(f"{plain(file)}  ({line.format_name}; kept as lake/files/{copies.get(line.load_id, '')})")
        rows.append(f"  line {line.line:<6} {line.table_name.removeprefix('channel_'):<15} {plain(line.key)}")
    yield ""
    yield from cut(rows)
