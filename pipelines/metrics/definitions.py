"""Read what each metric means from `definitions/*.yaml`: words in two languages, and the plain SQL that lists the rows behind it.

The SQL is a second implementation, written from the definition and over the published marts only; a test compares it with `kpi`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

import sqlglot
from pydantic import Field, model_validator
from sqlglot import exp

from pipelines.contracts.declarations import Section, Text, checked, nearest, read_yaml
from pipelines.contracts.errors import ConfigurationError
from pipelines.metrics.periods import Grain

SHIPPED = Path(__file__).with_name("definitions")
PARAMETERS = ("period_start", "period_end", "as_of")
UNATTRIBUTED = "unattributed"

Dimension = Literal["all", "channel", "store", "region", "rfm_tier", "acquisition_channel"]
PartName = Literal["numerator", "denominator"]
_Word = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
_Sql = Annotated[str, Field(min_length=1)]


class _Rows(Section):
    numerator: _Sql
    denominator: _Sql | None = None


class Distinct(Section):
    """How many different values a column has."""

    distinct: _Word


class Median(Section):
    """The middle of a column, between two rows their mean."""

    median: _Word


class P90(Section):
    """What nine of ten rows do not exceed, between two rows interpolated."""

    p90: _Word


class _Measure(Section):
    numerator: Literal["count"] | _Word | Distinct | Median | P90 = "count"
    denominator: Literal["count"] | _Word | Distinct | Median | P90 | None = None


class _Definition(Section):
    """A metric, key by key."""

    label: Text
    unit: _Word
    is_prediction: bool = False  # told for the period of the run alone: earlier ones have no figure, and none is restated
    grains: tuple[Grain, ...] = Field(min_length=1)
    dimensions: tuple[Dimension, ...] = Field(min_length=1)
    numerator: Text
    denominator: Text | None = None
    final: Text
    note: Text | None = None
    rows: _Rows
    measure: _Measure = _Measure()

    @model_validator(mode="after")
    def _whole(self) -> _Definition:
        said = {"denominator": self.denominator is not None, "rows.denominator": self.rows.denominator is not None}
        if len(set(said.values())) > 1:
            raise ValueError(f"{' and '.join(said)} are given both or neither")
        if self.measure.denominator is not None and self.denominator is None:
            raise ValueError("measure.denominator measures a denominator that is not defined")
        return self


class Metric(_Definition):
    """A checked metric with its name and its file's family."""

    name: str
    family: str

    def as_record(self) -> dict[str, Any]:
        """The definition as text and lists."""
        return {"name": self.name, **self.model_dump(mode="json", exclude={"name"})}

    @property
    def parts(self) -> tuple[PartName, ...]:
        return ("numerator",) if self.denominator is None else ("numerator", "denominator")

    def text_of(self, part: PartName) -> Text:
        text = self.numerator if part == "numerator" else self.denominator
        if text is None:
            raise KeyError(f"{self.name} has no {part}")
        return text

    def sql_of(self, part: PartName) -> str:
        sql = self.rows.numerator if part == "numerator" else self.rows.denominator
        if sql is None:
            raise KeyError(f"{self.name} has no {part}")
        return sql.strip().rstrip(";")

    def _measure_of(self, part: PartName) -> str | Distinct | Median | P90:
        return self.measure.numerator if part == "numerator" else self.measure.denominator or "count"

    def measured_column(self, part: PartName) -> str | None:
        """The column that is summed, ranked or told apart; None where rows are counted."""
        measure = self._measure_of(part)
        if isinstance(measure, Distinct):
            return measure.distinct
        if isinstance(measure, Median):
            return measure.median
        if isinstance(measure, P90):
            return measure.p90
        return None if measure == "count" else measure

    def has_zero(self, part: PartName) -> bool:
        """Do no rows give 0? A count and a sum do, a median does not."""
        return not isinstance(self._measure_of(part), (Median, P90))

    def measured_by(self, part: PartName) -> str:
        """SQL aggregate that turns the part's rows into its figure."""
        measure = self._measure_of(part)
        if isinstance(measure, Distinct):
            return f"count(distinct {measure.distinct})"
        if isinstance(measure, Median):
            return f"median({measure.median})"
        if isinstance(measure, P90):
            return f"quantile_cont({measure.p90}, 0.9)"
        return "count(*)" if measure == "count" else f"coalesce(sum({measure}), 0)"

    @cached_property
    def counts_customers(self) -> bool:
        """Is a customer the thing counted above or below the line? The first column of the rows names what is counted one by one."""
        counted = [self.measured_column(part) or next(iter(_columns(self.sql_of(part))), None) for part in self.parts]
        return "customer_id" in counted

    @cached_property
    def columns(self) -> frozenset[str]:
        """Columns that its queries name."""
        trees = [sqlglot.parse_one(self.sql_of(part), read="duckdb") for part in self.parts]
        return frozenset(column.name for tree in trees for column in tree.find_all(exp.Column))

    @cached_property
    def tables(self) -> frozenset[str]:
        """Tables that the rows are read from."""
        return frozenset(name for part in self.parts for name in _tables(self.sql_of(part)))


def read_metrics(folder: Path = SHIPPED) -> Mapping[str, Metric]:
    """All metrics by name, in the order of families and of each file.

    Raises ConfigurationError naming file and key: unknown keys (with the nearest), wrong values, a metric that stands twice, SQL that is
    no single query, lacks the column of a dimension or of the measure, or uses an unknown parameter.
    """
    found: dict[str, Metric] = {}
    for path in sorted(folder.glob("*.yaml")):
        for name, raw in _metrics_in(path).items():
            if name in found:
                raise ConfigurationError(f"{name} is defined in {found[name].family}.yaml", where=str(path), do="keep one of them")
            found[name] = _metric(path, name, raw)
    return found


def metric_named(name: str, metrics: Mapping[str, Metric]) -> Metric:
    """The metric. Raises ConfigurationError with the nearest name for an unknown one."""
    if name not in metrics:
        raise ConfigurationError(f"unknown metric {name}{nearest(name, metrics)}", do="`cdp metric list` names all")
    return metrics[name]


def _metrics_in(path: Path) -> Mapping[str, Any]:
    raw = read_yaml(path)
    if not isinstance(raw, dict) or not isinstance(raw.get("metrics"), dict):
        raise ConfigurationError("holds no metrics", where=str(path), do="write `metrics:` and below it a key for each metric")
    unknown = [str(key) for key in raw if key != "metrics"]
    if unknown:
        raise ConfigurationError(f"{unknown[0]}: unknown key{nearest(unknown[0], ['metrics'])}", where=str(path), do="mend the key")
    return {str(name): value for name, value in raw["metrics"].items()}


def _metric(path: Path, name: str, raw: Any) -> Metric:
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,62}", name):
        raise ConfigurationError(f"{name}: is no name of a metric", where=str(path), do="lower-case letters, digits and underscores")
    definition = checked(_Definition, raw, path, "mend the key; the metrics beside it show all", at=name)
    metric = Metric(name=name, family=path.stem, **dict(definition))
    for part in metric.parts:
        problem = _problem(metric, part)
        if problem:
            raise ConfigurationError(f"{name}.rows.{part}: {problem}", where=str(path), do="list the rows with one plain query")
    return metric


def _problem(metric: Metric, part: PartName) -> str | None:
    """What is wrong with the query of a part, as far as its text tells."""
    try:
        statements = sqlglot.parse(metric.sql_of(part), read="duckdb")
    except sqlglot.errors.SqlglotError as error:
        return f"is not valid SQL: {' '.join(str(error).split())[:200]}"
    if len(statements) != 1 or not isinstance(statements[0], exp.Query):
        return "is not one query"
    unknown = set(re.findall(r"\$(\w+)", metric.sql_of(part))) - set(PARAMETERS)
    if unknown:
        return f"unknown parameter ${min(unknown)}{nearest(min(unknown), PARAMETERS)}"
    columns = set(statements[0].named_selects)
    needed = {str(dimension) for dimension in metric.dimensions if dimension != "all"}
    needed |= {column for column in (metric.measured_column(part),) if column is not None}
    lacking = needed - columns
    return f"lacks the column {min(lacking)}" if lacking and "*" not in columns else None


def _columns(sql: str) -> tuple[str, ...]:
    tree = sqlglot.parse_one(sql, read="duckdb")
    return tuple(tree.named_selects) if isinstance(tree, exp.Query) else ()


def _tables(sql: str) -> frozenset[str]:
    tree = sqlglot.parse_one(sql, read="duckdb")
    own = {with_.alias for with_ in tree.find_all(exp.CTE)}
    return frozenset(table.name for table in tree.find_all(exp.Table)) - own
