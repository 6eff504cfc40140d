"""Probabilities of the day for every buyer: choose a model for each target, apply it in pieces, keep what it was tested on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import duckdb
import numpy as np
import polars as pl

from pipelines.contracts.engine import create_from_frame
from pipelines.contracts.settings.predictions import PropensityConfig
from pipelines.value.propensity.buying import FitBuying, fit_buying
from pipelines.value.propensity.candidates import RECENCY_RULE, Fitted
from pipelines.value.propensity.choosing import Choice, choose
from pipelines.value.propensity.declared import Feature, used_features
from pipelines.value.propensity.drivers import drivers_of
from pipelines.value.propensity.features import Snapshot, create_features, read_snapshot

_PIECE = 50_000  # customers scored at a time: their features and the parts of their probabilities are in memory
_HASH_DIGITS = 12
_PLACES = 6

_SCORES = """
create table propensities (
    target varchar, customer_id varchar, probability double, basis varchar, model_name varchar, drivers varchar
)
"""

_STORED = """
insert into propensities
select '{target}', people.customer_id, piece.probability, '{basis}', '{model_name}', piece.drivers
from piece
join people using (customer_no)
"""

_UNSCORED = """
insert into propensities
select '{target}', people.customer_id, null, 'too_little_data', null, null
from people
where customer_no in (select customer_no from purchase_days)
"""

_OPTED_OUT = """
insert into propensities
select distinct '{target}', customer_id, cast(null as double), 'opted_out', null, null
from {fct_orders}
where is_purchase and customer_id in (select customer_id from opted_out)
"""


@dataclass(frozen=True, slots=True)
class Target:
    """`is_reversed`: the probability is that of no purchase in the horizon. `by_decile` is its measure in value_backtests."""

    name: str
    horizon_days: int
    is_reversed: bool
    by_decile: str


TARGETS: tuple[Target, ...] = (
    Target("churn_90d", 90, is_reversed=True, by_decile="churn_probability_by_decile"),
    Target("repurchase_30d", 30, is_reversed=False, by_decile="repurchase_probability_by_decile"),
)


@dataclass(frozen=True, slots=True)
class Prediction:
    """What was chosen for one target. `data_from_on`: first purchase day of the shop, null where nobody has bought."""

    target: Target
    choice: Choice | None
    data_from_on: date | None
    scored_count: int


class SnapshotStore:
    """Customers of past cut-off days, each read once: of more customers than the configuration allows, the same part on every day."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, features: tuple[Feature, ...], max_customers: int) -> None:
        self._connection = connection
        self._features = features
        self._below = _sampled_below(connection, max_customers)
        self._found: dict[date, Snapshot] = {}

    def __call__(self, cutoff_on: date) -> Snapshot:
        if cutoff_on not in self._found:
            create_features(self._connection, cutoff_on, "features_then", sampled_below=self._below)
            self._found[cutoff_on] = read_snapshot(self._connection, cutoff_on, "features_then", self._features)
            self._connection.execute("drop table features_then")
        return self._found[cutoff_on]


def predict(
    connection: duckdb.DuckDBPyConnection,
    as_of: date,
    config: PropensityConfig,
    fct_orders: str,
    fit: FitBuying = fit_buying,
    *,
    threads: int | None = None,
) -> tuple[Prediction, ...]:
    """Create the table `propensities` (VALUE_PROPENSITIES without the day) and say what was chosen for each target.

    Needs the tables of `create_facts`; `fct_orders` is the SQL relation of the orders, `fit` fits the purchase model. Leaves
    `features_now`: the features of the day.
    """
    features = used_features(config.sensitive_features)
    connection.execute(_SCORES)
    create_features(connection, as_of, "features_now")
    [(first_on,)] = connection.execute("select min(day) from purchase_days").fetchall()
    snapshots = SnapshotStore(connection, features, config.max_training_customers)
    found = []
    for target in TARGETS:
        choice = None
        if first_on is not None:
            choice = choose(as_of, target.horizon_days, first_on, snapshots, features, config, fit, threads)
        if choice is not None and choice.model is not None:
            _apply(connection, as_of, target, choice.model, features, config.drivers)
        else:
            connection.execute(_UNSCORED.format(target=target.name))
        connection.execute(_OPTED_OUT.format(target=target.name, fct_orders=fct_orders))
        query = f"select count(*) from propensities where target = '{target.name}' and probability is not null"
        [(scored,)] = connection.execute(query).fetchall()
        found.append(Prediction(target, choice, first_on, scored))
    return tuple(found)


def _apply(
    connection: duckdb.DuckDBPyConnection, as_of: date, target: Target, model: Fitted, features: tuple[Feature, ...], drivers: int
) -> None:
    [(last_no,)] = connection.execute("select coalesce(max(customer_no), 0) from features_now").fetchall()
    basis = "baseline" if model.name == RECENCY_RULE else "model"
    for start in range(0, last_no + 1, _PIECE):
        where = f"customer_no >= {start} and customer_no < {start + _PIECE} and customer_no in (select customer_no from purchase_days)"
        snapshot = read_snapshot(connection, as_of, "features_now", features, where)
        if not len(snapshot.customer_nos):
            continue
        piece = scored(model, snapshot, features, drivers, is_reversed=target.is_reversed)
        create_from_frame(connection, "piece", piece)
        connection.execute(_STORED.format(target=target.name, basis=basis, model_name=model.name))
        connection.execute("drop table piece")


def scored(model: Fitted, snapshot: Snapshot, features: tuple[Feature, ...], drivers: int, *, is_reversed: bool) -> pl.DataFrame:
    """`customer_no, probability, drivers`, a row a customer; the probability is that of the target."""
    buys = model.probabilities(snapshot)
    probability = np.round(1 - buys if is_reversed else buys, _PLACES)
    return pl.DataFrame(
        {
            "customer_no": snapshot.customer_nos,
            "probability": probability,
            "drivers": drivers_of(model, snapshot, features, drivers, is_reversed=is_reversed),
        }
    )


def _sampled_below(connection: duckdb.DuckDBPyConnection, max_customers: int) -> str | None:
    [(buyers,)] = connection.execute("select count(distinct customer_no) from order_days").fetchall()
    if buyers <= max_customers:
        return None
    return format(16**_HASH_DIGITS * max_customers // buyers, f"0{_HASH_DIGITS}x")
