"""The clustering runs on Spark as it is written for DuckDB, and decides the same. Skipped where there is no Spark or no Java."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.contracts.settings.identity import IdentityConfig
from pipelines.identity import firewall, holders, links
from tests.identity.spark_engine import SparkEngine, plain
from tests.identity.worlds import NAMES, SCHEMAS, SHARED, World

RESULTS = {
    "holders": "kind_id, value, record_id, holder_no, owner_no, is_shared",
    "ownerships": "kind_id, value, owner_no, valid_from_at, valid_to_at, source_record_count",
    "link_values": "value_id, kind_id, value, holder_no",
    "refused": "left_id, right_id, value_id, kind_id",
    "reviews": "left_id, right_id, value_id, reason",
    "carriers": "value_id, record_id",
    "clusters": "record_id, cluster_id",
}


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkEngine]:
    pytest.importorskip("pyspark", reason="pyspark is not installed")
    if shutil.which("java") is None:
        pytest.skip("Spark needs Java")
    engine = SparkEngine(tmp_path_factory.mktemp("spark"))
    yield engine
    engine.stop()


def tangle(seed: int) -> World:
    """Families on phones, cards that exclude each other, portraits, decisions, one value that so many carry that no clique is made."""
    draw = random.Random(seed)
    phones = {(draw.randint(1, 70), draw.choice([1, 3, 3, 3]), f"v{draw.randint(1, 30)}") for _ in range(130)}
    cards = {(record, 2, f"card{draw.randint(1, 6)}") for record in range(1, 71) if draw.random() < 0.3}
    crowd = {(record, 4, "crowd") for record in range(1, 9)} | {(record, 3, "crowd") for record in range(6, 71)}
    births = [date(1980, 5, 5), date(1991, 2, 3), date(2001, 7, 9)]
    portraits = {record: (draw.choice(sorted(NAMES)), draw.choice(births)) for record in range(1, 71) if draw.random() < 0.4}
    return World(sorted(phones | cards | crowd), 70, portraits, must=[(3, 69), (7, 8)], cannot=[(1, 70), (20, 21)])


def decide(connection: Any) -> dict[str, list[tuple[Any, ...]]]:
    """Holders, links, clusters, firewall; then what each of them said."""
    connection.execute("drop table holders")
    connection.execute(SHARED)
    holders.find_holders(connection, silent_days=90)
    links.gather_carriers(connection)
    links.cluster(connection)
    firewall.hold_back(connection, IdentityConfig(review_from_records=6, largest_cluster_records=25))
    return {table: plain(connection.execute(f"select {columns} from {table}").fetchall()) for table, columns in RESULTS.items()}


def test_spark_decides_what_duckdb_decides(spark: SparkEngine, tmp_path: Path) -> None:
    world = tangle(seed=3)
    with duckdb.connect(config={"threads": 1, "temp_directory": str(tmp_path)}) as connection:
        for table, schema in SCHEMAS.items():
            spark.create(table, world.rows()[table], schema.replace("varchar", "string"))
            connection.execute(f"create table {table} ({schema})")
            for row in world.rows()[table]:
                connection.execute(f"insert into {table} values ({', '.join(['?'] * len(row))})", list(row))
        expected = decide(connection)
    assert [table for table, rows in expected.items() if not rows] == []  # nothing is equal because nothing was done
    assert {table: rows for table, rows in decide(spark).items() if rows != expected[table]} == {}
