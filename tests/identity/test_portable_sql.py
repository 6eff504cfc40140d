"""The clustering is one text for DuckDB and Spark: what is written means the same to both readers. `test_spark` lets it run there."""

from __future__ import annotations

from types import ModuleType

import pytest
import sqlglot
from sqlglot import exp

from pipelines.identity import components, constraints, firewall, holders, links

# what the templates leave open
_FILLED = {
    "edges": "edges",
    "labels": "labels",
    "may_be_shared": "true",
    "limit": "50",
    "review_from": "10",
    "largest": "50",
    "silence": "interval 90 day",
}
# functions that both engines have under one name and with one meaning
_SHARED = {
    *("Coalesce", "Min", "Max", "Count", "Sum", "Greatest", "Least", "RowNumber", "DenseRank", "Lead", "Cast", "Case", "If", "And", "Or"),
    *("ArrayAgg", "SortArray", "LogicalAnd", "LogicalOr", "Exists"),
}


def statements(module: ModuleType) -> list[str]:
    texts = [text for name, text in vars(module).items() if name.startswith("_") and name.isupper() and isinstance(text, str)]
    return [part for text in texts for part in text.format(**_FILLED).split(";") if " " in part.strip()]


def understood(text: str, dialect: str) -> exp.Expression:
    """The statement as a dialect reads it. Where nulls are put, and whether they are gathered, is left out: there are none."""
    stripped = text.strip()
    tree = sqlglot.parse_one(stripped[1:-1] if stripped.startswith("(") else stripped, read=dialect)
    for ordered in tree.find_all(exp.Ordered):
        ordered.set("nulls_first", None)
    for gathered in tree.find_all(exp.ArrayAgg):
        gathered.set("nulls_excluded", None)
    for placed in list(tree.find_all(exp.ArraySort)):
        placed.replace(exp.SortArray(this=placed.this))
    return tree


@pytest.mark.parametrize("module", [components, constraints, links, holders, firewall], ids=lambda module: module.__name__)
def test_text_means_the_same_to_duckdb_and_spark(module: ModuleType) -> None:
    found = statements(module)
    assert len(found) >= 4
    for text in found:
        duckdb, spark = understood(text, "duckdb"), understood(text, "spark")
        assert duckdb.sql() == spark.sql(), text
        assert {type(call).__name__ for call in duckdb.find_all(exp.Func)} <= _SHARED, text
