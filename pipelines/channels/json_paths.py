"""Paths into JSON records: `properties.price`, `items[0].sku`, `event_params[key=page_location].value.string_value`.

A path becomes a piece of the schema that the parser fills, text at its end, and an expression that takes it out again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

EACH = "_each"  # the element of the array that records are taken apart by

_STEP = re.compile(r"([^.\[\]]+)(?:\[(?:(\d+)|([^=\[\]]+)=([^\[\]]+))\])?(?:\.|\Z)")


@dataclass(frozen=True, slots=True)
class Step:
    """One key on the way, and which element of the array under it: that at a position, or the first whose `key` is `value`."""

    name: str
    position: int | None = None
    key: str | None = None
    value: str | None = None

    @property
    def is_list(self) -> bool:
        return self.position is not None or self.key is not None


def steps(path: str) -> tuple[Step, ...]:
    """Raises ValueError for what is no path."""
    found = []
    end = 0
    while end < len(path):
        match = _STEP.match(path, end)
        if match is None:
            raise ValueError(f"{path!r} is no path such as a.b, a[0].b or a[key=name].b")
        name, position, key, value = match.groups()
        found.append(Step(name, None if position is None else int(position), key, value))
        end = match.end()
    if not found or path.endswith("."):
        raise ValueError(f"{path!r} is no path such as a.b, a[0].b or a[key=name].b")
    return tuple(found)


def outermost(path: str) -> str:
    """The path up to its first array: what recognition sees of a record."""
    return path.split("[", 1)[0]


def schema(paths: Iterable[str], each: str | None) -> dict[str, pl.DataType]:
    """Types of the top keys: text at the end of every path; what no path names is not parsed into a column."""
    return _types([steps(path) for path in paths], () if each is None else tuple(step.name for step in steps(each)))


def _types(paths: Sequence[Sequence[Step]], each: tuple[str, ...]) -> dict[str, pl.DataType]:
    under: dict[str, list[Sequence[Step]]] = {}
    for path in paths:
        further = under.setdefault(path[0].name, [])
        if path[0].key is not None:
            further.append((Step(path[0].key),))
        if len(path) > 1:
            further.append(path[1:])
    lists = {path[0].name for path in paths if path[0].is_list} | ({each[0]} if len(each) == 1 else set())
    types: dict[str, pl.DataType] = {}
    for name, further in under.items():
        inner = _types(further, each[1:] if each and each[0] == name else ())
        dtype: pl.DataType = pl.Struct(inner) if inner else pl.String()
        types[name] = pl.List(dtype) if name in lists else dtype
    return types


def value(path: str, each: str | None = None) -> pl.Expr:
    """The text at the end of the path; of a path into the array `each` that of the element at hand, which stands in column EACH."""
    way = steps(path)
    depth = 0 if each is None or not _leads_into(path, each) else len(steps(each))
    column = pl.col(EACH) if depth else pl.lit(None)
    for number, step in enumerate(way[depth:]):
        column = column.struct.field(step.name) if depth or number else pl.col(step.name)
        if step.position is not None:
            column = column.list.get(step.position, null_on_oob=True)
        elif step.key is not None:
            is_wanted = pl.element().struct.field(step.key) == pl.lit(step.value)
            column = column.list.eval(pl.element().filter(is_wanted)).list.first()
    return column


def _leads_into(path: str, each: str) -> bool:
    return path.startswith(f"{each}.")


def taken_apart(frame: pl.LazyFrame, each: str, types: Mapping[str, pl.DataType]) -> pl.LazyFrame:
    """A row for each element of the array, in column EACH; one without an element for a record whose array is empty or missing."""
    if steps(each)[0].name not in types:
        return frame.with_columns(pl.lit(None).alias(EACH))
    return frame.with_columns(value(each).alias(EACH)).explode(EACH, empty_as_null=True)
