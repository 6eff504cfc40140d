"""dbt in this process on a warehouse of its own, with the manifest that `make` prepared: a build parses nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest

from assets.dbt_events import without_details
from pipelines.contracts.home import Home

PROJECT = Path(__file__).resolve().parents[2] / "dbt_project"


def invoke(dbt_manifest: Path, home: Home, *arguments: str) -> Any:
    """What dbt returns for `arguments` on the lake of `home`."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner
    from dbt.contracts.graph.manifest import Manifest

    home.warehouse.parent.mkdir(parents=True, exist_ok=True)
    manifest = Manifest.from_msgpack(dbt_manifest.with_name("partial_parse.msgpack").read_bytes())
    manifest.build_flat_graph()
    values = {
        "CDP_LAKE": str(home.lake),
        "CDP_WAREHOUSE": str(home.warehouse),
        "CDP_MARTS": str(home.marts),
        "CDP_MEMORY_LIMIT": "1GB",
        "DO_NOT_TRACK": "1",
    }
    with pytest.MonkeyPatch.context() as environment:
        for name, value in values.items():
            environment.setenv(name, value)
        folders = ["--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT), "--target-path", str(home.warehouse.parent / "dbt")]
        try:
            with without_details():
                return dbtRunner(manifest=manifest).invoke([*arguments, "--quiet", "--log-level-file", "none", "--no-write-json", *folders])
        finally:
            DuckDBConnectionManager.close_all_connections()


def problems(outcome: Any) -> dict[str, str]:
    """Message by name of every node that failed; warnings are for people to look at."""
    if outcome.exception is not None:
        raise outcome.exception
    return {
        result.node.name: f"{result.status}: {result.message}"
        for result in outcome.result.results
        if str(result.status) not in {"success", "pass", "warn", "no-op"}
    }


def rows(home: Home, sql: str) -> list[tuple[Any, ...]]:
    """Rows of the marts, as an analyst would read them."""
    with duckdb.connect(str(home.marts), read_only=True) as connection:
        connection.execute("set timezone = 'UTC'")
        return connection.execute(sql).fetchall()
