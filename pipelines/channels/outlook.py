"""What the lake holds against the contracts of now: what is read again by itself, what only when asked, and which columns came or went."""

from __future__ import annotations

from datetime import timedelta

import polars as pl

from pipelines.channels.deliveries import find, holder
from pipelines.channels.formats import SHIPPED, read_formats
from pipelines.channels.loads import LOADED, read_manifests
from pipelines.channels.settled import current, fits
from pipelines.contracts.channel_tables import CHANNEL_LOADS
from pipelines.contracts.config import Config
from pipelines.contracts.home import Home


def unsettled_files(home: Home, config: Config) -> list[str]:
    """Files that the next run reads again by itself: their tables or contracts changed since. Sorted by name."""
    loads = read_manifests(home).values()
    if all(load.outcome == LOADED and fits(load) and not load.quarantined_count for load in loads):
        return []  # whatever the contracts say now, and without reading them
    now = current(read_formats([SHIPPED, *config.channels.formats_folders], config.business_time_zone), config.channels)
    present = {file.name for file in find(home)}
    return sorted(
        load.file_path
        for load in loads
        if not now.is_settled(load) and (load.outcome == LOADED or any(holder(path, present) for path in load.paths))
    )


def outdated_formats(home: Home, config: Config) -> dict[str, int]:
    """Formats whose contract changed since some of their loads were read whole, with the number of these: history that stays as it is."""
    now = current(read_formats([SHIPPED, *config.channels.formats_folders], config.business_time_zone), config.channels)
    found: dict[str, int] = {}
    for load in read_manifests(home).values():
        if load.outcome == LOADED and now.is_outdated(load) and now.is_settled(load):
            found[load.format_name or ""] = found.get(load.format_name or "", 0) + 1
    return dict(sorted(found.items()))


def recent_drifts(home: Home, config: Config) -> list[dict[str, str]]:
    """Files whose columns differ from the earlier exports of their format, and how: of the last days of exports, oldest first."""
    ledger = home.table(CHANNEL_LOADS.name) / "part-0.parquet"
    if not ledger.exists():
        return []
    loads = pl.read_parquet(ledger)
    if "drift" not in loads.columns:  # written by an older version: the next run writes it anew
        return []
    shown = loads.filter(pl.col("exported_at") >= pl.col("exported_at").max() - timedelta(days=config.channels.drift_shown_days))
    return shown.filter(pl.col("drift").is_not_null()).sort("exported_at", "load_id").select("file_path", "format_name", "drift").to_dicts()
