"""Groups of buyers that behave alike, with numbers and labels that stay from run to run."""

from pipelines.value.clusters.step import find_clusters

__all__ = ["find_clusters"]
