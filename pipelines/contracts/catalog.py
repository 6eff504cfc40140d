"""Every table that Python writes, by name. A table that is not here does not exist for the rest of the platform."""

from __future__ import annotations

from collections.abc import Mapping

from pipelines.contracts.campaign_tables import CAMPAIGN_TABLES
from pipelines.contracts.channel_tables import CHANNEL_TABLES
from pipelines.contracts.identity_tables import GOLDEN_TABLES, IDENTITY_TABLES
from pipelines.contracts.metric_tables import METRIC_TABLES
from pipelines.contracts.run import RUN_TABLES
from pipelines.contracts.segment_tables import SEGMENT_TABLES
from pipelines.contracts.tables import Table
from pipelines.contracts.tag_tables import TAG_TABLES
from pipelines.contracts.value_tables import VALUE_TABLES

TABLES: Mapping[str, Table] = {
    table.name: table
    for table in (
        *RUN_TABLES,
        *CHANNEL_TABLES,
        *IDENTITY_TABLES,
        *GOLDEN_TABLES,
        *CAMPAIGN_TABLES,
        *TAG_TABLES,
        *VALUE_TABLES,
        *SEGMENT_TABLES,
        *METRIC_TABLES,
    )
}
