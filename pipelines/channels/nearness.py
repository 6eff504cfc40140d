"""Which contracts a file that follows none comes closest to, and what stands between them: headers that lack, headers nobody knows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl
from polars.exceptions import PolarsError

from pipelines.channels.containers import Packing, head_of
from pipelines.channels.documents import first_records
from pipelines.channels.encodings import decoded_head, encoding_by_mark
from pipelines.channels.formats import Format
from pipelines.channels.recognition import header_of, header_rows, json_paths, normal_header
from pipelines.channels.scans import lacking_columns
from pipelines.contracts.declarations import closest

_DELIMITERS = (",", "\t", ";", "|")
_COMPARED = 500  # headers; a hostile file has a hundred thousand
_SHOWN = 3
_LEAST = 0.3  # of the headers; with less a contract has nothing to do with the file
_ROWS = 40  # that may be the header


@dataclass(frozen=True, slots=True)
class Near:
    """A contract that a file nearly follows. Of each missing column the closest header that the contract does not read, or None."""

    format_name: str
    share: float  # of the headers that it is recognized by
    missing: tuple[tuple[str, str | None], ...]
    unknown: tuple[str, ...]  # headers that it would leave
    ruled_out_by: tuple[str, ...]  # headers that say it is another export


def nearest_formats(path: Path, packing: Packing, formats: Sequence[Format]) -> list[Near]:
    """At most three, nearest first; none for a file that shares few headers with any."""
    best: dict[str, Near] = {}
    for headers in _headers(path, packing):
        names = list(dict.fromkeys(name for name in headers[:_COMPARED] if name))
        for item in formats:
            share = _share(item, names)
            if share >= _LEAST and (item.name not in best or share > best[item.name].share):
                best[item.name] = _near(item, names, share)
    ranked = sorted(best.values(), key=lambda near: (-near.share, len(near.missing), len(near.unknown), near.format_name))
    return ranked[:_SHOWN]


def _headers(path: Path, packing: Packing) -> Iterator[tuple[str, ...]]:
    """Every row that may be the header, for every way to read the beginning of the file."""
    if packing is Packing.PARQUET:
        try:
            yield tuple(pl.read_parquet_schema(path))
        except (PolarsError, OSError):
            return
        return
    head = head_of(path, packing)
    marked = encoding_by_mark(head)
    for encoding in [marked] if marked else ["utf-8", "gb18030"]:
        text = decoded_head(head, encoding, strict=True)
        if text is None:
            continue
        lines = text.splitlines()
        yield json_paths(lines)
        yield json_paths(line.decode("utf-8", "replace") for line in first_records(text.encode("utf-8", "replace"), ()))
        for delimiter in _DELIMITERS:
            yield from header_rows(text, delimiter, _ROWS)
        return


def _share(item: Format, names: Sequence[str]) -> float:
    wanted = [normal_header(name) for name in item.spec.detect]
    return sum(name in names for name in wanted) / len(wanted)


def _near(item: Format, names: Sequence[str], share: float) -> Near:
    read = {header_of(field, names) for field in item.spec.fields.values()}
    free = [name for name in names if name not in read]
    lacking = dict.fromkeys([name for name in map(normal_header, item.spec.detect) if name not in names])
    lacking |= dict.fromkeys(map(normal_header, lacking_columns(item.spec, names)))
    against = tuple(name for name in map(normal_header, item.spec.absent) if name in names)
    return Near(item.name, share, tuple((label, closest(label, free)) for label in lacking), tuple(free), against)
