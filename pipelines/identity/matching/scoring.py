"""Find people whom no identifier joins: descriptions and clusters in, weighed links between clusters out."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import duckdb

from pipelines.contracts.engine import create_from_frame, fetch_frame, literal
from pipelines.contracts.run import Run
from pipelines.contracts.settings.identity import MatcherConfig
from pipelines.identity.matching.blocking import Rule, plan_blocking
from pipelines.identity.matching.comparisons import COMPARISONS
from pipelines.identity.matching.descriptions import comparable_descriptions
from pipelines.identity.matching.linker import create_frequencies, discount_namesakes, drop_frequencies, linking
from pipelines.identity.matching.model import Model, load_model, rounded, save_model
from pipelines.identity.matching.training import trained_model

MODELS = "identity_models"
_PAIRS_PER_CHUNK = 2_000_000
# under the prior that training starts with; what is less could not be half a match under any prior that may come of it
_KEPT_FROM = 0.001
_ROUNDS = 100

# records of one cluster that say the same are one: a customer of forty orders would be compared forty times
_COMPARED = """
create table compared as
select min(record_id) as record_id, cluster_id, * exclude (record_id, cluster_id)
from comparable join clusters using (record_id)
group by all
"""

# one link a pair of clusters is enough to join them, and one is what a person can check
_WEIGHED = """
create table weighed as
select
    least(scored.record_id_l, scored.record_id_r) as left_id,
    greatest(scored.record_id_l, scored.record_id_r) as right_id,
    scored.match_weight - ({prior_weight}) as evidence,
    {parts} as parts
from {scored} as scored
join clusters as lefts on lefts.record_id = scored.record_id_l
join clusters as rights on rights.record_id = scored.record_id_r
qualify row_number() over (
    partition by least(lefts.cluster_id, rights.cluster_id), greatest(lefts.cluster_id, rights.cluster_id)
    order by scored.match_weight desc, left_id, right_id
) = 1
"""

_MATCHES = """
create table matches as
select left_id, right_id, match_weight, match_probability, waterfall, match_probability >= {threshold} as is_accepted
from (
    select
        left_id,
        right_id,
        round(evidence + {prior_weight}, 6) as match_weight,
        round(1 / (1 + pow(2, -(evidence + {prior_weight}))), 9) as match_probability,
        cast(json_merge_patch(json_object('prior', round({prior_weight}, 3)), parts) as varchar) as waterfall
    from weighed
) as scored
where match_probability >= {clerical_from}
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
    """Create `matches` from `descriptions` (columns of DESCRIPTION; a missing one is null) and `clusters (record_id, cluster_id)`.

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
    saved = None if config.retrain else load_model(folder)
    model = saved or trained_model(connection, run.as_of.isoformat())
    model, rules = score(connection, model, config, is_prior_known=saved is not None)
    if saved is None:
        save_model(model, folder)
    return report(connection, model, rules, is_reused=saved is not None)


def no_matches(connection: duckdb.DuckDBPyConnection) -> None:
    """Create `matches` without rows."""
    connection.execute(_NO_MATCHES)


def create_comparable(connection: duckdb.DuckDBPyConnection) -> None:
    """Create `compared` from `descriptions` and `clusters`: one row per cluster and distinct description."""
    create_from_frame(
        connection, "comparable", comparable_descriptions(fetch_frame(connection, "select * from descriptions order by record_id"))
    )
    connection.execute(_COMPARED)
    connection.execute("drop table comparable")
    create_frequencies(connection)


def score(
    connection: duckdb.DuckDBPyConnection, model: Model, config: MatcherConfig, *, is_prior_known: bool
) -> tuple[Model, tuple[Rule, ...]]:
    """Create `matches` from `compared`; the model with the prior that these pairs give, unless it is known, and the rules of blocking."""
    rules = plan_blocking(connection, "compared", config.max_pairs)
    used = [f"{rule.condition} and l.cluster_id <> r.cluster_id" for rule in rules if rule.is_used]
    if not used:
        no_matches(connection)
        return model, rules
    discount_namesakes(connection, model.namesakes)
    chunks = 1 + sum(rule.pairs for rule in rules if rule.is_used) // _PAIRS_PER_CHUNK
    kept_from = float(config.clerical_from) if is_prior_known else _KEPT_FROM
    with linking(connection, "compared", model, used) as linker:
        scored = linker.inference.predict(threshold_match_probability=kept_from, num_chunks_left=chunks, num_chunks_right=1)
        connection.execute(_WEIGHED.format(prior_weight=_weight(model.prior), parts=_parts(), scored=scored.physical_name))
    if not is_prior_known:
        model = replace(model, prior=_prior(connection, model.prior))
    limits = {"threshold": float(config.threshold), "clerical_from": float(config.clerical_from)}
    connection.execute(_MATCHES.format(prior_weight=_weight(model.prior), **limits))
    connection.execute("drop table weighed")
    return model, rules


def report(connection: duckdb.DuckDBPyConnection, model: Model, rules: tuple[Rule, ...], *, is_reused: bool) -> MatcherReport:
    """Count what was found, and drop all tables but `matches`, `descriptions` and `clusters`."""
    counts = "select count(*) filter (is_accepted), count(*) filter (not is_accepted), (select count(*) from compared) from matches"
    [(accepted, clerical, records)] = connection.execute(counts).fetchall()
    connection.execute("drop table compared")
    drop_frequencies(connection)
    return MatcherReport(model.hash[:16], is_reused, model.prior, model.trained, rules, records, accepted, clerical)


def _prior(connection: duckdb.DuckDBPyConnection, started: float) -> float:
    """The share of pairs of clusters that are one person: the fixed point of what it makes of the evidence, and the evidence of it."""
    bins = connection.execute("select round(evidence, 2) as bits, count(*) as n from weighed group by bits order by bits").fetchall()
    [(clusters,)] = connection.execute("select count(distinct cluster_id) from compared").fetchall()
    pairs = max(clusters * (clusters - 1) / 2, 1)
    prior = started
    for _ in range(_ROUNDS):
        expected = sum(n / (1 + 2 ** -min(bits + _weight(prior), 60)) for bits, n in bins)
        prior = min(max(expected, 1) / pairs, 0.1)
    return rounded(prior)


def _weight(prior: float) -> float:
    return math.log2(prior / (1 - prior))


def _parts() -> str:
    """SQL: the weights of a pair as JSON. Splink numbers the levels from the weakest, -1 is unknown."""
    parts = []
    for comparison in COMPARISONS:
        levels = reversed([level.label for level in comparison.all_levels])
        cases = " ".join(f"when {number} then {literal(label)}" for number, label in enumerate(levels))
        weight = f"scored.mw_{comparison.name}" + (f" + scored.mw_tf_adj_{comparison.name}" if comparison.has_terms else "")
        level = f"case scored.gamma_{comparison.name} {cases} else 'not known' end"
        parts.append(f"'{comparison.name}', json_object('level', {level}, 'weight', round({weight}, 3))")
    return f"json_object({', '.join(parts)})"
