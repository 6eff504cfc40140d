"""Whoever adds a table with people in it adds a column by which they can be taken out."""

from __future__ import annotations

from pipelines.contracts.catalog import TABLES
from pipelines.contracts.channel_tables import CANONICAL_TABLES
from pipelines.contracts.tables import Personal
from pipelines.erasure import clearing

KEYED = {*clearing.KEYS, *clearing.IDS}
VALUES = {"type", "scope", "value"}


def test_every_table_that_knows_people_has_a_column_by_which_they_are_cleared() -> None:
    missed = [
        table.name
        for table in TABLES.values()
        if table.stage != "channels"
        and any(column.personal is not Personal.NONE for column in table.columns)
        and not (KEYED & set(table.column_names) or set(table.column_names) >= VALUES)
    ]
    assert missed == []


def test_every_canonical_table_that_knows_people_has_their_key() -> None:
    known = [table for table in CANONICAL_TABLES if any(column.personal is not Personal.NONE for column in table.columns)]
    assert [table.name for table in known if "source_record_key" not in table.column_names] == []
