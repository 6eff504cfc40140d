"""Great Expectations on DuckDB: the engine, two expectations that Great Expectations lacks, and a suite turned into its own.

Importing this costs 2.5 s (Great Expectations); only `expectations.validation` does, when a table is judged.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any, ClassVar, Literal

import great_expectations as gx
import great_expectations.expectations as gxe
import sqlalchemy as sa
from great_expectations.core.metric_domain_types import MetricDomainTypes
from great_expectations.core.metric_function_types import MetricPartialFunctionTypes
from great_expectations.data_context.types.base import ProgressBarsConfig
from great_expectations.datasource.fluent import SQLDatasource
from great_expectations.datasource.fluent.interfaces import Batch
from great_expectations.execution_engine import SqlAlchemyExecutionEngine
from great_expectations.expectations.expectation import BatchExpectation
from great_expectations.expectations.metrics.metric_provider import metric_partial
from great_expectations.expectations.metrics.table_metric_provider import TableMetricProvider
from sqlalchemy.pool import StaticPool

from expectations.suites import Suite

# below this many rows a share says nothing: three odd receipts in a small delivery must not stop the night
TOLERATED_ROWS = 20

_Kwargs = dict[str, Any]
_Partial = tuple[Any, _Kwargs, _Kwargs]
_Engine = type[SqlAlchemyExecutionEngine]


class DuckDBExecutionEngine(SqlAlchemyExecutionEngine):
    """Keeps one connection: Great Expectations fetches after giving it back, and DuckDB drops a result with its connection."""

    @contextmanager
    def get_connection(self) -> Iterator[sa.Connection]:
        if self._connection is None:
            self._connection = self.engine.connect()
        yield self._connection

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        self.engine.dispose()


class DuckDBDatasource(SQLDatasource):
    """`context.data_sources.add_duckdb(...)`."""

    execution_engine_override: ClassVar[_Engine] = DuckDBExecutionEngine
    type: Literal["duckdb"] = "duckdb"  # type: ignore[assignment]

    @property
    def execution_engine_type(self) -> _Engine:
        return DuckDBExecutionEngine

    def get_engine(self) -> sa.Engine:
        """The engine that answers: a second one costs 13 ms a connection and, on a file, holds a lock of its own."""
        return self.get_execution_engine().engine


class Judge:
    """One in-memory database and what Great Expectations needs around it, for all tables of a process.

    Setting both up for each table costs 120 ms a table; they hold no row and lock no file between tables.
    """

    def __init__(self, memory_limit: str, threads: int | None) -> None:
        self._spill = tempfile.TemporaryDirectory(prefix="cdp-expectations-")
        settings: _Kwargs = {"memory_limit": memory_limit, "temp_directory": self._spill.name, "autoinstall_known_extensions": False}
        if threads is not None:
            settings["threads"] = threads
        context = gx.get_context(mode="ephemeral")
        context.enable_analytics(False)
        context.variables.progress_bars = ProgressBarsConfig(globally=False)
        # StaticPool: one database in memory, not one a connection
        pool = {"poolclass": StaticPool, "connect_args": {"config": settings}}
        source = context.data_sources.add_duckdb(name="lake", connection_string="duckdb:///:memory:", kwargs=pool)
        self._engine: SqlAlchemyExecutionEngine = source.get_execution_engine()
        with self._engine.get_connection() as connection:
            # a channel table has a file a load, and each is opened several times; changed files are noticed
            connection.exec_driver_sql("set parquet_metadata_cache = true")
        self._show("select 1")
        self._rows = source.add_table_asset(name="rows", table_name="rows_to_judge").add_batch_definition_whole_table("all")

    def look_at(self, files: Sequence[str]) -> dict[str, str]:
        """Make the rows of the Parquet `files` the batch; return their columns with DuckDB's types."""
        listed = ", ".join(map(_quoted, files))
        self._show(f"select * from read_parquet([{listed}], hive_partitioning = false)")
        with self._engine.get_connection() as connection:
            described = connection.exec_driver_sql("describe rows_to_judge").fetchall()
        return {row[0]: row[1].lower() for row in described}

    def has_rows(self) -> bool:
        """Whether the batch holds any row."""
        with self._engine.get_connection() as connection:
            return bool(connection.exec_driver_sql("select 1 from rows_to_judge limit 1").fetchall())

    @property
    def batch(self) -> Batch:
        batch: Batch = self._rows.get_batch()
        return batch

    def _show(self, query: str) -> None:
        with self._engine.get_connection() as connection:
            connection.rollback()  # a query that failed for the table before has left its transaction behind
            connection.exec_driver_sql(f"create or replace view rows_to_judge as {query}")
            connection.commit()  # a connection that is given back is rolled back


@cache
def judge_of(memory_limit: str, threads: int | None) -> Judge:
    """The judge of this process with these limits."""
    return Judge(memory_limit, threads)


def _breaks(condition: str) -> str:
    return f"count(*) filter (where {condition})"


def _repeats(columns: Sequence[str], where: str) -> str:
    of_those = f"filter (where {where})"
    key = f"md5_number_lower(concat_ws(chr(31), {', '.join(columns)}))"
    return f"count(*) {of_those} - count(distinct {key}) {of_those}"


class RowsThatBreak(TableMetricProvider):
    """Rows for which a condition is false: an aggregate, so that all rules of a table are one scan."""

    metric_name = "table.rows_that_break"
    value_keys = ("holds",)

    @metric_partial(
        engine=SqlAlchemyExecutionEngine, partial_fn_type=MetricPartialFunctionTypes.AGGREGATE_FN, domain_type=MetricDomainTypes.TABLE
    )
    def _sqlalchemy(cls, metric_domain_kwargs: _Kwargs, metric_value_kwargs: _Kwargs, **_unused: Any) -> _Partial:  # noqa: N805
        return sa.literal_column(_breaks(f"not ({metric_value_kwargs['holds']})")), metric_domain_kwargs, {}


class RowsThatRepeat(TableMetricProvider):
    """Rows beyond the first of each key, counted over 64 bits of MD5: DuckDB's own `hash` met itself 22 times in 68,509 keys."""

    metric_name = "table.rows_that_repeat"
    value_keys = ("columns", "where")

    @metric_partial(
        engine=SqlAlchemyExecutionEngine, partial_fn_type=MetricPartialFunctionTypes.AGGREGATE_FN, domain_type=MetricDomainTypes.TABLE
    )
    def _sqlalchemy(cls, metric_domain_kwargs: _Kwargs, metric_value_kwargs: _Kwargs, **_unused: Any) -> _Partial:  # noqa: N805
        return sa.literal_column(_repeats(metric_value_kwargs["columns"], metric_value_kwargs["where"])), metric_domain_kwargs, {}


class ExpectRowsToHold(BatchExpectation):
    """Expect `holds` to be true or null for all rows. Says besides whether as many breaks as there are can be tolerated."""

    claim: str
    holds: str
    tolerated: float = 0.0

    metric_dependencies: ClassVar[tuple[str, ...]] = ("table.rows_that_break", "table.row_count")
    success_keys: ClassVar[tuple[str, ...]] = ("claim", "holds", "tolerated")

    def _validate(self, metrics: _Kwargs, *_unused: Any, **_also_unused: Any) -> _Kwargs:
        breaking, rows = metrics["table.rows_that_break"], metrics["table.row_count"]
        allowed = max(TOLERATED_ROWS, self.tolerated * rows) if self.tolerated else 0
        return {"success": breaking == 0, "result": {"unexpected_count": breaking, "is_tolerated": breaking <= allowed}}


class RowsThatBreakAnything(TableMetricProvider):
    """Sum of counts, 0 where no row breaks anything: a whole suite is one metric, and one scan."""

    metric_name = "table.rows_that_break_anything"
    value_keys = ("counts",)

    @metric_partial(
        engine=SqlAlchemyExecutionEngine, partial_fn_type=MetricPartialFunctionTypes.AGGREGATE_FN, domain_type=MetricDomainTypes.TABLE
    )
    def _sqlalchemy(cls, metric_domain_kwargs: _Kwargs, metric_value_kwargs: _Kwargs, **_unused: Any) -> _Partial:  # noqa: N805
        return sa.literal_column(" + ".join(f"({count})" for count in metric_value_kwargs["counts"])), metric_domain_kwargs, {}


class ExpectNothingToBreak(BatchExpectation):
    """Expect each of `counts`, aggregates over the table, to be 0."""

    counts: list[str]

    metric_dependencies: ClassVar[tuple[str, ...]] = ("table.rows_that_break_anything",)
    success_keys: ClassVar[tuple[str, ...]] = ("counts",)

    def _validate(self, metrics: _Kwargs, *_unused: Any, **_also_unused: Any) -> _Kwargs:
        return {"success": metrics["table.rows_that_break_anything"] == 0, "result": {}}


class ExpectKeyToBeUnique(BatchExpectation):
    """Expect the rows that meet `where` to differ in `columns`: one hash aggregate, where the built-in sorts a window."""

    columns: list[str]
    where: str = "true"

    metric_dependencies: ClassVar[tuple[str, ...]] = ("table.rows_that_repeat",)
    success_keys: ClassVar[tuple[str, ...]] = ("columns", "where")

    def _validate(self, metrics: _Kwargs, *_unused: Any, **_also_unused: Any) -> _Kwargs:
        repeated = metrics["table.rows_that_repeat"]
        return {"success": repeated == 0, "result": {"unexpected_count": repeated}}


def expectations_of(suite: Suite, has_rows: bool) -> list[gxe.Expectation]:
    """The suite in Great Expectations' words: what the contract says, then the rules. Of a table without rows, what can be false of it."""
    columns = gxe.ExpectTableColumnsToMatchOrderedList(column_list=list(suite.table.column_names))
    return [columns, *_of_count(suite), *(_of_rows(suite) if has_rows else [])]


def expectations_at_once(suite: Suite, has_rows: bool) -> list[gxe.Expectation]:
    """The same of a table whose columns are known to be right: all that is expected of rows is one expectation, which says not what breaks.

    An expectation costs Great Expectations 10 ms of its own, columns 25, and nearly every night all of a hundred suites hold.
    """
    return [*_of_count(suite), *([ExpectNothingToBreak(counts=_counts(suite))] if has_rows else [])]


def _of_count(suite: Suite) -> list[gxe.Expectation]:
    return [] if suite.row_count is None else [gxe.ExpectTableRowCountToEqual(value=suite.row_count)]


def _of_rows(suite: Suite) -> list[gxe.Expectation]:
    table = suite.table
    found: list[gxe.Expectation] = [gxe.ExpectColumnValuesToNotBeNull(column=column) for column in table.required]
    found += [gxe.ExpectColumnValuesToBeInSet(column=column, value_set=list(allowed)) for column, allowed in suite.values.items()]
    found += [ExpectKeyToBeUnique(columns=list(key.columns), where=key.where) for key in suite.keys]
    return [*found, *(ExpectRowsToHold(claim=rule.claim, holds=rule.holds, tolerated=rule.tolerated) for rule in suite.rules)]


def _counts(suite: Suite) -> list[str]:
    """What `_of_rows` expects, as aggregates that are 0 where it holds; nulls break only what must not be null."""
    conditions = [f'"{column}" is null' for column in suite.table.required]
    conditions += [f'"{column}" not in ({", ".join(map(_quoted, allowed))})' for column, allowed in suite.values.items()]
    conditions += [f"not ({rule.holds})" for rule in suite.rules]
    return [*map(_breaks, conditions), *(_repeats(key.columns, key.where) for key in suite.keys)]


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
