"""Find people whom no identifier joins: portraits and clusters in, weighed links between clusters out."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import duckdb

from pipelines.contracts.config import MatcherConfig
from pipelines.contracts.engine import create_from_frame, fetch_frame, literal
from pipelines.contracts.run import Run
from pipelines.identity.matching.blocking import Rule, plan_blocking
from pipelines.identity.matching.comparisons import COMPARISONS
from pipelines.identity.matching.linker import new_linker
from pipelines.identity.matching.model import Model, load_model, save_model
from pipelines.identity.matching.portraits import comparable_portraits
from pipelines.identity.matching.training import trained_model

MODELS = "identity_models"
_PAIRS_PER_CHUNK = 2_000_000

# records of one cluster that say the same are one: a customer of forty orders would be compared forty times
_COMPARED = """
create table compared as
select min(record_id) as record_id, cluster_id, * exclude (record_id, cluster_id)
from comparable join clusters using (record_id)
group by all
"""

# one link a pair of clusters is enough to join them, and one is what a person can check
_MATCHES = """
create table matches as
select left_id, right_id, match_weight, match_probability, waterfall, match_probability >= {threshold} as is_accepted
from (
    select
        least(scored.record_id_l, scored.record_id_r) as left_id,
        greatest(scored.record_id_l, scored.record_id_r) as right_id,
        round(scored.match_weight, 6) as match_weight,
        round(scored.match_probability, 9) as match_probability,
        {waterfall} as waterfall,
        least(lefts.cluster_id, rights.cluster_id) as one_cluster,
        greatest(lefts.cluster_id, rights.cluster_id) as other_cluster
    from {scored} as scored
    join clusters as lefts on lefts.record_id = scored.record_id_l
    join clusters as rights on rights.record_id = scored.record_id_r
) as weighed
qualify row_number() over (partition by one_cluster, other_cluster order by match_weight desc, left_id, right_id) = 1
order by left_id, right_id
"""

_NO_MATCHES = """
create table matches (
    left_id bigint, right_id bigint, match_weight double, match_probability double, waterfall varchar, is_accepted boolean
)
"""


@dataclass(frozen=True, slots=True)
class MatcherReport:
    """What was compared and found. `rules`: in the order in which the budget was spent. `trained`: where each comparison's m come from."""

    model: str
    is_reused: bool
    prior: float
    trained: Mapping[str, str]
    rules: tuple[Rule, ...]
    records: int
    accepted: int
    clerical: int


def find_matches(connection: duckdb.DuckDBPyConnection, run: Run) -> MatcherReport:
    """Create `matches` from `portraits` (columns of PORTRAIT; a missing one is null) and `clusters (record_id, cluster_id)`.

    `matches (left_id, right_id, match_weight, match_probability, waterfall, is_accepted)`: at most one row per pair of clusters, the
    link that weighs most, with left_id < right_id; only links with at least `identity.matcher.clerical_from`. `is_accepted` from
    `threshold` on; the others are for a person to decide. `match_weight` in bits, the prior included. `waterfall`: JSON, comparison ->
    level and weight, `prior` -> weight; the weights sum to match_weight.
    The model is saved below `lake/identity_models` under its hash; with `retrain: false` the one saved last is used where it fits.
    The same tables and model give the same matches, bit for bit. Raises ConfigurationError when the saved model cannot be read.
    """
    config = run.config.identity.matcher
    folder = run.home.lake / MODELS
    create_comparable(connection)
    model = None if config.retrain else load_model(folder)
    is_reused = model is not None
    if model is None:
        model = trained_model(connection, "compared", run.as_of.isoformat())
        save_model(model, folder)
    return score(connection, model, config, is_reused=is_reused)


def create_comparable(connection: duckdb.DuckDBPyConnection) -> None:
    """Create `compared` from `portraits` and `clusters`: one row per cluster and distinct portrait."""
    create_from_frame(connection, "comparable", comparable_portraits(fetch_frame(connection, "select * from portraits order by record_id")))
    connection.execute(_COMPARED)
    connection.execute("drop table comparable")


def score(connection: duckdb.DuckDBPyConnection, model: Model, config: MatcherConfig, *, is_reused: bool) -> MatcherReport:
    """Create `matches` from `compared` and drop it."""
    rules = plan_blocking(connection, "compared", config.max_pairs)
    used = [f"{rule.condition} and l.cluster_id <> r.cluster_id" for rule in rules if rule.is_used]
    if used:
        linker = new_linker(connection, "compared", model, used)
        chunks = 1 + sum(rule.pairs for rule in rules if rule.is_used) // _PAIRS_PER_CHUNK
        scored = linker.inference.predict(
            threshold_match_probability=float(config.clerical_from), num_chunks_left=chunks, num_chunks_right=1
        )
        connection.execute(
            _MATCHES.format(threshold=float(config.threshold), waterfall=_waterfall(model.prior), scored=scored.physical_name)
        )
        linker.table_management.delete_tables_created_by_splink_from_db()  # type: ignore[no-untyped-call]
    else:
        connection.execute(_NO_MATCHES)
    [(accepted, clerical)] = connection.execute(
        "select count(*) filter (is_accepted), count(*) filter (not is_accepted) from matches"
    ).fetchall()
    [(records,)] = connection.execute("select count(*) from compared").fetchall()
    connection.execute("drop table compared")
    return MatcherReport(model.hash[:16], is_reused, model.prior, model.trained, tuple(rules), records, accepted, clerical)


def _waterfall(prior: float) -> str:
    """SQL: the weights of a pair as JSON text. Splink numbers the levels from the weakest, -1 is unknown."""
    parts = [f"'prior', round({math.log2(prior / (1 - prior))}, 3)"]
    for comparison in COMPARISONS:
        levels = reversed([level.label for level in comparison.all_levels])
        cases = " ".join(f"when {number} then {literal(label)}" for number, label in enumerate(levels))
        weight = f"scored.mw_{comparison.name}" + (f" + scored.mw_tf_adj_{comparison.name}" if comparison.has_terms else "")
        level = f"case scored.gamma_{comparison.name} {cases} else 'not known' end"
        parts.append(f"'{comparison.name}', json_object('level', {level}, 'weight', round({weight}, 3))")
    return f"cast(json_object({', '.join(parts)}) as varchar)"
