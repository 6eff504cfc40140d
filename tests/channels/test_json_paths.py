from __future__ import annotations

import json
from typing import Any

import polars as pl
import pytest

from pipelines.channels.json_paths import schema, steps, taken_apart, value

RECORDS: list[dict[str, Any]] = [
    {"a": {"b": 1, "c": [{"d": "x"}, {"d": "y"}]}, "p": [{"key": "k", "value": {"s": "1"}}, {"key": "l", "value": {"s": "2"}}]},
    {"a": None, "p": [{"key": "l", "value": None}, {"key": "l", "value": {"s": "3"}}]},
    {"p": []},
    {},
]


def found(path: str, each: str | None = None) -> list[Any]:
    text = "".join(json.dumps(record) + "\n" for record in RECORDS).encode()
    types = schema([path], each)
    frame = pl.scan_ndjson(text, schema=types)
    if each is not None:
        frame = taken_apart(frame, each, types)
    return frame.select(value(path, each).alias("value")).collect(engine="streaming")["value"].to_list()


@pytest.mark.parametrize(
    ("path", "values"),
    [
        ("a.b", ["1", None, None, None]),
        ("a.c[0].d", ["x", None, None, None]),
        ("a.c[1].d", ["y", None, None, None]),
        ("a.c[2].d", [None, None, None, None]),
        ("p[key=k].value.s", ["1", None, None, None]),
        ("p[key=l].value.s", ["2", None, None, None]),
        ("p[0].key", ["k", "l", None, None]),
    ],
)
def test_path_finds_its_text(path: str, values: list[Any]) -> None:
    """Of several elements with one name the first counts, also where it holds nothing."""
    assert found(path) == values


def test_each_element_is_a_row_and_an_empty_array_one_too() -> None:
    assert found("p.key", "p") == ["k", "l", "l", "l", None, None]
    assert found("a.c.d", "a.c") == ["x", "y", None, None, None]
    assert found("p.value.s", "p") == ["1", "2", None, "3", None, None]


def test_what_is_not_of_the_element_repeats() -> None:
    text = b'{"n": 7, "i": [{"a": 1}, {"a": 2}]}\n'
    types = schema(["n", "i.a"], "i")
    frame = taken_apart(pl.scan_ndjson(text, schema=types), "i", types)
    assert frame.select(value("n", "i").alias("n"), value("i.a", "i").alias("a")).collect().rows() == [("7", "1"), ("7", "2")]


@pytest.mark.parametrize("path", ["", ".", "a.", ".a", "a..b", "a[", "a[x]", "a[0", "a]b", "a[0]b", "a[k=]"])
def test_what_is_no_path_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match="is no path"):
        steps(path)
