"""Hourly: what is known of customers between two nights, from the last night and the facts since. Merges nobody, decides no list."""

from pipelines.hourly.columns import RECOMPUTED
from pipelines.hourly.facts import Night, newest_fact_at
from pipelines.hourly.prepare import HourReport, prepare_hour

__all__ = ["RECOMPUTED", "HourReport", "Night", "newest_fact_at", "prepare_hour"]
