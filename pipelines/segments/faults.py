"""Why segments were left out of a night: kept beside its memberships, so that what publishes them knows which were decided."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import polars as pl

from pipelines.contracts.run import Run
from pipelines.contracts.segment_tables import SEGMENT_FAULTS
from pipelines.contracts.segments import DefinitionError, Definitions
from pipelines.contracts.storage import write_table
from pipelines.segments.reading import read_definitions


def write_faults(run: Run, faults: Iterable[DefinitionError]) -> None:
    """Replace the partition of the day of SEGMENT_FAULTS."""
    rows = sorted({(run.as_of, fault.segment_name, fault.place, fault.what, fault.do) for fault in faults})
    write_table(pl.DataFrame(rows, schema=SEGMENT_FAULTS.schema, orient="row"), SEGMENT_FAULTS, _path(run))


def decided_definitions(run: Run) -> Definitions:
    """The definitions that the gate of the night has decided with. The memberships of the day must have been decided.

    Raises ConfigurationError for a folder of definitions that is not there.
    """
    kept = pl.read_parquet(_path(run), hive_partitioning=False)
    faults = (DefinitionError(row["segment_name"], row["fault"], where=row["file_name"], do=row["advice"]) for row in kept.to_dicts())
    usable = Definitions(read_definitions(run.config.segments.folders).segments)
    return usable.without(faults)


def _path(run: Run) -> Path:
    return run.home.table(SEGMENT_FAULTS.name) / f"as_of={run.as_of}" / "part-0.parquet"
