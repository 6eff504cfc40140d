"""The vocabulary of table contracts: a column with type and personal-data class, a table with grain and key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import polars as pl


class Type(StrEnum):
    """Column types that Polars, Parquet, DuckDB and Spark all hold without loss."""

    TEXT = "text"
    INTEGER = "integer"
    AMOUNT = "amount"  # money in whole cents
    PRICE = "price"  # unit prices and fees: vendors bill down to 0.00001
    QUANTITY = "quantity"
    RATE = "rate"
    DATE = "date"
    INSTANT = "instant"  # always UTC
    BOOLEAN = "boolean"


POLARS_TYPES: Mapping[Type, pl.DataType] = {
    Type.TEXT: pl.String(),
    Type.INTEGER: pl.Int64(),
    Type.AMOUNT: pl.Decimal(18, 2),
    Type.PRICE: pl.Decimal(18, 6),
    Type.QUANTITY: pl.Decimal(18, 3),
    Type.RATE: pl.Float64(),
    Type.DATE: pl.Date(),
    Type.INSTANT: pl.Datetime("us", "UTC"),
    Type.BOOLEAN: pl.Boolean(),
}

DUCKDB_TYPES: Mapping[Type, str] = {
    Type.TEXT: "varchar",
    Type.INTEGER: "bigint",
    Type.AMOUNT: "decimal(18,2)",
    Type.PRICE: "decimal(18,6)",
    Type.QUANTITY: "decimal(18,3)",
    Type.RATE: "double",
    Type.DATE: "date",
    Type.INSTANT: "timestamptz",
    Type.BOOLEAN: "boolean",
}


class Personal(StrEnum):
    """Personal-data class of a column: decides where it may go.

    Only NONE and PSEUDONYM may reach `published/analytics.duckdb`; CONTACT only lists that the gate writes.
    """

    NONE = "none"
    PSEUDONYM = "pseudonym"  # stands for a person, says nothing without our tables (customer_id)
    IDENTIFIER = "identifier"  # another party's id of the person (openid, nick, card number)
    CONTACT = "contact"  # reaches the person: phone, e-mail, address
    IDENTITY = "identity"  # describes the person: name, birthday
    SENSITIVE = "sensitive"  # health, minors, inferred life stage


@dataclass(frozen=True, slots=True)
class Column:
    """One column: `description` is the catalogue entry and says what null means where null is allowed."""

    name: str
    type: Type
    description: str
    required: bool = False
    personal: Personal = Personal.NONE


_STAGES = {
    "channel": "channels",
    "identity": "identity",
    "golden": "golden",
    "campaign": "campaigns",
    "tag": "tags",
    "value": "value",
    "segment": "segments",
    "hourly": "segments",
    "contact": "segments",
    "kpi": "metrics",
    "late": "metrics",
}


@dataclass(frozen=True, slots=True)
class Table:
    """A table that Python writes. `key` is unique within the table; `grain` is one sentence that begins "One row per"."""

    name: str
    grain: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]

    @property
    def stage(self) -> str:
        """Stage that writes the table, from the first word of its name; tables that describe the run itself have none of their own."""
        return _STAGES.get(self.name.split("_", 1)[0], "run")

    @property
    def schema(self) -> pl.Schema:
        """Polars schema in contract order."""
        return pl.Schema({column.name: POLARS_TYPES[column.type] for column in self.columns})

    @property
    def column_names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    def column(self, name: str) -> Column:
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"{self.name} has no column {name}")

    @property
    def required(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns if column.required)
