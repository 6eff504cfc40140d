"""Publish: turn what a run decided into files for people, whole or not at all. Decides nothing about customers."""

from pipelines.publish.erasing import erase_from_published
from pipelines.publish.publication import PublishReport, publish, verify_publication

__all__ = ["PublishReport", "erase_from_published", "publish", "verify_publication"]
