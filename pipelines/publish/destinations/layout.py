"""What a destination is to the publish stage: which columns its file has, in which container, within which limits. Knows no platform."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import Enum

import polars as pl


class Consent(Enum):
    """What puts somebody who is on the list into the file of a destination, in words that go on after "nobody"."""

    LIST = "has a contact point of the form that it takes"  # the gate has seen the consent
    ADVERTISING = "consented to personalization by a contact point that it takes"
    WECHAT = "consented to marketing by WeChat on an openid of the app"


@dataclass(frozen=True, slots=True)
class Field:
    """A column of the file. `value`: SQL over the columns of `audience` (see `audience.py`); null and empty are an empty cell."""

    header: str
    value: str


@dataclass(frozen=True, slots=True)
class Limits:
    """What the receiver takes, of one file. `least`: fewer rows are written and told of, with the words of `least_for`."""

    least: int = 0
    least_for: str = ""
    most_rows: int | None = None
    most_bytes: int | None = None
    most_files: int | None = None


@dataclass(frozen=True, slots=True)
class Listed:
    """The list that a file is made from: name, channel, and the label of each of its columns, in order."""

    segment: str
    channel: str
    labels: Mapping[str, str]


Render = Callable[[pl.DataFrame, str], bytes]


@dataclass(frozen=True, slots=True)
class Removal:
    """The file of those whom the receiver must drop. `read`: a past file, and the headers to take from it, to rows of text."""

    render: Render
    read: Callable[[bytes, list[str]], pl.DataFrame]


@dataclass(frozen=True, slots=True)
class Layout:
    """How the file of a destination is made from the rows of a list.

    `reached_by`: headers of which a row needs one, else the person is not in the file. `render` makes the bytes of a file from rows of
    text and the bare name of the file; the same rows give the same bytes.
    """

    fields: tuple[Field, ...]
    reached_by: tuple[str, ...]
    render: Render
    suffix: str
    consent: Consent = Consent.LIST
    limits: Limits = Limits()
    removal: Removal | None = None
    has_plain_name: bool = False  # letters and digits only

    def of_removals(self) -> Layout:
        """How the file is made that holds no more than what `reached_by` names."""
        return self if self.removal is None else replace(self, render=self.removal.render)
