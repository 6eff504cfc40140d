"""The pairs that part records from a customer are enough in every order of the evidence, and none of them is too many."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.contracts.home import Home
from pipelines.contracts.identity_tables import IDENTITY_CHANGES, IDENTITY_CONTACT_POINTS, IDENTITY_CURRENT, IDENTITY_LINKS
from pipelines.contracts.storage import write_table
from pipelines.rehearsal import are_parted, members, pairs_to_cut, successor

SEEN = datetime(2026, 4, 1, tzinfo=UTC)
Pair = tuple[str, str]


def write_evidence(home: Home, values: Mapping[str, Iterable[str]], links: Iterable[Pair] = ()) -> None:
    """Accepted phones of each record, and links of other kinds."""
    points = [
        {"source_record_key": record, "type": "phone", "scope": "global", "value": value, "state": "real", "is_accepted": True}
        | {"first_seen_at": SEEN, "last_seen_at": SEEN, "_load_id": "1", "_source_row": 2}
        for record, phones in values.items()
        for value in phones
    ]
    linked = [(min(pair), max(pair), "match", "global", "", 9) for pair in links]
    for table, frame in (
        (IDENTITY_CONTACT_POINTS, pl.DataFrame(points, schema=IDENTITY_CONTACT_POINTS.schema)),
        (IDENTITY_LINKS, pl.DataFrame(linked, schema=IDENTITY_LINKS.schema, orient="row")),
    ):
        write_table(frame, table, home.table(table.name) / "part-0.parquet")


def clusters(records: Iterable[str], edges: Iterable[Pair], cannot: Iterable[frozenset[str]]) -> list[frozenset[str]]:
    """Constrained clustering by the book: edges in this order, each taken unless it would join a pair that must stay apart."""
    found = {record: frozenset({record}) for record in records}
    for left, right in edges:
        joined = found[left] | found[right]
        if not any(pair <= joined for pair in cannot):
            found |= dict.fromkeys(joined, joined)
    return list(set(found.values()))


def tied(values: Mapping[str, Iterable[str]], links: Iterable[Pair]) -> list[Pair]:
    pairs = itertools.combinations(sorted(values), 2)
    return [pair for pair in pairs if set(values[pair[0]]) & set(values[pair[1]]) or pair in links]


RECORDS = "abcdef"
VALUES = st.fixed_dictionaries({record: st.sets(st.sampled_from("1234"), max_size=2) for record in RECORDS})
LINKS = st.sets(st.sampled_from(list(itertools.combinations(RECORDS, 2))), max_size=2)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(VALUES, LINKS, st.sets(st.sampled_from(RECORDS), min_size=1, max_size=5), st.randoms(use_true_random=False))
def test_pairs_part_the_records_in_every_order_and_break_nothing_else(
    tmp_path: Path, values: dict[str, set[str]], links: set[Pair], named: set[str], order: random.Random
) -> None:
    home, rest = Home(tmp_path), frozenset(RECORDS) - named
    write_evidence(home, values, links)
    pairs = pairs_to_cut(home, frozenset(named), rest)
    cannot, edges = [frozenset(pair) for pair in pairs], tied(values, links)
    alone = [edge for edge in edges if (edge[0] in named) == (edge[1] in named)]
    expected = set(clusters(RECORDS, alone, []))
    for _ in range(5):
        order.shuffle(edges)
        assert set(clusters(RECORDS, edges, cannot)) == expected
    for spared in pairs:
        first = sorted(edges, key=lambda edge: set(edge) != set(spared))
        without = [pair for pair in cannot if pair != frozenset(spared)]
        assert not are_parted(clusters(RECORDS, first, without), frozenset(named), rest), f"{spared} is one too many"


def test_rejected_values_ask_for_no_decision(tmp_path: Path) -> None:
    home = Home(tmp_path)
    write_evidence(home, {"a": ["1"], "b": ["1"]})
    path = home.table("identity_contact_points") / "part-0.parquet"
    write_table(pl.read_parquet(path).with_columns(is_accepted=False), IDENTITY_CONTACT_POINTS, path)
    assert not pairs_to_cut(home, frozenset("a"), frozenset("b"))


@pytest.fixture
def known(tmp_path: Path) -> Home:
    home = Home(tmp_path)
    current = [("shop:b", "c_1", SEEN), ("shop:a", "c_1", SEEN), ("shop:z", "c_1", SEEN.replace(month=1)), ("shop:x", "c_2", SEEN)]
    write_table(
        pl.DataFrame(current, schema=IDENTITY_CURRENT.schema, orient="row"),
        IDENTITY_CURRENT,
        home.table("identity_current") / "part-0.parquet",
    )
    moves = [("c_9", "c_8", 1), ("c_8", "c_1", 2), ("c_6", "c_7", 1), ("c_7", "c_6", 2)]
    changes = [(SEEN.date().replace(day=day), "redirected", old, new, 1) for old, new, day in moves]
    write_table(
        pl.DataFrame(changes, schema=IDENTITY_CHANGES.schema, orient="row"),
        IDENTITY_CHANGES,
        home.table("identity_changes") / "part-0.parquet",
    )
    return home


def test_members_are_counted_as_explain_counts_them(known: Home) -> None:
    assert members(known, "c_1") == ("shop:z", "shop:a", "shop:b")
    assert members(known, "nobody") == ()


def test_old_id_leads_to_its_last_successor(known: Home) -> None:
    assert successor(known, "c_9") == "c_1"
    assert successor(known, "c_1") is None
    assert successor(known, "c_6") in {"c_6", "c_7"}, "a circle ends"
