"""Judge one table where it lies: its suite, pushed down to DuckDB over the Parquet files. Nothing is copied, no value leaves."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from expectations.registry import SUITES
from pipelines.contracts.errors import CdpError
from pipelines.contracts.tables import DUCKDB_TYPES

if TYPE_CHECKING:
    from great_expectations.core import ExpectationValidationResult
    from great_expectations.expectations.expectation import Expectation

    from expectations.duckdb_engine import Judge

# counts, never samples: the rows hold personal data
_COUNTS_ONLY = {"result_format": "BASIC", "partial_unexpected_count": 0}
# these say which file or column; the text of any other DuckDB error may quote a value
_SAFE_ERROR = re.compile(r"_duckdb\.(?:Binder|Catalog|IO)Exception\)?:? ([^\n]*)")
_TYPE_NAMES = {"timestamp with time zone": "timestamptz"}
_ANY_ERROR = re.compile(r"_duckdb\.(\w+)")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a suite says of a table, in words with counts and without values. Warnings are breaks within tolerance."""

    table: str
    passed: bool
    evaluated: int
    failures: tuple[str, ...]
    warnings: tuple[str, ...] = ()


def validate_table(table: str, glob: str | Sequence[str], *, memory_limit: str, threads: int | None) -> Verdict:
    """Judge the rows in the Parquet files of `glob` by the suite of `table`.

    Raises CdpError when an expectation cannot be evaluated (no file, a column that is not there): that is no verdict.
    """
    from expectations.duckdb_engine import expectations_at_once, expectations_of, judge_of

    with _silenced():
        judge = judge_of(memory_limit, threads)
        columns = _require_columns(table, judge, [glob] if isinstance(glob, str) else glob)
        # half the tables of a small shop are empty, and nobody asks what their rows are like
        suite, has_rows = SUITES[table], judge.has_rows()
        # three passes: whether anything is broken, what is, and how many rows; the first is the only one of a good table
        broken = []
        if columns != suite.table.column_names or not _all_hold(judge, table, expectations_at_once(suite, has_rows)):
            broken = [expectation for expectation, _ in _broken(judge, table, expectations_of(suite, has_rows), "BOOLEAN_ONLY")]
        counted = _broken(judge, table, broken, _COUNTS_ONLY) if broken else []
    words = [(_in_words(expectation, result.result), result.result.get("is_tolerated", False)) for expectation, result in counted]
    failures = tuple(text for text, is_tolerated in words if not is_tolerated)
    warnings = tuple(text for text, is_tolerated in words if is_tolerated)
    return Verdict(table, not failures, suite.count(has_rows), failures, warnings)


def _require_columns(table: str, judge: Judge, files: Sequence[str]) -> tuple[str, ...]:
    """Show the files to the judge; give their columns. Raises CdpError when one of the contract is not there or has another type."""
    from sqlalchemy.exc import DBAPIError

    try:
        found = judge.look_at(files)
    except DBAPIError as error:
        raise _no_verdict(table, "the files", str(error)) from None
    wrong = []
    for column in SUITES[table].table.columns:
        kind, expected = found.get(column.name), DUCKDB_TYPES[column.type]
        if kind is None:
            wrong.append(f"{column.name} is missing")
        elif _TYPE_NAMES.get(kind, kind) != expected:
            wrong.append(f"{column.name} is {kind} instead of {expected}")
    if wrong:
        raise CdpError(", ".join(wrong), where=table, do="compare what wrote the files with the contract")
    return tuple(found)


@contextmanager
def _silenced() -> Iterator[None]:
    """Great Expectations logs every failing query with its trace; `_broken` says it in one line."""
    logger = logging.getLogger("great_expectations")
    before = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        logger.setLevel(before)


def _no_verdict(table: str, subject: str, trace: str) -> CdpError:
    safe, anything = _SAFE_ERROR.search(trace), _ANY_ERROR.search(trace)
    reason = safe[1] if safe else anything[1] if anything else "unknown error"
    return CdpError(f"cannot judge {subject}: {reason}", where=table, do="compare what wrote the files with the contract")


def _all_hold(judge: Judge, table: str, expectations: Sequence[Expectation]) -> bool:
    """Whether all hold; not so when one raised, which the next pass tells of by name."""
    import great_expectations as gx

    if not expectations:
        return True
    suite = gx.ExpectationSuite(name=table, expectations=list(expectations))
    return bool(judge.batch.validate(suite, result_format="BOOLEAN_ONLY").success)


def _broken(
    judge: Judge, table: str, expectations: Sequence[Expectation], result_format: Any
) -> list[tuple[Expectation, ExpectationValidationResult]]:
    """The expectations that do not hold, in the order of `expectations`: Great Expectations answers in its own.

    Raises CdpError when one raised: Great Expectations reports that as `success=False` like any failure.
    """
    import great_expectations as gx

    for place, expectation in enumerate(expectations):
        expectation.meta = {"place": place}
    suite = gx.ExpectationSuite(name=table, expectations=list(expectations))
    results = judge.batch.validate(suite, result_format=result_format).results
    broken = {}
    for result in results:
        if result.success or result.expectation_config is None:
            continue
        place = result.expectation_config.meta["place"]
        trace = _trace(result.exception_info)
        if trace:
            raise _no_verdict(table, _subject(expectations[place]), trace)
        broken[place] = result
    return [(expectations[place], broken[place]) for place in sorted(broken)]


def _trace(info: Any) -> str:
    """The trace in an `exception_info`, which comes flat or keyed by metric; empty when nothing was raised."""
    if not isinstance(info, dict) or info.get("raised_exception") is False:
        return ""
    if "exception_traceback" in info:
        return str(info["exception_traceback"] or info.get("exception_message") or "raised")
    return "".join(_trace(inner) for inner in info.values())


def _subject(expectation: Expectation) -> str:
    kwargs = expectation.configuration.kwargs
    return f"{expectation.expectation_type} {kwargs.get('claim') or kwargs.get('column') or ', '.join(kwargs.get('columns', ()))}".strip()


def _in_words(expectation: Expectation, found: Mapping[str, Any]) -> str:
    """`<expectation> <claim or column>: <count> rows`, and names of columns where the columns are at fault."""
    kwargs = expectation.configuration.kwargs
    if "unexpected_count" in found:
        return f"{_subject(expectation)}: {found['unexpected_count']} rows"
    if "column_list" in kwargs:
        missing = [name for name in kwargs["column_list"] if name not in found["observed_value"]]
        extra = [name for name in found["observed_value"] if name not in kwargs["column_list"]]
        return f"{_subject(expectation)}: missing {missing}, not in the contract {extra}"
    return f"{_subject(expectation)}: {found['observed_value']} instead of {kwargs['value']}"
