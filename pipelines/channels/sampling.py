"""The beginning of a file that nobody knows, as a table of texts: encoding, container, delimiter, header and footer are found out."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import polars as pl
from polars.exceptions import PolarsError

from pipelines.channels.containers import ARCHIVES, Packing, UnreadableError, opened, packing_of
from pipelines.channels.contract import Container, Encoding
from pipelines.channels.deliveries import Delivered
from pipelines.channels.encodings import decoded_head, encoding_by_mark
from pipelines.channels.recognition import header_rows
from pipelines.channels.unpacking import Limits, unpack
from pipelines.channels.workbooks import sheet_text
from pipelines.contracts.config import Config
from pipelines.contracts.errors import ConfigurationError
from pipelines.contracts.masking import scrubbed

_BYTES = 1 << 24  # of plain text that is looked at
_ROWS, _OBJECTS = 20_000, 2_000
_ELEMENTS = 20_000  # of an array within records
_DELIMITERS = (",", "\t", ";", "|")
_JUDGED_RECORDS, _LAST_LINES = 50, 12
_LOOKED_AT = 40  # rows that may be the header
_HEAD_CHARACTERS = 1 << 17
_COLUMNS = 2_000  # more than any export of a shop has
_DEPTH = 3  # of the keys under which a JSON document may keep its records
# what no header says: numbers, times, addresses
_DATA = r"^[\s\d.,:;/+\-%`'¥$]+$|@|^\d{4}-\d\d"
_FOOTER = re.compile(r"^[#\-=]|^\W*(合计|总计|小计|总|汇总|grand total|total|sum)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Sample:
    """What was found out. `rows` holds one column a header (JSON: dotted path), texts unless the container has types."""

    container: Container
    rows: pl.DataFrame
    encoding: Encoding | None = None
    delimiter: str = ","
    quoting: Literal["rfc4180", "none"] = "rfc4180"
    preamble_lines: int = 0
    footer: tuple[str, ...] = ()  # how its lines begin
    records: str | None = None
    is_whole: bool = True
    lead: str = ""  # what every data line begins with
    always: frozenset[str] | None = None  # of JSON: paths that every record has, filled or not
    arrays: Mapping[str, pl.DataFrame] = field(default_factory=dict)  # of JSON: elements of each array of objects, a column a whole path


def sample_of(path: Path, config: Config, folder: Path) -> Sample:
    """What is in the file; `folder` is for what has to be unpacked.

    Raises ConfigurationError where it cannot be read, holds no table, or is an archive of several files.
    """
    try:
        sample = _sample_of(path, config, folder)
    except (UnreadableError, PolarsError, OSError) as error:
        told = str(error) if isinstance(error, UnreadableError) else "the file cannot be read"
        raise ConfigurationError(told, where=str(path), do="check what was exported") from error
    if sample is None:
        raise ConfigurationError("holds no table that can be told apart", where=str(path), do="export it as CSV, JSON, Excel or Parquet")
    if sample.rows.width > _COLUMNS:
        raise ConfigurationError(f"has {sample.rows.width:,} columns", where=str(path), do="check what was exported")
    return sample


def _sample_of(path: Path, config: Config, folder: Path) -> Sample | None:
    packing = packing_of(path)
    if packing in ARCHIVES:
        path = _only_member(path, packing, config, folder)
        packing = packing_of(path)
    if packing is Packing.PARQUET:
        return Sample("parquet", pl.read_parquet(path, n_rows=_ROWS))
    if packing is Packing.XLSX:
        path, packing = sheet_text(path, folder / "sheet.csv", config.channels.max_workbook_bytes), Packing.PLAIN
    with opened(path, packing) as stream:
        data = stream.read(_BYTES + 1)
    return _of_text(data[:_BYTES], is_whole=len(data) <= _BYTES)


def _only_member(path: Path, packing: Packing, config: Config, folder: Path) -> Path:
    limits = Limits(config.channels.max_unpacked_bytes, config.channels.max_unpacked_files)
    info = path.stat()
    members = unpack(Delivered(path, path.name, info.st_size, info.st_mtime_ns), packing, folder / "member", limits)
    if len(members) > 1:
        names = ", ".join(member.name.partition("/")[2] for member in members[:5])
        raise ConfigurationError(f"holds {len(members)} files: {names}", where=str(path), do="unpack it and name one of them")
    return members[0].path


def _of_text(data: bytes, *, is_whole: bool) -> Sample | None:
    marked = encoding_by_mark(data)
    candidates: Sequence[Encoding] = [marked] if marked else ["utf-8", "gb18030"]
    for encoding in candidates:
        text = decoded_head(data, encoding, strict=marked is None)
        if text is not None:
            sample = _json_lines(text, encoding) or _json_document(text, encoding, is_whole=is_whole)
            found = sample or _delimited(text, encoding, is_whole=is_whole)
            if found is not None:
                return found
    return None


def _json_lines(text: str, encoding: Encoding) -> Sample | None:
    lines = [line for line in text.splitlines() if line.strip()][:_OBJECTS]
    if not lines or not lines[0].lstrip().startswith("{"):
        return None
    found = [value for line in lines if isinstance(value := _parsed(line), dict)]
    if len(found) == 1 and any(isinstance(item, dict) for _, value in _arrays(found[0], ()) for item in value):
        return None  # a document on one line
    return _of_records("json_lines", found, encoding) if len(found) > len(lines) // 2 else None


def _json_document(text: str, encoding: Encoding, *, is_whole: bool) -> Sample | None:
    if not is_whole or text.lstrip()[:1] not in ("[", "{"):
        return None
    for keys, value in _arrays(_parsed(text), ()):
        objects = [item for item in value[:_OBJECTS] if isinstance(item, dict)]
        if objects:
            return _of_records("json", objects, encoding, ".".join(keys) or None)
    return None


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _arrays(value: Any, keys: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], list[Any]]]:
    if isinstance(value, list):
        yield keys, value
    elif isinstance(value, dict) and len(keys) < _DEPTH:
        for key, item in value.items():
            yield from _arrays(item, (*keys, str(key)))


def _of_records(
    container: Literal["json", "json_lines"], objects: Sequence[Mapping[str, Any]], encoding: Encoding, records: str | None = None
) -> Sample:
    elements: dict[str, list[Mapping[str, Any]]] = {}
    for item in objects:
        for path, found in _object_arrays(item, ""):
            some = elements.setdefault(path, [])
            some.extend(found[: _ELEMENTS - len(some)])
    arrays = {path: _flat(found, f"{path}.") for path, found in elements.items()}
    return Sample(container, _flat(objects), encoding, records=records, always=_always(objects), arrays=arrays)


def _flat(objects: Sequence[Mapping[str, Any]], prefix: str = "") -> pl.DataFrame:
    rows = [dict(_scalars(item, prefix)) for item in objects]
    names = list(dict.fromkeys(name for row in rows for name in row))
    return pl.DataFrame({name: [row.get(name) for row in rows] for name in names}, schema=dict.fromkeys(names, pl.String))


def _always(objects: Sequence[Mapping[str, Any]]) -> frozenset[str]:
    return frozenset.intersection(
        *(frozenset([*(name for name, _ in _scalars(item, "")), *(name for name, _ in _object_arrays(item, ""))]) for item in objects)
    )


def _object_arrays(value: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, list[Mapping[str, Any]]]]:
    """Arrays that hold objects, by their path; those within other arrays no contract can read one by one."""
    for key, item in value.items():
        if not _is_step(key):
            continue
        if isinstance(item, dict) and prefix.count(".") < _DEPTH:
            yield from _object_arrays(item, f"{prefix}{key}.")
        elif isinstance(item, list) and any(isinstance(element, dict) for element in item):
            yield f"{prefix}{key}", [element for element in item if isinstance(element, dict)]


def _is_step(key: Any) -> bool:
    """False for what a path cannot name."""
    return re.fullmatch(r"[^.\[\]\ud800-\udfff]+", str(key)) is not None


def _scalars(value: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, str | None]]:
    for key, item in value.items():
        if not _is_step(key) or isinstance(item, list):
            continue
        if isinstance(item, dict):
            if prefix.count(".") < _DEPTH:
                yield from _scalars(item, f"{prefix}{key}.")
        else:
            text = None if item is None else item if isinstance(item, str) else json.dumps(item)
            yield f"{prefix}{key}", None if text is None else text.encode("utf-8", "replace").decode()


def _delimited(text: str, encoding: Encoding, *, is_whole: bool) -> Sample | None:
    best: tuple[float, str, int, tuple[str, ...]] | None = None
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for delimiter in _DELIMITERS:
        widths = _widths(lines, delimiter)
        for skipped, found in enumerate(header_rows(text[:_HEAD_CHARACTERS], delimiter, _LOOKED_AT)):
            headers = tuple("" if re.fullmatch(r"(__\d+)?", name) else name for name in found)
            score = _header_score(headers, widths[skipped + 1 :], skipped)
            if score is not None and (best is None or score > best[0]):
                best = (score, delimiter, skipped, headers)
    if best is None:
        return None
    _, delimiter, skipped, headers = best
    footer = _footer(lines, delimiter, len(headers)) if is_whole else ()
    rows, quoting = _rows("\n".join(lines[skipped:]), delimiter, len(headers))
    rows.columns = [name or f"unnamed__{position}" for position, name in enumerate(headers)]
    if footer:
        first = rows.to_series(0).fill_null("")
        is_footer = pl.any_horizontal(first.str.starts_with(begin).alias(str(number)) for number, begin in enumerate(footer))
        places = rows.select(is_footer.arg_true()).to_series()
        position = int(places[0]) if len(places) else rows.height
        rows = rows.head(position)
    sample = Sample("delimited", rows.head(_ROWS), encoding, delimiter, quoting, skipped, footer, is_whole=is_whole)
    # bills put a backtick before every cell and quote none: with it, a comma in a cell parts nothing
    is_ticked = rows.height > 0 and rows.to_series(0).str.starts_with("`").fill_null(False).all()
    return replace(sample, delimiter=f"{delimiter}`", lead="`", quoting="none") if is_ticked else sample


def _widths(lines: Sequence[str], delimiter: str) -> list[int]:
    reader = csv.reader(lines[: _JUDGED_RECORDS + _LOOKED_AT], delimiter=delimiter)
    widths: list[int] = []
    with suppress(csv.Error):  # what was read until then is enough
        for cells in reader:
            widths.append(len(cells))
    return widths


def _header_score(headers: Sequence[str], widths: Sequence[int], skipped: int) -> float | None:
    """How much a row looks like a header: as wide as what follows, filled, without repetition, and no data itself."""
    filled = [name for name in headers if name]
    below = [width for width in widths if width > 1][:_JUDGED_RECORDS]
    # a file without a header begins with somebody's row
    if len(filled) < 2 or re.search(_DATA, filled[0]) or any(scrubbed(name) != name for name in filled):
        return None
    same = [abs(width - len(headers)) <= 1 for width in below]
    alike = (same[0] + sum(same) / len(same)) / 2 if same else 0.5
    words = sum(not re.search(_DATA, name) for name in filled) / len(filled)
    return alike + words + len(filled) / len(headers) + min(len(filled), 50) / 50 - skipped / 10


def _footer(lines: Sequence[str], delimiter: str, width: int) -> tuple[str, ...]:
    """How the lines below the data begin: other lines than rows, at the very end."""
    begins: list[str] = []
    for line in reversed([line for line in lines if line.strip()][-_LAST_LINES:]):
        cells = next(csv.reader([line], delimiter=delimiter), [])
        if not cells:
            break
        begin = cells[0].strip("\ufeff \"'`")
        if not begin or (len(cells) == width and not _FOOTER.search(begin)) or scrubbed(begin) != begin:
            break
        if len(cells) != width and not _FOOTER.search(begin) and not begins and len(cells) > width // 2:
            break  # a broken row
        # totals stand in two lines, words and then numbers: the words are where the footer begins
        if re.search(r"[^\W\d_]|^[#\-=]", begin):
            begins.append(begin[0] if begin[0] in "#-=" else begin[:20])
    return tuple(dict.fromkeys(reversed(begins)))


def _rows(text: str, delimiter: str, width: int) -> tuple[pl.DataFrame, Literal["rfc4180", "none"]]:
    for quoting, quote in (("rfc4180", '"'), ("none", None)):
        try:
            rows = pl.read_csv(
                text.encode("utf-8", "replace"),
                has_header=False,
                schema={str(position): pl.String() for position in range(width)},
                separator=delimiter,
                quote_char=quote,
                n_rows=_ROWS + _LAST_LINES,
                truncate_ragged_lines=True,
                raise_if_empty=False,
            )
        except PolarsError:
            continue
        # the header is read with the rows: the reader takes the width of a file from its first line, which may be a broken one
        return rows.slice(1), "none" if quoting == "none" else "rfc4180"
    return pl.DataFrame(schema={str(position): pl.String() for position in range(width)}), "rfc4180"
