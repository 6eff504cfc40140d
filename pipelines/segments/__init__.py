"""Segments: definitions that a marketer owns, and the gate between a customer and a list. Writes memberships, never a list."""

from pipelines.segments.assignments import settle_assignments
from pipelines.segments.gate import decide_memberships, mart_columns
from pipelines.segments.reading import examine_segments, read_segments

__all__ = ["decide_memberships", "examine_segments", "mart_columns", "read_segments", "settle_assignments"]
