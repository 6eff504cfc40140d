"""Publish: turn what a run decided into files for people, whole or not at all. Decides nothing about customers."""

from pipelines.publish.erasing import erase_from_published
from pipelines.publish.publication import PublishReport, publish, verify_publication
from pipelines.publish.remaking import Remade, remake_list
from pipelines.publish.tracing import Line, Listed, read_row, trace

__all__ = [
    "Line",
    "Listed",
    "PublishReport",
    "Remade",
    "erase_from_published",
    "publish",
    "read_row",
    "remake_list",
    "trace",
    "verify_publication",
]
