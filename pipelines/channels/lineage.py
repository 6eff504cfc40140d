"""Which columns of the canonical tables a field of a contract ends in, read off the compiled expressions."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from pipelines.channels.formats import Format
from pipelines.contracts.tables import Personal


def canonical_columns(item: Format) -> dict[str, tuple[str, ...]]:
    """Field -> `table.column` of everything it decides, in contract order; an empty tuple for a field that is only checked."""
    sources: dict[str, frozenset[str]] = {name: frozenset([name]) for name in item.spec.fields}
    for name, expression in item.compiled.derived:
        sources[name] = _fields(expression, sources)
    found: dict[str, dict[str, None]] = {name: {} for name in item.spec.fields}
    for rule in item.compiled.rules:
        for column, expression in {**rule.rows, **rule.after}.items():
            for field in sorted(_fields(expression, sources)):
                found[field][f"{rule.table.name}.{column}"] = None
        if "currency_code" in found and "currency_code" in rule.table.column_names:  # where the rule says nothing it is filled with this
            found["currency_code"][f"{rule.table.name}.currency_code"] = None
    return {field: tuple(columns) for field, columns in found.items()}


def personal_fields(item: Format) -> frozenset[str]:
    """Fields that show a person: they end in a column with a personal-data class, or are only checked, which says nothing of them."""
    classes = {f"{rule.table.name}.{column.name}": column.personal for rule in item.compiled.rules for column in rule.table.columns}
    return frozenset(
        field
        for field, columns in canonical_columns(item).items()
        if not columns or any(classes[column] is not Personal.NONE for column in columns)
    )


def _fields(expression: pl.Expr, sources: Mapping[str, frozenset[str]]) -> frozenset[str]:
    return frozenset().union(*(sources.get(name, frozenset()) for name in expression.meta.root_names()))
