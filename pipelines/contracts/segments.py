"""What a segment is, and what the gate counts: made by the segments stage, read by the publish stage."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from pipelines.contracts.errors import ConfigurationError

# steps of the gate in order, each with the outcome of those whom it stops
GATE: Mapping[str, str] = {
    "reachable": "unreachable",
    "consented": "no_consent",
    "not_suppressed": "suppressed",
    "under_cap": "over_cap",
    "won_priority": "lost_priority",
    "not_held_out": "held_out",
}
EXPORTED = "exported"
# of a waterfall, in order: JSON files sort their keys
STEPS = ("matched", *GATE, EXPORTED)


# columns of the customer mart that guess at something nobody wants to be guessed at -> the consent that a segment over them must require
SENSITIVE: Mapping[str, str] = {"life_stage": "personalization"}


@dataclass(frozen=True, slots=True)
class Offer:
    """What a list promises: `kind` (name, sku or category) and `thing` say of what, `terms` the conditions."""

    kind: str
    thing: str
    terms: str

    def contradicts(self, other: Offer | None) -> bool:
        """The same thing on other terms. Case and blanks at the ends make no difference."""
        return (
            other is not None
            and (self.kind, _plain(self.thing)) == (other.kind, _plain(other.thing))
            and (_plain(self.terms) != _plain(other.terms))
        )


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())


@dataclass(frozen=True, slots=True)
class Segment:
    """One checked definition. `where` is canonical SQL over the columns of the customer mart; `columns` are those that it reads."""

    name: str
    label: Mapping[str, str]
    description: str
    where: str
    columns: tuple[str, ...]
    channel: str
    purpose: str
    priority: int
    holdout: Decimal
    arms: Mapping[str, Decimal]
    owner: str
    definition_hash: str
    valid_from: date | None = None
    valid_to: date | None = None
    offer: Offer | None = None
    requires_consent: str | None = None  # beyond that of the channel; `where` asks for it
    cadence: str = "nightly"  # or hourly: its list is made between two nights as well

    def is_valid_on(self, day: date) -> bool:
        """Both ends belong to the time that the segment is valid."""
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day <= self.valid_to)

    def as_record(self) -> dict[str, Any]:
        """The definition as text and lists, for a manifest."""
        record = asdict(self)
        record |= {"holdout": str(self.holdout), "arms": {name: str(share) for name, share in self.arms.items()}}
        return record | {name: str(record[name]) if record[name] else None for name in ("valid_from", "valid_to")}


class DefinitionError(ConfigurationError):
    """What is wrong with one definition: no list of it goes out, those of all others do.

    `segment_name` is the name that the definition has, that of its file where it says none; `place` the file, or `data`.
    """

    def __init__(self, segment_name: str, what: str, *, where: str, do: str) -> None:
        self.segment_name, self.place = segment_name, Path(where).name
        super().__init__(what, where=where, do=do)

    def as_record(self) -> dict[str, str]:
        """For the record of a run."""
        return {"segment": self.segment_name, "place": self.place, "fault": self.what, "advice": self.do}


@dataclass(frozen=True, slots=True)
class Definitions:
    """The segments that can be used, by name, and what is wrong with the others."""

    segments: tuple[Segment, ...]
    faults: tuple[DefinitionError, ...] = ()

    @property
    def left_out(self) -> frozenset[str]:
        """Names of the segments that cannot be used."""
        return frozenset(fault.segment_name for fault in self.faults)

    def without(self, faults: Iterable[DefinitionError]) -> Definitions:
        """Those that can be used when these faults are known, too."""
        more = tuple(faults)
        names = {fault.segment_name for fault in more}
        return Definitions(tuple(segment for segment in self.segments if segment.name not in names), (*self.faults, *more))


@dataclass(frozen=True, slots=True)
class Waterfall:
    """Customers left after each step of the gate."""

    matched: int = 0
    reachable: int = 0
    consented: int = 0
    not_suppressed: int = 0
    under_cap: int = 0
    won_priority: int = 0
    not_held_out: int = 0
    exported: int = 0

    @classmethod
    def of_outcomes(cls, counts: Mapping[str, int]) -> Waterfall:
        """From the number of customers by outcome, as segment_memberships holds them."""
        left = sum(counts.values())
        steps = {"matched": left}
        for step, outcome in GATE.items():
            left -= counts.get(outcome, 0)
            steps[step] = left
        return cls(**steps, exported=counts.get(EXPORTED, 0))


@dataclass(frozen=True, slots=True)
class SegmentReport:
    """What the gate did on one day: a waterfall for each segment that is valid on it and could be used.

    `contaminated` counts those of the exported and held out whom the read-out leaves out, because they have stood in two places;
    `faults` say why a segment was left out.
    """

    as_of: date
    waterfalls: Mapping[str, Waterfall] = field(default_factory=dict)
    contaminated: Mapping[str, int] = field(default_factory=dict)
    faults: tuple[DefinitionError, ...] = ()

    def as_metadata(self) -> dict[str, dict[str, int]]:
        """Segment -> step -> customers left."""
        return {name: asdict(waterfall) for name, waterfall in self.waterfalls.items()}
