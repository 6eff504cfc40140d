"""One lazy frame of raw cells a file, whatever its container: a column `cell:<field>` each, and the line of every record."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from polars.exceptions import PolarsError

from pipelines.channels.blocks import CELL_END, RECORD_END
from pipelines.channels.containers import UnreadableError
from pipelines.channels.contract import FieldSpec, FormatSpec
from pipelines.channels.inspection import Inspected
from pipelines.channels.json_paths import outermost, schema, taken_apart, value
from pipelines.channels.quotes import Ints
from pipelines.channels.recognition import header_of, normal_header
from pipelines.contracts.declarations import nearest

SOURCE_ROW = "source_row"
_COMPARED, _TOLD = 500, 5  # headers that a missing one is compared with, and missing ones that are told
_INDEX = "_index"
# text that is parsed at once, two of them beside each other: about five times as much memory while they are typed
PIECE_BYTES = 1 << 25
_MANY_BROKEN, _PART_BYTES = 1000, 1 << 24
_DECIMAL_TYPES = ("amount", "price", "quantity")


@dataclass(frozen=True, slots=True)
class Scan:
    """Raw cells of all records that can be read, in file order, with SOURCE_ROW."""

    cells: pl.LazyFrame
    natives: Mapping[str, pl.DataType | None]  # type of a field's column where the container has types
    dropped_columns: int
    missing_columns: tuple[str, ...] = ()  # that may be missing, and are


def cell(field: str) -> str:
    """Name of the raw cell of a field."""
    return f"cell:{field}"


def resolve(spec: FormatSpec, headers: Sequence[str]) -> dict[str, str | None]:
    """Which header each field reads; None for an optional one that the file lacks.

    Raises UnreadableError naming the required headers that are missing, each with the closest one that the contract does not read.
    """
    names = list(dict.fromkeys(headers))
    found = {field: header_of(rule, names) for field, rule in spec.fields.items()}
    lacking = lacking_columns(spec, names)
    if lacking:
        free = sorted(set(names[:_COMPARED]) - {*found.values()})
        told = "; ".join(f"{label!r}{nearest(normal_header(label), free)}" for label in lacking[:_TOLD])
        more = f" and {len(lacking) - _TOLD} more" if len(lacking) > _TOLD else ""
        what = f"follows {spec.format} but lacks the column{'s' if len(lacking) > 1 else ''} {told}{more}"
        raise UnreadableError(what, "export it with every column of the contract, or mark them `optional` in a contract of your own")
    return found


def lacking_columns(spec: FormatSpec, names: Sequence[str]) -> list[str]:
    """Labels of the fields that the contract cannot do without and that no header gives."""
    return [
        rule.label for rule in spec.fields.values() if not rule.optional and rule.above_header is None and header_of(rule, names) is None
    ]


def _missing(spec: FormatSpec, found: Mapping[str, str | None]) -> tuple[str, ...]:
    return tuple(rule.label for field, rule in spec.fields.items() if found[field] is None and rule.above_header is None)


@dataclass(frozen=True, slots=True)
class Piece:
    """Whole records of a text, from record `first` (0 for the first of the file) on."""

    text: bytes
    first: int
    count: int


def pieces(file: Inspected, piece_bytes: int) -> Iterator[Piece]:
    """The records of a text, `piece_bytes` at a time, in order."""
    is_json = file.layout.format.spec.is_json
    record_end = RECORD_END if file.is_rewritten and not is_json else b"\n"
    first, rest = 0, b""
    with io.BytesIO(file.text) if isinstance(file.text, bytes) else file.text.open("rb") as stream:
        for _ in range(0 if file.is_rewritten else file.layout.head_lines):
            stream.readline()
        while first < file.lines.records and (block := stream.read(piece_bytes)):
            text = rest + block
            end = text.rfind(record_end) + 1
            text, rest = text[:end], text[end:]
            count = min(text.count(record_end), file.lines.records - first)
            if count:
                yield Piece(text, first, count)
                first += count
    if rest and first < file.lines.records:
        yield Piece(rest, first, 1)


def scan_text(file: Inspected, piece: Piece | None = None) -> Scan:
    """Cells of a delimited or JSON file, or of a piece of it."""
    spec, headers = file.layout.format.spec, file.layout.headers
    if spec.is_json:
        return _scan_json(file, spec, piece)
    found = resolve(spec, headers)
    if piece is not None:
        source: bytes | str = piece.text
    else:
        source = file.text if isinstance(file.text, bytes) else str(file.text)
    is_bare = file.is_rewritten or piece is not None
    frame = pl.scan_csv(
        source,
        has_header=False,
        schema={str(position): pl.String() for position in range(len(headers))},
        separator=CELL_END.decode() if file.is_rewritten else spec.delimiter,
        eol_char=RECORD_END.decode() if file.is_rewritten else "\n",
        quote_char=None,
        skip_lines=0 if is_bare else file.layout.head_lines,
        # without a footer the whole rest is data, and a row limit would only slow the reader
        n_rows=(file.lines.records if piece is None else piece.count) if spec.footer and not file.is_rewritten else None,
        row_index_name=_INDEX,
        row_index_offset=0 if piece is None else piece.first,
        raise_if_empty=False,
        glob=False,
    )
    places = {name: pl.col(str(position)) for position, name in reversed(list(enumerate(headers)))}
    cells = {field: _delimited(rule, found[field], places, file.layout.preamble) for field, rule in spec.fields.items()}
    named = sum(1 for name in headers if name)
    following = {name for rule in spec.fields.values() for name in map(normal_header, rule.followed_by) if name in places}
    dropped = named - len({name for name in found.values() if name is not None} | following)
    return Scan(_frame(frame, cells, file), dict.fromkeys(spec.fields), dropped, _missing(spec, found))


def _delimited(rule: FieldSpec, header: str | None, places: Mapping[str, pl.Expr], preamble: str) -> pl.Expr:
    """Text of a field of a delimited file: its cell with those that follow it, or what the lines above the header or the header say."""
    if rule.above_header is not None or rule.in_header is not None:
        match = re.search(rule.above_header, preamble) if rule.above_header else re.fullmatch(rule.in_header or "", header or "")
        return pl.lit(match.group(1) if match else None, pl.String())
    if header is None:
        return pl.lit(None, pl.String())
    following = [places[name] for name in map(normal_header, rule.followed_by) if name in places]
    return pl.concat_str(places[header], *following, separator=" ", ignore_nulls=True) if following else places[header]


def _frame(frame: pl.LazyFrame, cells: Mapping[str, pl.Expr], file: Inspected) -> pl.LazyFrame:
    row = _line_of_record(file)
    return frame.select(row.alias(SOURCE_ROW), *(expression.alias(cell(field)) for field, expression in cells.items()))


def _line_of_record(file: Inspected) -> pl.Expr:
    """Physical line from the record's position: an addition where no line was left out, a binary search else."""
    lines, index = file.lines, pl.col(_INDEX).cast(pl.Int64)
    if len(lines.rows) <= 1:
        return index + (lines.offsets[0] if lines.offsets else 1)
    return index.map_batches(lambda batch: pl.Series(lines.line_of(batch.to_numpy())), return_dtype=pl.Int64(), is_elementwise=True)


def _scan_json(file: Inspected, spec: FormatSpec, piece: Piece | None) -> Scan:
    types = _json_schema(spec)
    source, first = (file.text, 0) if piece is None else (piece.text, piece.first)
    frame = pl.scan_ndjson(source, schema=types, row_index_name=_INDEX, row_index_offset=first)
    if spec.each is not None:
        frame = taken_apart(frame, spec.each, types)
    values = {field: [value(path, spec.each) for path in rule.column] for field, rule in spec.fields.items()}
    cells = {field: pl.coalesce(found) if len(found) > 1 else found[0] for field, found in values.items()}
    read = {outermost(path) for rule in spec.fields.values() for path in rule.column}
    dropped = sum(name not in read and name != spec.each for name in file.layout.headers)
    return Scan(_frame(frame, cells, file), dict.fromkeys(spec.fields), dropped)


def _json_schema(spec: FormatSpec) -> dict[str, pl.DataType]:
    return schema((path for rule in spec.fields.values() for path in rule.column), spec.each)


def broken_json_lines(file: Inspected) -> Ints:
    """Physical lines of the records that the JSON parser refuses, found by halving: a few parses for each of them.

    Raises UnreadableError where they are most of many: then it is another kind of file, and each costs a millisecond.
    """
    dtype = _json_schema(file.layout.format.spec)
    found: list[int] = []
    for piece in pieces(file, _PART_BYTES):
        lines = pl.Series(piece.text.decode().split("\n")[: piece.count])
        spans = [(0, len(lines))]
        while spans:
            begin, end = spans.pop()
            if begin == end or _parses(lines[begin:end], dtype):
                continue
            if end - begin == 1:
                found.append(piece.first + begin)
                # from the first line on, so that `end` lines were looked at
                if len(found) > _MANY_BROKEN and len(found) > (piece.first + end) / 2:
                    what = f"has more than {_MANY_BROKEN} records that are no JSON object of the kind that {file.layout.format.name} reads"
                    raise UnreadableError(what, "check what was exported")
                continue
            middle = (begin + end) // 2
            spans += [(middle, end), (begin, middle)]
    return file.lines.line_of(np.array(found, dtype=np.int64))


def _parses(lines: pl.Series, dtype: dict[str, pl.DataType]) -> bool:
    text = "\n".join(lines.to_list()).encode()
    try:
        return pl.scan_ndjson(text, schema=dtype).collect().height == len(lines)
    except PolarsError:
        return False


def scan_parquet(path: Path, spec: FormatSpec, first: int = 0, count: int | None = None) -> Scan:
    """Cells of a Parquet file: times as they are, everything else as text, so that one rule reads every container."""
    frame = pl.scan_parquet(path, row_index_name=_INDEX, glob=False)
    schema = frame.collect_schema()
    frame = frame.slice(first, count)
    found = resolve(spec, [name for name in schema if name != _INDEX])
    natives = {field: None if name is None else schema[name] for field, name in found.items()}
    cells = {field: _native(name, schema, spec.fields[field]) for field, name in found.items()}
    selected = frame.select(
        (pl.col(_INDEX).cast(pl.Int64) + 1).alias(SOURCE_ROW), *(expression.alias(cell(field)) for field, expression in cells.items())
    )
    dropped = len(schema) - 1 - len({name for name in found.values() if name is not None})
    return Scan(selected, natives, dropped, _missing(spec, found))


def _native(name: str | None, schema: Mapping[str, pl.DataType], rule: FieldSpec) -> pl.Expr:
    if name is None:
        return pl.lit(None, pl.String())
    column, dtype = pl.col(name), schema[name]
    if dtype.is_temporal():
        return column
    if dtype.is_float() and rule.type in _DECIMAL_TYPES:
        # sums of floats leave dust: 27 cells of Complete Journey hold 1.8e-15 for nothing. Twelve decimals keep every real one
        column = column.fill_nan(None).cast(pl.Decimal(38, 12))
    return column.cast(pl.String)
