"""Tables of the segments stage."""

from __future__ import annotations

from pipelines.contracts.tables import Column, Personal, Table, Type

SEGMENT_MEMBERSHIPS = Table(
    "segment_memberships",
    "One row per day, segment and customer that the segment's expression matched: what the gate decided and why.",
    ("as_of", "segment_name", "customer_id"),
    (
        Column("as_of", Type.DATE, "Day of the run.", required=True),
        Column("segment_name", Type.TEXT, "Segment.", required=True),
        Column("customer_id", Type.TEXT, "The resolved person.", required=True, personal=Personal.PSEUDONYM),
        Column("arm", Type.TEXT, "Arm of the test; null when not exported or without arms."),
        Column(
            "outcome",
            Type.TEXT,
            "exported, or the step of the gate that stopped it: unreachable, no_consent, suppressed, over_cap, lost_priority, held_out.",
            required=True,
        ),
        Column("reason", Type.TEXT, "In words."),
    ),
)

SEGMENT_TABLES: tuple[Table, ...] = (SEGMENT_MEMBERSHIPS,)
