"""Publish: turn what a run decided into files for people, whole or not at all. Decides nothing about customers."""

from pipelines.publish.publication import PublishReport, publish, verify_publication

__all__ = ["PublishReport", "publish", "verify_publication"]
