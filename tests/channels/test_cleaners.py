from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.channels.cleaners import CLEANERS

EXAMPLES = {
    "excel_time": [
        ("46188.5", "2026-06-15 12:00:00"),
        ("46178.378472222", "2026-06-05 09:05:00"),
        ("46188", "2026-06-15 00:00:00"),
        ("20260605", "20260605"),
        ("1780000000", "1780000000"),
        ("2026-06-05 09:05:00", "2026-06-05 09:05:00"),
    ],
    "strip": [("  \t a b\u3000\u00a0\r\n", "a b"), ("\ufeff\u200bx", "x"), ("   ", "")],
    "formula_text": [('="4512"', "4512"), ('="a "" b"', 'a "" b'), ('"4512"', '"4512"'), ("=4512", "=4512"), ("4512", "4512")],
    "apostrophe": [("'13800138000", "13800138000"), ("O'Brien", "O'Brien"), ("'", "")],
    "backtick": [("`0.00", "0.00"), ("a`b", "a`b")],
    "suffix_yuan": [("5.20元", "5.20"), ("0元", "0"), ("5.20", "5.20"), ("元宝", "元宝")],
    "prefix_yuan": [("¥12.00", "12.00"), ("-￥3", "-3"), ("￥ 1", "1"), ("$5", "$5"), ("12", "12")],
    "currency_symbol": [("¥12.00", "12.00"), ("-$3.00", "-3.00"), ("￥ 1", "1"), ("12", "12")],
    "thousands": [("1,280.00", "1280.00"), ("1，280", "1280"), ("-12,345,678.9", "-12345678.9"), ("1,5", "1,5"), ("12,34", "12,34")],
    "decimal_comma": [
        ("1.234,56", "1234.56"),
        ("1 234,56", "1234.56"),
        ("-12,5", "-12.5"),
        ("1.234", "1.234"),
        ("1,234.56", "1,234.56"),
        ("12", "12"),
    ],
    "continental_thousands": [("12.800", "12800"), ("1 234 567", "1234567"), ("12.8", "12.8"), ("800", "800")],
    "range_start": [("20260501~20260531", "20260501"), ("2026-05-01 ～ 2026-05-31", "2026-05-01"), ("20260501", "20260501")],
    "range_end": [("20260501~20260531", "20260531"), ("2026-05-01 至 2026-05-31", "2026-05-31"), ("20260501", "20260501")],
    "day_or_nothing": [("1990-02-03T00:00:00Z", "1990-02-03"), ("1990-02-31", None), ("0990-02-03", None), ("soon", None)],
    "yearless_birthday": [
        *(
            (said, "1904-05-12")
            for said in ("--05-12", "--0512", "05-12", "5-12", "5/12", "5月12日", "1604-05-12", "0000-05-12", "0001/5/12")
        ),
        *(("--02-29", "1904-02-29"), ("1604-02-29 00:00:00", "1904-02-29"), ("0000-05-12T00:00:00Z", "1904-05-12")),
        *((said, said) for said in ("1990-05-12", "1990/5/12", "1900-01-01", "12", "0512", "1990-05-12 00:00:00", "5.12", "", "soon")),
    ],
    "full_width_comma": [("买家已付款,等待卖家发货", "买家已付款，等待卖家发货"), ("买家已付款，等待卖家发货", "买家已付款，等待卖家发货")],
    "full_width_digits": [("１３８", "138"), ("（元）", "(元)")],
    "whole_number": [("17850.0", "17850"), ("-5.00", "-5"), ("1.5", "1.5"), ("1234567890123456.0", "1234567890123456.0"), ("A1.0", "A1.0")],
    "percent": [("0.60%", "0.006"), ("0.6", "0.6"), ("x%", None)],
    "numbered_day": [("260603-000000000012345", "260603"), ("260603", "260603"), ("2606-1", "2606-1")],
    "numbered_time": [("E20260305090500000001", "20260305090500"), ("20260305090500", "20260305090500"), ("E1", "E1")],
    "platform_order": [("T200P4512345678901234567", "4512345678901234567"), ("T2P1", "T2P1"), ("SO20260305001", "SO20260305001")],
    "lower": [("A@Example.COM", "a@example.com")],
    "single_spaces": [("浙江省  杭州市\n西湖区", "浙江省 杭州市 西湖区"), ("a b", "a b"), ("a\tb", "a b")],
}


def clean(name: str, values: list[str | None]) -> list[str | None]:
    return pl.DataFrame({"cell": values}, schema={"cell": pl.String}).select(CLEANERS[name](pl.col("cell")))["cell"].to_list()


def test_every_cleaner_has_examples() -> None:
    assert set(EXAMPLES) == set(CLEANERS)


@pytest.mark.parametrize("name", sorted(CLEANERS))
def test_cleaner_does_what_its_name_says(name: str) -> None:
    before, after = zip(*EXAMPLES[name], strict=True)
    found = clean(name, list(before))
    if name == "percent":
        assert [None if value is None else float(value) for value in found] == [None if value is None else float(value) for value in after]
    else:
        assert found == list(after)


@pytest.mark.parametrize("name", sorted(CLEANERS))
def test_cleaner_leaves_nothing_as_nothing(name: str) -> None:
    assert clean(name, [None]) == [None]


@pytest.mark.parametrize(
    "name", sorted(set(CLEANERS) - {"percent", "formula_text", "apostrophe", "backtick", "suffix_yuan", "prefix_yuan"})
)
@given(text=st.text(max_size=20))
def test_cleaning_twice_is_cleaning_once(name: str, text: str) -> None:
    """Those that take off one layer of protection are left out: of two layers the second is the value's own."""
    once = clean(name, [text])
    assert clean(name, once) == once
