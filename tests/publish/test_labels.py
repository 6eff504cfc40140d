"""Headers: every column that a list may show has a Chinese one, and no two are alike."""

from __future__ import annotations

from pathlib import Path

import yaml

from pipelines.publish.labels import header

MART = Path(__file__).resolve().parents[2] / "dbt_project" / "models" / "marts" / "marketing" / "_customer_360.yml"


def columns() -> dict[str, str]:
    """Column -> Chinese name, as the catalog of analysts has it."""
    models = yaml.safe_load(MART.read_text(encoding="utf-8"))["models"]
    [mart] = [model for model in models if model["name"] == "mart_marketing__customer_360"]
    shown = (column for column in mart["columns"] if not column["name"].endswith("_masked"))
    return {column["name"]: column["config"]["meta"]["label_zh"] for column in shown}


def test_every_column_that_a_list_may_show_has_a_chinese_header_of_its_own() -> None:
    names = ["phone", "email", "name", "arm", *columns()]
    labels = [header(name, "zh") for name in names]
    assert [label for label in labels if label.isascii()] == []
    assert len(set(labels)) == len(labels)


def test_a_list_calls_a_column_what_the_catalog_calls_it() -> None:
    assert {name: header(name, "zh") for name in columns()} == columns()


def test_english_headers_are_the_column_names() -> None:
    assert header("recency_days", "en") == "recency_days"
    assert header("unheard_of", "zh") == "unheard_of"
