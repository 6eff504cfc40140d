"""The models as plain SQL: compiled once, and then built on a lake of some thousand rows in a second. Data tests likewise."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from pipelines.contracts.catalog import TABLES
from pipelines.contracts.home import Home
from pipelines.contracts.run import Run
from tests.dbt.lake import TinyLake, tiny_run
from tests.dbt.warehouse import invoke


@dataclass(frozen=True)
class Statement:
    """What dbt would create for a model in a whole build, `parents` first."""

    name: str
    folder: str
    relation: str
    kind: str
    select: str
    parents: tuple[str, ...]
    sources: tuple[str, ...]


@dataclass(frozen=True)
class DataTest:
    """What dbt would ask of the built models: fails where `failures` is not 0."""

    name: str
    failures: str
    models: tuple[str, ...]


@dataclass(frozen=True)
class CompiledModels:
    """The SQL of the project, without dbt's own work, which is most of a small build. Statements are in an order to build them."""

    statements: tuple[Statement, ...]
    tests: tuple[DataTest, ...]

    def build(self, lake: TinyLake, run: Run, *models: str) -> duckdb.DuckDBPyConnection:
        """A database in memory with these models and all that they read, as a whole build would make it."""
        connection = duckdb.connect(config={"threads": 1})
        connection.execute("attach ':memory:' as warehouse; attach ':memory:' as marts; use warehouse; set timezone = 'UTC'")
        chosen = self._with_parents(models)
        connection.execute("create schema lake")
        written = {"run_context": run.context(), "rfm_bands": run.rfm_bands()}
        for name in sorted({source for statement in chosen for source in statement.sources}):
            frame = written.get(name, pl.DataFrame(lake.of(name), schema=TABLES[name].schema, orient="row"))
            connection.register("frame", frame)
            connection.execute(f"create table lake.{name} as select * from frame")
        _create(connection, chosen)
        return connection

    def write(self, lake: TinyLake, run: Run, *models: str) -> Home:
        """The files of a warehouse with these models, or all of them, and all that they read.

        Fails when a data test of what was built is not green.
        """
        lake.write(run.home, run)
        run.home.warehouse.parent.mkdir(parents=True, exist_ok=True)
        for database in (run.home.warehouse, run.home.marts):
            database.unlink(missing_ok=True)
        chosen = self._with_parents(models)
        with duckdb.connect(str(run.home.warehouse), config={"threads": 1}) as connection:
            connection.execute(f"attach '{run.home.marts}' as marts; set timezone = 'UTC'; create schema lake")
            for name in sorted({source for statement in chosen for source in statement.sources}):
                files = f"read_parquet('{run.home.table(name)}/**/*.parquet', hive_partitioning = false)"
                connection.execute(f"create view lake.{name} as select * from {files}")
            _create(connection, chosen)
            there = {statement.name for statement in chosen}
            asked = [test for test in self.tests if there.issuperset(test.models)]
            red = {test.name: found for test in asked for found in connection.execute(test.failures).fetchone() or () if found}
        assert asked, f"no data test speaks of {models}"
        assert red == {}
        return run.home

    def _with_parents(self, models: Iterable[str]) -> list[Statement]:
        """Statements of these models, of whole folders by their name with a slash, and of all that they read."""
        by_name = {statement.name: statement for statement in self.statements}
        wanted = {name for model in models or by_name for name in ([model] if model in by_name else self._in_folder(model))}
        waiting = list(wanted)
        while waiting:
            new = set(by_name[waiting.pop()].parents) - wanted
            wanted |= new
            waiting += new
        return [statement for statement in self.statements if statement.name in wanted]

    def _in_folder(self, folder: str) -> list[str]:
        found = [statement.name for statement in self.statements if f"{statement.folder}/" == folder]
        assert found, f"no model and no folder {folder}"
        return found


def compiled_models(dbt_manifest: Path, folder: Path) -> CompiledModels:
    """The project compiled by dbt; what it says of a lake it asks of `run_context`, so any lake and day will do."""
    run = tiny_run(folder, date(2024, 2, 29))
    TinyLake().write(run.home, run)
    outcome = invoke(dbt_manifest, run.home, "compile", "--no-introspect")
    if not outcome.success:
        raise outcome.exception or AssertionError([result.message for result in outcome.result.results])
    nodes = [result.node for result in outcome.result.results]
    models = {node.unique_id: _statement(node) for node in nodes if node.resource_type == "model"}
    parents = {node.unique_id: [parent for parent in node.depends_on.nodes if parent in models] for node in nodes}
    order = TopologicalSorter({name: parents[name] for name in sorted(models)}).static_order()
    tests = [
        DataTest(
            node.name,
            f"select {node.config.fail_calc} from ({node.compiled_code}) as failing",
            tuple(models[parent].name for parent in parents[node.unique_id]),
        )
        for node in nodes
        if node.resource_type == "test" and node.config.severity.lower() == "error" and parents[node.unique_id]
    ]
    return CompiledModels(tuple(models[name] for name in order), tuple(tests))


def saved(compiled: CompiledModels) -> str:
    """As text, for another process."""
    return json.dumps(asdict(compiled))


def read(text: str) -> CompiledModels:
    """What `saved` gave."""
    raw = json.loads(text)
    return CompiledModels(
        tuple(Statement(**{**one, "parents": tuple(one["parents"]), "sources": tuple(one["sources"])}) for one in raw["statements"]),
        tuple(DataTest(**{**one, "models": tuple(one["models"])}) for one in raw["tests"]),
    )


def _statement(node: Any) -> Statement:
    kind = "view" if node.config.materialized == "view" else "table"
    above = [parent.split(".") for parent in node.depends_on.nodes]
    parents = tuple(parts[-1] for parts in above if parts[0] == "model")
    sources = tuple(parts[-1] for parts in above if parts[0] == "source")
    return Statement(node.name, "/".join(node.fqn[1:-1]), node.relation_name, kind, node.compiled_code, parents, sources)


def _create(connection: duckdb.DuckDBPyConnection, statements: Iterable[Statement]) -> None:
    connection.execute("create schema staging; create schema intermediate")
    for statement in statements:
        connection.execute(f"create {statement.kind} {statement.relation} as {statement.select}")
