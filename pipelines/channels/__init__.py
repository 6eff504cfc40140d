"""Channels: delivered export files become canonical tables, each line accounted for. The public face of the stage."""

from pipelines.channels.formats import SHIPPED, Format, read_formats
from pipelines.channels.load import load_deliveries, reload_archived
from pipelines.channels.loads import newest_covered_day, readings_hash, visible_loads
from pipelines.channels.replacement import is_interrupted
from pipelines.channels.report import FileProblem, LoadReport
from pipelines.channels.state import covered_days, delivery_problems, outdated_formats, recent_drifts, unsettled_files, waiting_files

__all__ = [
    "SHIPPED",
    "FileProblem",
    "Format",
    "LoadReport",
    "covered_days",
    "delivery_problems",
    "is_interrupted",
    "load_deliveries",
    "newest_covered_day",
    "outdated_formats",
    "read_formats",
    "readings_hash",
    "recent_drifts",
    "reload_archived",
    "unsettled_files",
    "visible_loads",
    "waiting_files",
]
