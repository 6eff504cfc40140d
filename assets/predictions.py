"""What a published run predicted of each customer, kept as it was: a past list can be made again when models would learn something else.

They do after an erasure, by a customer less, and under other code. Every file of the lake is replaced by a rename and never written into,
so a hard link keeps it; the disk has it twice once the next night has predicted anew.
"""

from __future__ import annotations

import shutil
from datetime import date, timedelta
from pathlib import Path

import polars as pl

from pipelines.contracts.home import Home
from pipelines.contracts.run import Run
from pipelines.contracts.storage import recover_folders, replacing_folder
from pipelines.contracts.tables import Table
from pipelines.contracts.value_tables import PREDICTION_TABLES
from pipelines.rehearsal import link_file

_OF_RUNS, _DAY_LENGTH = "????-??-??-*", 10


def keep_predictions(run: Run, run_id: str) -> None:
    """Keep those of the run, in place of what the same run had kept; remove those that are `value.kept_days` older, or more."""
    folder = run.home.predictions
    recover_folders(folder)
    with replacing_folder(folder / run_id) as beside:
        for table in PREDICTION_TABLES:
            _link_files(run.home.table(table.name), beside / table.name)
    for kept in folder.glob(_OF_RUNS):
        if run.as_of - date.fromisoformat(kept.name[:_DAY_LENGTH]) >= timedelta(days=run.config.value.kept_days):
            shutil.rmtree(kept)


def put_kept_predictions(home: Home, run_id: str, shadow: Home) -> bool:
    """Put those of a run in the place of those that the lake of `shadow` has.

    Does nothing, and returns False, where they are not kept, not whole, or have other columns than today's marts read.
    """
    kept = home.predictions / run_id
    if not all(_is_readable(kept / table.name, table) for table in PREDICTION_TABLES):
        return False
    for table in PREDICTION_TABLES:
        # the shadow's files are the home's own: they are taken out, and not written into
        with replacing_folder(shadow.table(table.name)) as beside:
            _link_files(kept / table.name, beside)
    return True


def _is_readable(folder: Path, table: Table) -> bool:
    parts = list(folder.glob("*.parquet"))
    return bool(parts) and all(pl.read_parquet_schema(part) == table.schema for part in parts)


def _link_files(source: Path, target: Path) -> None:
    for part in source.glob("*.parquet"):
        link_file(part, target / part.name)
