"""Channels: delivered export files become canonical tables, each line accounted for. The public face of the stage."""

from pipelines.channels.formats import SHIPPED, Format, read_formats
from pipelines.channels.load import load_deliveries
from pipelines.channels.loads import newest_covered_day, visible_loads
from pipelines.channels.report import FileProblem, LoadReport
from pipelines.channels.state import covered_days, delivery_problems, waiting_files

__all__ = [
    "SHIPPED",
    "FileProblem",
    "Format",
    "LoadReport",
    "covered_days",
    "delivery_problems",
    "load_deliveries",
    "newest_covered_day",
    "read_formats",
    "visible_loads",
    "waiting_files",
]
