"""Tables of the campaigns stage: what people have planned. What came of it is a mart."""

from __future__ import annotations

from pipelines.contracts.tables import Column, Table, Type

CAMPAIGN_REGISTRY = Table(
    "campaign_registry",
    "One row per registered campaign: what its owner has planned.",
    ("registered_name",),
    (
        Column("registered_name", Type.TEXT, "Name of the campaign in the registry.", required=True),
        Column("label_en", Type.TEXT, "English name.", required=True),
        Column("label_zh", Type.TEXT, "Chinese name.", required=True),
        Column("objective", Type.TEXT, "What it is for.", required=True),
        Column("owner", Type.TEXT, "Who answers for it.", required=True),
        Column("offer_en", Type.TEXT, "What customers are offered, in English; null without an offer."),
        Column("offer_zh", Type.TEXT, "What customers are offered, in Chinese; null without an offer."),
        Column("planned_from_on", Type.DATE, "First planned day.", required=True),
        Column("planned_to_on", Type.DATE, "Last planned day.", required=True),
        Column(
            "budget_amount", Type.AMOUNT, "Planned spend; null without a budget, or with one in another currency than the reporting one."
        ),
        Column("arm_count", Type.INTEGER, "Arms of its test; 0 without arms.", required=True),
    ),
)

CAMPAIGN_SOURCES = Table(
    "campaign_sources",
    "One row per registered campaign and what belongs to it: a campaign of a channel, or the lists of a segment.",
    ("source_key",),
    (
        Column("source_key", Type.TEXT, "`<channel>:<campaign number>`; `segments:<segment>` for a segment.", required=True),
        Column("channel", Type.TEXT, "Channel that runs it; segments for a segment.", required=True),
        Column("campaign_no", Type.TEXT, "Campaign id of the channel; of a segment its name.", required=True),
        Column("registered_name", Type.TEXT, "Campaign of the registry that it belongs to.", required=True),
    ),
)

CAMPAIGN_TABLES: tuple[Table, ...] = (CAMPAIGN_REGISTRY, CAMPAIGN_SOURCES)
