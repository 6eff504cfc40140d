"""What is measured of who is who, each in a process of its own: loading, our engine, plain components, Splink alone.

Each prints one JSON object with its seconds, imports left out; what it decided is a Parquet file `source_record_key, cluster_id`.
"""

from __future__ import annotations

import argparse
import json
import logging
import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import polars as pl

from benchmarks.deliveries import ROOT
from pipelines.contracts.channel_tables import CHANNEL_CONTACT_POINTS, CHANNEL_PROFILES
from pipelines.contracts.config import Config
from pipelines.contracts.home import Home
from pipelines.contracts.identity_tables import IDENTITY_CONTACT_POINTS, IDENTITY_CURRENT, IDENTITY_TABLES
from pipelines.contracts.run import Run

if TYPE_CHECKING:
    from splink import Linker

_REFERENCE = ROOT / "data" / "reference"
# what its documentation clusters at, fixed before anything was measured
_SPLINK_THRESHOLD = 0.95
_SPLINK_PAIRS = 1_000_000
_SPLINK_RANDOM_PAIRS = 10_000_000  # ids agree by chance once in a million pairs
_SPLINK_TAUGHT_FROM_PAIRS = 500
# issued to one person or payment each, so that two people agree on one by mistake only: Splink cannot see that in a sample of pairs
_IDS = ("member_id", "unionid", "openid", "user_id", "platform_account", "payment_order_no")
_COLUMNS = ("phone", "email", *_IDS)


def load(home: Path, deliveries: Path) -> dict[str, Any]:
    """Load all deliveries into a new home."""
    from pipelines.channels import load_deliveries

    started = time.perf_counter()
    report = load_deliveries(Home(home, deliveries), Config(), lambda *_: None)
    return {"seconds": time.perf_counter() - started, "loads": len(report.loads_new), "refused": len(report.refused)}


def resolve(home: Path, as_of: date) -> dict[str, Any]:
    """Our engine with the default configuration, from the tables of the channels to its own, which are made anew."""
    from pipelines.identity import resolve_identity

    folders = Home(home)
    for table in IDENTITY_TABLES:
        for path in folders.table(table.name).glob("*.parquet"):
            path.unlink()
    started = time.perf_counter()
    report = resolve_identity(Run(as_of, Config(), folders, _REFERENCE))
    return {"seconds": time.perf_counter() - started, "report": asdict(report)}


def components(home: Path, out: Path) -> dict[str, Any]:
    """Whoever shares a value is one person: contact points from Parquet, numbers for keys, components, members to Parquet.

    The least that any engine must do on these edges. It decides nothing: no value is doubted, no two people are kept apart.
    """
    import numpy as np
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    started = time.perf_counter()
    points = pl.read_parquet(
        Home(home).table(CHANNEL_CONTACT_POINTS.name) / "load=*" / "*.parquet",
        columns=["source_record_key", "type", "scope", "value_raw"],
        hive_partitioning=False,
    )
    numbered = points.select(
        pl.col("source_record_key"),
        record=pl.col("source_record_key").rank("dense") - 1,
        value=pl.struct("type", "scope", "value_raw").rank("dense") - 1,
    )
    record, value = numbered["record"].to_numpy(), numbered["value"].to_numpy()
    records, values = int(record.max()) + 1, int(value.max()) + 1
    edges = coo_matrix((np.ones(len(record), dtype=np.int8), (record, value + records)), shape=(records + values, records + values))
    found, labels = connected_components(edges, directed=False)
    members = numbered.select("source_record_key", "record").unique("record")
    members = members.with_columns(cluster_id=pl.Series(labels[members["record"].to_numpy()]).cast(pl.String)).drop("record")
    members.write_parquet(out)
    largest = int(members.group_by("cluster_id").len()["len"].max() or 0)  # type: ignore[arg-type]
    return {"seconds": time.perf_counter() - started, "clusters": int(found), "records": records, "largest": largest}


def splink_alone(home: Path, out: Path) -> dict[str, Any]:
    """Splink on all records in one run, with the comparisons of its own library: one row a record, one value a column.

    It is given our normalized values: the contact point that each record was last seen with, of each type, and its name, birthday, city.
    """
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on
    from splink import comparison_level_library as levels
    from splink import comparison_library as library

    warnings.filterwarnings("ignore", module="splink")
    started = time.perf_counter()
    records = _splink_records(Home(home))
    settings = SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name="source_record_key",
        comparisons=[
            library.NameComparison("full_name"),
            library.DateOfBirthComparison("birth_on", input_is_string=True),
            library.ExactMatch("city").configure(term_frequency_adjustments=True),
            library.EmailComparison("email"),
            library.ExactMatch("phone").configure(term_frequency_adjustments=True),
            *(library.CustomComparison([levels.NullLevel(column), _agreed_id(column), levels.ElseLevel()], column) for column in _IDS),
        ],
        blocking_rules_to_generate_predictions=[*(block_on(column) for column in _COLUMNS), block_on("full_name", "birth_on")],
    )
    with duckdb.connect() as connection:
        connection.execute("create table records as select * from read_parquet(?)", [str(records)])
        records.unlink()
        linker = Linker(DuckDBAPI(connection=connection).register("records"), settings, log_level=logging.ERROR)
        training = linker.training
        training.estimate_probability_two_random_records_match([block_on(column) for column in ("phone", "email", "member_id")], recall=0.8)
        training.estimate_u_using_random_sampling(max_pairs=_SPLINK_RANDOM_PAIRS, seed=1)
        taught = [column for column in ("phone", "full_name", "email") if _teaches(connection, linker, column)]
        predicted = linker.inference.predict(threshold_match_probability=_SPLINK_THRESHOLD)
        clusters = linker.clustering.cluster_pairwise_predictions_at_threshold(predicted, _SPLINK_THRESHOLD)
        members = f"select source_record_key, cast(cluster_id as varchar) as cluster_id from {clusters.physical_name}"
        connection.execute(f"copy ({members}) to '{out}' (format parquet)")
    return {"seconds": time.perf_counter() - started, "taught": taught}


def _teaches(connection: duckdb.DuckDBPyConnection, linker: Linker, column: str) -> bool:
    """Train on the pairs that agree on `column`; too few of them teach nothing, and a level that none of them is on is an error."""
    from splink import block_on

    if _pair_count(connection, column) < _SPLINK_TAUGHT_FROM_PAIRS:
        return False
    try:
        linker.training.estimate_parameters_using_expectation_maximisation(
            block_on(column), max_pairs=_SPLINK_PAIRS, record_sample_proportion=1.0
        )
    except ValueError:
        return False
    return True


def _agreed_id(column: str) -> dict[str, Any]:
    return {
        "sql_condition": f"{column}_l = {column}_r",
        "label_for_charts": "same",
        "m_probability": 0.9,
        "u_probability": 1e-8,
        "fix_m_probability": True,
        "fix_u_probability": True,
    }


def _pair_count(connection: duckdb.DuckDBPyConnection, column: str) -> int:
    """Pairs of records that agree on `column`."""
    counted = f"select count(*) as n from records where {column} is not null group by {column}"
    [(pairs,)] = connection.execute(f"select coalesce(sum(n * (n - 1) / 2), 0) from ({counted})").fetchall()
    return int(pairs)


def _splink_records(home: Home) -> Path:
    """One row a record of the last run, as a Parquet file."""
    path = home.lake / "splink_records.parquet"
    profiles = pl.scan_parquet(home.table(CHANNEL_PROFILES.name) / "load=*" / "*.parquet", hive_partitioning=False).sort(
        "last_seen_at", "_load_id", "_source_row"
    )
    named = profiles.group_by("source_record_key").agg(
        pl.col(name).drop_nulls().last().cast(pl.String) for name in ("full_name", "birth_on", "city")
    )
    points = pl.scan_parquet(home.table(IDENTITY_CONTACT_POINTS.name) / "*.parquet").filter(pl.col("state") == "real")
    rows = pl.scan_parquet(home.table(IDENTITY_CURRENT.name) / "*.parquet").select("source_record_key")
    rows = rows.join(named, on="source_record_key", how="left")
    for column in _COLUMNS:
        newest = points.filter(pl.col("type") == column).sort("last_seen_at", "scope", "value").group_by("source_record_key")
        # an openid is one within its application only
        value = pl.when(pl.col("scope") == "global").then("value").otherwise(pl.col("scope") + "/" + pl.col("value"))
        rows = rows.join(newest.agg(value.last().alias(column)), on="source_record_key", how="left")
    rows.sort("source_record_key").collect().write_parquet(path)
    return path


def main() -> None:
    """Run one of them."""
    parser = argparse.ArgumentParser(description="Run one contestant.")
    parser.add_argument("contestant", choices=sorted(_CONTESTANTS))
    parser.add_argument("home", type=Path)
    parser.add_argument("other", help="folder of deliveries, day, or file to write")
    chosen = parser.parse_args()
    print(json.dumps(_CONTESTANTS[chosen.contestant](chosen.home, chosen.other), default=str))


_CONTESTANTS: Mapping[str, Callable[[Path, str], dict[str, Any]]] = {
    "load": lambda home, other: load(home, Path(other)),
    "resolve": lambda home, other: resolve(home, date.fromisoformat(other)),
    "components": lambda home, other: components(home, Path(other)),
    "splink": lambda home, other: splink_alone(home, Path(other)),
}


if __name__ == "__main__":
    main()
