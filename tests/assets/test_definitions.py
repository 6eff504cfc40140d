"""The code location: everything that the contracts name is there, checked, and in the right group."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pytest

from pipelines.contracts.catalog import TABLES

GROUPS = [
    "deliveries",
    "channels",
    "run",
    "identity",
    "golden",
    "staging",
    "intermediate",
    "marts_analysis",
    "marts_core",
    "marts_marketing",
    "marts_metrics",
    "marts_service",
]
GROUPS += ["campaigns", "tags", "value", "segments", "metrics", "publish"]


@pytest.fixture(scope="module")
def definitions(dbt_manifest: Path) -> dg.Definitions:
    from assets.definitions import defs

    return defs()


def _specs(definitions: dg.Definitions) -> dict[str, dg.AssetSpec]:
    return {spec.key.to_user_string(): spec for spec in definitions.resolve_all_asset_specs()}


def test_every_contract_table_is_an_asset_of_its_stage(definitions: dg.Definitions) -> None:
    specs = _specs(definitions)
    assert {name: specs[name].group_name for name in TABLES} == {name: table.stage for name, table in TABLES.items()}


def test_groups_are_the_stages_of_the_product(definitions: dg.Definitions) -> None:
    assert {spec.group_name for spec in _specs(definitions).values()} == set(GROUPS)


def test_every_asset_has_a_description(definitions: dg.Definitions) -> None:
    assert [name for name, spec in _specs(definitions).items() if not spec.description] == []


def test_every_table_of_python_has_one_blocking_check(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    blocking = {
        key.asset_key.to_user_string() for key in graph.asset_check_keys if key.name == "meets_expectations" and graph.get(key).blocking
    }
    assert blocking == set(TABLES)


def test_dbt_models_hang_on_the_tables_that_python_writes(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    upstream = graph.get(dg.AssetKey("stg_channel_orders")).parent_keys
    assert dg.AssetKey("channel_orders") in upstream


def test_publishing_waits_for_everything(definitions: dg.Definitions) -> None:
    """No asset is outside the lineage of what is published, so no check of it can be overtaken."""
    graph = definitions.resolve_asset_graph()
    exports = [key for key in graph.get_all_asset_keys() if graph.get(key).group_name == "publish"]
    assert exports
    reached, queue = set(exports), list(exports)
    while queue:
        for parent in graph.get(queue.pop()).parent_keys:
            if parent not in reached:
                reached.add(parent)
                queue.append(parent)
    assert {key.to_user_string() for key in graph.get_all_asset_keys()} == {key.to_user_string() for key in reached}


def test_daily_job_has_daily_partitions_and_a_schedule_at_half_past_two(definitions: dg.Definitions) -> None:
    job = definitions.resolve_job_def("refresh_daily")
    assert isinstance(job.partitions_def, dg.DailyPartitionsDefinition)
    assert definitions.resolve_schedule_def("refresh_daily_at_0230").cron_schedule == "30 2 * * *"


def test_a_rehearsal_on_predictions_that_are_there_leaves_learning_out_and_nothing_else(definitions: dg.Definitions) -> None:
    from assets.jobs import rehearse_predicted, rehearse_unchecked

    jobs = [rehearse_unchecked, rehearse_predicted]
    both = dg.Definitions.merge(definitions, dg.Definitions(jobs=jobs))
    learning, reading = ({node.name for node in both.resolve_job_def(job.name).graph.nodes} for job in jobs)
    assert learning - reading == {"value"}
    assert reading < learning


def test_importing_the_definitions_reads_nothing(tmp_path: Path) -> None:
    """Loading the module in an empty folder without a manifest works: files are read when Dagster asks for definitions."""
    import subprocess
    import sys

    program = "import assets.definitions, sys; sys.exit('dbt.cli.main' in sys.modules or 'great_expectations' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], cwd=tmp_path, timeout=120).returncode == 0


def test_web_server_can_store_what_it_is_shown(definitions: dg.Definitions) -> None:
    """It keeps a serialized snapshot: an enum where text belongs passes every other test and empties the page."""
    from dagster._core.remote_representation.external_data import RepositorySnap
    from dagster_shared.serdes import serialize_value

    assert "identity_members" in serialize_value(RepositorySnap.from_def(definitions.get_repository_def()))
