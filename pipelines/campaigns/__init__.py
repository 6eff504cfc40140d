"""Campaigns: what people have planned, how large a test must be, and how one is read. What a campaign earned is decided in SQL."""

from pipelines.campaigns.planning import ALL, HELD_OUT, Comparison, Design, compare, holdout_share
from pipelines.campaigns.power import Amount, Measure, Rate, needed_customers, power_of, smallest_lift
from pipelines.campaigns.published import (
    Figures,
    Pair,
    Pool,
    customers_by_arm,
    held_out_base,
    read_figures,
    read_pairs,
    read_pool,
)
from pipelines.campaigns.reading import FOLDER, Campaign, campaign_named, read_campaigns
from pipelines.campaigns.tables import write_campaigns

__all__ = [
    "ALL",
    "FOLDER",
    "HELD_OUT",
    "Amount",
    "Campaign",
    "Comparison",
    "Design",
    "Figures",
    "Measure",
    "Pair",
    "Pool",
    "Rate",
    "campaign_named",
    "compare",
    "customers_by_arm",
    "held_out_base",
    "holdout_share",
    "needed_customers",
    "power_of",
    "read_campaigns",
    "read_figures",
    "read_pairs",
    "read_pool",
    "smallest_lift",
    "write_campaigns",
]
