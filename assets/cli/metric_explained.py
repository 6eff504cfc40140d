"""Explain one published figure from `published/analytics.duckdb`, opened read-only: its definition, its rows, and what restated it.

The rows come from a query of their own, so the figure is computed a second time; when both differ, the command says so and fails.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import duckdb
import polars as pl

from assets.cli.wording import counted, cut, figure, plain
from pipelines.contracts.engine import literal
from pipelines.contracts.errors import CheckFailedError, ConfigurationError
from pipelines.contracts.home import Home
from pipelines.contracts.storage import replacing
from pipelines.metrics import GRAINS, Figure, Grain, Metric, PartName, Period, figure_of, metric_named, read_metrics, rows_of
from pipelines.publish.cells import number_cell, text_cell

_NEAR = 8  # values of a dimension that an error names


@dataclass(frozen=True, slots=True)
class Asked:
    """What a person typed: a metric, at most one period, a dimension and its value."""

    metric: str
    periods: Mapping[str, str | None]
    dimension: str
    value: str | None


@dataclass(frozen=True, slots=True)
class Published:
    """A row of `kpi`."""

    figure: Figure
    value: Decimal | None
    unit: str
    is_provisional: bool
    as_of: date


@dataclass(frozen=True, slots=True)
class Slice:
    """Which figure is meant: every part of it checked."""

    metric: Metric
    period: Period
    dimension: Any
    value: str


def print_figure(home: Home, asked: Asked, *, rows: int, out: Path | None, language: str, as_json: bool) -> None:
    """Print a figure, with at most `rows` rows above and below the line; write all of them to `out`.

    Raises ConfigurationError for what was never published, CheckFailedError, after printing, when rows and figure disagree.
    """
    metric = metric_named(asked.metric, read_metrics())
    with _published_database(home) as connection:
        meant = _slice(connection, metric, asked)
        published = _published(connection, meant)
        by_rows = figure_of(connection, metric, meant.period, published.as_of, meant.dimension, meant.value)
        listed = {part: _listed(connection, meant, part, published.as_of, rows) for part in metric.parts} if rows else {}
        restated = _restatements(connection, meant)
        if out is not None:
            _write(connection, meant, published.as_of, out)
    agrees = by_rows == published.figure
    if as_json:
        facts = _facts(meant, published, by_rows, listed, restated, agrees=agrees)
        print(json.dumps(facts, ensure_ascii=False, default=str))
    else:
        lines = [*_figure_lines(meant, published, language), *_restated_lines(restated, published.unit)]
        print("\n".join([*lines, *_row_lines(meant, by_rows, listed), *([f"\nrows in {out}"] if out else ())]))
    if not agrees:
        raise CheckFailedError(
            f"the rows give {_sides(by_rows)}, published is {_sides(published.figure)}",
            where=f"{metric.name} of {meant.period.name}",
            do="do not use the figure; report this, it is a fault of the project",
        )


def definition_lines(metric: Metric, language: str, *, with_rows: bool) -> Iterator[str]:
    """A definition as text; with the queries of its rows."""
    yield f"{metric.name}  {metric.label.in_language(language)}"
    yield ""
    for part in metric.parts:
        yield f"{part:<12} {metric.text_of(part).in_language(language)}"
    yield f"{'final':<12} {metric.final.in_language(language)}"
    if metric.note:
        yield f"{'note':<12} {metric.note.in_language(language)}"
    yield f"{'unit':<12} {metric.unit}"
    yield f"{'periods':<12} {', '.join(metric.grains)}"
    yield f"{'dimensions':<12} {', '.join(metric.dimensions)}"
    if with_rows:
        for part in metric.parts:
            yield f"\n{part}: {metric.measured_by(part)} of"
            yield from (f"  {line}" for line in metric.sql_of(part).splitlines())


def _published_database(home: Home) -> duckdb.DuckDBPyConnection:
    if not home.analytics.exists():
        raise ConfigurationError("nothing was published yet", where=str(home.root), do="`cdp run` first, or name another --home")
    connection = duckdb.connect(str(home.analytics), read_only=True)
    connection.execute("set enable_progress_bar = false")  # it would be on standard output
    return connection


def _slice(connection: duckdb.DuckDBPyConnection, metric: Metric, asked: Asked) -> Slice:
    if asked.dimension not in metric.dimensions:
        raise ConfigurationError(f"{metric.name} has no dimension {asked.dimension}", do=f"one of: {', '.join(metric.dimensions)}")
    if (asked.dimension == "all") is (asked.value is not None):
        raise ConfigurationError("--dimension and --value go together", do="give both or neither")
    given = {grain: text for grain, text in asked.periods.items() if text is not None}
    if len(given) > 1:
        raise ConfigurationError(f"{' and '.join(f'--{grain}' for grain in given)} are several periods", do="give one")
    grain = cast(Grain, next(iter(given), "month" if "month" in metric.grains else metric.grains[0]))
    if grain not in metric.grains:
        raise ConfigurationError(f"{metric.name} is not given by {grain}", do=f"one of: {', '.join(metric.grains)}")
    if given:
        period = Period.around(grain, _day(given[grain], grain))
    else:
        [(as_of,)] = connection.execute("select as_of from about").fetchall()
        period = Period.around(grain, as_of)
    return Slice(metric, period, asked.dimension, asked.value or "all")


def _day(text: str, grain: Grain) -> date:
    """A day of the period that was typed: a day, a month or a quarter."""
    quarter = re.fullmatch(r"(\d{4})-?Q([1-4])", text, re.IGNORECASE)
    try:
        if quarter and grain == "quarter":
            return date(int(quarter.group(1)), 3 * int(quarter.group(2)), 1)
        month = re.fullmatch(r"(\d{4})-(\d{2})", text)
        if month and grain in ("month", "quarter"):
            return date(int(month.group(1)), int(month.group(2)), 1)
        return date.fromisoformat(text)
    except ValueError as error:
        shapes = dict(zip(GRAINS, ("2026-10-05", "2026-10-05", "2026-10", "2026-Q4"), strict=True))
        raise ConfigurationError(f"{text!r} is no {grain}", where=f"--{grain}", do=f"write it as {shapes[grain]}") from error


def _published(connection: duckdb.DuckDBPyConnection, meant: Slice) -> Published:
    where = f"metric = {literal(meant.metric.name)} and period_grain = '{meant.period.grain}'"
    this = f"{where} and period_start = date '{meant.period.start}' and dimension = '{meant.dimension}'"
    found = connection.execute(
        f"select numerator, denominator, value, unit, is_provisional, as_of from kpi"
        f" where {this} and dimension_value = {literal(meant.value)}"
    ).fetchall()
    if found:
        above, below, value, unit, is_provisional, as_of = found[0]
        return Published(Figure(above, below), value, unit, is_provisional, as_of)
    values = [value for (value,) in connection.execute(f"select dimension_value from kpi where {this} order by 1").fetchall()]
    if values:
        some = ", ".join(plain(value) for value in values[:_NEAR]) + (", ..." if len(values) > _NEAR else "")
        raise ConfigurationError(f"{meant.dimension} has no value {plain(meant.value)} in {meant.period.name}", do=f"one of: {some}")
    [(first, last)] = connection.execute(
        f"select min(period_start), max(period_start) from kpi where {where} and dimension = '{meant.dimension}'"
    ).fetchall()
    span = f"{Period(meant.period.grain, first).name} to {Period(meant.period.grain, last).name}" if first else "nothing"
    raise ConfigurationError(f"{meant.metric.name} by {meant.dimension} is not published for {meant.period.name}", do=f"published: {span}")


def _listed(connection: duckdb.DuckDBPyConnection, meant: Slice, part: Any, as_of: date, limit: int) -> list[dict[str, Any]]:
    rows = rows_of(meant.metric, part, meant.period, as_of, meant.dimension, meant.value)
    cursor = connection.execute(f"select * from ({rows}) as listed order by all limit {limit}")
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _restatements(connection: duckdb.DuckDBPyConnection, meant: Slice) -> list[dict[str, Any]]:
    names = ("as_of", "run_id", "old_as_of", "old_value", "new_value", "was_provisional", "cause")
    rows = connection.execute(
        f"select {', '.join(names)} from kpi_restatement"
        f" where metric = {literal(meant.metric.name)} and period_grain = '{meant.period.grain}'"
        f" and period_start = date '{meant.period.start}' and dimension = '{meant.dimension}'"
        f" and dimension_value = {literal(meant.value)} order by revision"
    ).fetchall()
    return [dict(zip(names, row, strict=True)) for row in rows]


def _write(connection: duckdb.DuckDBPyConnection, meant: Slice, as_of: date, out: Path) -> None:
    """All rows as a file for spreadsheets: one table, whose first column says on which side of the line a row is."""
    listed = [
        f"select {literal(part)} as part, * from ({sql}) as listed"
        for part in meant.metric.parts
        for sql in [rows_of(meant.metric, part, meant.period, as_of, meant.dimension, meant.value)]
    ]
    try:
        with replacing(out.resolve()) as beside, _scratch(beside.with_suffix(".parquet")) as rows:
            # by way of a file: handing rows over in memory imports pyarrow and pandas, which takes seconds
            connection.execute(f"copy ({' union all by name '.join(listed)}) to {literal(str(rows))} (format parquet)")
            frame = pl.scan_parquet(rows)
            texts = [name for name, dtype in frame.collect_schema().items() if dtype == pl.String]
            written = frame.select(pl.all().cast(pl.String))
            cells = [(text_cell if name in texts else number_cell)(name) for name in frame.collect_schema().names()]
            written.select(cells).sink_csv(beside, include_bom=True, line_terminator="\r\n", quote_style="always")
    except (OSError, duckdb.IOException) as error:
        raise ConfigurationError(
            f"the rows cannot be written: {str(error).splitlines()[0]}", where=str(out), do="name a file with --out"
        ) from error


@contextmanager
def _scratch(path: Path) -> Iterator[Path]:
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)


def _facts(
    meant: Slice,
    published: Published,
    by_rows: Figure,
    listed: Mapping[PartName, Any],
    restated: Sequence[Mapping[str, Any]],
    *,
    agrees: bool,
) -> dict[str, Any]:
    return {
        "metric": meant.metric.as_record(),
        "period_grain": meant.period.grain,
        "period_start": meant.period.start,
        "period_end": meant.period.end,
        "dimension": meant.dimension,
        "dimension_value": meant.value,
        "numerator": published.figure.numerator,
        "denominator": published.figure.denominator,
        "value": published.value,
        "unit": published.unit,
        "is_provisional": published.is_provisional,
        "as_of": published.as_of,
        "rows_agree": agrees,
        "numerator_of_rows": by_rows.numerator,
        "denominator_of_rows": by_rows.denominator,
        "restatements": restated,
        "rows": listed,
    }


def _figure_lines(meant: Slice, published: Published, language: str) -> Iterator[str]:
    yield from definition_lines(meant.metric, language, with_rows=False)
    where = "" if meant.dimension == "all" else f", {meant.dimension} {plain(meant.value)}"
    yield f"\n{meant.period.name}{where}, as of {published.as_of}"
    yield f"  {'value':<12}{figure(published.value, published.unit):>20}"
    yield f"  {'numerator':<12}{_number(published.figure.numerator):>20}"
    if "denominator" in meant.metric.parts:
        yield f"  {'denominator':<12}{_number(published.figure.denominator):>20}"
    if published.is_provisional:
        yield f"  provisional: final {meant.metric.final.in_language(language)[:1].lower()}{meant.metric.final.in_language(language)[1:]}"
        yield f"  the period {'ends' if meant.period.end > published.as_of else 'ended'} on {meant.period.end}"


def _restated_lines(restated: Sequence[Mapping[str, Any]], unit: str) -> Iterator[str]:
    if restated:
        yield f"\nrestated {counted(len(restated), 'time')}"
        rows = [
            f"  by the run for {row['as_of']}: {figure(row['old_value'], unit)} -> {figure(row['new_value'], unit)}"
            f"{' (was provisional)' if row['was_provisional'] else ''}: {row['cause']}"
            for row in restated
        ]
        yield from cut(rows)


def _row_lines(meant: Slice, by_rows: Figure, listed: Mapping[PartName, Sequence[Mapping[str, Any]]]) -> Iterator[str]:
    for part, rows in listed.items():
        of_rows = by_rows.numerator if part == "numerator" else by_rows.denominator
        yield f"\n{part}: {meant.metric.measured_by(part)} = {_number(of_rows)}, of which {counted(len(rows), 'row')}"
        yield from _table(rows)


def _table(rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    if not rows:
        return
    cells = [list(rows[0]), *([("" if cell is None else plain(str(cell))) for cell in row.values()] for row in rows)]
    widths = [max(len(line[number]) for line in cells) for number in range(len(cells[0]))]
    for line in cells:
        yield ("  " + "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))).rstrip()


def _number(value: Decimal | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if value == value.to_integral_value() else f"{value:,.2f}"


def _sides(sides: Figure) -> str:
    return _number(sides.numerator) if sides.denominator is None else f"{_number(sides.numerator)} / {_number(sides.denominator)}"
