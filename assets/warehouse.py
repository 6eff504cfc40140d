"""Assets that dbt builds: staging to marts, run inside the Dagster process because the warehouse has one writer.

A second process on a DuckDB file fails at once, even read-only; and a new process costs two seconds of imports.
Predictions are made from marts and shown in marts: dbt builds all that needs none and, once they are made, the rest; no model twice.
"""

import itertools
import json
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, DbtProject, dbt_assets
from dagster_dbt.asset_utils import get_asset_check_key_for_test, get_updated_cli_invocation_params_for_context

from assets.build_errors import build_error, database_error
from assets.continuing import begin_part, finish_part
from assets.dbt_events import without_details
from assets.manifest import PARSED, prepared_manifest
from assets.partitions import DAILY, ONE_BY_ONE
from assets.project import DBT_PROJECT
from assets.records import build_facts
from assets.resources import HomeResource, Progress
from pipelines.contracts.config import Config
from pipelines.contracts.errors import CheckFailedError
from pipelines.contracts.home import Home

if TYPE_CHECKING:
    from dbt.artifacts.schemas.run import RunExecutionResult, RunResult
    from dbt.contracts.graph.manifest import Manifest
    from dbt_common.events.base_types import EventMsg

_GREEN = frozenset({"success", "pass", "warn", "no-op"})  # an exposure is a node that does nothing

# whatever reads a table of the stage `value`, from its sources down; a test of two models belongs where the later one is built
PREDICTED = "source:lake.value_*+"

PROJECT = DbtProject(project_dir=DBT_PROJECT, profiles_dir=DBT_PROJECT)


class Translator(DagsterDbtTranslator):
    """Asset key = table name, for models and for the lake tables that they read; group = folder of the stage."""

    def __init__(self) -> None:
        super().__init__(DagsterDbtTranslatorSettings(enable_asset_checks=True))

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        return dg.AssetKey(dbt_resource_props["name"])

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str:
        folders = dbt_resource_props["fqn"][1:-1]
        return "_".join(folders) if folders else "staging"


def dbt_models() -> tuple[dg.AssetsDefinition, dg.AssetsDefinition]:
    """One asset a model and one check a test, from the manifest of the models as they are now: what needs no prediction, and what does."""
    manifest = json.loads(prepared_manifest().read_text(encoding="utf-8"))
    first = _part("warehouse", manifest, "fqn:*", PREDICTED, is_first=True)
    return first, _part("warehouse_predicted", manifest, PREDICTED, "", is_first=False)


def _part(name: str, manifest: Mapping[str, Any], select: str, exclude: str, *, is_first: bool) -> dg.AssetsDefinition:
    translator = Translator()

    @dbt_assets(
        manifest=manifest,
        project=PROJECT,
        dagster_dbt_translator=translator,
        partitions_def=DAILY,
        backfill_policy=ONE_BY_ONE,
        name=name,
        select=select,
        exclude=exclude,
    )
    def part(context: dg.AssetExecutionContext, home: HomeResource, progress: dg.ResourceParam[Progress]) -> Iterator[Any]:
        """Build the selected models and run their tests."""
        asked = get_updated_cli_invocation_params_for_context(context, manifest, translator)
        run = home.run(context.partition_key)
        # of a part that is selected, the definition in the context knows that part only
        build = begin_part(run.home, build_facts(run), is_first=is_first, is_whole=context.selected_asset_keys == part.keys)
        # of a part of the models: exactly the tests that are named, and not those of two models of which the other is not built yet
        arguments = [*asked.selection_args, *(["--indirect-selection", asked.indirect_selection] if asked.indirect_selection else [])]
        results = invoke_dbt(run.home, run.config, ["build", "--exclude-resource-type", "unit_test", *arguments], progress, build.continues)
        if all(str(result.status) in _GREEN for result in results.results if result.node.resource_type.value == "model"):
            finish_part(run.home, build)
        yield from dagster_results(context, manifest, translator, results)

    return part


def invoke_dbt(home: Home, config: Config, arguments: list[str], progress: Progress, continues: Path | None = None) -> "RunExecutionResult":
    """Run dbt in this process on the warehouse of `home`. Raises what dbt raises; failed nodes are in the result.

    `continues`: record of the last whole build, of which what did not change since is kept; without it all is built anew.
    """
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner

    home.warehouse.parent.mkdir(parents=True, exist_ok=True)
    os.environ |= {
        "CDP_LAKE": str(home.lake),
        "CDP_WAREHOUSE": str(home.warehouse),
        "CDP_MARTS": str(home.marts),
        "CDP_MEMORY_LIMIT": config.engine.memory_limit,
        "CDP_THREADS": str(config.engine.threads or os.cpu_count() or 1),
        "CDP_CONTINUES": str(continues or ""),
        "DO_NOT_TRACK": "1",
    }
    folders = ["--project-dir", str(DBT_PROJECT), "--profiles-dir", str(DBT_PROJECT), "--target-path", str(home.warehouse.parent / "dbt")]
    # failures are told once, by the results; standard output belongs to the summary
    quiet = ["--quiet", "--log-level", "none", "--log-level-file", "none", "--no-write-json"]
    runner = dbtRunner(manifest=parsed_manifest(PROJECT.manifest_path.with_name(PARSED)), callbacks=[_reporter(progress)])
    try:
        with without_details():
            outcome = runner.invoke([*arguments[:1], *quiet, *folders, *arguments[1:]])
    finally:
        # dbt keeps its handle, and with it the lock of the file, for as long as the process lives
        DuckDBConnectionManager.close_all_connections()
    if outcome.exception is not None:
        raise outcome.exception
    result: RunExecutionResult = outcome.result  # type: ignore[assignment]  # `build` gives this one of dbt's result types
    return result


def parsed_manifest(path: Path) -> "Manifest":
    """The manifest as `dbt parse` left it: a run parses nothing, which saves two seconds."""
    from dbt.contracts.graph.manifest import Manifest

    manifest: Manifest = Manifest.from_msgpack(path.read_bytes())
    manifest.build_flat_graph()
    return manifest


def _reporter(progress: Progress) -> Callable[["EventMsg"], None]:
    """Count finished models and tests of one invocation."""
    finished = itertools.count(1)

    def report(event: "EventMsg") -> None:
        if event.info.name == "NodeFinished":
            progress.report(event.data.node_info.node_name, next(finished), 0)

    return report


def dagster_results(
    context: dg.AssetExecutionContext, manifest: Mapping[str, Any], translator: Translator, results: "RunExecutionResult"
) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    """A materialization for each model that was built and a result for each test that ran, then the failure if there was one."""
    broken: list[RunResult] = []
    red: list[str] = []
    for result in results.results:
        node, ok = result.node, str(result.status) in _GREEN
        if node.resource_type.value == "model" and ok:
            yield dg.MaterializeResult(
                asset_key=translator.get_asset_key({"name": node.name}), metadata={"seconds": round(result.execution_time, 3)}
            )
        elif node.resource_type.value == "test":
            key = get_asset_check_key_for_test(manifest, translator, node.unique_id, project=PROJECT)
            if key and key in context.selected_asset_check_keys:
                warned = str(result.status) == "warn"
                yield dg.AssetCheckResult(
                    passed=ok and not warned,
                    asset_key=key.asset_key,
                    check_name=key.name,
                    severity=dg.AssetCheckSeverity.WARN if warned else dg.AssetCheckSeverity.ERROR,
                    metadata={"failures": result.failures or 0},
                )
        if str(result.status) == "fail":
            red.append(f"{node.name}: {database_error(result.message)}")
        elif not ok and str(result.status) != "skipped":
            broken.append(result)
    if broken:
        raise build_error(broken)
    if red:
        raise CheckFailedError("; ".join(red), where="dbt", do="mend the data or the rule and run again; nothing was published")
