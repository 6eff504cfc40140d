"""Exports to read: one large file a format, one of five gigabytes, and ten thousand small ones."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

from benchmarks.deliveries import simulator_version
from pipelines.simulate import SimulationSpec, simulate

_CUSTOMERS = 200_000
_LARGE_BYTES = 5 * 10**9
_SMALL_FILES = 10_000
_ORDERS = "orders_export"  # of Shopify: UTF-8, and wide


def files(work: Path) -> list[Path]:
    """A year of a retailer in one file a format."""
    folder = work / f"exports-{_CUSTOMERS}-{simulator_version()}"
    if not folder.exists():
        beside = folder.with_name(f".{folder.name}.new")
        shutil.rmtree(beside, ignore_errors=True)
        simulate(SimulationSpec(_CUSTOMERS, 365, 20261031, date(2025, 11, 1), deliver_every_days=365, daily_tail_days=0), beside)
        beside.rename(folder)
    return sorted(path for path in folder.glob("*-*-*/*") if path.is_file())


def large_file(work: Path) -> Path:
    """Five gigabytes of orders: the file of a year again and again, with other order numbers each time."""
    source = next(path for path in files(work) if path.name.startswith(_ORDERS))
    target = source.parents[1] / "large" / source.name
    if not target.exists():
        target.parent.mkdir(exist_ok=True)
        beside = target.with_name(f".{target.name}.new")
        header, body = source.read_bytes().split(b"\n", 1)
        body = b"\n" + body.rstrip(b"\n")
        with beside.open("wb") as stream:
            stream.write(header)
            copy = 0
            while stream.tell() < _LARGE_BYTES:
                stream.write(body.replace(b"\n#", b"\n#%d-" % copy))
                copy += 1
            stream.write(b"\n")
        beside.rename(target)
    return target


def small_files(work: Path) -> Path:
    """A folder with the same file of orders cut into ten thousand."""
    source = next(path for path in files(work) if path.name.startswith(_ORDERS))
    folder = source.parents[1] / "small"
    if not folder.exists():
        beside = folder.with_name(".small.new")
        shutil.rmtree(beside, ignore_errors=True)
        beside.mkdir()
        header, *lines = source.read_bytes().splitlines(keepends=True)
        share = -(-len(lines) // _SMALL_FILES)
        for number in range(_SMALL_FILES):
            beside.joinpath(f"{source.stem}_{number:05}.csv").write_bytes(header + b"".join(lines[number * share : (number + 1) * share]))
        beside.rename(folder)
    return folder
