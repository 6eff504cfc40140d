"""Take people who were just forgotten out of the loads that hold them: each is read again, and what cannot be read is cut in place."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

import polars as pl

from pipelines.channels.erased import may_stay, without_person
from pipelines.channels.load import reload_archived
from pipelines.channels.loads import LOADED, Load, read_manifests, write_loads_table, write_manifest
from pipelines.channels.redaction import drop_unknown_copies
from pipelines.contracts.channel_tables import CANONICAL_TABLES, CHANNEL_QUARANTINE
from pipelines.contracts.config import Config
from pipelines.contracts.home import Home
from pipelines.contracts.storage import replacing
from pipelines.contracts.tables import Table
from pipelines.contracts.tombstones import RECORD, read_tombstones

_KEY = "source_record_key"


def forget_in_loads(home: Home, config: Config, load_ids: Collection[str]) -> list[str]:
    """Take everybody who has a tombstone out of these loads; return the ids of those whose copy could not be kept.

    A load whose file today's contracts refuse, or whose copy is gone, keeps its other rows and loses its copy: nobody could cut a person
    out of what cannot be read. Doing it twice changes nothing more.
    """
    loads = read_manifests(home)
    known = sorted(set(load_ids) & loads.keys())
    reload_archived(home, config, [load_id for load_id in known if loads[load_id].outcome == LOADED])
    stop = read_tombstones(home)
    after = read_manifests(home)
    cut = []
    for load_id in known:
        erased: set[int] = set()
        for table in (table for table in CANONICAL_TABLES if _KEY in table.column_names):
            for part in sorted((home.table(table.name) / f"load={load_id}").glob("*.parquet")):
                found = stop.among(RECORD, pl.read_parquet(part, columns=[_KEY])[_KEY])
                if len(found):
                    rows = pl.read_parquet(part, memory_map=False)
                    erased.update(_cut(rows, rows.filter(pl.col(_KEY).is_in(found.implode())), table, part))
        quarantined = 0
        for part in sorted((home.table(CHANNEL_QUARANTINE.name) / f"load={load_id}").glob("*.parquet")):
            rows = pl.read_parquet(part)
            theirs = rows.filter(stop.stopped_texts(rows["record_raw"]))
            quarantined += len(_cut(rows, theirs, CHANNEL_QUARANTINE, part))
        if erased or quarantined:
            after[load_id] = _counted(after[load_id], len(erased), quarantined)
            write_manifest(home, after[load_id])
            cut.append(load_id)
    if cut:
        write_loads_table(home, after)
        drop_unknown_copies(home, after)
    return cut


def _cut(rows: pl.DataFrame, theirs: pl.DataFrame, table: Table, part: Path) -> list[int]:
    """Rewrite the part without rows of the person, or with rows of nobody in their place; return the source rows."""
    if theirs.is_empty():
        return []
    others = rows.join(theirs, on=_KEY if _KEY in rows.columns else "_source_row", how="anti")
    of_nobody = [without_person(theirs, table).collect()] if may_stay(table) else []
    kept = pl.concat([others, *of_nobody]).sort("_source_row", maintain_order=True)
    if kept.height:
        with replacing(part) as beside:  # in its own columns: the part may be of an older table
            kept.write_parquet(beside)
    else:
        part.unlink()
    return theirs["_source_row"].unique().to_list()


def _counted(load: Load, erased: int, quarantined: int) -> Load:
    """Its counts, as far as rows tell how many records they were made of."""
    erased = min(erased, load.loaded_count)
    return replace(
        load,
        loaded_count=load.loaded_count - erased,
        quarantined_count=load.quarantined_count - quarantined,
        erased_count=load.erased_count + erased + quarantined,
        is_copy_dropped=True,
    )
