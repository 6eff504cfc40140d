"""Campaigns: what people have planned, how large a test must be, and how one is read. What a campaign earned is decided in SQL."""

from pipelines.campaigns.reading import FOLDER, Campaign, campaign_named, read_campaigns
from pipelines.campaigns.tables import write_campaigns

__all__ = ["FOLDER", "Campaign", "campaign_named", "read_campaigns", "write_campaigns"]
