"""Naming rules of the house, executed on every table that Python writes."""

from __future__ import annotations

import re

import pytest

from pipelines.contracts.catalog import TABLES
from pipelines.contracts.tables import Table, Type

SUFFIXES = {
    r"_at$": {Type.INSTANT},
    r"_on$|_month$|_week$": {Type.DATE},
    r"^(is|has|was)_": {Type.BOOLEAN},
    r"_count$": {Type.INTEGER},
    r"_amount$": {Type.AMOUNT, Type.PRICE},
    r"_rate$": {Type.RATE},
    r"_(id|key|code|name|type|status)$": {Type.TEXT},
}


@pytest.mark.parametrize("table", TABLES.values(), ids=lambda table: table.name)
def test_suffix_of_a_column_tells_its_type(table: Table) -> None:
    wrong = [
        f"{column.name}: {column.type}"
        for column in table.columns
        for suffix, types in SUFFIXES.items()
        if re.search(suffix, column.name) and column.type not in types
    ]
    assert wrong == []


@pytest.mark.parametrize("table", TABLES.values(), ids=lambda table: table.name)
def test_table_states_grain_key_and_meaning_of_null(table: Table) -> None:
    assert re.match(r"One row( per|:)", table.grain)
    assert set(table.key) <= set(table.column_names)
    assert len(set(table.column_names)) == len(table.columns)
    assert all(column.description.endswith(".") for column in table.columns)
    assert all(table.column(name).required for name in table.key)


@pytest.mark.parametrize("table", TABLES.values(), ids=lambda table: table.name)
def test_audit_columns_come_last(table: Table) -> None:
    audit = [name.startswith("_") for name in table.column_names]
    assert audit == sorted(audit)


def test_columns_that_name_or_reach_a_person_are_classed() -> None:
    """A phone that nobody marked as personal would pass every filter downstream."""
    telling = re.compile(r"phone|email|address|full_name|nickname|birth|contact_value|value_raw|record_raw|source_record_key")
    unmarked = [
        f"{table.name}.{column.name}"
        for table in TABLES.values()
        for column in table.columns
        if telling.search(column.name) and column.personal == "none"
    ]
    assert unmarked == []
