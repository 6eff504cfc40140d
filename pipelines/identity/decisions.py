"""Read and extend `identity_decisions.csv`: what people have decided about who is one person. Applies nothing.

One row each, reviewed like code, in the reference folder; without the file nothing is decided:

    decision                must_link (the two are one person) or cannot_link (they are not)
    left_source_record_key  `<channel>:<native id>`; which of the two is left and which is right says nothing
    right_source_record_key
    author                  who decided
    reason                  why, for whoever reads it next year
    decided_on              first day on which it holds, as 2026-01-31
    expires_on              first day on which it no longer holds; empty means never
"""

from __future__ import annotations

import csv
import fcntl
import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.contracts.errors import ConfigurationError
from pipelines.contracts.run import Run
from pipelines.contracts.storage import replacing
from pipelines.identity.chains import chain_to, reach

FILE_NAME = "identity_decisions.csv"
COLUMNS = (
    "decision",
    "left_source_record_key",
    "right_source_record_key",
    "author",
    "reason",
    "decided_on",
    "expires_on",
)
MUST_LINK, CANNOT_LINK = "must_link", "cannot_link"
_ADVICE = f"needs the header {','.join(COLUMNS)} and a row for each decision"
# the same as around the cells of exports, so that a key that was copied with a space is the key of the lake
_SPACES = " \t\r\n\u00a0\u3000\u200b\ufeff"
# the module's own limit is 131,072 characters, and a channel may have keys that are longer
_LONGEST_CELL = 1 << 24
# a spreadsheet runs these, and people open the file in one; a key cannot begin with them
_FORMULA = r"^\s*[=+\-@＝＋－＠]"


def read_decisions(run: Run) -> pl.DataFrame:
    """One row per line of the file, in its order: `line`, the columns of the file with the smaller key left, and `is_effective`.

    `is_effective`: the decision holds on the day of the run. `expires_on` is null when it never ends. A key need not be known: a
    decision may speak of a record that is not delivered yet, see `on_unknown_records`. Raises ConfigurationError, naming lines and
    never keys, when the file or a row cannot be understood, or when decisions that hold on the day contradict each other.
    """
    path = run.reference / FILE_NAME
    decisions = _parse(_content(path), path).with_columns(is_effective=_holds_on(run.as_of))
    _refuse_contradiction(decisions.filter("is_effective"), path)
    return decisions


def on_unknown_records(decisions: pl.DataFrame, known: pl.LazyFrame | pl.DataFrame) -> pl.DataFrame:
    """The effective rows of `decisions` that name a record which is not among the `source_record_key` of `known`."""
    effective = decisions.filter("is_effective")
    named = pl.concat([effective.select(source_record_key=f"{side}_source_record_key") for side in ("left", "right")]).unique()
    found = named.lazy().join(known.lazy().select("source_record_key"), on="source_record_key", how="semi").collect()
    is_known = [pl.col(f"{side}_source_record_key").is_in(found["source_record_key"].implode()) for side in ("left", "right")]
    return effective.filter(~pl.all_horizontal(is_known))


def add_decisions(reference: Path, rows: pl.DataFrame) -> int:
    """Append `rows`, which have the columns of the file with dates as dates, to the file in the folder `reference`; return how many.

    A row that the file holds already is not written again. Every byte that is there stays as it is, and a file that is not there is
    made with its header; whoever reads meanwhile sees the old file or the new one. Raises ConfigurationError and writes nothing when
    a row cannot be understood, or when decisions would contradict each other on any day from the first of the new ones on.
    """
    path = (reference / FILE_NAME).resolve()
    with _only_writer(path.parent):
        content = _content(path)
        before = _parse(content, path)
        added = _new_rows(rows).join(before, on=list(COLUMNS), how="anti", nulls_equal=True)
        if added.is_empty():
            return 0
        after = _with_rows(content, added)
        try:
            _refuse_contradictions_from(added["decided_on"].min(), _parse(after, path), path)
        except ConfigurationError as error:
            raise ConfigurationError(error.what, where=f"{error.where} (not written)", do=error.do) from None
        _write(path, after)
        return added.height


def _write(path: Path, content: bytes) -> None:
    try:
        with replacing(path, mode=path.stat().st_mode & 0o777 if path.exists() else None) as beside:
            beside.write_bytes(content)
    except OSError as error:
        raise ConfigurationError(f"cannot be written: {error.strerror}", where=str(path), do="mend the disk or its permissions") from error


@contextmanager
def _only_writer(folder: Path) -> Iterator[None]:
    """Two commands that append at once would each rename a file without the other's rows into place."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder, os.O_RDONLY)
    except OSError as error:
        raise ConfigurationError(
            f"cannot be opened: {error.strerror}", where=str(folder), do="mend the folder or its permissions"
        ) from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return (",".join(COLUMNS) + "\n").encode()
    except OSError as error:
        raise ConfigurationError(f"cannot be read: {error.strerror}", where=str(path), do="mend the file or its permissions") from error


def _new_rows(rows: pl.DataFrame) -> pl.DataFrame:
    """`rows` checked like those of the file, each once. Raises ConfigurationError."""
    where = "new decision"
    text = rows.select(pl.col(COLUMNS).cast(pl.String).fill_null("")).with_row_index("line", offset=1)
    checked = _checked(text, where).drop("line").unique(maintain_order=True)
    for name in ("author", "reason"):
        if checked[name].str.contains(_FORMULA).any():
            raise ConfigurationError(f"{name} begins like a formula", where=where, do="begin with a letter")
    return checked


def _with_rows(content: bytes, added: pl.DataFrame) -> bytes:
    """`content` and the rows behind it, in the line ends of its first line."""
    end = b"\r\n" if content.partition(b"\n")[0].endswith(b"\r") else b"\n"
    lines = added.select(COLUMNS).write_csv(include_header=False, line_terminator=end.decode(), quote_style="necessary")
    return content + (b"" if content.endswith(b"\n") else end) + lines.encode()


def _parse(content: bytes, path: Path) -> pl.DataFrame:
    """The rows of the file, checked one by one: `line`, the columns with the smaller key left, dates as dates."""
    rows = _cells(content, path)
    if not rows or tuple(cell.strip(_SPACES) for cell in rows[0][1]) != COLUMNS:
        raise ConfigurationError("has another header", where=str(path), do=_ADVICE)
    for line, cells in rows[1:]:
        if len(cells) != len(COLUMNS):
            raise ConfigurationError(f"{len(cells)} cells where the header has {len(COLUMNS)}", where=f"{path}, line {line}", do=_ADVICE)
    columns = {name: [cells[place] for _, cells in rows[1:]] for place, name in enumerate(COLUMNS)}
    schema = {"line": pl.Int64(), **dict.fromkeys(COLUMNS, pl.String())}
    return _checked(pl.DataFrame({"line": [line for line, _ in rows[1:]], **columns}, schema=schema), str(path))


def _cells(content: bytes, path: Path) -> list[tuple[int, list[str]]]:
    """The rows that are not blank, each with the line that it begins on."""
    rows, line = [], 1
    limit = csv.field_size_limit(_LONGEST_CELL)
    try:
        reader = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True)
        for cells in reader:
            if any(cell.strip(_SPACES) for cell in cells):
                rows.append((line, cells))
            line = reader.line_num + 1
    except UnicodeDecodeError as error:
        raise ConfigurationError("is not UTF-8", where=str(path), do="save it as CSV UTF-8") from error
    except csv.Error as error:
        raise ConfigurationError(f"cannot be read as CSV: {error}", where=f"{path}, line {line}", do=_ADVICE) from error
    finally:
        csv.field_size_limit(limit)
    return rows


_DAY = r"^\d{4}-\d{2}-\d{2}$"
_KEY = r"(?s)^[A-Za-z_][A-Za-z0-9_]*:."
_PROBLEMS = {
    f"decision is none of {MUST_LINK}, {CANNOT_LINK}": ~pl.col("decision").is_in([MUST_LINK, CANNOT_LINK]),
    "left_source_record_key is not <channel>:<native id>": ~pl.col("left_source_record_key").str.contains(_KEY),
    "right_source_record_key is not <channel>:<native id>": ~pl.col("right_source_record_key").str.contains(_KEY),
    "left and right are the same record": pl.col("left_source_record_key") == pl.col("right_source_record_key"),
    "author is missing": ~pl.col("author").str.contains(r"[\p{L}\p{N}]"),
    "reason is missing": ~pl.col("reason").str.contains(r"[\p{L}\p{N}]"),
    "decided_on is no date like 2026-01-31": pl.col("decided_on").is_null(),
    "expires_on is no date like 2026-01-31": pl.col("expires_on").is_null() & (pl.col("expires_on_raw") != ""),
    "expires_on is before decided_on": pl.col("expires_on") < pl.col("decided_on"),
}


def _checked(rows: pl.DataFrame, where: str) -> pl.DataFrame:
    """`rows` of text with `line`, without outer spaces, dates as dates, the smaller key left. Raises ConfigurationError."""
    clean = rows.with_columns(pl.col(COLUMNS).str.strip_chars(_SPACES)).with_columns(
        expires_on_raw="expires_on",
        **{name: pl.when(pl.col(name).str.contains(_DAY)).then(name).str.to_date("%Y-%m-%d", strict=False) for name in COLUMNS[5:]},
    )
    for problem, is_wrong in _PROBLEMS.items():
        lines = clean.filter(is_wrong)["line"]
        if lines.len():
            others = f" ({lines.len()} lines in all)" if lines.len() > 1 else ""
            raise ConfigurationError(f"{problem}{others}", where=f"{where}, line {lines[0]}", do="mend the line")
    keys = [pl.col(f"{side}_source_record_key") for side in ("left", "right")]
    ordered = {"left_source_record_key": pl.min_horizontal(keys), "right_source_record_key": pl.max_horizontal(keys)}
    return clean.with_columns(**ordered).drop("expires_on_raw")


def _refuse_contradiction(effective: pl.DataFrame, path: Path) -> None:
    """Raise ConfigurationError when a pair that must not be one is tied by decisions that say it is, directly or in a chain."""
    musts, cannots = (effective.filter(decision=word) for word in (MUST_LINK, CANNOT_LINK))
    labels = _labels(musts)
    sides = {side: labels.rename({"record": f"{side}_source_record_key", "label": f"{side}_label"}) for side in ("left", "right")}
    tied = cannots.join(sides["left"], on="left_source_record_key").join(sides["right"], on="right_source_record_key")
    broken = tied.filter(pl.col("left_label") == pl.col("right_label")).sort("line")
    if broken.is_empty():
        return
    worst = broken.row(0, named=True)
    component = musts.join(labels.filter(label=worst["left_label"]), left_on="left_source_record_key", right_on="record")
    ties = [(line, key) for side in ("left", "right") for line, key in component.select("line", f"{side}_source_record_key").iter_rows()]
    chain = chain_to(reach(ties, worst["left_source_record_key"]), worst["right_source_record_key"]) or []
    lines = [str(line) for line in sorted(step.evidence for step in chain)]
    says = (
        f"line {lines[0]} says {MUST_LINK} of the same two"
        if len(lines) == 1
        else f"lines {', '.join(lines[:-1])} and {lines[-1]} together say that the two are one person"
    )
    others = f"; {broken.height} such lines in all" if broken.height > 1 else ""
    raise ConfigurationError(
        f"says {CANNOT_LINK} where {says}{others}",
        where=f"{path}, line {worst['line']}",
        do="find out what is true, and give what is not an expires_on",
    )


def _refuse_contradictions_from(first: Any, decisions: pl.DataFrame, path: Path) -> None:
    """The same on every day from `first` on: what holds together on any day did so on the day that the last of it began."""
    for day in decisions.filter(pl.col("decided_on") >= first)["decided_on"].unique().sort().to_list():
        _refuse_contradiction(decisions.filter(_holds_on(day)), path)


def _holds_on(day: date) -> pl.Expr:
    return (pl.col("decided_on") <= day) & (pl.col("expires_on").is_null() | (pl.col("expires_on") > day))


def _labels(pairs: pl.DataFrame) -> pl.DataFrame:
    """`record, label`: the smallest record of its connected component, for every record of `pairs`. Rounds double what they reach."""
    both = pairs.select(record="left_source_record_key", other="right_source_record_key").unique()
    edges = pl.concat([both, both.select(record="other", other="record")])
    labels = edges.select("record").unique().with_columns(label="record")
    while True:
        nearest = edges.join(labels, left_on="other", right_on="record").group_by("record").agg(pl.col("label").min())
        lower = pl.concat([labels, nearest]).group_by("record").agg(pl.col("label").min())
        jumped = lower.join(lower.select(label="record", above="label"), on="label").select("record", label="above")
        if jumped.sort("record").equals(labels.sort("record")):
            return labels
        labels = jumped
