"""Which contract a file follows, by its header set alone: found in the first lines, in any of the encodings, most specific first."""

from __future__ import annotations

import codecs
import csv
import io
import json
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pipelines.channels.containers import UnreadableError
from pipelines.channels.contract import Encoding, FieldSpec, FormatSpec
from pipelines.channels.documents import first_records
from pipelines.channels.encodings import decoded_head, encoding_by_mark, line_end_of
from pipelines.channels.foreign import told
from pipelines.channels.formats import Format
from pipelines.contracts.declarations import nearest

_HEADER_LINES = 12  # of one header, whose cells may hold line breaks
_SAMPLED_OBJECTS = 100
_HINTED_HEADERS = 1000
_PERSONAL = re.compile(r"\d{5}|@")
_PROTECTION = "\ufeff \t\r\n\"'`\u3000\u00a0\u200b"


@dataclass(frozen=True, slots=True)
class Layout:
    """A recognized file: the contract, and how to get at its records."""

    format: Format
    encoding: Encoding
    headers: tuple[str, ...]  # normal forms, a repeated one as `name__2`; for JSON the dotted paths of the first objects
    preamble_lines: int = 0
    preamble: str = ""
    header_lines: int = 0
    line_end: str = "\n"
    array: tuple[str, ...] | None = None  # keys of the array that holds the records of a JSON document; None for one record a line

    @property
    def head_lines(self) -> int:
        return self.preamble_lines + self.header_lines + self.format.spec.rows_below_header


@dataclass(frozen=True, slots=True)
class _Miss:
    """A contract that a line almost fits as a header."""

    share: float  # of the headers that it is recognized by
    format_name: str
    lacking: str
    headers: Sequence[str]


def _unknown(misses: Sequence[_Miss]) -> UnreadableError:
    hint = ""
    if misses:
        best = max(misses, key=lambda miss: miss.share)
        # the nearest of a hundred thousand names would take a minute; a cell with a number or an address is somebody's, not a header
        named = [name for name in best.headers[:_HINTED_HEADERS] if not _PERSONAL.search(name)]
        hint = f"; the nearest is {best.format_name}, whose {best.lacking!r} it lacks{nearest(best.lacking, named)}"
    return UnreadableError(f"follows no contract{hint}", "add a contract for it, or remove it from the deliveries", kind="unknown_format")


def normal_header(cell: str) -> str:
    """A header cell without protection: outer spaces, quotes, marks, line breaks; full-width forms folded (NFKC)."""
    text = unicodedata.normalize("NFKC", cell.replace("\r", "").replace("\n", ""))
    return text.removeprefix("=").strip(_PROTECTION)


def recognize_text(head: bytes, formats: Sequence[Format], *, without: frozenset[Encoding] = frozenset()) -> Layout:
    """The contract of a text file. Raises UnreadableError saying what is missing from the nearest one."""
    if not head.removeprefix(codecs.BOM_UTF8).strip():
        raise UnreadableError("holds nothing but blanks" if head.strip(codecs.BOM_UTF8) else "is empty")
    marked = encoding_by_mark(head)
    wanted = [spec_encoding for item in formats for spec_encoding in item.spec.encodings]
    encodings = [marked] if marked else [name for name in dict.fromkeys(["utf-8", *wanted]) if name not in without]
    misses: list[_Miss] = []
    is_text = False
    for strict in (True, False):
        for encoding in encodings:
            text = decoded_head(head, encoding, strict=strict)
            if text is None:
                continue
            is_text |= strict
            allowed = [item for item in formats if marked or encoding in item.spec.encodings]
            layout = _json_layout(text, encoding, allowed, misses) or _delimited_layout(text, encoding, allowed, misses)
            if layout is not None:
                return layout
        if is_text:
            break
    foreign = told(head)
    if foreign is not None:
        raise foreign
    if not is_text and not misses:
        raise UnreadableError("is not text in UTF-8 or GB18030, nor any other kind that is known", "export it as CSV in UTF-8")
    raise _unknown(misses)


def recognize_columns(columns: Sequence[str], formats: Sequence[Format]) -> Layout:
    """The contract of a Parquet file by its column names."""
    misses: list[_Miss] = []
    candidates = [item for item in formats if item.spec.container == "parquet"]
    best = _best(tuple(columns), candidates, misses)
    if best is None:
        raise _unknown(misses)
    return Layout(best, "utf-8", tuple(columns))


def _delimited_layout(text: str, encoding: Encoding, formats: Sequence[Format], misses: list[_Miss]) -> Layout | None:
    line_end = line_end_of(text)
    lines = (text.replace("\r", "\n") if line_end == "\r" else text).splitlines(keepends=True)
    lines = _physical(lines)
    delimited = [item for item in formats if item.spec.container == "delimited"]
    found: list[Layout] = []
    for delimiter in sorted({item.spec.delimiter[0] for item in delimited}):
        candidates = [item for item in delimited if item.spec.delimiter[0] == delimiter]
        for skipped in range(min(max(item.spec.header_within for item in candidates), len(lines))):
            cells, count = _record(lines[skipped:], delimiter)
            headers = tuple(_unrepeated(map(normal_header, cells)))
            best = _best(headers, [item for item in candidates if skipped < item.spec.header_within], misses)
            if best is not None:
                found.append(Layout(best, encoding, headers, skipped, "".join(lines[:skipped]), count, line_end))
                break
    return max(found, key=lambda layout: len(layout.format.spec.detect), default=None)


def header_rows(text: str, delimiter: str, row_count: int) -> list[tuple[str, ...]]:
    """The normal headers that each of the first rows would give, for a file that follows no contract."""
    lines = _physical((text.replace("\r", "\n") if line_end_of(text) == "\r" else text).splitlines(keepends=True))
    records = (_record(lines[skipped:], delimiter)[0] for skipped in range(min(row_count, len(lines))))
    return [tuple(_unrepeated(map(normal_header, cells))) for cells in records]


def _physical(lines: list[str]) -> list[str]:
    """`splitlines` also cuts at form feeds and the like: only line feeds end a physical line."""
    return io.StringIO("".join(lines), newline="\n").readlines()


def _record(lines: Sequence[str], delimiter: str) -> tuple[list[str], int]:
    """Cells of the record that begins with the first line, and how many lines it takes."""
    reader = csv.reader(iter(lines[:_HEADER_LINES]), delimiter=delimiter)
    try:
        cells = next(reader, [])
    except csv.Error:
        return [], 1
    return cells, max(reader.line_num, 1)


def _unrepeated(headers: Iterable[str]) -> Iterator[str]:
    seen: dict[str, int] = {}
    for header in headers:
        seen[header] = seen.get(header, 0) + 1
        yield header if seen[header] == 1 else f"{header}__{seen[header]}"


def _json_layout(text: str, encoding: Encoding, formats: Sequence[Format], misses: list[_Miss]) -> Layout | None:
    """As JSON lines or as one document. A document may hold an object a line too, so it is tried first unless the first line is whole."""
    begin = text.lstrip("\ufeff \r\n\t")[:1]
    if begin == "[":
        return _document_layout(text, encoding, [()], formats, misses)
    if begin != "{":
        return None
    line_end = line_end_of(text)
    lines = text.split(line_end)
    arrays = sorted(tuple(item.spec.records.split(".")) for item in formats if item.spec.records)

    def as_lines() -> Layout | None:
        layout = _layout_of(lines, encoding, None, [item for item in formats if item.spec.is_json], misses)
        return None if layout is None else replace(layout, line_end=line_end)

    def as_document() -> Layout | None:
        return _document_layout(text, encoding, list(dict.fromkeys(arrays)), formats, misses)

    if json_paths([next(line for line in lines if line.strip("\ufeff \r\n\t"))]):
        return as_lines() or as_document()
    return as_document() or as_lines()


def _document_layout(
    text: str, encoding: Encoding, arrays: Sequence[tuple[str, ...]], formats: Sequence[Format], misses: list[_Miss]
) -> Layout | None:
    """The contract of the first of the arrays that is in the document and holds the records of one."""
    documents = [item for item in formats if item.spec.container == "json"]
    for array in arrays:
        lines = [line.decode("utf-8", "replace") for line in first_records(text.encode("utf-8", "replace"), array)]
        fitting = [item for item in documents if not array or item.spec.records == ".".join(array)]
        layout = _layout_of(lines, encoding, array, fitting, misses)
        if layout is not None:
            return layout
    return None


def _layout_of(
    lines: Iterable[str], encoding: Encoding, array: tuple[str, ...] | None, formats: Sequence[Format], misses: list[_Miss]
) -> Layout | None:
    """The contract of JSON objects, one a line, by the keys of the first of them."""
    paths = json_paths(lines)
    best = _best(paths, formats, misses)
    return None if best is None else Layout(best, encoding, paths, array=array)


def json_paths(lines: Iterable[str]) -> tuple[str, ...]:
    """Dotted paths of the first JSON objects among the lines."""
    paths: dict[str, None] = {}
    for line in [line for line in lines if line.strip()][:_SAMPLED_OBJECTS]:
        try:
            paths.update(dict.fromkeys(_paths(json.loads(line))))
        except (ValueError, RecursionError):
            continue  # no object, or one that nests a thousand deep: told when the file is read
    return tuple(paths)


def _paths(value: Any, prefix: str = "") -> Iterator[str]:
    if not isinstance(value, dict):
        yield prefix
        return
    for key, item in value.items():
        yield from _paths(item, f"{prefix}.{key}" if prefix else str(key))


def _best(headers: Sequence[str], formats: Sequence[Format], misses: list[_Miss]) -> Format | None:
    """The contract whose detect set the headers contain; of several the largest set, then what extends, then the most columns."""
    names = frozenset(headers) - {""}
    fits = []
    for item in formats:
        spec = item.spec
        lacking = [name for name in map(normal_header, spec.detect) if name not in names]
        if not lacking and not names & set(map(normal_header, spec.absent)):
            fits.append(((len(spec.detect), item.generation, _listed(spec, names), item.name), item))
        elif 0 < len(lacking) < len(spec.detect):
            share = 1 - len(lacking) / len(spec.detect)
            misses.append(_Miss(share, item.name, lacking[0], headers))
    return max(fits, key=lambda fit: fit[0])[1] if fits else None


def _listed(spec: FormatSpec, names: frozenset[str]) -> int:
    return sum(header_of(field, names) is not None for field in spec.fields.values())


def header_of(field: FieldSpec, names: Iterable[str]) -> str | None:
    """The header (normal form, of `names`) that a field is read from; None where the file has none."""
    if field.column:
        return next((name for name in map(normal_header, field.column) if name in names), None)
    pattern = field.column_like or field.in_header
    return None if pattern is None else next((name for name in names if re.fullmatch(pattern, name)), None)
