"""Checks of what Python writes. Its suite for each table and how many ids may change: these block. New headers, segments left out: warn."""

from collections.abc import Iterable, Iterator
from itertools import groupby

import dagster as dg

from assets.resources import HomeResource
from expectations import validate_table
from pipelines.channels import recent_drifts
from pipelines.contracts.catalog import TABLES
from pipelines.contracts.channel_tables import CHANNEL_LOADS
from pipelines.contracts.identity_tables import IDENTITY_QUALITY
from pipelines.contracts.segment_tables import HOURLY_MEMBERSHIPS, SEGMENT_ASSIGNMENTS, SEGMENT_FAULTS
from pipelines.contracts.tables import Table
from pipelines.identity import over_budget
from pipelines.segments import decided_definitions


def meets_expectations() -> list[dg.AssetChecksDefinition]:
    """A check `meets_expectations` on every table, run together by stage: what is red stops all that is downstream."""
    return [_checks(name, tuple(tables)) for name, tables in groupby(sorted(TABLES.values(), key=_judged_with), key=_judged_with)]


def _judged_with(table: Table) -> str:
    """The stage; of what is settled before the marts, or between nights, the table: judged with the lists, it would wait for itself."""
    return table.name if table.name in {SEGMENT_ASSIGNMENTS.name, HOURLY_MEMBERSHIPS.name} else table.stage


def _checks(name: str, tables: tuple[Table, ...]) -> dg.AssetChecksDefinition:
    specs = [
        dg.AssetCheckSpec("meets_expectations", asset=table.name, blocking=True, description=f"Great Expectations suite of {table.name}.")
        for table in tables
    ]

    @dg.multi_asset_check(name=f"{name}_meets_expectations", specs=specs)
    def check(home: HomeResource) -> Iterator[dg.AssetCheckResult]:
        yield from _results(home, tables)

    return check


def _results(home: HomeResource, tables: Iterable[Table]) -> Iterator[dg.AssetCheckResult]:
    engine, lake = home.config().engine, home.home().lake
    for table in tables:
        verdict = validate_table(
            table.name, str(lake / table.name / "**" / "*.parquet"), memory_limit=engine.memory_limit, threads=engine.threads
        )
        yield dg.AssetCheckResult(
            passed=verdict.passed,
            asset_key=table.name,
            check_name="meets_expectations",
            metadata={"evaluated": verdict.evaluated, "failures": list(verdict.failures), "warnings": list(verdict.warnings)},
        )


@dg.asset_check(asset=CHANNEL_LOADS.name, description="No export came with other columns than those of its format before it.")
def headers_are_as_before(home: HomeResource) -> dg.AssetCheckResult:
    """Warns of a new header generation, which loads all the same: what the contract does not list is left out."""
    found = recent_drifts(home.home(), home.config())
    told = [f"{drift['file_path']} ({drift['format_name']}): {drift['drift']}" for drift in found]
    return dg.AssetCheckResult(passed=not found, severity=dg.AssetCheckSeverity.WARN, metadata={"failures": told})


@dg.asset_check(asset=SEGMENT_FAULTS.name, description="No segment was left out because of its definition.")
def every_segment_can_be_used(context: dg.AssetCheckExecutionContext, home: HomeResource) -> dg.AssetCheckResult:
    """Warns of a list that does not go out, while all others do."""
    faults = decided_definitions(home.run(context.partition_key)).faults
    return dg.AssetCheckResult(passed=not faults, severity=dg.AssetCheckSeverity.WARN, metadata={"failures": list(map(str, faults))})


@dg.asset_check(
    asset=IDENTITY_QUALITY.name, blocking=True, description="Not too many customers get another id: a wrong rule or a bad file."
)
def no_more_changes_than_the_budget(context: dg.AssetCheckExecutionContext, home: HomeResource) -> dg.AssetCheckResult:
    """Of this day alone: a day that was stopped keeps its figures, and the next one is judged by its own."""
    told = over_budget(home.run(context.partition_key))
    return dg.AssetCheckResult(passed=told is None, metadata={"failures": told or ""})
