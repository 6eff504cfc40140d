"""What people declare in YAML: faults are told by key, whatever the model looks like."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import pytest
from pydantic import Field

from pipelines.contracts.declarations import Section, Text, checked, nearest, read_yaml
from pipelines.contracts.errors import ConfigurationError


class _Valid(Section):
    from_: int | None = Field(None, alias="from")


class _Item(Section):
    label: Text
    valid: _Valid | None = None


class _File(Section):
    items: dict[str, Annotated[_Item, Field()]] = Field(default_factory=dict)
    many: tuple[_Item, ...] = ()


LABEL = {"en": "Buyers", "zh": "买家"}


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        ({"itms": {}}, "itms: unknown key, did you mean 'items'?"),
        ({"items": {"label": {"label": LABEL, "valdi": {}}}}, "items.label.valdi: unknown key, did you mean 'valid'?"),
        ({"items": {"one": {"label": LABEL, "valid": {"form": 1}}}}, "items.one.valid.form: unknown key, did you mean 'from'?"),
        ({"many": [{"label": {**LABEL, "zhh": "x"}}]}, "many.0.label.zhh: unknown key, did you mean 'zh'?"),
        ({"many": [{"label": {"en": ""}}]}, "many.0.label.en: String should have at least 1 character; many.0.label.zh: Field required"),
        ({"something": 1}, "something: unknown key"),
    ],
)
def test_a_fault_is_told_by_its_key_at_any_depth(tmp_path: Path, raw: object, told: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        checked(_File, raw, tmp_path / "file.yaml", "mend the key")
    assert str(caught.value) == f"{tmp_path / 'file.yaml'}: {told} -> mend the key"


def test_a_key_that_stands_twice_is_refused_and_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "file.yaml"
    path.write_text("a: 1\nb: {c: 1, c: 2}\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"key 'c' stands twice .*line 2"):
        read_yaml(path)


def test_a_yaml_tag_makes_no_object(tmp_path: Path) -> None:
    path = tmp_path / "file.yaml"
    path.write_text("a: !!python/object/apply:os.getcwd []\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="is not valid YAML"):
        read_yaml(path)


def test_a_hostile_name_costs_no_time_and_gets_no_hint() -> None:
    assert nearest("a" * 1_000_000, ["b" * 1_000_000]) == ""
    assert nearest("buyrs", ["buyers"]) == ", did you mean 'buyers'?"
