"""The words of an export contract: what a format's YAML file may say. Only shape is checked here; meaning in `formats`."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from pipelines.channels.json_paths import steps

FieldType = Literal[
    "text",
    "id",  # text that a spreadsheet must not have touched
    "integer",
    "amount",
    "price",
    "quantity",
    "rate",
    "instant",
    "epoch_seconds",
    "epoch_millis",
    "epoch_micros",
    "date",
    "boolean",
    "vocabulary",
]
Container = Literal[
    "delimited",
    "json_lines",
    "json",  # one document: an array of objects, at the top or under `records`; or the same objects one a line
    "parquet",
]
Encoding = Literal["utf-8", "gb18030", "utf-16", "shift_jis"]


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, (str, dict)) else value


Texts = Annotated[tuple[str, ...], BeforeValidator(_as_list)]


def _known_zone(value: str | None) -> str | None:
    if value is not None:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"unknown time zone {value!r}, expected a name such as Asia/Shanghai") from error
    return value


def _has_group(value: str | None) -> str | None:
    try:
        groups = re.compile(value or "()").groups
    except re.error as error:
        raise ValueError(f"is no regular expression: {error}") from error
    if not groups:
        raise ValueError("needs a group (in brackets) around what is to be read")
    return value


def _expression(value: str | None) -> str | None:
    return None if _has_group(f"({value})") is None else value


class _Spec(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FieldSpec(_Spec):
    """One column of the export that is read: everything that is not listed is counted and left."""

    column: Texts = ()  # header, of several the first that the file has; path in JSON, of several the first that is filled
    followed_by: Texts = ()  # further headers, whose text follows after a space: a time of day, a zone
    column_like: str | None = None  # instead of `column`: regular expression on the whole header, which holds a currency or the like
    in_header: str | None = None  # ... or the text is the first group of this expression in the first header that it matches
    above_header: str | None = None  # ... or in the lines above the header
    type: FieldType = "text"
    clean: Texts = ()  # cleaners by name, after those of the format
    nulls: tuple[str, ...] = ()  # further spellings of nothing
    required: bool = False  # an empty cell sets the record aside
    optional: bool = False  # the whole column may be missing
    formats: Texts = ()  # of instants and dates; default: those of the contract
    time_zone: str | None = None
    values: dict[str, str | bool] = Field(default_factory=dict)
    otherwise: str | None = None  # a vocabulary's word for everything else; without it an unknown value sets the record aside

    _zone = field_validator("time_zone")(_known_zone)
    _groups = field_validator("in_header", "above_header")(_has_group)
    _like = field_validator("column_like")(_expression)

    @property
    def label(self) -> str:
        """The field as the export names it, to tell of it."""
        return self.column[0] if self.column else str(self.column_like or self.in_header or self.above_header)

    @model_validator(mode="after")
    def _consistent(self) -> FieldSpec:
        if sum(map(bool, (self.column, self.column_like, self.in_header, self.above_header))) != 1:
            raise ValueError("say exactly one of `column`, `column_like`, `in_header` and `above_header`")
        if self.followed_by and not self.column:
            raise ValueError("`followed_by` belongs to `column`")
        if (self.type in ("vocabulary", "boolean")) != bool(self.values):
            raise ValueError("`values` belongs to the types vocabulary and boolean, and they need it")
        kind = bool if self.type == "boolean" else str
        wrong = next((key for key, value in self.values.items() if not isinstance(value, kind)), None)
        if wrong is not None:
            raise ValueError(f"value {wrong!r} must stand for a {'truth value' if kind is bool else 'text'}")
        if self.otherwise is not None and self.type != "vocabulary":
            raise ValueError("`otherwise` belongs to the type vocabulary")
        return self


class WithinSpec(_Spec):
    """A derived field that looks at all records of the file with the same value of the fields `within`.

    `value`: an SQL aggregate over them; without it their number in file order, from 1.
    """

    within: Texts
    value: str | None = None


class TableRule(_Spec):
    """How records become rows of one canonical table; SQL over fields and derived fields.

    One row a record; with `per` one row per value of these fields (aggregate expressions); with `claimed_at` one row per distinct
    row of `columns`, whose first and last `claimed_at` become first_seen_at and last_seen_at. A claim that lacks a required
    column claims nothing.
    """

    columns: dict[str, str]
    where: str | None = None
    per: Texts = ()
    claimed_at: str | None = None

    @model_validator(mode="after")
    def _one_grain(self) -> TableRule:
        if self.per and self.claimed_at:
            raise ValueError("choose `per` or `claimed_at`, not both")
        return self


Rules = Annotated[tuple[TableRule, ...], BeforeValidator(_as_list)]


class FooterSpec(_Spec):
    """Lines below the data. `to_end`: everything from the first such line on; else each line that begins so (totals)."""

    begins: Texts
    to_end: bool = True


class TotalSpec(_Spec):
    """A total in the footer that must agree with the SQL aggregate over the records of the file.

    It stands under `header` in a table of totals, or is the first group of `pattern` in a line of prose.
    """

    header: str | None = None
    pattern: str | None = None
    equals: str
    optional: bool = False  # not every export states it; without this word a file that does not was cut off

    @model_validator(mode="after")
    def _one_place(self) -> TotalSpec:
        if (self.header is None) == (self.pattern is None):
            raise ValueError("say exactly one of `header` and `pattern`")
        try:
            groups = 1 if self.pattern is None else re.compile(self.pattern).groups
        except re.error as error:
            raise ValueError(f"is no regular expression: {error}") from error
        if not groups:
            raise ValueError("needs a group (in brackets) around the number")
        return self


class ExportedAt(_Spec):
    """One way to learn when the export was made; the first that answers counts."""

    name: str | None = None  # regular expression on the file name; its first group is the text that `format` reads
    format: str = "%Y-%m-%d"
    at: str | None = None  # a fixed instant, for data sets that were published once
    column: str | None = None  # a field that holds it

    @model_validator(mode="after")
    def _one_source(self) -> ExportedAt:
        if sum(source is not None for source in (self.name, self.at, self.column)) != 1:
            raise ValueError("say exactly one of `name`, `at` and `column`")
        return self

    _groups = field_validator("name")(_has_group)

    @field_validator("at")
    @classmethod
    def _is_instant(cls, value: str | None) -> str | None:
        if value is not None and datetime.fromisoformat(value).tzinfo is None:
            raise ValueError("needs an offset, as in 2018-01-01T05:00:00+00:00")
        return value


class FormatSpec(_Spec):
    """One export format, whole."""

    format: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    channel: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    title: str
    grain: str
    notes: str = ""
    container: Container = "delimited"
    records: str | None = None  # JSON documents: dotted keys of the array that holds the records; none where it is the document
    each: str | None = None  # JSON: path of an array in the record; fields under it are read of each element, the others repeat
    delimiter: str = Field(",", min_length=1, max_length=2)
    lead: str = Field("", max_length=1)  # what every data line begins with, before the first cell
    quoting: Literal["rfc4180", "none"] = "rfc4180"
    encodings: tuple[Encoding, ...] = ("utf-8", "gb18030")  # tried in this order, strictly; a byte order mark decides at once
    detect: Texts  # headers (JSON: paths) that only this format has together
    absent: Texts = ()  # headers that rule it out
    header_within: int = Field(12, ge=1, le=100)  # lines in which the header stands: a bill may begin with a page of explanations
    rows_below_header: int = Field(0, ge=0)  # explanation rows between header and data
    footer: FooterSpec | None = None
    totals: tuple[TotalSpec, ...] = ()
    clean: Texts = ("strip",)  # of every field
    nulls: tuple[str, ...] = ()
    instants: Texts = ("%Y-%m-%d %H:%M:%S",)
    dates: Texts = ("%Y-%m-%d",)
    time_zone: str = "UTC"  # `business`: the one of the configuration, for exports on the clock of the shop's account
    currency_code: str | None = Field(None, pattern=r"^[A-Z]{3}$")  # of exports that name none; default: the configuration
    repeated_rows: Literal["drop", "keep"] = "drop"  # keep where a till prints the same line twice
    exported_at: tuple[ExportedAt, ...] = ()
    business_times: Texts = ()  # instants that say which days the file covers
    fields: dict[str, FieldSpec]
    derived: dict[str, str | WithinSpec] = Field(default_factory=dict)
    tables: dict[str, Rules]

    _zone = field_validator("time_zone")(_known_zone)

    @model_validator(mode="after")
    def _consistent(self) -> FormatSpec:
        if self.totals and self.footer is None:
            raise ValueError("`totals` need a `footer`")
        if self.records is not None and self.container != "json":
            raise ValueError("`records` belongs to the container json")
        if self.container != "delimited" and not all(field.column and not field.followed_by for field in self.fields.values()):
            raise ValueError("`followed_by`, `column_like`, `in_header` and `above_header` belong to delimited text")
        if self.each is not None and not (self.is_json and self.repeated_rows == "keep"):
            raise ValueError("`each` belongs to JSON, and needs `repeated_rows: keep`: two elements of a record may be equal")
        if self.is_json:
            for path in (
                *self.detect,
                *([self.each] if self.each else []),
                *(name for field in self.fields.values() for name in field.column),
            ):
                steps(path)
        if len(self.delimiter) == 2 and self.quoting != "none":
            raise ValueError("a delimiter of two characters needs `quoting: none`")
        return self

    @property
    def is_json(self) -> bool:
        """True where records are JSON objects, however they are strung together."""
        return self.container in ("json_lines", "json")
