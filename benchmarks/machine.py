"""What it was measured on: cores, memory, versions. No names of hosts or people."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from pathlib import Path

_PACKAGES = ("duckdb", "polars", "dbt-core", "dbt-duckdb", "dagster", "great-expectations", "splink", "scipy")


def machine() -> str:
    """Cores and memory in words."""
    fields = dict(line.split(":", 1) for line in Path("/proc/meminfo").read_text().splitlines())
    total = int(fields["MemTotal"].split()[0]) / 2**20
    return f"{os.cpu_count()} cores, {total:.0f} GiB memory, {platform.system()} {platform.machine()}"


def versions() -> dict[str, str]:
    """Python and the packages that do the work."""
    return {"python": platform.python_version()} | {name: version(name) for name in _PACKAGES}
