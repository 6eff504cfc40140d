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
        Column("medium", Type.TEXT, "How the list reaches people: sms or email.", required=True),
        Column("purpose", Type.TEXT, "marketing or service.", required=True),
    ),
)

CONTACT_LEDGER = Table(
    "contact_ledger",
    "One row per message to one customer that lists before the day of the run or reports of the channels tell of, each message once.",
    ("message_key",),
    (
        Column(
            "message_key",
            Type.TEXT,
            "The channel's key of the message; day or hour, segment and customer of the list where no channel has reported it.",
            required=True,
            personal=Personal.PSEUDONYM,
        ),
        Column(
            "customer_id", Type.TEXT, "The resolved person of today, whatever id the list had.", required=True, personal=Personal.PSEUDONYM
        ),
        Column("medium", Type.TEXT, "sms, email, wechat, app_push or mail.", required=True),
        Column("purpose", Type.TEXT, "marketing or service; what no list of ours explains is marketing.", required=True),
        Column("told_by", Type.TEXT, "list (not reported, or not yet), report (none of our lists), or both.", required=True),
        Column(
            "sent_on",
            Type.DATE,
            "Day that the channel reports, null when it names none; without a report the day of use: of a list of a night the next.",
        ),
        Column("status", Type.TEXT, "As reported: sent, delivered, opened, clicked, bounced, failed, ...; null without a report."),
        Column("listed_on", Type.DATE, "Day of the run or hour that made the list; null without a list."),
        Column("segment_name", Type.TEXT, "Segment of the list; null without a list."),
        Column("campaign_key", Type.TEXT, "Campaign of the channel; null without a report or where it names none."),
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
        Column("reason", Type.TEXT, "Which holdout, on the first day; null when exported."),
        Column("assigned_on", Type.DATE, "Day of the first list that the customer was on or held out of.", required=True),
        Column(
            "is_contaminated",
            Type.BOOLEAN,
            "True when later lists put the customer elsewhere, or a merge or household brought two together who stood apart.",
            required=True,
        ),
    ),
)

SEGMENT_FAULTS = Table(
    "segment_faults",
    "One row per day and fault of a definition: why a segment was left out, so that no list of it went out. Usually none.",
    ("as_of", "segment_name", "file_name", "fault"),
    (
        Column("as_of", Type.DATE, "Day of the run.", required=True),
        Column("segment_name", Type.TEXT, "Segment; the name of its file where that does not say one.", required=True),
        Column("file_name", Type.TEXT, "File of the definition; `data` where the expression failed on the customers.", required=True),
        Column("fault", Type.TEXT, "What is wrong, in words.", required=True),
        Column("advice", Type.TEXT, "What to do.", required=True),
    ),
)

HOURLY_MEMBERSHIPS = Table(
    "hourly_memberships",
    "One row per hour, segment and customer that the segment's expression matched between two nights: what the gate decided and why.",
    ("list_name", "segment_name", "customer_id"),
    (
        Column("list_name", Type.TEXT, "The hour, as its folder in published/segments is called.", required=True),
        Column("listed_at", Type.INSTANT, "First instant that the hour did not see.", required=True),
        Column("night_on", Type.DATE, "Day of the night that the hour followed: customers and other columns are its.", required=True),
        *SEGMENT_MEMBERSHIPS.columns,
    ),
)

SEGMENT_TABLES: tuple[Table, ...] = (
    SEGMENT_ASSIGNMENTS,
    CONTACT_LEDGER,
    SEGMENT_MEMBERSHIPS,
    SEGMENT_FAULTS,
    HOURLY_MEMBERSHIPS,
)
