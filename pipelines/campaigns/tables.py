"""Write what SQL needs to know about the plans: the campaigns, and what belongs to each."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from pipelines.campaigns.reading import Campaign
from pipelines.contracts.campaign_tables import CAMPAIGN_REGISTRY, CAMPAIGN_SOURCES
from pipelines.contracts.run import Run
from pipelines.contracts.storage import write_table


def write_campaigns(run: Run, campaigns: Sequence[Campaign]) -> None:
    """Write CAMPAIGN_REGISTRY and CAMPAIGN_SOURCES to the lake, whole: the registry of today is the registry."""
    registered = pl.DataFrame([_row(campaign, run.config.reporting_currency) for campaign in campaigns], schema=CAMPAIGN_REGISTRY.schema)
    write_table(registered, CAMPAIGN_REGISTRY, run.home.table(CAMPAIGN_REGISTRY.name) / "part-0.parquet")
    sources = [
        (f"{channel}:{number}", channel, number, campaign.name) for campaign in campaigns for channel, number in campaign.source_keys
    ]
    named = pl.DataFrame(sources, schema=CAMPAIGN_SOURCES.schema, orient="row").sort(CAMPAIGN_SOURCES.key)
    write_table(named, CAMPAIGN_SOURCES, run.home.table(CAMPAIGN_SOURCES.name) / "part-0.parquet")


def _row(campaign: Campaign, currency: str) -> dict[str, object]:
    budget = campaign.budget
    return {
        "registered_name": campaign.name,
        "label_en": campaign.label.en,
        "label_zh": campaign.label.zh,
        "objective": campaign.objective,
        "owner": campaign.owner,
        "offer_en": campaign.offer.en if campaign.offer else None,
        "offer_zh": campaign.offer.zh if campaign.offer else None,
        "planned_from_on": campaign.dates.from_,
        "planned_to_on": campaign.dates.to,
        "budget_amount": budget.amount if budget and budget.currency == currency else None,
        "arm_count": len(campaign.arms),
    }
