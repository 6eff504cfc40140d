"""Read tag declarations from YAML: shape, names, signs. Knows no customer."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from pipelines.contracts.declarations import Section, Text, checked, read_yaml
from pipelines.contracts.errors import ConfigurationError

SHIPPED = Path(__file__).with_name("definitions")
_Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
_Text = Annotated[str, Field(min_length=1)]


class _Declaration(Section):
    """A tag, key by key."""

    label: Text
    kind: Literal["basic", "behavior", "value", "preference"]
    tag_class: Literal["static", "dynamic", "preference", "predictive"] = Field(alias="class")
    cadence: Literal["daily", "monthly"]
    owner: _Text
    type: Literal["text", "list", "boolean", "integer", "amount", "date"]
    column: _Name
    since: Literal["refresh", "claim", "registration", "last_purchase", "stage_change"]
    evidence: _Text
    consent: Literal["personalization"] | None = None
    signs: dict[_Name, tuple[_Text, ...]] = Field(default_factory=dict)

    @field_validator("signs")
    @classmethod
    def _comparable(cls, value: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        for word in (word for words in value.values() for word in words):
            if word != word.strip().lower():
                raise ValueError(f"{word!r} is compared with lower-case text without blanks around it")
        return value

    @model_validator(mode="after")
    def _one_value_a_sign(self) -> _Declaration:
        words = [word for words in self.signs.values() for word in words]
        twice = sorted({word for word in words if words.count(word) > 1})
        if twice:
            raise ValueError(f"signs: {twice[0]!r} stands twice")
        return self


class Tag(_Declaration):
    """A checked declaration with its name."""

    name: _Name


class _File(Section):
    tags: dict[_Name, _Declaration] = Field(min_length=1)


def read_tags(folder: Path = SHIPPED) -> tuple[Tag, ...]:
    """All declared tags, by name.

    Raises ConfigurationError naming file and key: unknown keys (with the nearest), wrong values, a tag or a column that stands twice.
    """
    found: dict[str, tuple[Tag, Path]] = {}
    columns: dict[str, str] = {}
    for path in sorted(folder.glob("*.yaml")):
        for name, declaration in checked(_File, read_yaml(path), path, "mend the key; the shipped tags show all").tags.items():
            if name in found:
                raise ConfigurationError(f"tags.{name}: stands in {found[name][1].name} too", where=str(path), do="choose another name")
            if declaration.column in columns:
                taken = f"tags.{name}.column: {declaration.column} shows {columns[declaration.column]} already"
                raise ConfigurationError(taken, where=str(path), do="name the column that shows this tag")
            columns[declaration.column] = name
            found[name] = Tag(name=name, **declaration.model_dump(by_alias=True)), path
    return tuple(found[name][0] for name in sorted(found))
