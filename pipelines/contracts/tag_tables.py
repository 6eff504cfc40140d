"""Tables of the tags stage: what SQL and analysts need to know about a tag. Which customers it holds for is a mart."""

from __future__ import annotations

from pipelines.contracts.tables import Column, Table, Type

_TAG = Column("tag", Type.TEXT, "The tag.", required=True)

TAG_DEFINITIONS = Table(
    "tag_definitions",
    "One row per day of a run and declared tag: what it was declared to be on that day and which segments read it.",
    ("as_of", "tag"),
    (
        Column("as_of", Type.DATE, "Day of the run.", required=True),
        _TAG,
        Column("label_en", Type.TEXT, "English name.", required=True),
        Column("label_zh", Type.TEXT, "Chinese name.", required=True),
        Column("tag_kind", Type.TEXT, "By what it tells: basic, behavior, value or preference.", required=True),
        Column("tag_class", Type.TEXT, "By how it is come by: static, dynamic, preference or predictive.", required=True),
        Column("cadence", Type.TEXT, "daily, or monthly: from facts up to the last month end.", required=True),
        Column("owner", Type.TEXT, "Who answers for it.", required=True),
        Column("value_type", Type.TEXT, "What its value is: text, list, boolean, integer, amount or date.", required=True),
        Column("mart_column", Type.TEXT, "Column of mart_marketing__customer_360 that shows it.", required=True),
        Column("consent_purpose", Type.TEXT, "It holds only for customers who allowed this purpose; null when it is not sensitive."),
        Column("since", Type.TEXT, "From which fact its first day is known; refresh where none tells.", required=True),
        Column("evidence", Type.TEXT, "In words, what it rests on.", required=True),
        Column("segment_count", Type.INTEGER, "Segments whose expression reads its column.", required=True),
        Column("segments", Type.TEXT, "Their names, separated by commas; null for none."),
    ),
)

TAG_BANDS = Table(
    "tag_bands",
    "One row per tag with bands and value from which a band begins, up to where the next begins.",
    ("tag", "from_value"),
    (
        _TAG,
        Column("band", Type.TEXT, "Value of the tag.", required=True),
        Column("from_value", Type.PRICE, "Smallest measure in the band: an age, an amount, a share or an hour.", required=True),
    ),
)

TAG_SIGNS = Table(
    "tag_signs",
    "One row per tag, value and word: a category whose name holds the word is a sign of the value.",
    ("tag", "sign"),
    (
        _TAG,
        Column("sign_of", Type.TEXT, "Value of the tag that it is a sign of.", required=True),
        Column("sign", Type.TEXT, "Lower case; between blanks when it has to be a word of its own.", required=True),
    ),
)

TAG_TABLES: tuple[Table, ...] = (TAG_DEFINITIONS, TAG_BANDS, TAG_SIGNS)
