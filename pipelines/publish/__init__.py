"""Publish: turn what a run decided into files for people, whole or not at all, and deliver them. Decides nothing about customers."""

from pipelines.publish.delivery import Delivered, DeliveryReport, Undelivered, deliver, deliveries_of, missing_variables
from pipelines.publish.destinations import check_destinations
from pipelines.publish.erasing import ErasedFromPublished, erase_from_published
from pipelines.publish.publication import (
    PublishReport,
    is_hour_published,
    newest_published_day,
    publish,
    publish_hour,
    verify_publication,
)
from pipelines.publish.remaking import Remade, remake_list
from pipelines.publish.tracing import Line, Listed, read_row, trace

__all__ = [
    "Delivered",
    "DeliveryReport",
    "ErasedFromPublished",
    "Line",
    "Listed",
    "PublishReport",
    "Remade",
    "Undelivered",
    "check_destinations",
    "deliver",
    "deliveries_of",
    "erase_from_published",
    "is_hour_published",
    "missing_variables",
    "newest_published_day",
    "publish",
    "publish_hour",
    "read_row",
    "remake_list",
    "trace",
    "verify_publication",
]
