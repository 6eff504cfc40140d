"""Metrics: what each figure of `kpi` means, the rows behind it, and what became of a figure that was published. Computes no figure."""

from pipelines.metrics.definitions import Metric, PartName, metric_named, read_metrics
from pipelines.metrics.drilldown import Figure, figure_of, figures_of, nothing_of, rows_of
from pipelines.metrics.periods import GRAINS, Grain, Period
from pipelines.metrics.record import record_metrics
from pipelines.metrics.restatements import revision_of
from pipelines.metrics.runs import RunFacts

__all__ = [
    "GRAINS",
    "Figure",
    "Grain",
    "Metric",
    "PartName",
    "Period",
    "RunFacts",
    "figure_of",
    "figures_of",
    "metric_named",
    "nothing_of",
    "read_metrics",
    "record_metrics",
    "revision_of",
    "rows_of",
]
