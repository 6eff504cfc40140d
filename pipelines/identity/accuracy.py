"""How well records were put together, against the truth: over pairs, and over records (B-cubed). Decides nothing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from pipelines.contracts.errors import ConfigurationError

TRUTH_FILE = "source_records.parquet"
_TRUTH = ("source_record_key", "person_id")
# a device without a login says nothing of its owner: telling whose it is was never asked
_DEVICES = "segment:anon/"


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Shares. Over pairs of records: of those joined, how many are one person; of those that are one person, how many were joined.

    B-cubed: the same for each record, of the records that it stands with, itself among them; then the mean over records.
    """

    precision: float
    recall: float
    b_cubed_precision: float
    b_cubed_recall: float

    @property
    def f1(self) -> float:
        """Harmonic mean over pairs."""
        return _harmonic(self.precision, self.recall)

    @property
    def b_cubed_f1(self) -> float:
        """Harmonic mean over records."""
        return _harmonic(self.b_cubed_precision, self.b_cubed_recall)


def accuracy(clusters: pl.DataFrame) -> Accuracy:
    """Of one row per record with its `cluster_id` and its `truth`. Where nothing was joined, or nothing is to join, the share is 1."""
    both = clusters.group_by("cluster_id", "truth").len(name="n")
    found, true = both.group_by("cluster_id").agg(size=pl.col("n").sum()), both.group_by("truth").agg(size=pl.col("n").sum())
    sizes = both.join(found, on="cluster_id").join(true, on="truth", suffix="_true").cast({"n": pl.Float64})
    records = clusters.height
    shared = _pairs(both["n"])
    return Accuracy(
        precision=_share(shared, _pairs(found["size"])),
        recall=_share(shared, _pairs(true["size"])),
        b_cubed_precision=_share(sizes.select((pl.col("n") ** 2 / pl.col("size")).sum()).item(), records),
        b_cubed_recall=_share(sizes.select((pl.col("n") ** 2 / pl.col("size_true")).sum()).item(), records),
    )


def read_truth(folder: Path) -> pl.DataFrame:
    """`source_record_key, person_id` of the records that have one right answer, from `source_records.parquet` in `folder`.

    Left out: records that the exports themselves give to several people, and devices without a login. Raises ConfigurationError when
    there is no such file, or it lacks a column.
    """
    path = folder / TRUTH_FILE
    try:
        rows = pl.scan_parquet(path).select(pl.col(name).cast(pl.String) for name in _TRUTH)
        return (
            rows.drop_nulls()
            .filter(~pl.col("source_record_key").str.starts_with(_DEVICES))
            .group_by("source_record_key")
            .agg(pl.col("person_id").min(), others=pl.col("person_id").n_unique())
            .filter(pl.col("others") == 1)
            .drop("others")
            .collect()
        )
    except (OSError, pl.exceptions.PolarsError) as error:
        raise ConfigurationError(
            f"no truth can be read: {type(error).__name__}",
            where=str(path),
            do=f"name the folder that holds {TRUTH_FILE} with the columns {' and '.join(_TRUTH)}, as `cdp simulate` writes it",
        ) from error


def worst_clusters(judged: pl.DataFrame, limit: int) -> pl.DataFrame:
    """Clusters of several people, most pairs of records of different people first: `cluster_id, people, records, wrong_pairs`."""
    parts = judged.group_by("cluster_id", "truth").len(name="n").cast({"n": pl.Int64})
    sizes = parts.group_by("cluster_id").agg(people=pl.len(), records=pl.col("n").sum(), squares=(pl.col("n") ** 2).sum())
    wrong = sizes.filter(pl.col("people") > 1).with_columns(wrong_pairs=(pl.col("records") ** 2 - pl.col("squares")) // 2)
    return wrong.sort("wrong_pairs", "cluster_id", descending=[True, False]).head(limit).drop("squares")


def _pairs(sizes: pl.Series) -> float:
    wide = sizes.cast(pl.Int64)
    return float((wide * (wide - 1)).sum() / 2)


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 1.0


def _harmonic(precision: float, recall: float) -> float:
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0
