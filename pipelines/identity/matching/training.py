"""Learn from the user's own records what agreement and difference are worth. Knows no truth but the deterministic clusters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import duckdb

from pipelines.identity.matching.comparisons import COMPARISONS, DIFFERS, Comparison
from pipelines.identity.matching.linker import new_linker
from pipelines.identity.matching.model import Model, assumed_model, rounded

if TYPE_CHECKING:
    from splink import Linker

_SEED = 1
_TRAINED_FROM_RECORDS = 1000
_TRAINED_FROM_PAIRS = 1000
_RANDOM_PAIRS = 1_000_000
_SESSION_PAIRS = 1_000_000
# of the pairs that agree on one of these some are one person and most are two: each teaches what it does not ask for
_SESSIONS = (("birth",), ("name",), ("phone_tail", "city"), ("address_words",))
_SESSIONS_TAKEN = 2
# contacts joined the clusters, so that within them contacts agree too often to teach anything
_NOT_BY_CLUSTERS = frozenset(("phone", "email"))
# what was learnt is pulled a hundredth toward what is assumed: a level that was never seen is improbable, not impossible
_ASSUMED_SHARE = 0.01

_Learnt = Mapping[str, Mapping[str, tuple[float | None, float | None]]]


def trained_model(connection: duckdb.DuckDBPyConnection, table: str, as_of: str) -> Model:
    """The assumed model with what `table` teaches. The same table gives the same model, bit for bit, on any number of threads.

    u from random pairs. m from pairs within deterministic clusters where there are enough, else by expectation maximization on pairs
    that agree on a key. A comparison whose best level would then speak against a match, or whose worst for it, stays as assumed: what
    the sessions found is something else than people. With few records all stays as assumed.
    """
    model = assumed_model(connection, table, as_of)
    if model.records < _TRAINED_FROM_RECORDS:
        return model
    with _one_thread(connection):
        lessons = {"sessions": _by_sessions(connection, table, model)}
        if _pairs(connection, table, ("cluster_id",)) >= _TRAINED_FROM_PAIRS:
            lessons = {"clusters": _by_clusters(connection, table, model)} | lessons
    trained = dict(model.trained)
    probabilities = dict(model.probabilities)
    for comparison in COMPARISONS:
        name = comparison.name
        u = {label: _mixed(shares[1], model.probabilities[name][label][1]) for label, shares in lessons["sessions"][name].items()}
        probabilities[name] = {label: (m, u[label]) for label, (m, _) in model.probabilities[name].items()}
        for source, lesson in lessons.items():
            learnt = {label: (_mixed(shares[0], model.probabilities[name][label][0]), u[label]) for label, shares in lesson[name].items()}
            if _was_taught(lesson, model, comparison) and _is_sound(comparison, learnt):
                trained[name], probabilities[name] = source, learnt
                break
    return replace(model, probabilities=probabilities, trained=trained)


def _by_sessions(connection: duckdb.DuckDBPyConnection, table: str, model: Model) -> _Learnt:
    linker = new_linker(connection, table, model, [])
    linker.training.estimate_u_using_random_sampling(max_pairs=_RANDOM_PAIRS, seed=_SEED)
    sessions = [columns for columns in _SESSIONS if _pairs(connection, table, columns) >= _TRAINED_FROM_PAIRS]
    for columns in sessions[:_SESSIONS_TAKEN]:
        rule = " and ".join(f"l.{column} = r.{column}" for column in columns)
        # how many pairs there are is first guessed from a sample of the records, which must not be too small
        sample = min(1.0, 100_000 / model.records)
        linker.training.estimate_parameters_using_expectation_maximisation(rule, max_pairs=_SESSION_PAIRS, record_sample_proportion=sample)
    return _probabilities(linker)


def _by_clusters(connection: duckdb.DuckDBPyConnection, table: str, model: Model) -> _Learnt:
    linker = new_linker(connection, table, model, [])
    linker.training.estimate_m_from_label_column("cluster_id")
    return {
        name: dict.fromkeys(levels, (None, None)) if name in _NOT_BY_CLUSTERS else levels for name, levels in _probabilities(linker).items()
    }


def _probabilities(linker: Linker) -> _Learnt:
    found = linker.misc.save_model_to_json()["comparisons"]
    return {
        comparison["output_column_name"]: {
            level["label_for_charts"]: (_number(level.get("m_probability")), _number(level.get("u_probability")))
            for level in comparison["comparison_levels"]
            if not level.get("is_null_level")
        }
        for comparison in found
    }


def _number(value: object) -> float | None:
    """Splink writes a sentence where a level was never seen."""
    return float(value) if isinstance(value, float | int) else None


def _mixed(learnt: float | None, assumed: float) -> float:
    return assumed if learnt is None else rounded((1 - _ASSUMED_SHARE) * learnt + _ASSUMED_SHARE * assumed)


def _was_taught(lesson: _Learnt, model: Model, comparison: Comparison) -> bool:
    """Splink leaves a comparison of which it saw nothing as it was given."""
    return any(m not in (None, model.probabilities[comparison.name][label][0]) for label, (m, _) in lesson[comparison.name].items())


def _is_sound(comparison: Comparison, levels: Mapping[str, tuple[float, float]]) -> bool:
    (best_m, best_u), (worst_m, worst_u) = levels[comparison.levels[0].label], levels[DIFFERS]
    return best_m > best_u and worst_m < worst_u


def _pairs(connection: duckdb.DuckDBPyConnection, table: str, columns: tuple[str, ...]) -> int:
    """Pairs of records that agree on `columns`."""
    keys = ", ".join(columns)
    known = " and ".join(f"{column} is not null" for column in columns)
    query = f"select coalesce(sum(n * (n - 1) / 2), 0) from (select count(*) as n from {table} where {known} group by {keys})"
    [(pairs,)] = connection.execute(query).fetchall()
    return int(pairs)


@contextmanager
def _one_thread(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Sums in one order, samples in one order: with more threads the last digits differ from run to run."""
    [(threads,)] = connection.execute("select current_setting('threads')").fetchall()
    connection.execute("set threads = 1")
    try:
        yield
    finally:
        connection.execute(f"set threads = {threads}")
