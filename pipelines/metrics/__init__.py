"""Metrics: what each figure of `kpi` means, the rows behind it, and what became of a figure that was published. Computes no figure."""

from pipelines.metrics.definitions import Metric, metric_named, read_metrics
from pipelines.metrics.drilldown import Figure, figure_of, figures_of, nothing_of, rows_of
from pipelines.metrics.periods import Period

__all__ = ["Figure", "Metric", "Period", "figure_of", "figures_of", "metric_named", "nothing_of", "read_metrics", "rows_of"]
