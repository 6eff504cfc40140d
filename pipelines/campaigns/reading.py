"""Read the registry of campaigns from YAML: shape, names, dates, and that every segment and arm is there. Knows no customer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from pipelines.contracts.declarations import Section, Text, checked, nearest, read_yaml
from pipelines.contracts.errors import ConfigurationError
from pipelines.contracts.segments import Definitions


def _quoted(value: Any) -> Any:
    if not isinstance(value, str):
        raise ValueError("is not text; put the id into quotes, or its leading zeros are lost")  # noqa: TRY004 (pydantic tells a ValueError by its key)
    return value


# below the folder of reviewed rows: a plan is decided by people, as those are
FOLDER = "campaigns"
# the channel under which campaigns of segments stand that no channel reports of
SEGMENTS = "segments"
_Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
_Text = Annotated[str, Field(min_length=1, pattern=r"\S")]
_Number = Annotated[_Text, BeforeValidator(_quoted)]
_Objective = Literal[
    "acquisition", "activation", "cross_sell", "loyalty", "repeat_purchase", "retention", "satisfaction", "seasonal", "win_back"
]


class Dates(Section):
    """Planned days; both ends belong to the campaign."""

    from_: date = Field(alias="from")
    to: date

    @model_validator(mode="after")
    def _ordered(self) -> Dates:
        if self.to < self.from_:
            raise ValueError("ends before it begins")
        return self


class Budget(Section):
    """What may be spent, and in which currency that is meant."""

    amount: Decimal = Field(gt=0, max_digits=18, decimal_places=2)
    currency: str = Field(pattern=r"^[A-Z]{3}$")


class Campaign(Section):
    """A registered campaign, key by key."""

    name: _Name
    label: Text
    objective: _Objective
    owner: _Text
    dates: Dates
    description: _Text | None = None
    budget: Budget | None = None
    offer: Text | None = None
    arms: dict[_Name, _Text] = Field(default_factory=dict)  # arm of its segments -> what the customers in it get
    segments: tuple[_Name, ...] = ()
    sources: dict[_Name, tuple[_Number, ...]] = Field(default_factory=dict)  # channel -> ids of its campaigns

    @model_validator(mode="after")
    def _whole(self) -> Campaign:
        if not self.segments and not any(self.sources.values()):
            raise ValueError("names neither a segment nor a campaign of a channel, so nothing could be counted for it")
        if len(self.arms) == 1:
            raise ValueError("arms: one arm alone is no test; leave the key out")
        if SEGMENTS in self.sources:
            raise ValueError("sources.segments: is no channel; name the segments under `segments`")
        return self

    @property
    def source_keys(self) -> tuple[tuple[str, str], ...]:
        """Channel and number of what belongs to it: campaigns of channels, then segments."""
        named = [(channel, number) for channel, numbers in self.sources.items() for number in numbers]
        return (*named, *((SEGMENTS, segment) for segment in self.segments))

    @property
    def same_offers(self) -> tuple[tuple[str, ...], ...]:
        """Groups of arms that get word for word the same: between them a test has nothing to find (A/A)."""
        groups: dict[str, list[str]] = {}
        for arm, offer in sorted(self.arms.items()):
            groups.setdefault(offer, []).append(arm)
        return tuple(tuple(arms) for arms in groups.values() if len(arms) > 1)


def read_campaigns(reference: Path, folders: Sequence[Path], definitions: Definitions) -> tuple[Campaign, ...]:
    """The registered campaigns of `<reference>/campaigns/*.yaml` and of `folders`, by name; none where there is no such folder.

    Raises ConfigurationError naming file and key: unknown keys (with the nearest), wrong values, a name, segment or campaign of a channel
    that two claim, a segment that is not there, arms that are not those of the segments. Of a segment that is left out nothing is asked.
    """
    read: dict[str, tuple[Campaign, Path]] = {}
    for path in (path for folder in (reference / FOLDER, *folders) for path in sorted(folder.glob("*.yaml"))):
        campaign = checked(Campaign, read_yaml(path), path, "mend the key; the campaigns of the demo show all")
        if campaign.name in read:
            raise ConfigurationError(
                f"name: {campaign.name} is taken by {read[campaign.name][1].name}", where=str(path), do="choose another name"
            )
        _check_segments(campaign, definitions, path)
        read[campaign.name] = campaign, path
    _check_claims(read.values())
    return tuple(read[name][0] for name in sorted(read))


def campaign_named(name: str, campaigns: Sequence[Campaign]) -> Campaign:
    """The campaign of this name. Raises ConfigurationError that names the nearest."""
    for campaign in campaigns:
        if campaign.name == name:
            return campaign
    raise ConfigurationError(
        f"no campaign {name!r} is registered{nearest(name, [campaign.name for campaign in campaigns])}", do="see `cdp campaign list`"
    )


def _check_segments(campaign: Campaign, definitions: Definitions, path: Path) -> None:
    known = {segment.name: segment for segment in definitions.segments}
    for name in (segment for segment in campaign.segments if segment not in definitions.left_out):
        if name not in known:
            raise ConfigurationError(f"segments: no segment {name}{nearest(name, known)}", where=str(path), do="see `cdp segments list`")
        arms = sorted(known[name].arms)
        if arms != sorted(campaign.arms):
            what = f"arms: segment {name} parts its customers into {', '.join(arms) or 'no arms'}, the campaign names "
            raise ConfigurationError(
                what + (", ".join(sorted(campaign.arms)) or "none"), where=str(path), do="say for each arm of the segment what it gets"
            )
    if campaign.arms and not campaign.segments:
        raise ConfigurationError(
            "arms: belong to lists, and no segment is named", where=str(path), do="name the segment, or leave arms out"
        )


def _check_claims(read: Iterable[tuple[Campaign, Path]]) -> None:
    """Nothing belongs to two: budgets would be set against the same cost twice, and a test read with two offers."""
    claimed: dict[tuple[str, str], str] = {}
    found = list(read)
    for campaign, path in found:
        for channel, number in campaign.source_keys:
            what = f"segments: {number}" if channel == SEGMENTS else f"sources.{channel}: {number}"
            if (channel, number) in claimed:
                owner = claimed[channel, number]
                told = f"{what} stands twice" if owner == campaign.name else f"{what} belongs to {owner} already"
                raise ConfigurationError(told, where=str(path), do="give it to one; a new offer needs a segment of its own")
            claimed[channel, number] = campaign.name
    for campaign, path in found:
        for channel, number in campaign.source_keys:
            owner = claimed.get((SEGMENTS, number), campaign.name)
            if channel != SEGMENTS and owner != campaign.name:
                what = f"sources.{channel}: {number} is how {channel} reports the lists of the segment, which {owner} has"
                raise ConfigurationError(what, where=str(path), do="take it out of one of the two")
