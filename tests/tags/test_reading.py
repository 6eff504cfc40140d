"""Declarations: what is accepted, and that every mistake names its file, its key and the way out."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from pipelines.contracts.errors import ConfigurationError
from pipelines.tags import Tag, read_tags

VALID = """
tags:
  night_owl:
    label: {en: Night owl, zh: 夜猫子}
    kind: behavior
    class: preference
    cadence: monthly
    owner: crm
    type: text
    column: night_owl
    since: refresh
    evidence: Share of the purchases that were paid at night.
    signs:
      owl: [night, 夜]
      lark: [morning]
"""
MART = Path(__file__).resolve().parents[2] / "dbt_project" / "models" / "marts" / "marketing" / "_customer_360.yml"


def read(folder: Path, text: str, name: str = "own.yaml") -> Tag:
    (folder / name).write_text(text, encoding="utf-8")
    return read_tags(folder)[0]


def test_declaration_is_read_whole(tmp_path: Path) -> None:
    tag = read(tmp_path, VALID)
    assert (tag.name, tag.label.zh, tag.kind, tag.tag_class, tag.cadence, tag.consent) == (
        "night_owl",
        "夜猫子",
        "behavior",
        "preference",
        "monthly",
        None,
    )
    assert tag.signs == {"owl": ("night", "夜"), "lark": ("morning",)}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("owner: crm", "ownr: crm"), r"own\.yaml: .*tags\.night_owl\.ownr: unknown key, did you mean 'owner'"),
        (("class: preference", "clas: preference"), r"clas: unknown key, did you mean 'class'"),
        (("{en: Night owl, zh: 夜猫子}", "{en: Night owl, zg: x}"), r"label\.zg: unknown key, did you mean 'zh'"),
        (("tags:", "tag:"), r"tag: unknown key, did you mean 'tags'"),
        (("kind: behavior", "kind: habit"), r"kind: .*'basic', 'behavior', 'value' or 'preference'"),
        (("cadence: monthly", "cadence: hourly"), r"cadence: .*'daily' or 'monthly'"),
        (("since: refresh", "since: ever"), r"since: "),
        (("  night_owl:", "  ../night:"), r"pattern"),
        (("[night, 夜]", "[Night]"), r"'Night' is compared with lower-case text"),
        (("[morning]", "[night]"), r"'night' stands twice"),
        (("owner: crm", "owner: [crm"), "not valid YAML"),
        (("    owner: crm\n", ""), r"owner: Field required"),
        ((VALID, "- a list"), "valid dictionary"),
        ((VALID, "tags: {}"), "at least 1"),
    ],
)
def test_mistake_names_file_key_and_way_out(tmp_path: Path, change: tuple[str, str], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message) as caught:
        read(tmp_path, VALID.replace(*change))
    assert caught.value.do


def test_a_name_or_a_column_stands_for_one_tag(tmp_path: Path) -> None:
    read(tmp_path, VALID)
    with pytest.raises(ConfigurationError, match=r"second\.yaml: tags\.night_owl: stands in own\.yaml too"):
        read(tmp_path, VALID, "second.yaml")
    with pytest.raises(ConfigurationError, match=r"second\.yaml: tags\.owl\.column: night_owl shows night_owl already"):
        read(tmp_path, VALID.replace("  night_owl:", "  owl:"), "second.yaml")


def test_every_tag_has_its_column_in_the_360_and_sensitive_ones_say_so_there() -> None:
    [mart] = yaml.safe_load(MART.read_text(encoding="utf-8"))["models"]
    columns = {column["name"]: column["config"]["meta"] for column in mart["columns"]}
    assert {tag.name for tag in read_tags() if tag.column not in columns} == set()
    assert {tag.column: tag.consent for tag in read_tags() if tag.consent} == {
        name: meta["consent"] for name, meta in columns.items() if "consent" in meta
    }
