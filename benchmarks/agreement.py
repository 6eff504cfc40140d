"""How well records were put together, against the truth: over pairs, and over records (B-cubed). Knows neither data nor method."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl


@dataclass(frozen=True, slots=True)
class Agreement:
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


def agreement(clusters: pl.DataFrame) -> Agreement:
    """Of one row per record with its `cluster_id` and its `truth`. Where nothing was joined, or nothing is to join, the share is 1."""
    both = clusters.group_by("cluster_id", "truth").len(name="n")
    found, true = both.group_by("cluster_id").agg(size=pl.col("n").sum()), both.group_by("truth").agg(size=pl.col("n").sum())
    sizes = both.join(found, on="cluster_id").join(true, on="truth", suffix="_true").cast({"n": pl.Float64})
    records = clusters.height
    shared = _pairs(both["n"])
    return Agreement(
        precision=_share(shared, _pairs(found["size"])),
        recall=_share(shared, _pairs(true["size"])),
        b_cubed_precision=_share(sizes.select((pl.col("n") ** 2 / pl.col("size")).sum()).item(), records),
        b_cubed_recall=_share(sizes.select((pl.col("n") ** 2 / pl.col("size_true")).sum()).item(), records),
    )


def _pairs(sizes: pl.Series) -> float:
    wide = sizes.cast(pl.Int64)
    return float((wide * (wide - 1)).sum() / 2)


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 1.0


def _harmonic(precision: float, recall: float) -> float:
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0
