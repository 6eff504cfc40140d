"""Segments: definitions that a marketer owns, and the gate between a customer and a list. Writes memberships, never a list."""

from pipelines.segments.assignments import settle_assignments
from pipelines.segments.expressions import Condition, Part, check_condition, parts_of
from pipelines.segments.faults import decided_definitions
from pipelines.segments.gate import decide_memberships, mart_columns
from pipelines.segments.preview import Preview, count_matches, matched_warning, preview_segment
from pipelines.segments.reading import Defined, examine_segments, read_definitions, read_segment, read_segments
from pipelines.segments.reasons import JudgedPart, Step, Why, why

__all__ = [
    "Condition",
    "Defined",
    "JudgedPart",
    "Part",
    "Preview",
    "Step",
    "Why",
    "check_condition",
    "count_matches",
    "decide_memberships",
    "decided_definitions",
    "examine_segments",
    "mart_columns",
    "matched_warning",
    "parts_of",
    "preview_segment",
    "read_definitions",
    "read_segment",
    "read_segments",
    "settle_assignments",
    "why",
]
