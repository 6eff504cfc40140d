"""Delivery: put the published files of destinations where others fetch them. Changes nothing that is published."""

from pipelines.publish.delivery.handover import DeliveryReport, deliver
from pipelines.publish.delivery.ledger import Delivered, Undelivered, deliveries_of
from pipelines.publish.delivery.places import missing_variables

__all__ = ["Delivered", "DeliveryReport", "Undelivered", "deliver", "deliveries_of", "missing_variables"]
