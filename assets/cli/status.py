"""`cdp status`: what was published last, what is loaded, refused and waiting."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import polars as pl

from assets.records import hour_records, newest_record
from assets.resources import default_config, default_home
from pipelines.channels import outdated_formats, recent_drifts, waiting_files
from pipelines.contracts.config import Config, load_config
from pipelines.contracts.home import Home
from pipelines.erasure import unfinished_erasures
from pipelines.publish import deliveries_of, newest_published_day


def print_status(home: Path | None, deliveries: Path | None, config: Path | None, *, as_json: bool) -> None:
    """Print the state of an installation."""
    folders = Home((home or default_home()).resolve(), deliveries.resolve() if deliveries else None)
    state = read_status(folders, load_config(config or default_config(folders.root)))
    print(json.dumps(state, ensure_ascii=False, default=str) if as_json else _as_text(folders, state))


def read_status(home: Home, config: Config) -> dict[str, Any]:
    """Published day and run, files that were not delivered, counts over all loads, refused files with reasons, files that no run has seen.

    Also what may need a person: columns that came or went, files loaded with a warning, loads that an older contract has read.
    """
    ledger = home.table("channel_loads") / "part-0.parquet"
    loads = pl.read_parquet(ledger) if ledger.exists() else pl.DataFrame(schema={"outcome": pl.String})
    loaded, refused = loads.filter(pl.col("outcome") == "loaded"), loads.filter(pl.col("outcome") == "refused")
    record = newest_record(home)
    return {
        "home": str(home.root),
        "published_as_of": record["as_of"] if record else None,
        "published_hour": next((record["hour"] for record in hour_records(home)[-1:]), None),
        "undelivered": _undelivered(home),
        "published_run_id": record["run_id"] if record else None,
        "loaded_files": loaded.height,
        "loaded_rows": int(loaded["loaded_count"].sum()) if loaded.height else 0,
        "quarantined_rows": int(loaded["quarantined_count"].sum()) if loaded.height else 0,
        "erased_rows": int(loaded["erased_count"].sum()) if "erased_count" in loaded.columns else 0,
        "unfinished_erasures": unfinished_erasures(home),
        "covers_to_on": loaded["covers_to_on"].max() if loaded.height else None,
        "refused_files": refused.select("file_path", "reason").to_dicts() if refused.height else [],
        "waiting_files": waiting_files(home),
        "drifts": recent_drifts(home, config),
        "warnings": _warnings(loaded),
        "outdated_formats": outdated_formats(home, config),
        "failed_runs": sorted(path.name.removesuffix(".failed.json") for path in home.runs.glob("*.failed.json")),
    }


def _undelivered(home: Home) -> list[dict[str, str]]:
    """Of the newest published day."""
    day = newest_published_day(home)
    return [asdict(one) for one in deliveries_of(home, day)[1]] if day else []


def _warnings(loaded: pl.DataFrame) -> list[dict[str, str]]:
    if "warning" not in loaded.columns:
        return []
    return loaded.filter(pl.col("warning").is_not_null()).select("file_path", "warning").to_dicts()


def _as_text(home: Home, state: dict[str, Any]) -> str:
    published = (
        f"as of {state['published_as_of']}, run {state['published_run_id']}" if state["published_as_of"] else "nothing yet: `cdp run`"
    )
    lines = [
        f"home       {home.root}",
        f"published  {published}",
        f"loaded     {state['loaded_files']:,} files, {state['loaded_rows']:,} rows, up to {state['covers_to_on'] or '-'}",
        f"aside      {state['quarantined_rows']:,} rows in quarantine{': cdp quarantine list' if state['quarantined_rows'] else ''}",
        f"waiting    {len(state['waiting_files']):,} files that no run has seen",
    ]
    if state["published_hour"]:
        lines.insert(2, f"hour       {state['published_hour']}: the last lists between two nights")
    lines += [f"erasing    {name} is not finished: `cdp forget` goes on" for name in state["unfinished_erasures"]]
    lines += [f"missing    {one['name']} is not at {one['place']}: {one['reason']}: `cdp deliver` goes on" for one in state["undelivered"]]
    lines += [f"refused    {problem['file_path']}: {problem['reason']}" for problem in state["refused_files"]]
    lines += [f"warning    {row['file_path']}: {row['warning']}" for row in state["warnings"]]
    lines += [f"drift      {row['file_path']} ({row['format_name']}): {row['drift']}" for row in state["drifts"]]
    lines += [
        f"contract   {name} changed since {count:,} of its files were read: `cdp channels reload --format {name}` reads them again"
        for name, count in state["outdated_formats"].items()
    ]
    lines += [f"failed     {name}: see runs/{name}.failed.json" for name in state["failed_runs"]]
    return "\n".join(lines)
