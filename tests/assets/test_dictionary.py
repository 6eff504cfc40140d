"""Generated texts are those that their sources give now, as `data/samples` are those of the simulator."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from assets.dictionary import described_tables, described_tags, texts
from pipelines.contracts.tables import Personal
from pipelines.metrics.chinese import english_texts, read_chinese
from pipelines.metrics.definitions import read_metrics
from pipelines.metrics.dictionary import DescribedColumn, all_names, null_meaning, unit_of
from pipelines.tags import read_tags


@pytest.fixture(scope="module")
def manifest(dbt_manifest: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(dbt_manifest.read_text(encoding="utf-8"))
    return loaded


def test_generated_texts_are_up_to_date(manifest: dict[str, Any]) -> None:
    stale = [path.name for path, text in texts(manifest).items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    assert stale == [], "run `make dictionary`"


def test_every_metric_and_every_column_of_a_mart_is_in_both_dictionaries(manifest: dict[str, Any]) -> None:
    marts = [node for node in manifest["nodes"].values() if node["resource_type"] == "model" and node["fqn"][1] == "marts"]
    assert len(marts) > 10
    for path, text in texts(manifest).items():
        if path.name.startswith("dictionary"):
            parts = {part.partition("`")[0]: part for part in text.split("\n### `")}
            assert {name for name in read_metrics() if f"`{name}" not in text} == set()
            for mart in marts:
                assert [column for column in mart["columns"] if f"| `{column}` |" not in parts[mart["name"]]] == [], mart["name"]


def test_every_text_is_translated_and_no_translation_is_left_over(manifest: dict[str, Any]) -> None:
    wanted = set(english_texts(described_tags(), described_tables(manifest))) - {all_names(read_metrics().values(), "en")}
    assert wanted ^ read_chinese().keys() == set()


def test_every_tag_is_in_both_dictionaries_with_its_column_and_whether_it_is_sensitive(manifest: dict[str, Any]) -> None:
    for path, text in texts(manifest).items():
        if path.name.startswith("dictionary"):
            _, _, section, _ = text.split("\n## ")
            lines = {line.split("`")[1]: line for line in section.splitlines() if line.startswith("| `")}
            yes = "yes" if path.name == "dictionary.md" else "是"
            assert {tag.name: (f"| `{tag.column}` |" in lines[tag.name], f"| {yes} |" in lines[tag.name]) for tag in read_tags()} == {
                tag.name: (True, tag.consent is not None) for tag in read_tags()
            }


def test_every_mart_is_exposed(manifest: dict[str, Any]) -> None:
    [text] = [text for path, text in texts(manifest).items() if path.name == "exposures.yml"]
    exposures = {exposure["name"]: exposure for exposure in yaml.safe_load(text)["exposures"]}
    marts = {node["name"] for node in manifest["nodes"].values() if node["resource_type"] == "model" and node["fqn"][1] == "marts"}
    assert {reference.removeprefix("ref('").removesuffix("')") for reference in exposures["analytics_database"]["depends_on"]} == marts


@pytest.mark.parametrize(
    ("description", "expected"),
    [
        ("Null when unknown.", "when unknown"),
        ("Month of birth, 1 to 12; null when not declared.", "when not declared"),
        ("The resolved person. Null where no channel said who it was.", "where no channel said who it was"),
        ("As delivered.", None),
    ],
)
def test_meaning_of_null_is_read_from_the_description(description: str, expected: str | None) -> None:
    assert null_meaning(DescribedColumn("x", "string", description, Personal.NONE.value)) == expected


@pytest.mark.parametrize(
    ("description", "expected"),
    [
        ("未知时为空。", "未知时"),
        ("出生月份，1 至 12；未申报时为空。", "未申报时"),
        ("解决时刻。未解决则为空。唯一。", "未解决"),
        ("原样。", None),
    ],
)
def test_meaning_of_null_is_read_from_the_chinese_description(description: str, expected: str | None) -> None:
    assert null_meaning(DescribedColumn("x", "string", description, Personal.NONE.value), "zh") == expected


@pytest.mark.parametrize(
    ("name", "unit"),
    [("net_amount_90d", "reporting currency"), ("paid_amount_original", "currency charged"), ("order_count", "count"), ("channel", "")],
)
def test_unit_is_read_from_the_name(name: str, unit: str) -> None:
    assert unit_of(name, "en") == unit
