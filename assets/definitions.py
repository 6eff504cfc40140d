"""Gather the code location. Nothing is defined here."""

from __future__ import annotations

from functools import cache

import dagster as dg

from assets.campaigns import campaigns
from assets.channels import channels, deliveries
from assets.checks import every_segment_can_be_used, headers_are_as_before, meets_expectations, no_more_changes_than_the_budget
from assets.golden import golden
from assets.hourly import hourly
from assets.identity import identity
from assets.jobs import load_deliveries, refresh_daily, refresh_hourly
from assets.metrics import metrics
from assets.publish import delivered_lists, exports
from assets.resources import HomeResource, Progress
from assets.run import run_settings
from assets.schedules import refresh_daily_at_0230, refresh_hourly_at_20
from assets.segments import assignments, segments
from assets.sensors import new_deliveries
from assets.tags import tags
from assets.value import value
from assets.warehouse import dbt_models


@dg.definitions
@cache
def defs() -> dg.Definitions:
    """The code location; a function, because the dbt models come from a file that is read here, once a process, and not at import."""
    warehouse, warehouse_predicted = dbt_models()
    made = [
        channels,
        run_settings,
        identity,
        golden,
        assignments,
        campaigns,
        tags,
        warehouse,
        value,
        warehouse_predicted,
        segments,
        metrics,
    ]
    return dg.Definitions(
        assets=[deliveries, *made, exports(key for definition in made for key in definition.keys), delivered_lists, hourly],
        asset_checks=[*meets_expectations(), headers_are_as_before, every_segment_can_be_used, no_more_changes_than_the_budget],
        jobs=[refresh_daily, refresh_hourly, load_deliveries],
        schedules=[refresh_daily_at_0230, refresh_hourly_at_20],
        sensors=[new_deliveries],
        resources={"home": HomeResource(), "progress": Progress()},
    )
