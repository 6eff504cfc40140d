"""How well the probabilistic matcher tells people apart, on published sets of people with typing errors and their truth.

Levels, assumed numbers and blocking rules were written before a run; how the matcher learns was chosen by looking at Febrl 1 and at
simulated deliveries. Febrl 3 gives the figure: trained on its records, threshold of the configuration, its truth read after the last
cluster. fake_1000 shows what holds without training. The truth is no column of a description.
"""

from __future__ import annotations

import argparse
import gzip
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
import polars as pl

from benchmarks.deliveries import ROOT
from pipelines.contracts.config import Config
from pipelines.contracts.engine import create_from_frame, fetch_frame, open_engine
from pipelines.contracts.home import Home
from pipelines.contracts.run import Run
from pipelines.contracts.settings.identity import MatcherConfig
from pipelines.identity.accuracy import Accuracy, accuracy
from pipelines.identity.components import connect
from pipelines.identity.matching.model import assumed_model
from pipelines.identity.matching.scoring import MatcherReport, create_comparable, find_matches, report, score

_DAY = date(2026, 1, 1)


@dataclass(frozen=True, slots=True)
class Linkage:
    """One set, linked. `links`: accepted links alone; `clusters`: what hangs together by them. `seconds` of the processor."""

    name: str
    report: MatcherReport
    links: Accuracy
    clusters: Accuracy
    seconds: float


def linked(name: str, people: pl.DataFrame, *, is_trained: bool) -> Linkage:
    """Match `people` (columns of DESCRIPTION and `truth`) with the default configuration."""
    started = time.process_time()
    with _engine() as (connection, run):
        create_from_frame(connection, "descriptions", people.drop("truth"))
        connection.execute("create table clusters as select record_id, record_id as cluster_id from descriptions")
        told = find_matches(connection, run) if is_trained else _unlearnt(connection)
        connection.execute("create table edges as select left_id as a, right_id as b from matches where is_accepted")
        connect(connection, "edges", "labels")
        found = fetch_frame(
            connection, "select record_id, coalesce(label, record_id) as cluster_id from descriptions left join labels on node = record_id"
        )
        edges = fetch_frame(connection, "select * from edges")
    seconds = time.process_time() - started
    judged = found.join(people.select("record_id", "truth"), on="record_id")
    return Linkage(name, told, _of_links(edges, people), accuracy(judged), seconds)


def febrl(path: Path) -> pl.DataFrame:
    """A set of Febrl: names may stand in each other's column, the social security number is a number with typing errors like a phone."""
    rows = _read(path).with_row_index("record_id")
    return rows.select(
        "record_id",
        full_name=_full_name("given_name", "surname"),
        birth_on="date_of_birth",
        province="state",
        city="suburb",
        postcode="postcode",
        address=pl.concat_str("street_number", "address_1", separator=" ", ignore_nulls=True),
        phone="soc_sec_id",
        truth=pl.col("rec_id").str.extract(r"^rec-(\d+)-", 1),
    )


def fake_1000(path: Path) -> pl.DataFrame:
    """A thousand records of Splink's demonstration: name, birthday, city, e-mail, each missing in a fifth of them."""
    return _read(path).select(
        pl.col("unique_id").cast(pl.Int64).alias("record_id"),
        full_name=_full_name("first_name", "surname"),
        birth_on="dob",
        city="city",
        email="email",
        truth="cluster",
    )


def main() -> None:
    """Print the figures of the sets in a folder."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.linkage", description="Measure the probabilistic matcher.")
    parser.add_argument("folder", type=Path, nargs="?", default=ROOT.parent / "shared" / "data" / "record_linkage")
    folder: Path = parser.parse_args().folder
    if not folder.is_dir():
        parser.error(f"no folder {folder}: name the one that holds febrl_dataset3.csv.gz")
    print("| set | trained | links P | R | F1 | clusters P | R | F1 | B-cubed P | R | F1 | processor s |")
    print("|---|---|---|---|---|---|---|---|---|---|---|---|")
    for linkage in (
        linked("Febrl 1", febrl(folder / "febrl_dataset1.csv.gz"), is_trained=True),
        linked("Febrl 3", febrl(folder / "febrl_dataset3.csv.gz"), is_trained=True),
        linked("fake_1000", fake_1000(folder / "fake_1000.csv.gz"), is_trained=False),
    ):
        print(_row(linkage))


def _row(linkage: Linkage) -> str:
    links, clusters = linkage.links, linkage.clusters
    shares = (links.precision, links.recall, links.f1, clusters.precision, clusters.recall, clusters.f1)
    cubed = (clusters.b_cubed_precision, clusters.b_cubed_recall, clusters.b_cubed_f1)
    trained = "yes" if set(linkage.report.trained.values()) != {"assumed"} else "no"
    return f"| {linkage.name} | {trained} | {' | '.join(f'{share:.4f}' for share in (*shares, *cubed))} | {linkage.seconds:.1f} |"


def _of_links(edges: pl.DataFrame, people: pl.DataFrame) -> Accuracy:
    """Links alone, each a pair: no record stands with the friend of a friend."""
    truth = people.select("record_id", "truth")
    judged = edges.join(truth, left_on="a", right_on="record_id").join(truth, left_on="b", right_on="record_id", suffix="_b")
    right = judged.filter(pl.col("truth") == pl.col("truth_b")).height
    sizes = truth.group_by("truth").len()["len"].cast(pl.Int64)
    true = int((sizes * (sizes - 1)).sum()) // 2
    return Accuracy(right / max(edges.height, 1), right / true, float("nan"), float("nan"))


def _unlearnt(connection: duckdb.DuckDBPyConnection) -> MatcherReport:
    create_comparable(connection)
    model, rules = score(connection, assumed_model(connection, _DAY.isoformat()), MatcherConfig(), is_prior_known=False)
    return report(connection, model, rules, is_reused=False)


@contextmanager
def _engine() -> Iterator[tuple[duckdb.DuckDBPyConnection, Run]]:
    with tempfile.TemporaryDirectory() as folder:
        run = Run(_DAY, Config(), Home(Path(folder)), Path(folder))
        with open_engine(run, "linkage") as connection:
            yield connection, run


def _read(path: Path) -> pl.DataFrame:
    rows = pl.read_csv(gzip.decompress(path.read_bytes()), infer_schema=False)
    rows = rows.rename({column: column.strip() for column in rows.columns})
    return rows.with_columns(pl.all().str.strip_chars().replace({"": None}))


def _full_name(given: str, surname: str) -> pl.Expr:
    """As a form would hold it: with a comma where both are known."""
    return pl.coalesce(pl.concat_str(pl.col(surname), pl.lit(", "), pl.col(given)), surname, given)


if __name__ == "__main__":
    main()
