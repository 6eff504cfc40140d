"""From cleaned text to typed values: one function per type, each with the faults that set a record aside. Nothing is rounded."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache, partial
from zoneinfo import ZoneInfo

import polars as pl

from pipelines.channels.contract import FieldSpec
from pipelines.channels.zones import zone_named
from pipelines.contracts.tables import POLARS_TYPES, Type

# Excel's limit: a number keeps 15 digits, the rest become zeros
LOSSY_ID = r"^[+-]?\d(\.\d+)?[eE]\+?\d+$|^\d{16,}\.0+$"
LONG_ID = r"^\d{17,}$"
ZERO_TAILED_ID = r"^[1-9]\d{14}0{2,}$"

_WIDE = pl.Decimal(38, 12)  # holds every number of the exports exactly, so that a lost decimal can be seen
_LARGEST = 10**11  # no price, sum or count of a shop in any currency; sums of a hundred thousand such still fit their columns
_INSTANT = POLARS_TYPES[Type.INSTANT]
_LATEST_MICROS = 4_102_444_800_000_000  # 2100-01-01
_FIRST_DAY, _LAST_DAY = -25_567, 47_481  # 1900-01-01 and 2099-12-31, in days from 1970
_FEW_SHARE = 0.25


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a record is set aside: where `condition` holds, for this `reason` (it completes "the cell ...")."""

    condition: pl.Expr
    reason: str


@dataclass(frozen=True, slots=True)
class Typed:
    """A field's value and its faults, in the order in which they are told.

    Stages are computed one after the other (helpers, value, faults), each naming the columns of the one before, so that nothing is
    parsed twice: `helpers` are columns of their own, faults see the value as `pl.col(<field>)`.
    """

    value: pl.Expr
    faults: tuple[Fault, ...] = ()
    helpers: tuple[pl.Expr, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """What a type needs to know of its surroundings: the field, how instants and dates are spelled, and the zone of naive ones."""

    name: str
    spec: FieldSpec
    instants: tuple[str, ...]
    dates: tuple[str, ...]
    time_zone: str

    @property
    def value(self) -> pl.Expr:
        """The field's value, once it is computed."""
        return pl.col(self.name)


def read(text: pl.Expr, native: pl.DataType | None, reading: Reading) -> Typed:
    """The typed value of the cleaned `text`; `native` is the column's own type where the container has types."""
    if native is not None and native.is_temporal():
        return _temporal(text, native, reading)
    return _READERS[reading.spec.type](text, reading)


def _text(text: pl.Expr, _: Reading) -> Typed:
    return Typed(text)


def _id(text: pl.Expr, _: Reading) -> Typed:
    return Typed(text, (Fault(text.str.contains(LOSSY_ID), "was turned into a number by a spreadsheet and has lost digits"),))


def _decimal(scale: int) -> Callable[[pl.Expr, Reading], Typed]:
    def reader(text: pl.Expr, reading: Reading) -> Typed:
        wide = pl.col(f"wide:{reading.name}")
        faults = (
            Fault(_failed(text, wide), "is no number"),
            Fault(text.str.contains("[eE]"), "is a number in scientific notation, which has lost digits"),
            Fault(_failed(wide, reading.value) | ~reading.value.is_between(-_LARGEST, _LARGEST), "is a number too large"),
            Fault(reading.value != wide, f"has more than {scale} decimals"),
        )
        helper = text.cast(_WIDE, strict=False).alias(f"wide:{reading.name}")
        return Typed(wide.cast(pl.Decimal(18, scale), strict=False), faults, (helper,))

    return reader


def _integer(text: pl.Expr, reading: Reading) -> Typed:
    return Typed(text.cast(pl.Int64, strict=False), (Fault(_failed(text, reading.value), "is no whole number"),))


def _rate(text: pl.Expr, reading: Reading) -> Typed:
    is_wrong = _failed(text, reading.value) | ~reading.value.is_finite()
    return Typed(text.cast(pl.Float64, strict=False), (Fault(is_wrong, "is no number"),))


def _instant(text: pl.Expr, reading: Reading) -> Typed:
    zone = reading.spec.time_zone or reading.time_zone
    return Typed(
        _first_that_reads(text, reading.spec.formats or reading.instants, partial(_parse_in, zone)), _instant_faults(text, reading)
    )


def _date(text: pl.Expr, reading: Reading) -> Typed:
    return Typed(_first_that_reads(text, reading.spec.formats or reading.dates, _parse_date), _date_faults(text, reading))


def _first_that_reads(text: pl.Expr, spellings: Sequence[str], parse: Callable[[pl.Expr, str], pl.Expr]) -> pl.Expr:
    value = parse(text, spellings[0])
    if len(spellings) == 1:
        return value
    # further spellings see only what the first could not read: a failing parse costs three times a good one. Not what all before could
    # not: the expression would double with each of them, and five took 7 s to plan
    rest = pl.when(value.is_null()).then(text)
    return pl.coalesce(value, *(parse(rest, spelling) for spelling in spellings[1:]))


def _parse_in(zone: str, text: pl.Expr, spelling: str) -> pl.Expr:
    return parse_instant(text, spelling, zone)


def _parse_date(text: pl.Expr, spelling: str) -> pl.Expr:
    return text.str.to_date(spelling, strict=False, cache=False)


def _epoch(per_second: int) -> Callable[[pl.Expr, Reading], Typed]:
    def reader(text: pl.Expr, reading: Reading) -> Typed:
        micros = text.cast(pl.Int64, strict=False) * (1_000_000 // per_second)
        return Typed(micros.cast(_INSTANT), _instant_faults(text, reading))

    return reader


def _mapped(dtype: pl.DataType) -> Callable[[pl.Expr, Reading], Typed]:
    def reader(text: pl.Expr, reading: Reading) -> Typed:
        spec = reading.spec
        value = text.replace_strict(list(spec.values), list(spec.values.values()), default=spec.otherwise, return_dtype=dtype)
        return Typed(value, (Fault(_failed(text, reading.value), "is a word that the contract does not know"),))

    return reader


def _instant_faults(before: pl.Expr, reading: Reading) -> tuple[Fault, ...]:
    return (
        Fault(_failed(before, reading.value), "is no time as the contract spells it, or one that the clock skipped"),
        # compared as integers: a literal of type datetime costs 1 ms to build
        Fault(~reading.value.to_physical().is_between(0, _LATEST_MICROS, closed="left"), "is a time before 1970 or after 2099"),
    )


def _date_faults(before: pl.Expr, reading: Reading) -> tuple[Fault, ...]:
    return (
        Fault(_failed(before, reading.value), "is no date as the contract spells it"),
        Fault(~reading.value.to_physical().is_between(_FIRST_DAY, _LAST_DAY), "is a date before 1900 or after 2099"),
    )


_READERS: Mapping[str, Callable[[pl.Expr, Reading], Typed]] = {
    "text": _text,
    "id": _id,
    "integer": _integer,
    "amount": _decimal(2),
    "price": _decimal(6),
    "quantity": _decimal(3),
    "rate": _rate,
    "instant": _instant,
    "epoch_seconds": _epoch(1),
    "epoch_millis": _epoch(1_000),
    "epoch_micros": _epoch(1_000_000),
    "date": _date,
    "boolean": _mapped(pl.Boolean()),
    "vocabulary": _mapped(pl.String()),
}

VALUE_TYPES: Mapping[str, pl.DataType] = {
    "text": pl.String(),
    "id": pl.String(),
    "integer": pl.Int64(),
    "amount": POLARS_TYPES[Type.AMOUNT],
    "price": POLARS_TYPES[Type.PRICE],
    "quantity": POLARS_TYPES[Type.QUANTITY],
    "rate": pl.Float64(),
    "instant": _INSTANT,
    "epoch_seconds": _INSTANT,
    "epoch_millis": _INSTANT,
    "epoch_micros": _INSTANT,
    "date": pl.Date(),
    "boolean": pl.Boolean(),
    "vocabulary": pl.String(),
}


def _failed(before: pl.Expr, after: pl.Expr) -> pl.Expr:
    return before.is_not_null() & after.is_null()


def _temporal(column: pl.Expr, native: pl.DataType, reading: Reading) -> Typed:
    """A column that is a time already: only the zone, or the day, is settled."""
    if reading.spec.type == "date":
        return Typed(column.cast(pl.Date), _date_faults(column, reading))
    zone = getattr(native, "time_zone", None)
    local = column.cast(pl.Datetime("us", zone))
    value = local.dt.convert_time_zone("UTC") if zone else local_to_utc(local, reading.spec.time_zone or reading.time_zone)
    return Typed(value, _instant_faults(column, reading))


def parse_instant(text: pl.Expr, spelling: str, zone: str) -> pl.Expr:
    """UTC instants from text. `iso8601` reads `2026-03-01T08:00:00.123Z`; `%z` at the end reads an offset as +0800 or +08:00, `%Z` a zone.

    The first two take the fixed-width head apart from the tail, of which a file has few: 39 ns a value against 307 ns for chrono's own
    `%.f` and `%z`.
    """
    if spelling == "iso8601":
        head = _naive(text.str.slice(0, 19), "%Y-%m-%dT%H:%M:%S")
        return (head + pl.duration(microseconds=_of_distinct(text.str.slice(19), _tail_micros))).dt.replace_time_zone("UTC")
    if spelling.endswith("%z"):
        head = _naive(text.str.slice(0, 19), spelling.removesuffix("%z").rstrip())
        offset = _of_distinct(text.str.slice(19).str.strip_chars_start(" "), _offset_minutes)
        return (head - pl.duration(minutes=offset)).dt.replace_time_zone("UTC")
    if spelling.endswith(" %Z"):
        local = _naive(text.str.extract(r"^(\S+ \S+) "), spelling.removesuffix(" %Z"))
        return pl.struct(local=local, zone=text.str.extract(r"^\S+ \S+ (.+)$")).map_batches(
            _local_in_zones, return_dtype=_INSTANT, is_elementwise=True
        )
    return local_to_utc(_naive(text, spelling), zone)


def _local_in_zones(batch: pl.Series) -> pl.Series:
    """Wall clock times with the name of their zone, by zone: a shop has few."""
    frame = batch.struct.unnest()
    out = pl.Series("local", [None], dtype=_INSTANT).new_from_index(0, frame.height)
    for name in frame["zone"].drop_nulls().unique(maintain_order=True).to_list():
        zone = zone_named(name)
        if zone is not None:
            at = frame.select(local_to_utc(pl.when(pl.col("zone") == name).then("local"), zone).alias("local")).to_series()
            out = out.zip_with(at.is_null(), at)
    return out


def _naive(text: pl.Expr, spelling: str) -> pl.Expr:
    return text.str.to_datetime(spelling, time_unit="us", strict=False, cache=False)


def _of_distinct(text: pl.Expr, compute: Callable[[pl.Expr], pl.Expr]) -> pl.Expr:
    """`compute` (text to integers), of each different text once where there are few: 50 ns a value against 300."""

    def batch(texts: pl.Series) -> pl.Series:
        distinct = texts.unique()
        are_few = len(distinct) < _FEW_SHARE * len(texts)  # not of none: there is nothing to replace then
        computed = (distinct if are_few else texts).rename("text").to_frame().select(compute(pl.col("text"))).to_series()
        return texts.replace_strict(distinct, computed, return_dtype=pl.Int64()) if are_few else computed

    return text.map_batches(batch, return_dtype=pl.Int64(), is_elementwise=True)


def _tail_micros(tail: pl.Expr) -> pl.Expr:
    """What is to be added to the seconds of an ISO time for its end, `.123Z` or `+08:00`; null for an end that is none."""
    fraction = tail.str.extract(r"^(\.\d{1,9})").cast(pl.Float64, strict=False).fill_null(0.0)
    offset = _offset_minutes(tail.str.replace(r"^\.\d{1,9}", ""))
    return (fraction * 1e6).round().cast(pl.Int64) - offset * 60_000_000


def _offset_minutes(tail: pl.Expr) -> pl.Expr:
    digits = tail.str.replace(":", "", literal=True)
    is_offset = digits.str.contains(r"^[+-]([01]\d|2[0-3])[0-5]\d$")
    hours, minutes = digits.str.slice(1, 2).cast(pl.Int64, strict=False), digits.str.slice(3, 2).cast(pl.Int64, strict=False)
    size = hours * 60 + minutes
    signed = pl.when(digits.str.starts_with("-")).then(-size).otherwise(size)
    return pl.when(tail == "Z").then(pl.lit(0, pl.Int64)).when(is_offset).then(signed)


def local_to_utc(local: pl.Expr, zone: str) -> pl.Expr:
    """The instant of a wall clock time in `zone`; the earlier of two in autumn, null for the hour that spring skips.

    Where the zone has kept one offset since (Asia/Shanghai since 1992) that is a subtraction: 1.6 ns a value against 70 ns.
    """
    looked_up = local.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null").dt.convert_time_zone("UTC")
    steady = _steady_since(zone)
    if steady is None:
        return looked_up
    since, offset = steady
    is_old = local.to_physical() < since
    old = pl.when(is_old).then(local).dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null").dt.convert_time_zone("UTC")
    return pl.when(is_old).then(old).otherwise((local.to_physical() - offset).cast(pl.Datetime("us")).dt.replace_time_zone("UTC"))


@lru_cache(maxsize=64)
def _steady_since(zone: str) -> tuple[int, int] | None:
    """First year (as wall clock microseconds) from which the zone's offset never changes to 2100, with the offset in microseconds.

    None where clocks still change.
    """
    info = ZoneInfo(zone)

    def offsets(year: int) -> set[timedelta | None]:
        return {datetime(year, month, 1, tzinfo=info).utcoffset() for month in range(1, 13)}

    latest = offsets(2099)
    first = next((year + 1 for year in range(2098, 1969, -1) if offsets(year) != latest), 1970)
    if len(latest) != 1 or first > 2010:
        return None
    since = datetime(first, 1, 1, tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    micro = timedelta(microseconds=1)
    return since // micro, (latest.pop() or timedelta()) // micro
