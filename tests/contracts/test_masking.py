"""Masked values: enough to find the cell, too little to know the person."""

from __future__ import annotations

import pytest

from pipelines.contracts.masking import masked, scrubbed, shortened


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("13800000001", "138***01"),
        ("lee@example.com", "l***@example.com"),
        ("taobao:lee", "taobao:l***"),
        ("youzan:13800000001", "youzan:138***01"),
        ("李小明", "李***"),
        ("李", "李***"),
        ("浙江省杭州市西湖区文三路1号", "浙***"),
        ("88001", "8***"),
        ("Anna Lee", "Ann***ee"),
        ("", ""),
    ],
)
def test_masked_value_keeps_little(value: str, shown: str) -> None:
    assert masked(value) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("call 138 0000 0001 now", "call 138***01 now"),
        ("to lee@example.com, twice", "to l***@example.com, twice"),
        ("size 42, 128.00 CNY, 2026-03-05 10:00:00", "size 42, 128.00 CNY, 2026-03-05 10:00:00"),
        ("no 20260305-13800000001", "no 202***01"),
        ("羊毛围巾 14款", "羊毛围巾 14款"),
        ("+86 138-0000-0001", "+86***01"),
    ],
)
def test_free_text_loses_what_reaches_a_person(text: str, shown: str) -> None:
    assert scrubbed(text) == shown


def test_long_and_wild_text_is_one_short_line() -> None:
    assert shortened("a\n\x1b[31mb\u202e " + "x" * 99) == "a [31mb " + "x" * 31 + "…"
