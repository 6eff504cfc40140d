"""Tables of the identity and golden stages: evidence, who is who, how that changed, and the chosen attributes."""

from __future__ import annotations

from pipelines.contracts.tables import Column, Personal, Table, Type

_RECORD = Column("source_record_key", Type.TEXT, "`<channel>:<native id>`.", required=True, personal=Personal.IDENTIFIER)
_CUSTOMER = Column("customer_id", Type.TEXT, "The resolved person.", required=True, personal=Personal.PSEUDONYM)
_TYPE = Column("type", Type.TEXT, "Identifier type.", required=True)
_SCOPE = Column("scope", Type.TEXT, "Within which values are comparable.", required=True)
_VALUE = Column("value", Type.TEXT, "Comparable: E.164 phone, normalized e-mail, id as issued.", required=True, personal=Personal.CONTACT)
_EVIDENCE = (
    Column("_load_id", Type.TEXT, "Load of the earliest row that proves it.", required=True),
    Column("_source_row", Type.INTEGER, "Line of that row in its file.", required=True),
)

IDENTITY_CONTACT_POINTS = Table(
    "identity_contact_points",
    "One row per source record, identifier type, scope and value.",
    ("source_record_key", "type", "scope", "value"),
    (
        _RECORD,
        _TYPE,
        _SCOPE,
        _VALUE,
        Column("state", Type.TEXT, "real, masked, virtual, lossy or invalid. Only real values may link.", required=True),
        Column(
            "is_accepted",
            Type.BOOLEAN,
            "True when it passed every guard: it may link, and may be used to reach the person.",
            required=True,
        ),
        Column("first_seen_at", Type.INSTANT, "Earliest business time at which a channel said so.", required=True),
        Column("last_seen_at", Type.INSTANT, "Latest business time at which a channel said so.", required=True),
        *_EVIDENCE,
    ),
)

IDENTITY_REJECTED_VALUES = Table(
    "identity_rejected_values",
    "One row per identifier value that is no identity, with the guard that said so.",
    ("type", "scope", "value"),
    (
        _TYPE,
        _SCOPE,
        _VALUE,
        Column("guard", Type.TEXT, "syntax, static_list or fan_out.", required=True),
        Column("reason", Type.TEXT, "In words, with the counts.", required=True),
        Column("source_record_count", Type.INTEGER, "Source records that carry it.", required=True),
        Column("strong_id_count", Type.INTEGER, "Most distinct strong ids of one type among them.", required=True),
        Column("name_count", Type.INTEGER, "Distinct names among them.", required=True),
    ),
)

IDENTITY_OWNERSHIPS = Table(
    "identity_ownerships",
    "One row per recycled value and owner: a number that fell silent and came back with somebody else.",
    ("type", "scope", "value", "owner_no"),
    (
        _TYPE,
        _SCOPE,
        _VALUE,
        Column("owner_no", Type.INTEGER, "1 for the first owner that is known.", required=True),
        Column("valid_from_at", Type.INSTANT, "First sighting with this owner.", required=True),
        Column("valid_to_at", Type.INSTANT, "First sighting with the next owner; null for the last."),
        Column("source_record_count", Type.INTEGER, "Source records that carried it then.", required=True),
    ),
)

IDENTITY_HOUSEHOLDS = Table(
    "identity_households",
    "One row per household and customer: people who share a phone or an e-mail at one time, with different names.",
    ("household_id", "customer_id"),
    (
        Column("household_id", Type.TEXT, "The household.", required=True, personal=Personal.PSEUDONYM),
        _CUSTOMER,
    ),
)

IDENTITY_LINKS = Table(
    "identity_links",
    "One row per accepted link: two source records hold to be one person because of one identifier value.",
    ("left_source_record_key", "right_source_record_key", "type", "scope", "value"),
    (
        Column("left_source_record_key", Type.TEXT, "The smaller key.", required=True, personal=Personal.IDENTIFIER),
        Column("right_source_record_key", Type.TEXT, "The larger key.", required=True, personal=Personal.IDENTIFIER),
        _TYPE,
        _SCOPE,
        _VALUE,
        Column("rank", Type.INTEGER, "Strength of the identifier type, 1 strongest.", required=True),
    ),
)

IDENTITY_REFUSED_LINKS = Table(
    "identity_refused_links",
    "One row per link that was refused because it would join people who cannot be one.",
    ("left_source_record_key", "right_source_record_key", "type", "scope", "value"),
    (*IDENTITY_LINKS.columns, Column("reason", Type.TEXT, "The constraint that it would break.", required=True)),
)

IDENTITY_REVIEW = Table(
    "identity_review",
    "One row per link that is held back until a person has decided: it would join what may well be two people.",
    ("left_source_record_key", "right_source_record_key", "type", "scope", "value"),
    (
        *(column for column in IDENTITY_LINKS.columns if column.name != "rank"),
        Column("reason", Type.TEXT, "Why it is suspicious, in words.", required=True),
        Column("left_source_record_count", Type.INTEGER, "Source records of the customer on the left.", required=True),
        Column("right_source_record_count", Type.INTEGER, "Source records of the customer on the right.", required=True),
    ),
)

IDENTITY_MATCHES = Table(
    "identity_matches",
    "One row per link that the probabilistic matcher weighed high enough to accept, or to ask a person. Empty while it is off.",
    ("left_source_record_key", "right_source_record_key"),
    (
        *IDENTITY_LINKS.columns[:2],
        Column("match_weight", Type.RATE, "Evidence in bits, the prior included.", required=True),
        Column("match_probability", Type.RATE, "Of being one person, 0 to 1.", required=True),
        Column(
            "state",
            Type.TEXT,
            "accepted; clerical (a person may decide); refused (probable, but a constraint keeps the two apart).",
            required=True,
        ),
        Column("waterfall", Type.TEXT, "JSON: each comparison with its level and weight; they sum to match_weight.", required=True),
    ),
)

IDENTITY_MEMBERS = Table(
    "identity_members",
    "One row per source record and the time that it belonged to one customer. A history: only moves forward.",
    ("source_record_key", "valid_from_on"),
    (
        _RECORD,
        _CUSTOMER,
        Column("valid_from_on", Type.DATE, "as_of of the run that said so first.", required=True),
        Column("valid_to_on", Type.DATE, "as_of of the run that said otherwise; null while it holds."),
    ),
)

IDENTITY_CURRENT = Table(
    "identity_current",
    "One row per source record known at the end of the run's day: the customer it belongs to in this run.",
    ("source_record_key",),
    (
        _RECORD,
        _CUSTOMER,
        Column("first_seen_at", Type.INSTANT, "Earliest business time at which any channel named the record.", required=True),
    ),
)

IDENTITY_CHANGES = Table(
    "identity_changes",
    "One row per customer id that a run created, merged, split off or redirected.",
    ("as_of", "change", "customer_id", "other_customer_id"),
    (
        Column("as_of", Type.DATE, "Day of the run.", required=True),
        Column(
            "change",
            Type.TEXT,
            "created; merged (it took over the other's records); split (it came out of the other); redirected (use the other).",
            required=True,
        ),
        _CUSTOMER,
        Column("other_customer_id", Type.TEXT, "Second id of the change; empty for created.", required=True, personal=Personal.PSEUDONYM),
        Column("source_record_count", Type.INTEGER, "Source records concerned.", required=True),
    ),
)

IDENTITY_QUALITY = Table(
    "identity_quality",
    "One row per day, measure and item: how people were told apart, and how much of it moved since the run before.",
    ("as_of", "measure", "item"),
    (
        Column("as_of", Type.DATE, "Day of the run.", required=True),
        Column("measure", Type.TEXT, "What is counted, such as customers_by_source_records or refused_links.", required=True),
        Column("item", Type.TEXT, "Of which size, identifier type, guard or change; all for a total.", required=True),
        Column("measured", Type.INTEGER, "How many.", required=True),
        Column("allowed", Type.INTEGER, "At most so many before the run stops; null without a limit."),
    ),
)

IDENTITY_TABLES: tuple[Table, ...] = (
    IDENTITY_CONTACT_POINTS,
    IDENTITY_REJECTED_VALUES,
    IDENTITY_OWNERSHIPS,
    IDENTITY_LINKS,
    IDENTITY_REFUSED_LINKS,
    IDENTITY_REVIEW,
    IDENTITY_MATCHES,
    IDENTITY_HOUSEHOLDS,
    IDENTITY_CURRENT,
    IDENTITY_MEMBERS,
    IDENTITY_CHANGES,
    IDENTITY_QUALITY,
)

GOLDEN_CUSTOMERS = Table(
    "golden_customers",
    "One row per customer: the best value of each attribute.",
    ("customer_id",),
    (
        _CUSTOMER,
        Column("full_name", Type.TEXT, "Null when no channel gives one.", personal=Personal.IDENTITY),
        Column("nickname", Type.TEXT, "Null when no channel gives one.", personal=Personal.IDENTITY),
        Column("gender", Type.TEXT, "female or male as declared; null when not declared."),
        Column("birth_on", Type.DATE, "Null when not declared.", personal=Personal.IDENTITY),
        Column("country", Type.TEXT, "Null when unknown."),
        Column("province", Type.TEXT, "Null when unknown."),
        Column("city", Type.TEXT, "Null when unknown."),
        Column("address", Type.TEXT, "Null when unknown.", personal=Personal.CONTACT),
        Column("phone_e164", Type.TEXT, "Newest real phone that is not rejected; null without one.", personal=Personal.CONTACT),
        Column("email", Type.TEXT, "Preferred e-mail; null without one.", personal=Personal.CONTACT),
        Column("registered_at", Type.INSTANT, "Earliest registration of any profile; null when never registered."),
        Column("registration_channel", Type.TEXT, "Channel of that registration."),
        Column("member_level", Type.TEXT, "Level as a channel states it; null for non-members."),
        Column("first_seen_at", Type.INSTANT, "Earliest claim about any of the source records.", required=True),
        Column("source_record_count", Type.INTEGER, "Source records merged into the customer.", required=True),
        Column("channel_count", Type.INTEGER, "Distinct channels among them.", required=True),
    ),
)

GOLDEN_PROVENANCE = Table(
    "golden_provenance",
    "One row per customer and attribute that has a value: which source row it came from.",
    ("customer_id", "field"),
    (
        _CUSTOMER,
        Column("field", Type.TEXT, "Attribute of golden_customers.", required=True),
        _RECORD,
        Column("claimed_at", Type.INSTANT, "Business time of the claim that won.", required=True),
        *_EVIDENCE,
    ),
)

GOLDEN_CONSENTS = Table(
    "golden_consents",
    "One row per customer, contact point, medium and purpose: the most restrictive statement of any channel.",
    ("customer_id", "contact_type", "contact_value", "medium", "purpose"),
    (
        _CUSTOMER,
        Column("contact_type", Type.TEXT, "phone, email or openid.", required=True),
        Column("contact_value", Type.TEXT, "Comparable value.", required=True, personal=Personal.CONTACT),
        Column("medium", Type.TEXT, "sms, email, wechat, app_push, call.", required=True),
        Column("purpose", Type.TEXT, "marketing, service or personalization.", required=True),
        Column("status", Type.TEXT, "granted or denied: denied when any source record's newest statement denies.", required=True),
        Column("stated_at", Type.INSTANT, "Business time of the statement that decided.", required=True),
        *_EVIDENCE,
    ),
)

GOLDEN_TABLES: tuple[Table, ...] = (GOLDEN_CUSTOMERS, GOLDEN_PROVENANCE, GOLDEN_CONSENTS)
