"""The models as plain SQL: compiled once, and then built on a lake of some thousand rows in a second."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from graphlib import TopologicalSorter
from pathlib import Path

import duckdb
import polars as pl

from pipelines.contracts.catalog import TABLES
from pipelines.contracts.run import Run
from tests.dbt.conftest import invoke
from tests.dbt.lake import TinyLake, tiny_run


@dataclass(frozen=True)
class Statement:
    """What dbt would create for a model in a whole build."""

    relation: str
    kind: str
    select: str


class CompiledModels:
    """The SQL of `models` and of all that they read, without dbt's own work, which is most of a small build."""

    def __init__(self, dbt_manifest: Path, folder: Path, as_of: date, *models: str) -> None:
        run = tiny_run(folder, as_of)
        TinyLake().write(run.home, run)
        chosen = ("--select", *(f"+{model}" for model in models))
        outcome = invoke(dbt_manifest, run.home, "compile", "--no-introspect", *chosen)
        if not outcome.success:
            raise outcome.exception or AssertionError([result.message for result in outcome.result.results])
        results = [result.node for result in outcome.result.results]
        nodes = {node.unique_id: node for node in results if node.resource_type == "model"}
        parents = {name: [parent for parent in node.depends_on.nodes if parent in nodes] for name, node in nodes.items()}
        self.statements = [
            Statement(
                nodes[name].relation_name, "view" if nodes[name].config.materialized == "view" else "table", nodes[name].compiled_code
            )
            for name in TopologicalSorter(parents).static_order()
        ]
        self.sources = sorted(
            {parent.rsplit(".", 1)[1] for node in nodes.values() for parent in node.depends_on.nodes if parent not in nodes}
        )

    def build(self, lake: TinyLake, run: Run) -> duckdb.DuckDBPyConnection:
        """A database in memory with every model, as a whole build would make it."""
        connection = duckdb.connect(config={"threads": 1})
        connection.execute("attach ':memory:' as warehouse; attach ':memory:' as marts; use warehouse; set timezone = 'UTC'")
        connection.execute("create schema lake; create schema staging; create schema intermediate")
        written = {"run_context": run.context(), "rfm_bands": run.rfm_bands()}
        for name in self.sources:
            frame = written.get(name, pl.DataFrame(lake.of(name), schema=TABLES[name].schema, orient="row"))
            connection.register("frame", frame)
            connection.execute(f"create table lake.{name} as select * from frame")
        for statement in self.statements:
            connection.execute(f"create {statement.kind} {statement.relation} as {statement.select}")
        return connection
