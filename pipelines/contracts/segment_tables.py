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

SEGMENT_ASSIGNMENTS = Table(
    "segment_assignments",
    "One row per segment and customer that a list before the day of the run exported or held out: where the customer first stood.",
    ("segment_name", "customer_id"),
    (
        Column("segment_name", Type.TEXT, "Segment.", required=True),
        Column(
            "customer_id", Type.TEXT, "The resolved person of today, whatever id the list had.", required=True, personal=Personal.PSEUDONYM
        ),
        Column("outcome", Type.TEXT, "exported or held_out, on the first day.", required=True),
        Column("arm", Type.TEXT, "Arm of the test on the first day; null when held out or without arms."),
        Column("assigned_on", Type.DATE, "Day of the first list that the customer was on or held out of.", required=True),
        Column(
            "is_contaminated",
            Type.BOOLEAN,
            "True when later lists put the customer elsewhere, or a merge brought two together who stood apart.",
            required=True,
        ),
    ),
)

SEGMENT_TABLES: tuple[Table, ...] = (SEGMENT_ASSIGNMENTS, SEGMENT_MEMBERSHIPS)
