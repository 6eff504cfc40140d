"""Read tag declarations from YAML: shape, names, signs. Knows no customer."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from pipelines.contracts.errors import ConfigurationError

SHIPPED = Path(__file__).with_name("definitions")
_Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
_Text = Annotated[str, Field(min_length=1)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Label(_Section):
    """The name of a tag in both languages."""

    en: _Text
    zh: _Text


class _Declaration(_Section):
    """A tag, key by key."""

    label: Label
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


class _File(_Section):
    tags: dict[_Name, _Declaration] = Field(min_length=1)


def read_tags(folder: Path = SHIPPED) -> tuple[Tag, ...]:
    """All declared tags, by name.

    Raises ConfigurationError naming file and key: unknown keys (with the nearest), wrong values, a tag or a column that stands twice.
    """
    found: dict[str, tuple[Tag, Path]] = {}
    columns: dict[str, str] = {}
    for path in sorted(folder.glob("*.yaml")):
        for name, declaration in _read(path).tags.items():
            if name in found:
                raise ConfigurationError(f"tags.{name}: stands in {found[name][1].name} too", where=str(path), do="choose another name")
            if declaration.column in columns:
                taken = f"tags.{name}.column: {declaration.column} shows {columns[declaration.column]} already"
                raise ConfigurationError(taken, where=str(path), do="name the column that shows this tag")
            columns[declaration.column] = name
            found[name] = Tag(name=name, **declaration.model_dump(by_alias=True)), path
    return tuple(found[name][0] for name in sorted(found))


def _read(path: Path) -> _File:
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"cannot be read: {error}", where=str(path), do="check the file and its permissions") from error
    except yaml.YAMLError as error:
        raise ConfigurationError(f"is not valid YAML: {' '.join(str(error).split())}", where=str(path), do="mend the line") from error
    try:
        return _File.model_validate(raw)
    except ValidationError as error:
        raise ConfigurationError(_explain(error), where=str(path), do="mend the key; the shipped tags show all") from error


def nearest(name: str, names: Sequence[str]) -> str:
    """`, did you mean 'x'?` or nothing."""
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    return f", did you mean {close[0]!r}?" if close else ""


def _explain(error: ValidationError) -> str:
    """One clause a problem: the dotted key, what is wrong, and for an unknown key the nearest one."""
    clauses = []
    for problem in error.errors():
        path = [str(part) for part in problem["loc"]]
        text = problem["msg"].removeprefix("Value error, ")
        if problem["type"] == "extra_forbidden":
            text = f"unknown key{nearest(path[-1], _keys_at(path[:-1]))}"
        clauses.append(f"{'.'.join(path)}: {text}" if path else text)
    return "; ".join(clauses)


def _keys_at(path: Sequence[str]) -> list[str]:
    """Keys of the section at `path`: of a file, of a tag, of its label."""
    models: Mapping[int, Any] = {0: _File, 2: _Declaration}
    return [field.alias or name for name, field in models.get(len(path), Label).model_fields.items()]
