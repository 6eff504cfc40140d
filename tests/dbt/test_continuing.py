"""Nights that continue each other give the marts that a build of everything gives, table by table and row by row."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from assets.continuing import BuildFacts, begin_build, begin_part, finish_build, finish_part
from benchmarks.marts_handwritten import GIVEN_IN_PART, compared_with_models, models_behind, run
from pipelines.contracts.home import Home
from pipelines.segments import read_segments
from pipelines.tags import read_tags, write_tags
from tests.dbt.lake import tiny_run
from tests.dbt.nights import Nights, facts_of
from tests.dbt.warehouse import invoke, problems

# an ordinary night, and one after two nights without a run
DAYS = (date(2024, 2, 24), date(2024, 2, 25), date(2024, 2, 28))
SEED = 20240229


@dataclass(frozen=True)
class Built:
    """Homes after the last night: one that continued from the first night on, one built as a whole; what each night touched."""

    continued: Home
    whole: Home
    touched: list[dict[str, tuple[int, int]]]


@pytest.fixture(scope="module")
def built(dbt_manifest: Path, tmp_path_factory: pytest.TempPathFactory) -> Built:
    root, nights, touched = tmp_path_factory.mktemp("nights"), Nights(SEED, DAYS), []
    for night, day in enumerate(DAYS):
        run, lake = tiny_run(root / "continued", day), nights.delivered(night)
        facts = facts_of(run, lake)
        continues = begin_build(run.home, facts)
        assert (continues is not None) == (night > 0)
        lake.write(run.home, run)
        _build(dbt_manifest, run.home, continues)
        finish_build(run.home, facts)
        touched.append(_touched(run.home))
    last = tiny_run(root / "whole", DAYS[-1])
    for day in DAYS:
        write_tags(tiny_run(root / "whole", day), read_tags(), read_segments(()))
    nights.delivered(len(DAYS) - 1).write(last.home, last)
    _build(dbt_manifest, last.home, None)
    return Built(run.home, last.home, touched)


def _build(dbt_manifest: Path, home: Home, continues: Path | None) -> None:
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("CDP_CONTINUES", str(continues or ""))
        # a slice after the other where rows are kept, all customers at once where everything is built
        environment.setenv("CDP_CUSTOMERS_PER_SLICE", "3" if continues else "125000")
        kinds = ["--exclude-resource-type", "unit_test", "--exclude-resource-type", "test"]
        assert problems(invoke(dbt_manifest, home, "build", *kinds)) == {}


def _touched(home: Home) -> dict[str, tuple[int, int]]:
    """Of orders, events and customers: how many this build computed anew, and how many there are."""
    with duckdb.connect(str(home.warehouse), read_only=True) as connection:
        connection.execute(f"attach '{home.marts}' as marts (read_only)")
        counts = {
            "orders": ("int_touched_orders", "marts.fct_orders"),
            "events": ("int_touched_facts where event_key is not null", "marts.fct_events"),
            "customers": ("int_touched_customers", "intermediate.int_customers"),
        }
        return {
            what: tuple(
                connection.execute(f"select count(*) from {table if '.' in table else f'intermediate.{table}'}").fetchall()[0][0]
                for table in tables
            )
            for what, tables in counts.items()
        }


def test_a_continued_night_has_the_rows_of_a_whole_build(built: Built) -> None:
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        for name, home in (("continued", built.continued), ("whole", built.whole)):
            connection.execute(f"attach '{home.marts}' as {name} (read_only)")
        tables = {home: _tables(connection, home) for home in ("continued", "whole")}
        assert tables["continued"] == tables["whole"]
        assert len(tables["whole"]) > 40
        differing = {table: rows for table in sorted(tables["whole"]) if (rows := _difference(connection, table))}
        assert differing == {}


def test_the_script_by_hand_gives_the_rows_of_the_models(built: Built, tmp_path: Path) -> None:
    """What builds are timed beside gives the same, of two versions of a fact, currencies, refunds and gifts, too."""
    out = tmp_path / "by_hand.duckdb"
    run(built.whole.lake, out)
    tables, differing = compared_with_models(out, built.whole.marts)
    assert differing == []
    assert {"fct_orders", "customer_rfm_history", "customer_lifecycle_history", "cohort_retention", *GIVEN_IN_PART} <= set(tables)
    with duckdb.connect(str(out)) as connection:
        assert connection.execute("select count(distinct metric) from kpi").fetchall() == [(28,)]
        connection.execute("update customer_rfm set rfm_total = rfm_total + 1 where rfm_total = 15")
        connection.execute("delete from kpi where metric = 'repurchase_rate' and numerator > 0")
    assert set(compared_with_models(out, built.whole.marts)[1]) == {"customer_rfm", "kpi"}


def test_the_script_by_hand_is_timed_beside_what_gives_the_same(dbt_manifest: Path) -> None:
    """All that whole tables are built from; of tables given in part what the script gives, too."""
    parents = json.loads(dbt_manifest.read_text(encoding="utf-8"))["parent_map"]
    for table, given in GIVEN_IN_PART.items():
        assert {f"model.retail_cdp.{name}" for name in given} < set(parents[f"model.retail_cdp.{table}"])
    behind = models_behind(["mart_marketing__customer_360"], dbt_manifest)
    assert {"mart_marketing__customer_360", "int_customer_totals", "fct_orders", "stg_channel_orders"} <= behind
    assert not {"int_customer_tastes", "customer_points", "fct_points"} & behind


def test_a_whole_build_touches_nothing_and_a_continued_one_a_part(built: Built) -> None:
    """Without rows that are kept, equality would prove nothing."""
    first, *later = built.touched
    assert {count for count, _ in first.values()} == {0}
    for night in later:
        assert all(0 < count < of for count, of in night.values()), night


def _tables(connection: duckdb.DuckDBPyConnection, home: str) -> dict[str, list[str]]:
    """Columns of each table of the marts."""
    found: dict[str, list[str]] = {}
    for table, column in connection.execute(
        "select table_name, column_name from duckdb_columns() where database_name = ? order by table_name, column_index", [home]
    ).fetchall():
        found.setdefault(table, []).append(column)
    return found


def _difference(connection: duckdb.DuckDBPyConnection, table: str) -> list[tuple[object, ...]]:
    """Some rows that only one of the two has, each as often as it has it more often."""
    return connection.execute(
        f"(select 'continued' as home, * from (select * from continued.{table} except all select * from whole.{table}) limit 3)"
        f" union all (select 'whole', * from (select * from whole.{table} except all select * from continued.{table}) limit 3)"
    ).fetchall()


@pytest.fixture
def last(tmp_path: Path) -> Iterator[tuple[Home, BuildFacts]]:
    """A home that a whole build left, and what that was a function of."""
    run, lake = tiny_run(tmp_path, DAYS[0]), Nights(SEED, DAYS).delivered(0)
    facts = facts_of(run, lake)
    for path in (run.home.warehouse, run.home.marts):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    finish_build(run.home, facts)
    yield run.home, facts


def test_the_same_again_and_a_later_day_with_more_loads_may_continue(last: tuple[Home, BuildFacts]) -> None:
    home, facts = last
    for later in (facts, replace(facts, as_of=DAYS[1], loads=facts.loads | {"new": "as read"})):
        assert begin_build(home, later) is not None
        finish_build(home, facts)


@pytest.mark.parametrize("what", ["code_version", "config_hash", "definitions_hash"])
def test_other_code_settings_or_reviewed_rows_build_everything_anew(last: tuple[Home, BuildFacts], what: str) -> None:
    home, facts = last
    other: dict[str, Any] = {what: "2"}
    assert begin_build(home, replace(facts, **other)) is None


def test_a_day_of_the_past_and_the_last_and_first_of_a_month_build_everything_anew(last: tuple[Home, BuildFacts]) -> None:
    home, facts = last
    for day in (DAYS[0] - timedelta(days=1), date(2024, 2, 29), date(2024, 3, 1), date(2025, 2, 26)):
        assert begin_build(home, replace(facts, as_of=day)) is None
        finish_build(home, facts)


def test_a_load_that_is_gone_or_was_read_again_builds_everything_anew(last: tuple[Home, BuildFacts]) -> None:
    home, facts = last
    load = min(facts.loads)
    gone = {name: read for name, read in facts.loads.items() if name != load}
    for loads in (gone, facts.loads | {load: "read again, without somebody"}):
        assert begin_build(home, replace(facts, loads=loads)) is None
        finish_build(home, facts)


def test_a_build_that_did_not_end_leaves_nothing_to_continue(last: tuple[Home, BuildFacts]) -> None:
    home, facts = last
    assert begin_build(home, facts) is not None
    assert begin_build(home, facts) is None


def test_without_the_warehouse_or_with_a_spoiled_record_everything_is_built_anew(last: tuple[Home, BuildFacts]) -> None:
    home, facts = last
    home.warehouse.unlink()
    assert begin_build(home, facts) is None
    home.warehouse.touch()
    for spoiled in ("", "{", "{}", '{"as_of": 1}', "[]"):
        home.warehouse.with_name("whole_build.json").write_text(spoiled)
        assert begin_build(home, facts) is None


def test_the_second_part_keeps_rows_only_after_a_first_that_kept_rows(last: tuple[Home, BuildFacts]) -> None:
    home, facts = last
    for _ in range(2):
        first = begin_part(home, facts, is_first=True, is_whole=True)
        finish_part(home, first)
        second = begin_part(home, facts, is_first=False, is_whole=True)
        assert first.continues == second.continues is not None
        finish_part(home, second)


@pytest.mark.parametrize(
    ("first_is_whole", "first_ends", "second_is_whole", "other_loads"),
    [(False, True, True, {}), (True, False, True, {}), (True, True, False, {}), (True, True, True, {"new": "as read"})],
)
def test_a_build_of_which_a_part_is_missing_is_never_continued(
    last: tuple[Home, BuildFacts], first_is_whole: bool, first_ends: bool, second_is_whole: bool, other_loads: dict[str, str]
) -> None:
    home, facts = last
    first = begin_part(home, facts, is_first=True, is_whole=first_is_whole)
    if first_ends:
        finish_part(home, first)
    second = begin_part(home, replace(facts, loads=facts.loads | other_loads), is_first=False, is_whole=second_is_whole)
    assert second.continues is None
    finish_part(home, second)
    assert begin_build(home, facts) is None


def test_the_second_part_alone_leaves_nothing_to_continue(last: tuple[Home, BuildFacts]) -> None:
    home, facts = last
    second = begin_part(home, facts, is_first=False, is_whole=True)
    assert second.continues is None
    finish_part(home, second)
    assert begin_build(home, facts) is None
