"""Read segment definitions from YAML: shape, names, shares, dates, consents. Decides nothing about customers."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

from pydantic import Field, ValidationError, model_validator

from pipelines.contracts.declarations import Section, Text, keys_at, nearest, read_yaml
from pipelines.contracts.errors import ConfigurationError
from pipelines.contracts.masking import shortened
from pipelines.contracts.segments import SENSITIVE, DefinitionError, Definitions, Offer, Segment
from pipelines.segments.expressions import Condition, check_condition

SHIPPED = Path(__file__).with_name("definitions")
_ADVICE: Mapping[str, str] = {
    "name": "lower case letters, digits and underscores, as in win_back_180_days",
    "holdout": "a share below 1: whom a segment always holds out, it never writes to",
    "arms": "give each arm the share of the customers that it gets, so that all shares sum to 1",
    "valid": "give days as 2026-01-31, the last one not before the first",
    "priority": "a whole number from 1; the smallest wins a customer whom two lists want on one day",
}
# names become folders and cells
_NAME = re.compile(r"^[a-z][a-z0-9_]{0,62}$")
_Name = Annotated[str, Field(pattern=_NAME)]


class _Valid(Section):
    from_: date | None = Field(None, alias="from")
    to: date | None = None

    @model_validator(mode="after")
    def _ordered(self) -> _Valid:
        if self.from_ and self.to and self.to < self.from_:
            raise ValueError("ends before it begins")
        return self


class _Offer(Section):
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


class _Definition(Section):
    """A segment file, key by key (activation.md)."""

    name: _Name
    label: Text
    description: str = Field(min_length=1)
    where: str = Field(min_length=1)
    channel: Literal["sms", "email"]
    purpose: Literal["marketing", "service"]
    priority: int = Field(ge=1)
    holdout: Decimal = Field(Decimal(0), ge=0, lt=1)
    arms: dict[_Name, Annotated[Decimal, Field(gt=0, le=1)]] = Field(default_factory=dict)
    offer: _Offer | None = None
    valid: _Valid = _Valid()
    cadence: Literal["nightly", "hourly"] = "nightly"  # hourly: its list is made between two nights as well
    requires_consent: Literal["personalization"] | None = None  # beyond that of the channel
    owner: str = Field(min_length=1)

    @model_validator(mode="after")
    def _whole(self) -> _Definition:
        total = sum(self.arms.values())
        if self.arms and total != 1:
            raise ValueError(f"arms: shares sum to {total}, not to 1")
        return self


def read_definitions(folders: Sequence[Path], columns: Mapping[str, str] | None = None) -> Definitions:
    """The segments that can be used, and why the others are left out: the shipped ones and those in `folders`.

    `columns` maps the columns of the customer mart to DuckDB types; without it only shape and syntax are checked. Raises
    ConfigurationError for a folder that is not there: nobody can tell which lists would be missing.
    """
    found, faults = examine_segments(folders, columns)
    for fault in faults:
        if not isinstance(fault, DefinitionError):
            raise fault
    return Definitions(tuple(defined.segment for defined in found), tuple(fault for fault in faults if isinstance(fault, DefinitionError)))


def read_segments(folders: Sequence[Path], columns: Mapping[str, str] | None = None) -> tuple[Segment, ...]:
    """All segments, where none may be left out.

    Raises ConfigurationError naming file and key: unknown keys, wrong values, two segments of one name, a forbidden expression.
    """
    found, faults = examine_segments(folders, columns)
    if faults:
        first = faults[0]
        more = f" (and {len(faults) - 1} more: `cdp segments check`)" if len(faults) > 1 else ""
        raise ConfigurationError(f"{first.what}{more}", where=first.where, do=first.do)
    return tuple(defined.segment for defined in found)


class Defined(NamedTuple):
    """A segment, and the file that defines it."""

    segment: Segment
    path: Path


def read_segment(path: Path, columns: Mapping[str, str] | None = None) -> Segment:
    """The segment of one file, wherever it lies: a draft that nobody has put among the others. Raises ConfigurationError."""
    segment, faults = _read(path, columns)
    if segment is None:
        raise faults[0]
    return segment


def examine_segments(
    folders: Sequence[Path], columns: Mapping[str, str] | None = None
) -> tuple[tuple[Defined, ...], tuple[ConfigurationError, ...]]:
    """The segments that can be used, by name, and everything that is wrong with the others, file by file. Raises nothing.

    Of two with one name neither can be used: nobody can tell which one its readers mean. What is wrong with one of them is a
    DefinitionError.
    """
    found: dict[str, Defined] = {}
    taken: set[str] = set()
    faults: list[ConfigurationError] = []
    for folder in (SHIPPED, *folders):
        if not folder.is_dir():
            faults.append(ConfigurationError("no such folder", where=str(folder), do="mend segments.folders in the configuration"))
        for path in sorted(folder.glob("*.yaml")):
            segment, wrong = _read(path, columns)
            faults += wrong
            if segment is not None and segment.name in found:
                what = f"name: {segment.name} is taken by {found[segment.name].path.name}"
                faults.append(DefinitionError(segment.name, what, where=str(path), do="choose another name"))
                taken.add(segment.name)
            elif segment is not None:
                found[segment.name] = Defined(segment, path)
    return tuple(found[name] for name in sorted(found.keys() - taken)), tuple(faults)


def _read(path: Path, columns: Mapping[str, str] | None) -> tuple[Segment | None, list[DefinitionError]]:
    """One file: the segment, or what is wrong with it."""
    name = path.stem
    try:
        raw = read_yaml(path)
        if isinstance(raw, dict) and _NAME.fullmatch(str(raw.get("name"))):
            name = str(raw["name"])
        definition = _Definition.model_validate(raw)
        return _segment(definition, _condition(definition, columns, str(path))), []
    except RecursionError:
        return None, [DefinitionError(name, "is not valid YAML: nested too deeply", where=str(path), do="mend the line")]
    except ValidationError as error:
        return None, [DefinitionError(name, what, where=str(path), do=advice) for what, advice in _explained(error)]
    except ConfigurationError as error:
        return None, [DefinitionError(name, error.what, where=error.where, do=error.do)]


def _condition(definition: _Definition, columns: Mapping[str, str] | None, where: str) -> Condition:
    """The checked expression with the consent that the segment requires. A sensitive column is refused without its consent."""
    condition = check_condition(definition.where, columns, where)
    consent = definition.requires_consent
    for name in condition.columns:
        if SENSITIVE.get(name, consent) != consent:
            needed = SENSITIVE[name]
            raise ConfigurationError(
                f"where: {name} is sensitive, and the segment does not require consent", where=where, do=f"add requires_consent: {needed}"
            )
    if consent is None:
        return condition
    return check_condition(f"({condition.sql}) and {consent}_consent = 'granted'", columns, where)


def _segment(definition: _Definition, condition: Condition) -> Segment:
    meant = definition.model_dump(mode="json", by_alias=True) | {"where": condition.sql}
    if definition.cadence == "nightly":
        del meant["cadence"]  # as before there were hours: what means the same is the same definition
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
        requires_consent=definition.requires_consent,
        cadence=definition.cadence,
    )


def _explained(error: ValidationError) -> Iterator[tuple[str, str]]:
    """For each problem the dotted key with what is wrong with its value, for an unknown key the nearest one; and what to do."""
    # a key that is misspelled is missing under its own name, too
    for problem in sorted(error.errors(), key=lambda problem: problem["type"] != "extra_forbidden"):
        path = [str(part) for part in problem["loc"] if part != "[key]"]
        text = problem["msg"].removeprefix("Value error, ")
        if problem["type"] == "extra_forbidden":
            text = f"unknown key{nearest(path[-1], keys_at(_Definition, path[:-1]))}"
        elif isinstance(problem["input"], str | int | float | Decimal):
            text += f", and is {shortened(str(problem['input']))!r}"
        advice = _ADVICE.get(path[0] if path else text.partition(":")[0], "mend the key; the shipped segments show all")
        yield f"{'.'.join(path)}: {text}" if path else text, advice
