"""One odd cell never costs more than its record: each cell of a good record is put to the worst, in every format of the world."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.channels import samples, world
from tests.channels.lake import frame, home_with, load, loads, unaccounted

DELIMITED = {
    "coupons": world.COUPON,
    "klaviyo": world.KLAVIYO,
    "mailchimp_members": world.MAILCHIMP_MEMBER,
    "meta": world.META,
    "reviews": world.REVIEW,
    "square": world.SQUARE,
    "stock": world.STOCK,
    "stripe": world.STRIPE,
    "stripe_old": world.STRIPE_OLD,
    "woo": world.WOO,
    "zendesk": world.TICKET,
}
JSON = {
    "ga4": world.GA4_PURCHASE,
    "pospal": world.pospal_ticket("1", [world.SCARF, world.TEA]),
    "segment": world.MESSAGE | {"type": "track", "event": "Order Completed", "properties": {"total": 1.5, "quantity": 2, "price": 3}},
    "sms": world.RECEIPT,
    "followers": world.FOLLOWER,
    "tickets": world.API_TICKET,
}
# empty, endless, signed, floating, no number, no time, first and last moments, other scripts, formulas, markup, controls that are text
WORST = [
    "",
    " ",
    "9" * 30,
    "-" + "9" * 15,
    "999999999999.999999",
    "1e309",
    "1e15",
    "NaN",
    "-inf",
    "0x1F",
    "2026-02-31 00:00:00",
    "1970-01-01 00:00:00",
    "2099-12-31 23:59:59",
    "9999-12-31",
    "\u202e﷽\U0001f468\u200d\U0001f469",
    "=cmd|' /C calc'!A0",
    "'\"`,;\t",
    "~",
    "%_\\",
    "yes" * 5000,
]
WORST_VALUES: list[Any] = [
    *WORST,
    None,
    True,
    -1,
    0,
    9_223_372_036_854_775_807,
    18_446_744_073_709_551_615,
    1e300,
    -0.1,
    1.005,
    [],
    {},
    [[]],
]


def odd_rows(row: Mapping[str, str]) -> Iterator[dict[str, str]]:
    for header in row:
        for cell in WORST:
            yield {**row, header: cell}


def odd_objects(value: Any) -> Iterator[Any]:
    """The value with one place of it, at any depth, put to the worst."""
    yield from WORST_VALUES
    if isinstance(value, dict):
        for key, inner in value.items():
            for odd in odd_objects(inner):
                yield {**value, key: odd}
    elif isinstance(value, list):
        for position, inner in enumerate(value):
            for odd in odd_objects(inner):
                yield [*value[:position], odd, *value[position + 1 :]]


def assert_only_records_are_lost(folder: Path, content: str, count: int) -> None:
    home = home_with(folder, {"2026-03-07/x": content})
    refused = load(home).refused
    assert not refused, refused
    ledger = loads(home)["2026-03-07/x"]
    assert unaccounted(ledger) == 0
    assert ledger["loaded_count"] + ledger["duplicate_count"] + ledger["quarantined_count"] == count
    assert ledger["loaded_count"] > 0
    if ledger["quarantined_count"]:
        quarantine = frame(home, "channel_quarantine")
        assert quarantine.height == ledger["quarantined_count"] == quarantine["_source_row"].n_unique()


@pytest.mark.parametrize("name", sorted(DELIMITED))
def test_odd_cell_costs_its_record_at_most(name: str, tmp_path: Path) -> None:
    rows = [DELIMITED[name], *odd_rows(DELIMITED[name])]
    assert_only_records_are_lost(tmp_path, samples.table(list(DELIMITED[name]), rows), len(rows))


@pytest.mark.parametrize("name", sorted(JSON))
def test_odd_value_costs_its_record_at_most(name: str, tmp_path: Path) -> None:
    objects = [JSON[name], *(odd for odd in odd_objects(JSON[name]) if isinstance(odd, dict))]
    assert_only_records_are_lost(tmp_path, "".join(json.dumps(item) + "\n" for item in objects), len(objects))
