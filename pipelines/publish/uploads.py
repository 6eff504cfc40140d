"""Write the files of the destinations of one list into its folder, and say what became of its people there."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from pipelines.contracts.engine import fetch_frame
from pipelines.contracts.run import Run
from pipelines.contracts.segment_changes import previously_published
from pipelines.contracts.segments import Segment
from pipelines.contracts.settings.publishing import Destination, WechatTemplate
from pipelines.publish.audience import create_audience
from pipelines.publish.destinations import File, Layout, Listed, files, layout_of
from pipelines.publish.files import described, write_private


@dataclass(frozen=True, slots=True)
class Uploads:
    """Files by name as a manifest describes them; destinations by name with their counts; notices in words."""

    files: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    destinations: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    notices: tuple[str, ...] = ()


def write_uploads(connection: duckdb.DuckDBPyConnection, run: Run, segment: Segment, labels: Mapping[str, str], folder: Path) -> Uploads:
    """Write the files of every destination that takes the list. Reads the table `people` and the permissions."""
    made: dict[str, Mapping[str, Any]] = {}
    counts: dict[str, Mapping[str, Any]] = {}
    notices: list[str] = []
    for name, settings in run.config.publish.destinations.items():
        layout = layout_of(settings, Listed(segment.name, segment.channel, labels)) if segment.name in settings.segments else None
        if layout is None:
            continue
        people = _people(connection, segment, settings, layout)
        reached = people.filter(pl.any_horizontal(pl.col(layout.reached_by) != ""))
        rows = reached.unique(maintain_order=True)
        counts[name] = {
            "kind": settings.kind,
            "people": people.height,
            "left_out": people.height - reached.height,
            "row_count": rows.height,
        }
        parts = [_write(file, name, folder) for file in files(name, layout, rows)]
        told = list(_notices(layout, rows.height, len(parts)))
        if layout.removal is not None and getattr(settings, "removals", False):
            gone, why = _gone(run, segment, name, layout, rows)
            told += [why] if why else []
            parts += [_write(file, name, folder, is_removal=True) for file in files(f"{name}.removed", layout.of_removals(), gone)]
        made |= dict(parts)
        notices += (f"{segment.name}, {name}: {notice}" for notice in told)
    return Uploads(made, counts, tuple(notices))


def _write(file: File, destination: str, folder: Path, **facts: bool) -> tuple[str, dict[str, Any]]:
    write_private(folder / file.name, file.content)
    return file.name, described(folder / file.name, file.row_count) | {"destination": destination, **facts}


def _notices(layout: Layout, row_count: int, file_count: int) -> Iterator[str]:
    limits = layout.limits
    if not row_count:
        yield f"no file, as nobody on the list {layout.consent.value}"
    elif row_count < limits.least:
        yield f"only {row_count:,} in the file, and {limits.least_for}"
    if limits.most_files is not None and file_count > limits.most_files:
        yield f"{file_count:,} files, and it takes {limits.most_files:,} at most"


def _people(connection: duckdb.DuckDBPyConnection, segment: Segment, settings: Destination, layout: Layout) -> pl.DataFrame:
    """A row per person of the list in the order of their ids, a column of text for each field, empty where there is nothing."""
    create_audience(connection, layout.consent, segment.channel, settings.appid if isinstance(settings, WechatTemplate) else "")
    fields = ", ".join(f"coalesce(cast({one.value} as varchar), '') as \"{one.header}\"" for one in layout.fields)
    return fetch_frame(connection, f"select {fields} from audience order by customer_id")


def _gone(run: Run, segment: Segment, name: str, layout: Layout, rows: pl.DataFrame) -> tuple[pl.DataFrame, str]:
    """What the files of the list before held and those of today hold no more, and why that is not known where it is not.

    Compared by what was uploaded, not by who was on the list: whoever was never uploaded is not told of now. Cell by cell, so that a
    person with a new phone is not removed by an e-mail that stays.
    """
    removal, nobody = layout.removal, rows.select(layout.reached_by).clear()
    before_it = previously_published(run, segment.name)
    if before_it is None or removal is None:
        return nobody, ""
    folder = run.home.segments(before_it) / segment.name
    manifest = json.loads((folder / "manifest.json").read_bytes())
    before = [file for file, told in manifest["files"].items() if told.get("destination") == name and not told.get("is_removal")]
    if not before:
        return nobody, ""
    if any(file in manifest.get("erased", {}) or not (folder / file).is_file() for file in before):
        return nobody, f"who left cannot be told, as files of {before_it} were erased: let the receiver replace its audience by this one"
    past = pl.concat([removal.read((folder / file).read_bytes(), nobody.columns) for file in before])
    cells = past.select(
        pl.when(pl.col(name).is_in(rows[name].implode())).then(pl.lit("")).otherwise(name).alias(name) for name in nobody.columns
    )
    return cells.filter(pl.any_horizontal(pl.all() != "")).unique(maintain_order=True), ""
