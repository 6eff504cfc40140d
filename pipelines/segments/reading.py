"""Read segment definitions from YAML: shape, names, shares, dates. Decides nothing about customers."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from pipelines.contracts.errors import ConfigurationError
from pipelines.contracts.segments import Offer, Segment
from pipelines.segments.expressions import Condition, check_condition, nearest

SHIPPED = Path(__file__).with_name("definitions")
# names become folders and cells
_Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Label(_Section):
    en: str = Field(min_length=1)
    zh: str = Field(min_length=1)


class _Valid(_Section):
    from_: date | None = Field(None, alias="from")
    to: date | None = None

    @model_validator(mode="after")
    def _ordered(self) -> _Valid:
        if self.from_ and self.to and self.to < self.from_:
            raise ValueError("ends before it begins")
        return self


class _Offer(_Section):
    name: str | None = Field(None, min_length=1)
    sku: str | None = Field(None, min_length=1)
    category: str | None = Field(None, min_length=1)
    terms: str = Field(min_length=1)

    @model_validator(mode="after")
    def _of_one_thing(self) -> _Offer:
        if len([thing for thing in (self.name, self.sku, self.category) if thing is not None]) != 1:
            raise ValueError("names one thing: a name, a sku or a category")
        return self

    def read(self) -> Offer:
        [(kind, thing)] = [(kind, thing) for kind, thing in self.model_dump(exclude={"terms"}).items() if thing is not None]
        return Offer(kind, thing, self.terms)


class _Definition(_Section):
    """A segment file, key by key (activation.md)."""

    name: _Name
    label: _Label
    description: str = Field(min_length=1)
    where: str = Field(min_length=1)
    channel: Literal["sms", "email"]
    purpose: Literal["marketing", "service"]
    priority: int = Field(ge=1)
    holdout: Decimal = Field(Decimal(0), ge=0, lt=1)
    arms: dict[_Name, Annotated[Decimal, Field(gt=0, le=1)]] = Field(default_factory=dict)
    offer: _Offer | None = None
    valid: _Valid = _Valid()
    owner: str = Field(min_length=1)

    @model_validator(mode="after")
    def _whole(self) -> _Definition:
        total = sum(self.arms.values())
        if self.arms and total != 1:
            raise ValueError(f"arms: shares sum to {total}, not to 1")
        return self


def read_segments(folders: Sequence[Path], columns: Mapping[str, str] | None = None) -> tuple[Segment, ...]:
    """All segments: the shipped ones and those in `folders`, by name.

    `columns` maps the columns of the customer mart to DuckDB types; without it only shape and syntax are checked.
    Raises ConfigurationError naming file and key: unknown keys, wrong values, two segments of one name, a forbidden expression.
    """
    found: dict[str, tuple[Segment, Path]] = {}
    for folder in (SHIPPED, *folders):
        if not folder.is_dir():
            raise ConfigurationError("no such folder", where=str(folder), do="mend segments.folders in the configuration")
        for path in sorted(folder.glob("*.yaml")):
            segment = _read(path, columns)
            if segment.name in found:
                raise ConfigurationError(
                    f"name: {segment.name} is taken by {found[segment.name][1].name}", where=str(path), do="choose another name"
                )
            found[segment.name] = segment, path
    return tuple(found[name][0] for name in sorted(found))


def _read(path: Path, columns: Mapping[str, str] | None) -> Segment:
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"cannot be read: {error}", where=str(path), do="check the file and its permissions") from error
    except yaml.YAMLError as error:
        raise ConfigurationError(f"is not valid YAML: {' '.join(str(error).split())}", where=str(path), do="mend the line") from error
    try:
        definition = _Definition.model_validate(raw)
    except ValidationError as error:
        raise ConfigurationError(_explain(error), where=str(path), do="mend the key; the shipped segments show all") from error
    return _segment(definition, check_condition(definition.where, columns, str(path)))


def _segment(definition: _Definition, condition: Condition) -> Segment:
    meant = definition.model_dump(mode="json", by_alias=True) | {"where": condition.sql}
    return Segment(
        name=definition.name,
        label=definition.label.model_dump(),
        description=definition.description,
        where=condition.sql,
        columns=condition.columns,
        channel=definition.channel,
        purpose=definition.purpose,
        priority=definition.priority,
        holdout=definition.holdout,
        arms=dict(definition.arms),
        owner=definition.owner,
        definition_hash=hashlib.sha256(json.dumps(meant, sort_keys=True, ensure_ascii=False).encode()).hexdigest(),
        valid_from=definition.valid.from_,
        valid_to=definition.valid.to,
        offer=definition.offer.read() if definition.offer else None,
    )


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
    sections: Mapping[tuple[str, ...], Any] = {("label",): _Label, ("valid",): _Valid, ("offer",): _Offer}
    model = sections.get(tuple(path), _Definition)
    return [field.alias or name for name, field in model.model_fields.items()]
