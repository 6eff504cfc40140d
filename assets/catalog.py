"""Catalogue entries of the tables that Python writes, derived from their contracts."""

from __future__ import annotations

from collections.abc import Iterable

import dagster as dg

from pipelines.contracts.tables import Personal, Table


def specs(
    tables: Iterable[Table], *, deps: Iterable[str] = (), partitions: dg.PartitionsDefinition[str] | None = None, kind: str = "polars"
) -> list[dg.AssetSpec]:
    """One AssetSpec a table: grain as description, group = stage, columns with types and personal-data class."""
    return [
        dg.AssetSpec(
            table.name,
            deps=list(deps),
            description=table.grain,
            group_name=table.stage,
            kinds={kind, "parquet"},
            partitions_def=partitions,
            metadata={"dagster/column_schema": _schema(table), "key": ", ".join(table.key)},
        )
        for table in tables
    ]


def _schema(table: Table) -> dg.TableSchema:
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                column.name,
                column.type.value,  # Dagster stores plain strings only
                description=column.description + ("" if column.personal is Personal.NONE else f" [personal data: {column.personal}]"),
                constraints=dg.TableColumnConstraints(nullable=not column.required),
            )
            for column in table.columns
        ]
    )
