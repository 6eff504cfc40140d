from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.channels.contract import FieldSpec
from pipelines.channels.typed import Reading, local_to_utc, parse_instant, read


def typed(texts: list[str | None], kind: str, **spec: Any) -> tuple[list[Any], list[str | None]]:
    """Values and, for each, the first fault that is told."""
    reading = Reading("field", FieldSpec(column="x", type=kind, **spec), ("%Y-%m-%d %H:%M:%S",), ("%Y-%m-%d",), "Asia/Shanghai")
    found = read(pl.col("text"), None, reading)
    frame = pl.DataFrame({"text": texts}, schema={"text": pl.String}).with_columns(found.helpers).with_columns(found.value.alias("field"))
    fault = pl.lit(None, pl.String)
    for item in reversed(found.faults):
        fault = pl.when(item.condition).then(pl.lit(item.reason)).otherwise(fault)
    frame = frame.with_columns(fault=fault)
    return frame["field"].to_list(), frame["fault"].to_list()


@pytest.mark.parametrize(
    ("text", "value", "fault"),
    [
        ("128.00", Decimal("128.00"), None),
        ("-3", Decimal("-3.00"), None),
        ("0.770", Decimal("0.77"), None),
        ("0.775", None, "more than 2 decimals"),
        ("1.999", None, "more than 2 decimals"),
        ("1,280.00", None, "is no number"),
        ("无退款申请", None, "is no number"),
        ("1.38E+10", None, "scientific notation"),
        ("99999999999999999", None, "too large"),
        ("-100000000000.01", None, "too large"),
        (None, None, None),
    ],
)
def test_money_is_exact_or_a_fault(text: str | None, value: Decimal | None, fault: str | None) -> None:
    values, faults = typed([text], "amount")
    assert (faults[0] is None) == (fault is None)
    assert fault is None or fault in str(faults[0])
    assert fault is not None or values == [value]


@given(st.decimals(min_value=-(10**11), max_value=10**11, places=6))
def test_price_keeps_six_decimals(number: Decimal) -> None:
    assert typed([f"{number:f}"], "price") == ([number], [None])


@pytest.mark.parametrize("text", ["4.51E+18", "1.38E+10", "10099900011122334.0", "4e5"])
def test_id_that_a_spreadsheet_destroyed_is_a_fault(text: str) -> None:
    assert "has lost digits" in str(typed([text], "id")[1][0])


@pytest.mark.parametrize("text", ["4512345678901234567", "E20260301", "123.0", "C536379", "5e"])
def test_id_that_is_whole_is_none(text: str) -> None:
    assert typed([text], "id") == ([text], [None])


def test_number_too_wide_for_a_whole_number_is_a_fault() -> None:
    assert typed(["12", "1.0", "9" * 30], "integer")[1] == [None, "is no whole number", "is no whole number"]


def test_instants_are_read_in_the_zone_and_kept_in_utc() -> None:
    values, faults = typed(["2026-06-05 09:05:00", "2026/6/5 9:05", "5 June"], "instant", formats=["%Y-%m-%d %H:%M:%S", "%Y/%m/%d %H:%M"])
    moment = datetime(2026, 6, 5, 1, 5, tzinfo=UTC)
    assert values == [moment, moment, None]
    assert faults[:2] == [None, None]
    assert "no time as the contract spells it" in str(faults[2])


@pytest.mark.parametrize("text", ["0026-01-05 09:05:00", "2926-01-05 09:05:00", "1969-12-31 00:00:00"])
def test_time_out_of_all_bounds_is_a_fault(text: str) -> None:
    assert typed([text], "instant")[1] == ["is a time before 1970 or after 2099"]


def test_epoch_in_every_unit_is_the_same_instant() -> None:
    moment = datetime(2026, 6, 5, 1, 5, tzinfo=UTC)
    seconds = int(moment.timestamp())
    for kind, factor in (("epoch_seconds", 1), ("epoch_millis", 1_000), ("epoch_micros", 1_000_000)):
        assert typed([str(seconds * factor)], kind) == ([moment], [None])


def test_dates_have_bounds_too() -> None:
    values, faults = typed(["1980-02-29", "1981-02-29", "0080-01-01"], "date")
    assert values[0] == date(1980, 2, 29)
    assert faults == [None, "is no date as the contract spells it", "is a date before 1900 or after 2099"]


def test_unknown_word_of_a_vocabulary_is_a_fault_unless_the_contract_says_otherwise() -> None:
    assert typed(["A", "C"], "vocabulary", values={"A": "sale"}) == (["sale", None], [None, "is a word that the contract does not know"])
    assert typed(["A", "C"], "vocabulary", values={"A": "sale"}, otherwise="other") == (["sale", "other"], [None, None])
    assert typed(["是", "?"], "boolean", values={"是": True, "否": False})[0] == [True, None]


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "UTC", "Asia/Kolkata", "Europe/London", "America/New_York"])
@given(st.datetimes(min_value=datetime(1970, 1, 2), max_value=datetime(2099, 12, 30)))
def test_wall_clock_becomes_the_instant_that_the_standard_library_says(zone: str, moment: datetime) -> None:
    moment = moment.replace(microsecond=0, fold=0)
    local = moment.replace(tzinfo=ZoneInfo(zone))
    found = pl.DataFrame({"t": [moment]}).select(local_to_utc(pl.col("t"), zone))["t"][0]
    exists = local.astimezone(UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None) == moment
    assert found == (local.astimezone(UTC) if exists else None)


def test_hour_that_the_clock_skipped_is_a_fault() -> None:
    frame = pl.DataFrame({"t": [datetime(2017, 3, 12, 2, 30), datetime(2017, 11, 5, 1, 30)]})
    found = frame.select(local_to_utc(pl.col("t"), "America/New_York"))["t"].to_list()
    assert found == [None, datetime(2017, 11, 5, 5, 30, tzinfo=UTC)]


@given(
    st.datetimes(min_value=datetime(1971, 1, 1), max_value=datetime(2099, 1, 1)),
    st.integers(-12 * 60, 14 * 60),
    st.sampled_from(["Z", "+hhmm", "+hh:mm"]),
)
def test_iso_instants_with_any_offset(moment: datetime, minutes: int, style: str) -> None:
    moment = moment.replace(microsecond=moment.microsecond // 1000 * 1000)
    sign = "-" if minutes < 0 else "+"
    size = abs(minutes)
    offset = "Z" if style == "Z" else f"{sign}{size // 60:02}{':' if ':' in style else ''}{size % 60:02}"
    text = f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03}{offset}"
    expected = (moment - timedelta(minutes=0 if style == "Z" else minutes)).replace(tzinfo=UTC)
    assert pl.DataFrame({"t": [text]}).select(parse_instant(pl.col("t"), "iso8601", "UTC"))["t"][0] == expected


@pytest.mark.parametrize("text", ["2026-03-01T08:00:00", "2026-03-01T08:00:00+0860", "2026-03-01T08:00:00Zx", "2026-03-01", ""])
def test_iso_instant_without_a_zone_is_none(text: str) -> None:
    assert pl.DataFrame({"t": [text]}).select(parse_instant(pl.col("t"), "iso8601", "UTC"))["t"][0] is None


def test_offset_after_a_space() -> None:
    texts = ["2025-10-22 12:58:38 +0530", "2025-10-22 12:58:38"]
    found = pl.DataFrame({"t": texts}).select(parse_instant(pl.col("t"), "%Y-%m-%d %H:%M:%S %z", "UTC"))["t"].to_list()
    assert found == [datetime(2025, 10, 22, 7, 28, 38, tzinfo=UTC), None]
