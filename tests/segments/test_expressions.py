"""Nothing but the allow-list passes: what is accepted is read again by DuckDB's own parser, and every node of that tree is known."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.contracts.errors import ConfigurationError
from pipelines.segments.expressions import check_condition, parts_of

COLUMNS = {"n": "INTEGER", "m": "BIGINT", "money": "DECIMAL(18,2)", "word": "VARCHAR", "ok": "BOOLEAN", "on_day": "DATE"}
# classes and functions of DuckDB's own tree; a query, a window, a lambda, a parameter, a star have others
CLASSES = {"CONJUNCTION", "COMPARISON", "OPERATOR", "COLUMN_REF", "CONSTANT", "FUNCTION", "CASE", "CAST", "BETWEEN"}
FUNCTIONS = {"+", "-", "*", "/", "%", "~~", "~~*", "!~~", "!~~*", "abs", "greatest", "least", "length", "lower", "upper", "round", "nullif"}

NUMBERS = st.sampled_from(["n", "m", "money", "0", "1", "-3", "2.5", "length(word)", "abs(n)", "coalesce(n, 0)", "nullif(m, 0)"])
WORDS = st.sampled_from(["word", "'x'", "'it''s'", "lower(word)", "coalesce(word, '')", "'--'", "';'", "'/*'"])
BAD = st.sampled_from([
    "(select 1)", "exists (select 1)", "n in (select n from customers)", "random()", "now()", "current_date", "getvariable('x')",
    "read_text('/etc/passwd') = word", "sum(n) > 1", "row_number() over () > 1", "n::varchar = '1'", "try_cast(word as integer) = 1",
    "other.n = 1", "$1 = n", "? = n", "[n] = [1]", "{'a': n} is null", "n -- comment", "n /* comment */ = 1", "n > 1; select 1",
    "columns(*) > 1", "* is null", "list_transform([n], lambda q: q) = [1]", "word ~ 'x'", "word similar to 'x'", "n = any (select 1)",
    "struct_extract({'a': n}, 'a') = 1", "current_setting('threads') = word", "n collate nocase = 1", "interval 1 day is null",
    "unnest([n]) = 1", "sniff_csv('x') is null", "n > all (values (1))", "pg_sleep(1) is null", "error('x') is null",
    "not (with a as (select 1) select * from a)",
])  # fmt: skip


@st.composite
def conditions(draw: st.DrawFn, leaf: st.SearchStrategy[str]) -> str:
    return draw(
        st.recursive(
            leaf,
            lambda below: st.one_of(
                st.builds("({} and {})".format, below, below),
                st.builds("({} or {})".format, below, below),
                st.builds("not ({})".format, below),
                st.builds("case when {} then {} else {} end".format, below, below, below),
                st.builds("coalesce({}, false)".format, below),
            ),
            max_leaves=6,
        )
    )


COMPARISONS = st.one_of(
    st.builds("{} {} {}".format, NUMBERS, st.sampled_from(["=", "<>", "<", ">=", "is distinct from"]), NUMBERS),
    st.builds("{} {} {} > 1".format, NUMBERS, st.sampled_from(["+", "-", "*", "/", "%"]), NUMBERS),
    st.builds("{} between {} and {}".format, NUMBERS, NUMBERS, NUMBERS),
    st.builds("{} in ({}, {})".format, WORDS, WORDS, WORDS),
    st.builds("{} {} 'a%'".format, WORDS, st.sampled_from(["like", "not like", "ilike"])),
    st.sampled_from(["ok", "on_day > date '2026-01-31'", "on_day is not null", "ok is not true"]),
)


@settings(max_examples=150)
@given(conditions(st.one_of(COMPARISONS, COMPARISONS, COMPARISONS, BAD)))
def test_what_is_accepted_holds_nothing_that_is_not_on_the_list(text: str) -> None:
    try:
        condition = check_condition(text, COLUMNS, "x.yaml")
    except ConfigurationError:
        return
    nodes = list(_nodes(_own_tree(condition.sql)))
    assert {node["class"] for node in nodes} <= CLASSES, condition.sql
    assert {node["function_name"] for node in nodes if node["class"] == "FUNCTION"} <= FUNCTIONS, condition.sql
    named = {tuple(node["column_names"]) for node in nodes if node["class"] == "COLUMN_REF"}
    assert named == {(name,) for name in condition.columns}
    assert check_condition(condition.sql, COLUMNS, "x.yaml") == condition


@settings(max_examples=100)
@given(
    conditions(COMPARISONS), BAD, st.sampled_from(["({}) and {}", "({}) or coalesce({}, false)", "case when {} then {} end", "{} = ({})"])
)
def test_nothing_forbidden_passes_wherever_it_hides(good: str, bad: str, shape: str) -> None:
    with pytest.raises(ConfigurationError):
        check_condition(shape.format(good, bad), COLUMNS, "x.yaml")


@settings(max_examples=100)
@given(st.text(alphabet="nm()'\"-;/*=<>%|&$?[]{}.,: \\\n\0 selctunoiwhdrfam0123", max_size=60))
def test_noise_of_the_language_is_accepted_as_a_condition_or_refused_as_configuration(text: str) -> None:
    try:
        condition = check_condition(text, COLUMNS, "x.yaml")
    except ConfigurationError as error:
        assert error.do
        return
    assert {node["class"] for node in _nodes(_own_tree(condition.sql))} <= CLASSES


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("(" * 900 + "n > 1" + ")" * 900, "nested too deeply"),
        ("not " * 400 + "ok", "nested too deeply"),
        (" or ".join(f"n = {number}" for number in range(300)), "characters, more than"),
        ("money / 0 > 1", "money / 0 divides by zero"),
        ("n % (0) = 1", "divides by zero"),
        ("word > 5", "word is VARCHAR"),
        ("word = 5", "word is VARCHAR"),
        ("ok = 'maybe'", "maybe.*ok is BOOLEAN"),
        ("on_day > 'soon'", "soon.*on_day is DATE"),
    ],
)
def test_what_would_fail_or_mislead_at_night_is_told_in_the_morning(text: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        check_condition(text, COLUMNS, "x.yaml")


@pytest.mark.parametrize("text", ["money / n > 100", "n / (m - 1) > 100", "m % n = 0", "money / nullif(n, 1) >= 0", "n / m / n > 0"])
def test_a_division_by_zero_matches_nobody(text: str) -> None:
    """DuckDB divides by zero to infinity, which is more than any bound."""
    sql = check_condition(text, COLUMNS, "x.yaml").sql
    with duckdb.connect() as connection:
        connection.execute("create table t (n integer, m bigint, money decimal(18, 2)); insert into t values (0, 1, 500), (0, 0, 500)")
        assert connection.execute(f"select count(*) from t where {sql}").fetchall() == [(0,)]


@settings(max_examples=60)
@given(conditions(COMPARISONS), st.integers(-2, 2) | st.none(), st.sampled_from([None, "x", "abc"]), st.sampled_from([None, True, False]))
def test_parts_of_a_condition_make_up_its_answer(text: str, n: int | None, word: str | None, ok: bool | None) -> None:
    """Three-valued logic in plain Python over the answers of the parts gives the answer of the whole."""
    try:
        condition = check_condition(text, COLUMNS, "x.yaml")
    except ConfigurationError:  # a comparison of two literals, a division by 0
        return
    parts = parts_of(condition.sql)
    with duckdb.connect() as connection:
        connection.execute("create table t (n integer, m bigint, money decimal(18, 2), word varchar, ok boolean, on_day date)")
        connection.execute("insert into t values (?, 3, 0, ?, ?, '2026-02-01')", [n, word, ok])
        answers = connection.execute(f"select {', '.join(f'({part.sql})' for part in parts)} from t").fetchall()[0]
        [(whole,)] = connection.execute(f"select ({condition.sql}) from t").fetchall()
    assert parts[0].depth == 0
    assert _answer([(part.depth, part.word, answer) for part, answer in zip(parts, answers, strict=True)]) == whole


def _answer(parts: list[tuple[int, str | None, Any]]) -> bool | None:
    (depth, word, own), below = parts[0], parts[1:]
    if word is None:
        return own  # type: ignore[no-any-return]
    starts = [number for number, part in enumerate(below) if part[0] == depth + 1]
    answers = [_answer(below[start:end]) for start, end in zip(starts, [*starts[1:], len(below)], strict=True)]
    if word == "not":
        return None if answers[0] is None else not answers[0]
    decisive = word == "or"
    if decisive in answers:
        return decisive
    return None if None in answers else not decisive


def _own_tree(sql: str) -> dict[str, Any]:
    with duckdb.connect() as connection:
        [(text,)] = connection.execute("select json_serialize_sql($1)", [f"select ({sql})"]).fetchall()
    tree = json.loads(text)
    assert not tree["error"], tree
    [statement] = tree["statements"]
    assert statement["node"]["type"] == "SELECT_NODE"
    assert statement["node"]["from_table"]["type"] == "EMPTY"
    [answer] = statement["node"]["select_list"]
    return answer  # type: ignore[no-any-return]


def _nodes(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        if "class" in value:
            yield value
        for below in value.values():
            yield from _nodes(below)
    elif isinstance(value, list):
        for below in value:
            yield from _nodes(below)
