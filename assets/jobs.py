"""Jobs: what is run together. In one process, because the warehouse has one writer."""

from __future__ import annotations

import dagster as dg

from assets.hooks import report_failure

_OF_HOURS = dg.AssetSelection.assets("hourly_memberships", "hourly_lists")

refresh_daily = dg.define_asset_job(
    "refresh_daily",
    selection=dg.AssetSelection.all() - _OF_HOURS,
    executor_def=dg.in_process_executor,
    hooks={report_failure},
    description="Everything: load what is new, resolve, score, check, publish. One run a business day.",
)
refresh_hourly = dg.define_asset_job(
    "refresh_hourly",
    selection=(dg.AssetSelection.groups("channels") - dg.AssetSelection.all_asset_checks()) | _OF_HOURS,
    executor_def=dg.in_process_executor,
    hooks={report_failure},
    description="Between nights: load what is new and publish the lists whose cadence is hourly, and nothing else.",
)
load_deliveries = dg.define_asset_job(
    "load_deliveries",
    selection=dg.AssetSelection.groups("channels") - dg.AssetSelection.all_asset_checks(),
    executor_def=dg.in_process_executor,
    hooks={report_failure},
    description="Only load what is new in the inbox.",
)

# not offered in the user interface: on the home itself it would leave a state that nobody published. `cdp diff` executes it on a shadow
_REHEARSED = dg.AssetSelection.all() - _OF_HOURS - dg.AssetSelection.groups("deliveries", "channels", "metrics", "publish")
rehearse = dg.define_asset_job(
    "rehearse", selection=_REHEARSED, executor_def=dg.in_process_executor, description="A run between loading and publishing."
)
rehearse_unchecked = dg.define_asset_job(
    "rehearse_unchecked",
    selection=_REHEARSED - dg.AssetSelection.all_asset_checks(),
    executor_def=dg.in_process_executor,
    description="The same without its checks.",
)
rehearse_predicted = dg.define_asset_job(
    "rehearse_predicted",
    selection=_REHEARSED - dg.AssetSelection.all_asset_checks() - dg.AssetSelection.groups("value"),
    executor_def=dg.in_process_executor,
    description="The same on predictions that are there: no model learns.",
)
