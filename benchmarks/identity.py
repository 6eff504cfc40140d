"""Who is who, measured: against the planted truth, against Splink alone, on published sets, by size, and with a poisoned number.

What was tuned on what: the rules of the engine were looked at on one simulated set of 100,000 people, seed 7; the figures here are of
another seed. What the matcher was looked at on stands in `benchmarks.linkage`.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from benchmarks.deliveries import ROOT, prepare
from benchmarks.identity_lake import IdentityLake, prepare_lake
from benchmarks.linkage import Linkage, fake_1000, febrl, linked
from benchmarks.measure import measure
from pipelines.contracts.channel_tables import CHANNEL_CONTACT_POINTS
from pipelines.contracts.home import Home
from pipelines.contracts.identity_tables import IDENTITY_CONTACT_POINTS, IDENTITY_CURRENT
from pipelines.contracts.tables import Table
from pipelines.identity.accuracy import Accuracy, accuracy, read_truth

SEED = 11
FORMATS = "base,contacts,siss_vip_info,siss_payflow"
_PUBLISHED = ROOT.parent / "shared" / "data" / "record_linkage"
_LARGE = 2_000_000  # from here on one run is long enough to be steady


@dataclass(frozen=True, slots=True)
class Timed:
    """One contestant: median seconds without imports, largest peak of its process tree, and what it said of its last run."""

    seconds: float
    peak_bytes: int
    said: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Told:
    """Who told people apart how well. `over_evidence`: recall over the pairs that share usable evidence."""

    cost: Timed
    accuracy: Accuracy
    over_evidence: float


@dataclass(frozen=True, slots=True)
class Simulated:
    """Both contestants on one set of deliveries. `evidence_share`: of the pairs of one person, those that share usable evidence."""

    people: int
    days: int
    records: int
    judged: int
    evidence_share: float
    loading: Timed
    engine: Told
    splink: Told


@dataclass(frozen=True, slots=True)
class Sized:
    """One size of the written lake."""

    people: int
    records: int
    contact_points: int
    engine: Timed
    components: Timed
    accuracy: Accuracy


@dataclass(frozen=True, slots=True)
class Poisoned:
    """Records of the largest customer without the poison and with it, and of the largest component."""

    people: int
    clean: int
    poisoned: int
    rejected_values: dict[str, int]
    component: int


@dataclass(frozen=True, slots=True)
class IdentityFigures:
    """All of it. `published` is empty where those sets are not there."""

    simulated: Simulated
    published: list[Linkage]
    sizes: list[Sized]
    poison: Poisoned
    seed: int = SEED


def run_identity(
    work: Path, simulated: int, days: int, sizes: Sequence[int], poisoned: int, repeats: int | None
) -> Iterator[IdentityFigures]:
    """Measure one process at a time; yield all that is known after each size, so that an hour of work is not lost with the next one.

    Deliveries and written lakes stay in `work`; the home that is loaded is removed.
    """
    published, judged, poison = _published(), _simulated(work, simulated, days), _poisoned(work, poisoned)
    found: list[Sized] = []
    yield IdentityFigures(judged, published, [], poison)
    for people in sorted(sizes):
        found.append(_sized(prepare_lake(work, people, SEED), repeats or (1 if people >= _LARGE else 3)))
        yield IdentityFigures(judged, published, list(found), poison)


def usable_evidence(contact_points: pl.DataFrame, truth: pl.DataFrame) -> pl.DataFrame:
    """`source_record_key, part`: records of one person are of one part when accepted values connect them.

    Pairs that share usable evidence are the pairs of a part: two records of one person that hold one accepted real value, or that a
    chain of such records of the same person leads from one to the other. `contact_points`: rows of identity_contact_points. Records of
    `truth` that hold no such value are a part of their own.
    """
    usable = contact_points.filter("is_accepted", pl.col("state") == "real").join(truth, on="source_record_key")
    records = truth.select("source_record_key").with_row_index("record")
    held = usable.join(records, on="source_record_key").select(
        "record", value=pl.struct("person_id", "type", "scope", "value").rank("dense") - 1
    )
    record, value = held["record"].to_numpy(), held["value"].to_numpy()
    nodes = records.height + (int(value.max()) + 1 if len(value) else 0)
    edges = coo_matrix((np.ones(len(record), dtype=np.int8), (record, value.astype(np.int64) + records.height)), shape=(nodes, nodes))
    _, labels = connected_components(edges, directed=False)
    return records.select("source_record_key", part=pl.Series(labels[: records.height]))


def _simulated(work: Path, people: int, days: int) -> Simulated:
    deliveries = prepare(work, people, days, seed=SEED, formats=FORMATS)
    home = work / f"scratch-identity-{people}"
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    loading = _timed("load", home, deliveries.folder)
    engine = _timed("resolve", home, deliveries.as_of)
    found = home / "splink.parquet"
    splink = _timed("splink", home, found)
    truth = read_truth(deliveries.truth)
    parts = usable_evidence(_written(home, IDENTITY_CONTACT_POINTS), truth)
    current = _written(home, IDENTITY_CURRENT)
    ours = current.select("source_record_key", cluster_id="customer_id")
    told = [_told(cost, clusters, truth, parts) for cost, clusters in ((engine, ours), (splink, pl.read_parquet(found)))]
    shutil.rmtree(home)
    judged = truth.join(current, on="source_record_key", how="semi")
    share = accuracy(judged.join(parts, on="source_record_key").select(cluster_id="part", truth="person_id")).recall
    return Simulated(people, days, current.height, judged.height, share, loading, told[0], told[1])


def _told(cost: Timed, clusters: pl.DataFrame, truth: pl.DataFrame, parts: pl.DataFrame) -> Told:
    judged = clusters.join(truth, on="source_record_key").join(parts, on="source_record_key")
    over_evidence = accuracy(judged.select("cluster_id", truth="part")).recall
    return Told(cost, accuracy(judged.select("cluster_id", truth="person_id")), over_evidence)


def _published() -> list[Linkage]:
    if not _PUBLISHED.is_dir():
        print(f"no folder {_PUBLISHED}: the published sets are left out", file=sys.stderr)
        return []
    return [
        linked("Febrl 3", febrl(_PUBLISHED / "febrl_dataset3.csv.gz"), is_trained=True),
        linked("fake_1000", fake_1000(_PUBLISHED / "fake_1000.csv.gz"), is_trained=False),
    ]


def _sized(lake: IdentityLake, repeats: int) -> Sized:
    out = lake.home.root / "components.parquet"
    engine, components = [], []
    for _ in range(repeats):  # in turn, so that a slow minute of the machine meets both
        engine.append(_timed("resolve", lake.home.root, lake.as_of))
        components.append(_timed("components", lake.home.root, out))
    out.unlink()
    current = _written(lake.home.root, IDENTITY_CURRENT)
    truth = read_truth(lake.truth)
    judged = current.join(truth, on="source_record_key").select(cluster_id="customer_id", truth="person_id")
    return Sized(lake.people, current.height, lake.rows(CHANNEL_CONTACT_POINTS), _median(engine), _median(components), accuracy(judged))


def _poisoned(work: Path, people: int) -> Poisoned:
    clean = prepare_lake(work, people, SEED)
    before = _timed("resolve", clean.home.root, clean.as_of).said["report"]
    lake = prepare_lake(work, people, SEED, is_poisoned=True)
    report = _timed("resolve", lake.home.root, lake.as_of).said["report"]
    out = lake.home.root / "components.parquet"
    component = _timed("components", lake.home.root, out).said["largest"]
    out.unlink()
    return Poisoned(people, before["largest_cluster"], report["largest_cluster"], report["rejected_values"], component)


def _timed(contestant: str, home: Path, other: Path | date) -> Timed:
    """One contestant in a process of its own."""
    found = measure([sys.executable, "-m", "benchmarks.identity_contestants", contestant, home, str(other)], os.environ)
    said = json.loads(found.stdout.splitlines()[-1])
    print(f"{contestant} {home.name}: {said['seconds']:.1f} s, {found.peak_bytes / 2**30:.2f} GiB", file=sys.stderr, flush=True)
    return Timed(said["seconds"], found.peak_bytes, said)


def _median(runs: Sequence[Timed]) -> Timed:
    return Timed(statistics.median(run.seconds for run in runs), max(run.peak_bytes for run in runs), runs[-1].said)


def _written(home: Path, table: Table) -> pl.DataFrame:
    return pl.read_parquet(Home(home).table(table.name) / "*.parquet")
