"""One way to bring one export into Parquet, as a process of its own: prints seconds and rows as JSON. Imports are not measured."""

from __future__ import annotations

import argparse
import codecs
import json
import os
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import polars as pl

from pipelines.channels import load_deliveries
from pipelines.channels.loads import read_manifests
from pipelines.contracts.config import Config
from pipelines.contracts.home import Home

_BLOCK = 1 << 20


def platform(source: Path, out: Path) -> int:
    """All that a run does with a delivered file or folder: recognize, archive, type, check, quarantine, say where each row is from."""
    inbox = out / "inbox"
    if source.is_dir():
        inbox = source
    else:
        inbox.mkdir()
        os.link(source, inbox / source.name)
    home = Home(out / "home", inbox)
    report = load_deliveries(home, Config())
    if report.refused:
        raise RuntimeError(f"{report.refused[0].path}: {report.refused[0].reason}")
    return sum(load.loaded_count for load in read_manifests(home).values())


def polars(source: Path, out: Path) -> int:
    """A copy of all cells as text."""
    target = out / "copy.parquet"
    if ".jsonl" in source.name:
        pl.scan_ndjson(source).sink_parquet(target, compression="zstd", compression_level=1)
    else:
        pl.scan_csv(source, infer_schema=False).sink_parquet(target, compression="zstd", compression_level=1)
    return int(pl.scan_parquet(target).select(pl.len()).collect().item())


def by_duckdb(source: Path, out: Path) -> int:
    """A copy of all cells as text, in the order of the file."""
    reader = "read_ndjson({source}, records = true)" if ".jsonl" in source.name else "read_csv({source}, all_varchar = true)"
    query = reader.format(source=f"'{source}'")
    with duckdb.connect() as connection:
        connection.execute(f"copy (from {query}) to '{out}/copy.parquet' (format parquet, compression zstd, compression_level 1)")
        return int(connection.execute(f"select count(*) from '{out}/copy.parquet'").fetchall()[0][0])


def transcode(source: Path, out: Path) -> int:
    """GB18030 to UTF-8 in blocks, and a Polars copy of that."""
    decoder = codecs.getincrementaldecoder("gb18030")()
    text = out / "text.csv"
    with source.open("rb") as stream, text.open("w", encoding="utf-8", newline="") as target:
        while block := stream.read(_BLOCK):
            target.write(decoder.decode(block))
        target.write(decoder.decode(b"", final=True))
    return polars(text, out)


CONTESTANTS: dict[str, Callable[[Path, Path], int]] = {
    "platform": platform,
    "polars": polars,
    "duckdb": by_duckdb,
    "transcode": transcode,
}


def main() -> None:
    """Run one contestant."""
    parser = argparse.ArgumentParser(description="Bring one export into Parquet.")
    parser.add_argument("contestant", choices=CONTESTANTS)
    parser.add_argument("source", type=Path)
    parser.add_argument("out", type=Path, help="empty folder")
    chosen = parser.parse_args()
    started = time.perf_counter()
    rows = CONTESTANTS[chosen.contestant](chosen.source, chosen.out)
    print(json.dumps({"seconds": time.perf_counter() - started, "rows": rows}))


if __name__ == "__main__":
    main()
