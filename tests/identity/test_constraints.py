"""Clustering under constraints against a sequential pass in plain Python: strongest link first, refuse what would break one."""

from __future__ import annotations

import itertools
import random
from collections import defaultdict

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.identity import constraints
from pipelines.identity.links import link

# kind_id, type, scope, rank, is_exclusive
KINDS = [
    (1, "email", "global", 7, False),
    (2, "member_id", "shop", 2, True),
    (3, "phone", "global", 8, False),
    (4, "unionid", "app", 1, True),
]
RANKS = {kind: rank for kind, _, _, rank, _ in KINDS}
EXCLUSIVE = {kind for kind, *_, exclusive in KINDS if exclusive}
Point = tuple[int, int, str]  # record, kind, value
Clusters = set[frozenset[int]]
Refused = set[tuple[int, int, int, str, int]]


def cluster(points: list[Point], record_count: int) -> tuple[Clusters, Refused]:
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.execute("create table records (record_id bigint, source_record_key varchar)")
        connection.executemany("insert into records values (?, ?)", [(n, f"r:{n:04d}") for n in range(1, record_count + 1)])
        connection.execute("create table kinds (kind_id bigint, type varchar, scope varchar, rank integer, is_exclusive boolean)")
        connection.executemany("insert into kinds values (?, ?, ?, ?, ?)", KINDS)
        connection.execute("create table judged (record_id bigint, kind_id bigint, value varchar, state varchar, is_accepted boolean)")
        connection.executemany("insert into judged values (?, ?, ?, 'real', true)", points)
        connection.execute("create table shared as select kind_id, value from judged group by all having count(*) > 1")
        connection.execute("create table rejected (kind_id bigint, value varchar)")
        connection.execute("create table crowded (record_id bigint, kind_id bigint, reason varchar)")
        link(connection)
        pairs = connection.execute("select cluster_id, list(record_id) from clusters group by 1").fetchall()
        refused = connection.execute(
            "select left_id, right_id, link_values.kind_id, value, refused.kind_id from refused join link_values using (value_id)"
        ).fetchall()
    assert all(name == min(members) for name, members in pairs)
    return {frozenset(members) for _, members in pairs}, set(refused)


class Sequential:
    """The pass itself: one link after the other, union by hand."""

    def __init__(self, points: list[Point], record_count: int) -> None:
        self.home = {record: record for record in range(1, record_count + 1)}
        held: dict[tuple[int, str], tuple[int, str]] = {(kind, value): (kind, value) for _, kind, value in points if kind in EXCLUSIVE}

        def root(value: tuple[int, str]) -> tuple[int, str]:
            return value if held[value] == value else root(held[value])

        by_record = defaultdict(list)
        for record, kind, value in points:
            if kind in EXCLUSIVE:
                by_record[record, kind].append((kind, value))
        for values in by_record.values():
            for value in values[1:]:
                held[root(value)] = root(values[0])
        self.holds = {record: {kind: root(values[0]) for (r, kind), values in by_record.items() if r == record} for record in self.home}
        self.refused_links: list[tuple[int, int, int, str, int]] = []
        carriers = defaultdict(set)
        for record, kind, value in points:
            carriers[RANKS[kind], kind, value].add(record)
        for _, kind, value in sorted(carriers):
            for left, right in itertools.combinations(sorted(carriers[RANKS[kind], kind, value]), 2):
                self.take(left, right, kind, value)

    def take(self, left: int, right: int, kind: int, value: str) -> None:
        a, b = self.home[left], self.home[right]
        if a == b:
            return
        clash = [k for k in self.holds[a] if k in self.holds[b] and self.holds[a][k] != self.holds[b][k]]
        if clash:
            self.refused_links.append((left, right, kind, value, min(clash)))
            return
        self.holds[a] |= self.holds[b]
        for record, place in self.home.items():
            if place == b:
                self.home[record] = a

    def clusters(self) -> Clusters:
        parts = defaultdict(set)
        for record, place in self.home.items():
            parts[place].add(record)
        return {frozenset(part) for part in parts.values()}

    def refused(self) -> Refused:
        """The first refused link of each value between two final clusters; the reason is that of the final clusters."""
        first: dict[tuple[frozenset[int], int, str], tuple[int, int, int, str]] = {}
        for left, right, kind, value, _ in self.refused_links:
            between = frozenset({self.home[left], self.home[right]})
            key = (between, kind, value)
            first[key] = min(first.get(key, (left, right, kind, value)), (left, right, kind, value))
        return {(*found, 0) for found in first.values()}


def without_reason(refused: Refused) -> Refused:
    return {(*found[:4], 0) for found in refused}


def unique(points: list[Point]) -> list[Point]:
    return sorted(set(points))


point = st.tuples(st.integers(1, 14), st.sampled_from([1, 2, 3, 3, 3, 4]), st.sampled_from("abcde"))
graphs = st.lists(point, min_size=5, max_size=45).map(unique)


@settings(deadline=None, max_examples=80)
@given(graphs)
def test_rounds_equal_the_sequential_pass(points: list[Point]) -> None:
    clusters, refused = cluster(points, 14)
    expected = Sequential(points, 14)
    assert clusters == expected.clusters()
    assert without_reason(refused) == expected.refused()


@pytest.mark.parametrize("seed", range(3))
def test_rounds_equal_the_sequential_pass_on_large_tangles(seed: int) -> None:
    draw = random.Random(seed)
    points = unique([(draw.randint(1, 150), draw.choice([1, 3, 3, 3]), str(draw.randint(1, 60))) for _ in range(400)])
    members = [(record, 2, str(draw.randint(1, 12))) for record in range(1, 151) if draw.random() < 0.3]
    clusters, refused = cluster(unique(points + members), 150)
    expected = Sequential(unique(points + members), 150)
    assert clusters == expected.clusters()
    assert without_reason(refused) == expected.refused()


@settings(deadline=None, max_examples=30)
@given(graphs)
def test_no_cluster_holds_two_values_of_an_exclusive_type(points: list[Point]) -> None:
    one_each = list({(record, kind): (record, kind, value) for record, kind, value in points if kind in EXCLUSIVE}.values())
    points = one_each + [point for point in points if point[1] not in EXCLUSIVE]
    clusters, _ = cluster(points, 14)
    for part in clusters:
        for kind in EXCLUSIVE:
            assert len({value for record, k, value in points if record in part and k == kind}) <= 1


@settings(deadline=None, max_examples=30)
@given(graphs, st.randoms(use_true_random=False))
def test_result_does_not_depend_on_the_order_of_rows(points: list[Point], shuffler: random.Random) -> None:
    shuffled = list(points)
    shuffler.shuffle(shuffled)
    assert cluster(shuffled, 14) == cluster(points, 14)


def test_values_that_one_record_holds_together_do_not_keep_its_cards_apart() -> None:
    points = [(1, 2, "old"), (1, 2, "new"), (2, 2, "old"), (3, 2, "new")]
    assert cluster(points, 3) == ({frozenset({1, 2, 3})}, set())


def test_crowd_beyond_the_clique_limit_is_joined_with_a_linear_number_of_links(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constraints, "_CLIQUE_LIMIT", 5)
    points = [(record, 3, "p") for record in range(1, 41)] + [(7, 2, "a"), (9, 2, "b"), (11, 2, "b")]
    clusters, refused = cluster(points, 40)
    assert clusters == {frozenset(range(1, 41)) - {9, 11}, frozenset({9, 11})}
    assert len(refused) == 1
