"""Jobs: what is run together. In one process, because the warehouse has one writer."""

from __future__ import annotations

import dagster as dg

from assets.hooks import report_failure

refresh_daily = dg.define_asset_job(
    "refresh_daily",
    selection=dg.AssetSelection.all(),
    executor_def=dg.in_process_executor,
    hooks={report_failure},
    description="Everything: load what is new, resolve, score, check, publish. One run a business day.",
)
load_deliveries = dg.define_asset_job(
    "load_deliveries",
    selection=dg.AssetSelection.groups("channels") - dg.AssetSelection.all_asset_checks(),
    executor_def=dg.in_process_executor,
    hooks={report_failure},
    description="Only load what is new in the inbox.",
)
