"""Splink, set up with our comparisons and the numbers of a model. The only module that imports it, and only when it is called."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import duckdb

from pipelines.identity.matching.comparisons import COMPARISONS, Comparison
from pipelines.identity.matching.model import Model

if TYPE_CHECKING:
    from splink import Linker


# a value is as rare as the other clusters that hold it are few: a customer of forty records must not make their own name frequent
_FREQUENCIES = """
create or replace table frequencies_{term} as
select {term}, greatest(count(distinct cluster_id) - 1, 0.5) / sum(count(distinct cluster_id)) over () as tf_{term}
from compared where {term} is not null group by {term}
"""


_LEFT_OVER = "select table_name from information_schema.tables where starts_with(table_name, '__splink__') and table_type <> 'VIEW'"


def create_frequencies(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the tables of term frequencies that `linking` registers, from `compared`."""
    for term in _terms():
        connection.execute(_FREQUENCIES.format(term=term))


def discount_namesakes(connection: duckdb.DuckDBPyConnection, share: float) -> None:
    """Count of the holders of a name only that share that are other people."""
    connection.execute(f"update frequencies_name set tf_name = tf_name * {share}")


def drop_frequencies(connection: duckdb.DuckDBPyConnection) -> None:
    """Drop them."""
    for term in _terms():
        connection.execute(f"drop table frequencies_{term}")


@contextmanager
def linking(connection: duckdb.DuckDBPyConnection, table: str, model: Model, rules: Sequence[str] = ()) -> Iterator[Linker]:
    """Yield Splink over `table` with the numbers of `model`; what it left in the database is gone afterwards.

    Imported here, because nobody who leaves the matcher off should wait for it.
    """
    from splink import DuckDBAPI, Linker

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
    database = DuckDBAPI(connection=connection)
    linker = Linker(database.register(table), settings, log_level=logging.ERROR)
    for term in _terms():
        linker.table_management.register_term_frequency_lookup(database.register(f"frequencies_{term}"), term)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # on every level that was never seen, which is told by `Model.trained`
            yield linker
    finally:
        for (name,) in connection.execute(_LEFT_OVER).fetchall():
            connection.execute(f"drop table {name}")


def _terms() -> list[str]:
    return sorted({level.term for comparison in COMPARISONS for level in comparison.levels if level.term is not None})


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
