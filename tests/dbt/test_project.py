"""The rules of the dbt project, read off its manifest: contracts, descriptions, personal data, unit tests, one dialect."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from pipelines.contracts.catalog import TABLES
from tests.dbt.lake import TinyLake, tiny_run
from tests.dbt.warehouse import invoke, problems

Node = dict[str, Any]

# what a name promises about the type
TYPES_BY_NAME = (
    (re.compile(r"_at$"), "timestamptz"),
    (re.compile(r"_on$|_month$|_week$|^period_start$|^as_of$"), "date"),
    (re.compile(r"^(is|has|was|can)_"), "boolean"),
    (re.compile(r"_amount(_original|_per_customer|_total|_\d+d)?$"), "decimal(18,2)"),
    (re.compile(r"_count(_total|_\d+d)?$|_days$"), "bigint"),
    (re.compile(r"_rate$|_probability$"), "double"),
    (re.compile(r"_score(_monthly|_annual)?$"), "integer"),
)
BRANCHES = re.compile(r"\bcase\b|\bover\b|\bunion\b|\bqualify\b|\bwindow\b")
ONLY_DUCKDB = re.compile(
    r"::|\barg_max\b|\barg_min\b|\bexclude\s*\(|\bstrftime\b|\bdate_diff\b|\bepoch\b|\blist_|\bstruct_pack\b|\bunnest\b|\bnulls first\b"
    r"|\bstring_agg\b|\btimezone\s*\(|\bregexp_|\basof\b|\bhash\s*\(|\bgenerate_series\b|\brange\s*\("
)


@pytest.fixture(scope="module")
def manifest(dbt_manifest: Path) -> Node:
    loaded: Node = json.loads(dbt_manifest.read_text(encoding="utf-8"))
    return loaded


def models(manifest: Node, folder: str = "") -> Iterator[Node]:
    for node in manifest["nodes"].values():
        if node["resource_type"] == "model" and folder in node["fqn"]:
            yield node


def test_every_mart_has_an_enforced_contract_in_the_published_file(manifest: Node) -> None:
    marts = list(models(manifest, "marts"))
    assert marts
    assert [node["name"] for node in marts if not node["config"]["contract"]["enforced"] or node["database"] != "marts"] == []


def test_every_mart_column_has_a_type_a_description_and_a_personal_data_class(manifest: Node) -> None:
    lacking = [
        f"{node['name']}.{column['name']}"
        for node in models(manifest, "marts")
        for column in node["columns"].values()
        if not column["data_type"] or len(column["description"]) < 10 or "personal" not in column["config"]["meta"]
    ]
    assert lacking == []


def test_no_mart_column_identifies_a_person(manifest: Node) -> None:
    classes = {
        f"{node['name']}.{column['name']}": column["config"]["meta"]["personal"]
        for node in models(manifest, "marts")
        for column in node["columns"].values()
    }
    assert {name for name, personal in classes.items() if personal not in {"none", "pseudonym"}} == set()
    assert {name for name, personal in classes.items() if name.endswith(".customer_id") and personal != "pseudonym"} == set()


def test_no_mart_shows_a_lake_column_that_is_personal(manifest: Node) -> None:
    personal = {
        column.name
        for table in TABLES.values()
        for column in table.columns
        if column.personal not in {"none", "pseudonym"} and column.name not in {"value"}
    }
    shown = {column for node in models(manifest, "marts") for column in node["columns"]}
    assert shown & personal == set()


def test_names_of_mart_columns_keep_their_promise_about_types(manifest: Node) -> None:
    broken = [
        f"{node['name']}.{column['name']} is {column['data_type']}, not {wanted}"
        for node in models(manifest, "marts")
        for column in node["columns"].values()
        for pattern, wanted in TYPES_BY_NAME
        if pattern.search(column["name"]) and column["data_type"] != wanted
    ]
    assert broken == []


def test_every_column_of_the_360_says_what_it_is_made_from_and_what_null_means(manifest: Node) -> None:
    """Whoever writes a segment reads this and nothing else."""
    [mart] = [node for node in models(manifest, "marketing") if node["name"] == "mart_marketing__customer_360"]
    wanted = {"source", "unit", "null_means", "personal", "label_zh"}
    metas = {column["name"]: column["config"]["meta"] for column in mart["columns"].values()}
    assert {name: wanted - {key for key, said in meta.items() if said} for name, meta in metas.items() if wanted - meta.keys()} == {}
    assert {name for name in metas if name.startswith(("is_", "has_", "can_")) and metas[name]["null_means"] != "never"} == set()


def test_audit_columns_come_last(manifest: Node) -> None:
    for node in models(manifest, "marts"):
        hidden = [name.startswith("_") for name in node["columns"]]
        assert hidden == sorted(hidden), node["name"]


def test_every_model_states_its_grain_first(manifest: Node) -> None:
    assert [node["name"] for node in models(manifest) if not node["raw_code"].startswith("-- One row per ")] == []
    assert [node["name"] for node in models(manifest, "marts") if not node["description"].startswith("One row per ")] == []


def test_every_branch_window_and_union_has_a_unit_test(manifest: Node) -> None:
    branching = {name for name, macro in project_macros(manifest).items() if BRANCHES.search(macro)}
    calls = re.compile(rf"\{{\{{\s*({'|'.join(branching)})\(|^\s*\{{\{{ ({'|'.join(branching)})\(", re.M)
    tested = {unit["model"] for unit in manifest["unit_tests"].values()}
    untested = [
        node["name"]
        for node in models(manifest)
        if (BRANCHES.search(strip_comments(node["raw_code"])) or calls.search(node["raw_code"])) and node["name"] not in tested
    ]
    assert {"newest_versions", "recency_score"} <= branching
    assert untested == []


def test_unit_tests_are_named_after_their_model_and_claim(manifest: Node) -> None:
    assert [u["name"] for u in manifest["unit_tests"].values() if not re.match(rf"{u['model']}__[a-z0-9_]+$", u["name"])] == []


def test_singular_tests_of_several_models_name_the_one_that_dagster_shows_them_on(manifest: Node) -> None:
    """Without `meta.dagster.ref` such a test is no asset check: it would run and nobody would see it."""
    singular = [n for n in manifest["nodes"].values() if n["resource_type"] == "test" and "test_metadata" not in n]
    assert len(singular) >= 10
    for test in singular:
        assert test["name"].startswith("assert_")
        models_read = {key.rsplit(".", 1)[1] for key in test["depends_on"]["nodes"]}
        named = test["config"]["meta"].get("dagster", {}).get("ref", {}).get("name")
        assert named in models_read if len(models_read) > 1 else named is None, test["name"]


def test_sources_are_the_tables_that_python_writes(manifest: Node) -> None:
    for source in manifest["sources"].values():
        assert source["description"] == TABLES[source["name"]].grain
        assert source["config"]["meta"]["dagster"]["asset_key"] == [source["name"]]


def test_only_staging_reads_channel_tables(manifest: Node) -> None:
    """Staging cuts what the run may not see: a model that went round it would know the future."""
    for node in models(manifest):
        read = {key.rsplit(".", 1)[1] for key in node["depends_on"]["nodes"] if key.startswith("source.")}
        if "staging" in node["fqn"]:
            assert len(read - {"run_context"}) == 1, node["name"]
        else:
            assert not any(name.startswith("channel_") for name in read), node["name"]


def test_what_only_duckdb_understands_is_in_dispatched_macros(manifest: Node) -> None:
    sql = {node["name"]: strip_jinja(strip_comments(node["raw_code"])) for node in models(manifest)}
    sql |= {
        name: strip_jinja(strip_comments(macro))
        for name, macro in project_macros(manifest).items()
        if not name.startswith(("default__", "duckdb__", "spark__"))
    }
    assert {name: found.group() for name, text in sql.items() if (found := ONLY_DUCKDB.search(text))} == {}


def test_every_dispatched_macro_has_a_spark_twin(manifest: Node) -> None:
    names = set(project_macros(manifest))
    assert {name for name in names if name.startswith("default__") and name.replace("default__", "spark__") not in names} == set()


def test_unit_tests_pass_and_an_empty_lake_builds(dbt_manifest: Path, tmp_path: Path) -> None:
    run = tiny_run(tmp_path, date(2024, 1, 31))
    TinyLake().write(run.home, run)
    outcome = invoke(dbt_manifest, run.home, "build")
    assert problems(outcome) == {}
    kinds = [result.node.resource_type for result in outcome.result.results]
    assert kinds.count("unit_test") >= 30


def project_macros(manifest: Node) -> dict[str, str]:
    return {m["name"]: m["macro_sql"] for m in manifest["macros"].values() if m["package_name"] == "retail_cdp"}


def strip_comments(sql: str) -> str:
    return re.sub(r"--[^\n]*|\{#.*?#\}", "", sql, flags=re.S | re.M) if "{#" in sql else re.sub(r"--[^\n]*", "", sql)


def strip_jinja(sql: str) -> str:
    return re.sub(r"\{\{.*?\}\}|\{%.*?%\}", "", sql, flags=re.S)
