"""Channels: delivered export files become canonical tables, each line accounted for. The public face of the stage."""

from pipelines.channels.aside import reasons as quarantine_reasons
from pipelines.channels.aside import rows as quarantined_rows_of
from pipelines.channels.aside import to_reload as loads_to_reload
from pipelines.channels.checking import FileCheck, check_file
from pipelines.channels.drafting import draft_contract
from pipelines.channels.forgetting import forget_in_loads
from pipelines.channels.formats import SHIPPED, Format, read_formats
from pipelines.channels.load import load_deliveries, reload_archived
from pipelines.channels.loads import Load, keep_only, newest_covered_day, read_manifests, readings_hash, refused_loads, visible_loads
from pipelines.channels.outlook import outdated_formats, recent_drifts, unsettled_files
from pipelines.channels.redaction import mask_in_copies
from pipelines.channels.replacement import is_interrupted
from pipelines.channels.report import FileProblem, LoadReport
from pipelines.channels.state import covered_days, delivery_problems, waiting_files

__all__ = [
    "SHIPPED",
    "FileCheck",
    "FileProblem",
    "Format",
    "Load",
    "LoadReport",
    "check_file",
    "covered_days",
    "delivery_problems",
    "draft_contract",
    "forget_in_loads",
    "is_interrupted",
    "keep_only",
    "load_deliveries",
    "loads_to_reload",
    "mask_in_copies",
    "newest_covered_day",
    "outdated_formats",
    "quarantine_reasons",
    "quarantined_rows_of",
    "read_formats",
    "read_manifests",
    "readings_hash",
    "recent_drifts",
    "refused_loads",
    "reload_archived",
    "unsettled_files",
    "visible_loads",
    "waiting_files",
]
