"""Learn from the user's own records what agreement and difference are worth. Knows no truth but the deterministic clusters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import duckdb

from pipelines.identity.matching.blocking import count_pairs
from pipelines.identity.matching.comparisons import COMPARISONS, DIFFERS, Comparison
from pipelines.identity.matching.descriptions import GROUPS
from pipelines.identity.matching.linker import linking
from pipelines.identity.matching.model import Model, assumed_model, rounded

if TYPE_CHECKING:
    from splink import Linker

_SEED = 1
_TRAINED_FROM_RECORDS = 1000
_TRAINED_FROM_PAIRS = 300
_RANDOM_PAIRS = 1_000_000
_SESSION_PAIRS = 1_000_000
# of the pairs that agree on one of these some are one person and most are two: each teaches what it does not ask for
_NAME = ("name",)
_SESSIONS = (("birth",), _NAME, ("phone_tail", "city"))
_TAUGHT_FROM_MATCHES = 50  # that a session finds: of fewer it makes whatever fits
# contacts joined the clusters, so that within them contacts agree too often to teach anything
_NOT_BY_CLUSTERS = frozenset(("phone", "email"))
# what was learnt is pulled a hundredth toward what is assumed: a level that was never seen is improbable, not impossible
_ASSUMED_SHARE = 0.01
_FEWEST_NAMESAKES = 0.1  # a session that finds hardly any is not believed

_Learnt = Mapping[str, Mapping[str, float]]


def trained_model(connection: duckdb.DuckDBPyConnection, as_of: str) -> Model:
    """The assumed model with what `compared` teaches. The same table gives the same model, bit for bit, on any number of threads.

    u from random pairs of clusters. m from pairs within clusters where there are enough, else by expectation maximization on pairs of
    different clusters that agree on a key. What the sessions found may be something else than people: a comparison stays as assumed
    where its best level would speak against a match, its worst for one, or people would mostly differ in what people keep. With few
    records all stays as assumed.
    """
    model = assumed_model(connection, as_of)
    if model.records < _TRAINED_FROM_RECORDS:
        return model
    with _one_thread(connection):
        by_chance = _by_chance(connection, model)
        by_sessions, namesakes = _by_sessions(connection, model, by_chance)
        lessons = {"sessions": by_sessions}
        if _pairs_within_clusters(connection) >= _TRAINED_FROM_PAIRS:
            lessons = {"clusters": _by_clusters(connection, model)} | lessons
    trained, probabilities = dict(model.trained), dict(model.probabilities)
    for comparison in COMPARISONS:
        name = comparison.name
        assumed, u = model.probabilities[name], by_chance[name]
        probabilities[name] = {label: (m, u[label]) for label, (m, _) in assumed.items()}
        for source, lesson in lessons.items():
            learnt = {label: (_mixed(lesson[name].get(label, 0.0), assumed[label][0]), u[label]) for label in assumed}
            if lesson[name] and _is_sound(comparison, learnt):
                trained[name], probabilities[name] = source, learnt
                break
    return replace(model, namesakes=namesakes, probabilities=probabilities, trained=trained)


def _by_chance(connection: duckdb.DuckDBPyConnection, model: Model) -> Mapping[str, Mapping[str, float]]:
    """u of each level. One description a cluster: two records of one person agree by no chance. A level never met keeps what is assumed."""
    parts = ", ".join(
        f"arg_min(struct_pack({', '.join(f'{column} := {column}' for column in group)}), record_id)"
        f" filter ({' or '.join(f'{column} is not null' for column in group)}) as part_{number}"
        for number, group in enumerate(GROUPS)
    )
    columns = ", ".join(f"part_{number}.{column} as {column}" for number, group in enumerate(GROUPS) for column in group)
    connection.execute(
        f"create table people as select cluster_id as record_id, cluster_id, {columns}"
        f" from (select cluster_id, {parts} from compared group by cluster_id order by cluster_id)"
    )
    with linking(connection, "people", model) as linker:
        linker.training.estimate_u_using_random_sampling(max_pairs=_RANDOM_PAIRS, seed=_SEED)
        found = _probabilities(linker, "u_probability")
    connection.execute("drop table people")
    return {
        name: {label: assumed if (u := found[name][label]) is None else _mixed(u, assumed) for label, (_, assumed) in levels.items()}
        for name, levels in model.probabilities.items()
    }


def _by_sessions(
    connection: duckdb.DuckDBPyConnection, model: Model, by_chance: Mapping[str, Mapping[str, float]]
) -> tuple[_Learnt, float]:
    """m of each level, and the share of pairs of one name that are two people.

    Pairs of one cluster are left out: what identifiers joined says little of how far identifiers of the others agree.
    """
    started = {
        name: {label: (m, by_chance[name][label]) for label, (m, _) in levels.items()} for name, levels in model.probabilities.items()
    }
    started_model = replace(model, probabilities=started)
    learnt: dict[str, Mapping[str, float]] = {name: {} for name in started}
    namesakes = 1.0
    for columns in _SESSIONS:
        pairs = count_pairs(connection, "compared", columns)
        if pairs < _TRAINED_FROM_PAIRS:
            continue
        rule = " and ".join((*(f"l.{column} = r.{column}" for column in columns), "l.cluster_id <> r.cluster_id"))
        # how many pairs there are is first guessed from a sample of the records, which must not be too small
        sample = min(1.0, 100_000 / model.records)
        with linking(connection, "compared", started_model) as linker:
            session = linker.training.estimate_parameters_using_expectation_maximisation(
                rule, max_pairs=_SESSION_PAIRS, record_sample_proportion=sample
            )
            found = _seen(linker, started_model)
        matched = session.core_model_settings.probability_two_random_records_match
        if matched * pairs < _TAUGHT_FROM_MATCHES:
            continue
        if columns == _NAME:
            namesakes = max(1 - matched, _FEWEST_NAMESAKES)
        learnt = {name: learnt[name] or levels for name, levels in found.items()}  # the first session that saw a comparison teaches it
    return learnt, rounded(namesakes)


def _by_clusters(connection: duckdb.DuckDBPyConnection, model: Model) -> _Learnt:
    with linking(connection, "compared", model) as linker:
        linker.training.estimate_m_from_label_column("cluster_id")
        found = _seen(linker, model)
    return {name: {} if name in _NOT_BY_CLUSTERS else levels for name, levels in found.items()}


def _seen(linker: Linker, given: Model) -> dict[str, Mapping[str, float]]:
    """m of the levels that were seen: Splink leaves the others as they were given."""
    return {
        name: {label: m for label, m in levels.items() if m is not None and m != given.probabilities[name][label][0]}
        for name, levels in _probabilities(linker, "m_probability").items()
    }


def _probabilities(linker: Linker, which: str) -> dict[str, dict[str, float | None]]:
    """Splink writes a sentence where a level was never seen: null here."""
    found = linker.misc.save_model_to_json()["comparisons"]
    return {
        comparison["output_column_name"]: {
            level["label_for_charts"]: float(share) if isinstance(share := level.get(which), float | int) else None
            for level in comparison["comparison_levels"]
            if not level.get("is_null_level")
        }
        for comparison in found
    }


def _mixed(learnt: float, assumed: float) -> float:
    return rounded((1 - _ASSUMED_SHARE) * learnt + _ASSUMED_SHARE * assumed)


def _is_sound(comparison: Comparison, levels: Mapping[str, tuple[float, float]]) -> bool:
    (best_m, best_u), (worst_m, worst_u) = levels[comparison.levels[0].label], levels[DIFFERS]
    return best_m > best_u and worst_m < (0.5 if comparison.is_lasting else worst_u)


def _pairs_within_clusters(connection: duckdb.DuckDBPyConnection) -> int:
    query = "select coalesce(sum(n * (n - 1)) / 2, 0) from (select count(*) as n from compared group by cluster_id)"
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
