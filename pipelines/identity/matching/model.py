"""The numbers of the matcher: what each level of agreement weighs. Assumed, then learnt from the user's data, kept as a file."""

from __future__ import annotations

import hashlib
import json
import logging
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from pipelines.contracts.errors import ConfigurationError
from pipelines.contracts.storage import write_json
from pipelines.identity.matching.blocking import count_pairs
from pipelines.identity.matching.comparisons import COMPARISONS, DIFFERS, Comparison

if TYPE_CHECKING:
    from splink import Linker

SEED = 1
_TRAINED_FROM_RECORDS = 1000
_TRAINED_FROM_PAIRS = 1000
_RANDOM_PAIRS = 1_000_000
_SESSION_PAIRS = 1_000_000
# of pairs that agree on one of these some are one person and most are two: each rule teaches what it does not ask for
_SESSIONS = (("birth",), ("name",), ("phone_tail", "city"), ("address_words",))
_SESSIONS_TAKEN = 2
# contacts joined the clusters, so that within them contacts agree too often to teach anything
_LEARNT_BY_SESSIONS_ONLY = frozenset(("phone", "email"))
# pairs that agree on all columns of one of these are nearly all one person, and are most of the pairs that are
_OBVIOUS = (("name", "birth"), ("name", "address_words", "address_numbers"))
_OBVIOUS_SHARE = 0.7
# what was learnt is pulled a hundredth toward what is assumed: a level that was never seen is improbable, not impossible
_ASSUMED_SHARE = 0.01
_DIGITS = 9  # more would differ from machine to machine

Probabilities = Mapping[str, Mapping[str, tuple[float, float]]]


@dataclass(frozen=True, slots=True)
class Model:
    """`probabilities[comparison][level label]` = (m, u). `prior`: share of all pairs that are one person.

    `trained` says for each comparison where its m come from: assumed, clusters or sessions. `definition` is that of the comparisons:
    a model fits no other. `as_of`, `records` are the data that it learnt from.
    """

    prior: float
    probabilities: Probabilities
    trained: Mapping[str, str]
    as_of: str
    records: int
    definition: str

    @property
    def hash(self) -> str:
        """SHA-256 of the content, in every process the same."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()


def definition() -> str:
    """Hash of the comparisons: levels, conditions, assumed numbers."""
    return hashlib.sha256(json.dumps([asdict(comparison) for comparison in COMPARISONS], sort_keys=True).encode()).hexdigest()[:16]


def assumed_model(connection: duckdb.DuckDBPyConnection, table: str, as_of: str) -> Model:
    """The numbers before training. Only the prior is of this data: it cannot be guessed."""
    [(records,)] = connection.execute(f"select count(*) from {table}").fetchall()
    assumed = {comparison.name: {level.label: (level.m, level.u) for level in comparison.all_levels} for comparison in COMPARISONS}
    sources = {comparison.name: "assumed" for comparison in COMPARISONS}
    return Model(_prior(connection, table, records), assumed, sources, as_of, records, definition())


def trained_model(connection: duckdb.DuckDBPyConnection, table: str, as_of: str) -> Model:
    """The assumed model with what `table` teaches. The same table gives the same model, bit for bit, on any number of threads.

    u from random pairs. m from pairs within deterministic clusters where there are enough, else by expectation maximization on pairs
    that agree on a key. A comparison whose best level would then speak against a match, or whose worst for it, stays as assumed: what
    the sessions found is something else than people.
    """
    model = assumed_model(connection, table, as_of)
    if model.records < _TRAINED_FROM_RECORDS:
        return model
    learnt: dict[str, dict[str, tuple[float | None, float | None]]] = {}
    sources = dict(model.trained)
    with _one_thread(connection):
        linker = new_linker(connection, table, model, [])
        linker.training.estimate_u_using_random_sampling(max_pairs=_RANDOM_PAIRS, seed=SEED)
        sessions = [columns for columns in _SESSIONS if _blocked_pairs(connection, table, columns) >= _TRAINED_FROM_PAIRS][:_SESSIONS_TAKEN]
        for columns in sessions:
            rule = " and ".join(f"l.{column} = r.{column}" for column in columns)
            linker.training.estimate_parameters_using_expectation_maximisation(
                rule, max_pairs=_SESSION_PAIRS, record_sample_proportion=1.0 if model.records < 100_000 else 0.1
            )
        learnt |= _probabilities(linker)
        by_sessions = {comparison.name for comparison in COMPARISONS if any(_teaches(columns, comparison) for columns in sessions)}
        sources |= dict.fromkeys(by_sessions, "sessions")
        if _pairs_in_clusters(connection, table) >= _TRAINED_FROM_PAIRS:
            by_clusters = new_linker(connection, table, model, [])
            by_clusters.training.estimate_m_from_label_column("cluster_id")
            for name, levels in _probabilities(by_clusters).items():
                if name not in _LEARNT_BY_SESSIONS_ONLY:
                    learnt[name] = {label: (m, learnt[name][label][1]) for label, (m, _) in levels.items()}
                    sources[name] = "clusters"
    probabilities = dict(model.probabilities)
    for comparison in COMPARISONS:
        mixed = {
            level.label: (
                _mixed(learnt[comparison.name][level.label][0] if sources[comparison.name] != "assumed" else None, level.m),
                _mixed(learnt[comparison.name][level.label][1], level.u),
            )
            for level in comparison.all_levels
        }
        if not _is_sound(comparison, mixed):
            sources[comparison.name] = "assumed"
            mixed = {level.label: (level.m, mixed[level.label][1]) for level in comparison.all_levels}
        probabilities[comparison.name] = mixed
    return Model(model.prior, probabilities, sources, as_of, model.records, model.definition)


def save_model(model: Model, folder: Path) -> Path:
    """Write the model under its hash, and its name as that of the current one."""
    path = folder / f"{model.hash[:16]}.json"
    write_json(path, asdict(model))
    write_json(folder / "current.json", {"model": path.name})
    return path


def load_model(folder: Path) -> Model | None:
    """The model saved last; None when there is none, or it was made for other comparisons.

    Raises ConfigurationError when the file cannot be read.
    """
    current = folder / "current.json"
    if not current.exists():
        return None
    try:
        path = folder / str(json.loads(current.read_text(encoding="utf-8"))["model"])
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        content["probabilities"] = {
            name: {label: (float(m), float(u)) for label, (m, u) in levels.items()} for name, levels in content["probabilities"].items()
        }
        model = Model(**content)
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise ConfigurationError(
            "the saved model cannot be read", where=str(current), do="remove the folder or set retrain: true"
        ) from error
    return model if model.definition == definition() else None


def new_linker(connection: duckdb.DuckDBPyConnection, table: str, model: Model, rules: Sequence[str]) -> Linker:
    """Splink over `table` with the numbers of `model`; imported here, because nobody who leaves the matcher off should wait for it."""
    from splink import DuckDBAPI, Linker

    warnings.filterwarnings("ignore", module="splink")
    settings = {
        "link_type": "dedupe_only",
        "sql_dialect": "duckdb",
        "unique_id_column_name": "record_id",
        "linker_uid": "matcher",
        "probability_two_random_records_match": model.prior,
        "retain_matching_columns": True,
        "retain_intermediate_calculation_columns": True,
        "comparisons": [_comparison(comparison, model) for comparison in COMPARISONS],
        "blocking_rules_to_generate_predictions": [{"blocking_rule": rule, "sql_dialect": "duckdb"} for rule in rules],
    }
    return Linker(DuckDBAPI(connection=connection).register(table), settings, log_level=logging.ERROR)


def _comparison(comparison: Comparison, model: Model) -> dict[str, Any]:
    levels: list[dict[str, Any]] = [{"sql_condition": comparison.unknown, "label_for_charts": "not known", "is_null_level": True}]
    for level in comparison.all_levels:
        m, u = model.probabilities[comparison.name][level.label]
        entry = {"sql_condition": level.condition, "label_for_charts": level.label, "m_probability": m, "u_probability": u}
        if level.term is not None:
            # the rarity of the value itself replaces the average of the level
            entry |= {"tf_adjustment_column": level.term, "tf_adjustment_weight": 1.0, "disable_tf_exact_match_detection": True}
        levels.append(entry)
    return {"output_column_name": comparison.name, "comparison_levels": levels}


def _probabilities(linker: Linker) -> dict[str, dict[str, tuple[float | None, float | None]]]:
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
    value = assumed if learnt is None else (1 - _ASSUMED_SHARE) * learnt + _ASSUMED_SHARE * assumed
    return float(f"{value:.{_DIGITS}g}")


def _is_sound(comparison: Comparison, levels: Mapping[str, tuple[float, float]]) -> bool:
    (best_m, best_u), (worst_m, worst_u) = levels[comparison.levels[0].label], levels[DIFFERS]
    return best_m > best_u and worst_m < worst_u


def _teaches(columns: tuple[str, ...], comparison: Comparison) -> bool:
    conditions = " ".join(level.condition for level in comparison.levels)
    return not any(f"{column}_l" in conditions for column in columns)


def _prior(connection: duckdb.DuckDBPyConnection, table: str, records: int) -> float:
    obvious = max((count_pairs(connection, table, columns) for columns in _OBVIOUS), default=0)
    return float(f"{min(max(obvious, 1) / _OBVIOUS_SHARE / max(records * (records - 1) / 2, 10), 0.1):.{_DIGITS}g}")


def _blocked_pairs(connection: duckdb.DuckDBPyConnection, table: str, columns: tuple[str, ...]) -> int:
    keys = ", ".join(columns)
    known = " and ".join(f"{column} is not null" for column in columns)
    query = f"select coalesce(sum(n * (n - 1) / 2), 0) from (select count(*) as n from {table} where {known} group by {keys})"
    [(pairs,)] = connection.execute(query).fetchall()
    return int(pairs)


def _pairs_in_clusters(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    return _blocked_pairs(connection, table, ("cluster_id",))


@contextmanager
def _one_thread(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Sums in one order, samples in one order: with more threads the last digits differ from run to run."""
    [(threads,)] = connection.execute("select current_setting('threads')").fetchall()
    connection.execute("set threads = 1")
    try:
        yield
    finally:
        connection.execute(f"set threads = {threads}")
