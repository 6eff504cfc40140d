"""The lists of the days before the run's, as the gate decided them. Knows nothing of the day itself or of later ones."""

from __future__ import annotations

from datetime import date

from pipelines.contracts.engine import literal
from pipelines.contracts.run import Run
from pipelines.contracts.segment_tables import SEGMENT_MEMBERSHIPS
from pipelines.contracts.tables import DUCKDB_TYPES


def past_memberships(run: Run) -> str:
    """SQL relation: the memberships of the days before the run's; none on the first night."""
    folder = run.home.table(SEGMENT_MEMBERSHIPS.name)
    paths = [path for path in sorted(folder.glob("as_of=*/part-0.parquet")) if _day(path.parent.name) < run.as_of]
    if not paths:
        columns = ", ".join(f"cast(null as {DUCKDB_TYPES[column.type]}) as {column.name}" for column in SEGMENT_MEMBERSHIPS.columns)
        return f"(select {columns} where false)"
    return f"read_parquet([{', '.join(literal(str(path)) for path in paths)}], hive_partitioning = false)"


def _day(folder: str) -> date:
    return date.fromisoformat(folder.removeprefix("as_of="))
