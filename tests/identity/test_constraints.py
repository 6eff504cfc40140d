"""Clustering under constraints against a sequential pass in plain Python: strongest link first, refuse what would break one."""

from __future__ import annotations

import itertools
import random
from collections import defaultdict
from collections.abc import Hashable, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path

import duckdb
import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.identity import constraints, links
from tests.identity.worlds import KINDS, NAMES, SCHEMAS, SHARED, Point, Portrait, World

RANKS = {kind: rank for kind, _, _, rank, *_ in KINDS}
EXCLUSIVE = {kind for kind, *_, exclusive, _ in KINDS if exclusive}
MAY_BE_SHARED = {kind for kind, *_, may_be_shared in KINDS if may_be_shared}
ALIKE = {frozenset({1, 2})}
Clusters = set[frozenset[int]]
Refused = set[tuple[int, int, int, str, int]]


def cluster(world: World, folder: Path) -> tuple[Clusters, Refused]:
    with duckdb.connect(config={"threads": 1, "temp_directory": str(folder)}) as connection:
        rows = world.rows()
        for table, schema in SCHEMAS.items():
            connection.execute(f"create table {table} ({schema})")
            for row in rows[table]:
                connection.execute(f"insert into {table} values ({', '.join(['?'] * len(row))})", list(row))
        connection.execute(SHARED)
        links.gather_carriers(connection)
        links.cluster(connection)
        pairs = connection.execute("select cluster_id, list(record_id) from clusters group by 1").fetchall()
        refused = connection.execute(
            "select left_id, right_id, link_values.kind_id, value, refused.kind_id from refused join link_values using (value_id)"
        ).fetchall()
    assert all(name == min(members) for name, members in pairs)
    return {frozenset(members) for _, members in pairs}, set(refused)


class Sequential:
    """The pass itself: one link after the other, union by hand. Ids that are given to one person first, then portraits, then the rest."""

    def __init__(self, world: World) -> None:
        self.home = {record: record for record in range(1, world.record_count + 1)}
        for left, right in world.must:
            self.join(left, right)
        self.holds: dict[int, dict[object, object]] = {record: {} for record in self.home}
        together = Groups()
        by_record: dict[tuple[int, int], list[tuple[int, str]]] = defaultdict(list)
        for record, kind, value in world.points:
            if kind in EXCLUSIVE:
                by_record[self.home[record], kind].append((kind, value))
        for values in by_record.values():
            for value in values:
                together.join(values[0], value)
        for (place, kind), values in by_record.items():
            self.holds[place][kind] = together.root(values[0])
        for number, (left, right) in enumerate(world.cannot):
            self.holds[self.home[left]]["cannot", number] = "left"
            self.holds[self.home[right]]["cannot", number] = "right"
        self.seen_as: dict[int, set[Hashable]] = {record: set() for record in self.home}
        self.opposed: set[frozenset[Hashable]] = set()
        self.refused_links: list[tuple[int, int, int, str]] = []
        carriers = defaultdict(set)
        for record, kind, value in world.points:
            carriers[RANKS[kind], kind, value].add(record)
        strong = [key for key in sorted(carriers) if key[1] not in MAY_BE_SHARED]
        for _, kind, value in strong:
            self.take_all(carriers[RANKS[kind], kind, value], kind, value)
        self.look_at_portraits(world, carriers)
        for _, kind, value in sorted(set(carriers) - set(strong)):
            self.take_all(carriers[RANKS[kind], kind, value], kind, value)

    def look_at_portraits(self, world: World, carriers: Mapping[object, set[int]]) -> None:
        reach = nx.Graph()
        reach.add_nodes_from(self.home)
        for members in carriers.values():
            nx.add_path(reach, sorted(members))
        reach.add_edges_from(world.must)
        component = {record: min(part) for part in nx.connected_components(reach) for record in part}
        groups = Groups()
        seen = {record: (component[record], *portrait) for record, portrait in world.portraits.items()}
        for left, right in itertools.combinations(seen, 2):
            if self.home[left] == self.home[right]:
                groups.join(seen[left], seen[right])
        for record, portrait in seen.items():
            self.seen_as[self.home[record]].add(groups.root(portrait))
        for left, right in itertools.combinations(sorted(set(seen.values())), 2):
            is_alike = left[1] == right[1] or frozenset({left[1], right[1]}) in ALIKE
            if left[0] == right[0] and left[2] != right[2] and not is_alike and groups.root(left) != groups.root(right):
                self.opposed.add(frozenset({groups.root(left), groups.root(right)}))

    def take_all(self, members: set[int], kind: int, value: str) -> None:
        for left, right in itertools.combinations(sorted(members), 2):
            a, b = self.home[left], self.home[right]
            if a == b:
                continue
            is_torn = any(key in self.holds[b] and self.holds[b][key] != held for key, held in self.holds[a].items())
            if is_torn or any(frozenset({p, q}) in self.opposed for p in self.seen_as[a] for q in self.seen_as[b]):
                self.refused_links.append((left, right, kind, value))
                continue
            self.holds[a] |= self.holds[b]
            self.seen_as[a] |= self.seen_as[b]
            self.join(left, right)

    def join(self, left: int, right: int) -> None:
        a, b = self.home[left], self.home[right]
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
        for left, right, kind, value in self.refused_links:
            between = frozenset({self.home[left], self.home[right]})
            key = (between, kind, value)
            first[key] = min(first.get(key, (left, right, kind, value)), (left, right, kind, value))
        return {(*found, 0) for found in first.values()}


class Groups:
    """Union-find over anything."""

    def __init__(self) -> None:
        self.parent: dict[Hashable, Hashable] = {}

    def root(self, item: Hashable) -> Hashable:
        above = self.parent.get(item, item)
        return item if above == item else self.root(above)

    def join(self, one: Hashable, other: Hashable) -> None:
        self.parent[self.root(other)] = self.root(one)


def without_reason(refused: Refused) -> Refused:
    return {(*found[:4], 0) for found in refused}


def unique(points: list[Point]) -> list[Point]:
    return sorted(set(points))


point = st.tuples(st.integers(1, 14), st.sampled_from([1, 2, 3, 3, 3, 4]), st.sampled_from("abcde"))
graphs = st.lists(point, min_size=5, max_size=45).map(unique)
portraits = st.dictionaries(
    st.integers(1, 14), st.tuples(st.sampled_from(sorted(NAMES)), st.sampled_from([date(1980, 5, 5), date(1991, 2, 3), date(2001, 7, 9)]))
)
pair = st.lists(st.integers(1, 14), min_size=2, max_size=2, unique=True).map(lambda two: (min(two), max(two)))


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Decisions never contradict each other: reading them refuses that."""
    must = sorted(set(draw(st.lists(pair, max_size=2))))
    decided = nx.Graph(must)
    apart = [found for found in sorted(set(draw(st.lists(pair, max_size=3)))) if not _is_decided(decided, *found)]
    return World(draw(graphs), 14, draw(portraits), must, apart)


def _is_decided(decided: nx.Graph, left: int, right: int) -> bool:
    return left in decided and right in decided and nx.has_path(decided, left, right)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("engine")


@settings(max_examples=40)
@given(worlds())
def test_rounds_equal_the_sequential_pass(folder: Path, world: World) -> None:
    clusters, refused = cluster(world, folder)
    expected = Sequential(world)
    assert clusters == expected.clusters()
    assert without_reason(refused) == expected.refused()


@pytest.mark.parametrize("seed", range(3))
def test_rounds_equal_the_sequential_pass_on_large_tangles(folder: Path, seed: int) -> None:
    draw = random.Random(seed)
    points = unique([(draw.randint(1, 150), draw.choice([1, 3, 3, 3]), str(draw.randint(1, 60))) for _ in range(400)])
    members = [(record, 2, str(draw.randint(1, 12))) for record in range(1, 151) if draw.random() < 0.3]
    world = World(unique(points + members), 150)
    clusters, refused = cluster(world, folder)
    expected = Sequential(world)
    assert clusters == expected.clusters()
    assert without_reason(refused) == expected.refused()


@settings(max_examples=30)
@given(graphs)
def test_no_cluster_holds_two_values_of_an_exclusive_type(folder: Path, points: list[Point]) -> None:
    one_each = list({(record, kind): (record, kind, value) for record, kind, value in points if kind in EXCLUSIVE}.values())
    points = one_each + [point for point in points if point[1] not in EXCLUSIVE]
    clusters, _ = cluster(World(points, 14), folder)
    for part in clusters:
        for kind in EXCLUSIVE:
            assert len({value for record, k, value in points if record in part and k == kind}) <= 1


@settings(max_examples=40)
@given(worlds())
def test_no_decision_is_broken_and_no_refused_link_could_have_been_accepted(folder: Path, world: World) -> None:
    clusters, refused = cluster(world, folder)
    home = {record: part for part in clusters for record in part}
    assert all(home[left] is home[right] for left, right in world.must)
    assert all(home[left] is not home[right] for left, right in world.cannot)
    final = Sequential(world)
    for left, right, *_ in refused:
        a, b = final.home[left], final.home[right]
        torn = any(key in final.holds[b] and final.holds[b][key] != held for key, held in final.holds[a].items())
        assert torn or any(frozenset({p, q}) in final.opposed for p in final.seen_as[a] for q in final.seen_as[b])


@settings(max_examples=30)
@given(st.lists(point.filter(lambda found: found[1] not in EXCLUSIVE), max_size=45).map(unique))
def test_where_nothing_binds_clusters_are_connected_components(folder: Path, points: list[Point]) -> None:
    graph = nx.Graph()
    graph.add_nodes_from(range(1, 15))
    graph.add_edges_from((record, f"{kind}:{value}") for record, kind, value in points)
    expected = {frozenset(node for node in part if isinstance(node, int)) for part in nx.connected_components(graph)}
    clusters, refused = cluster(World(points, 14), folder)
    assert clusters == {part for part in expected if part}
    assert refused == set()


@settings(max_examples=30)
@given(worlds(), st.randoms(use_true_random=False))
def test_result_does_not_depend_on_the_order_of_rows(folder: Path, world: World, shuffler: random.Random) -> None:
    shuffled, kept = list(world.points), list(world.portraits.items())
    shuffler.shuffle(shuffled)
    shuffler.shuffle(kept)
    assert cluster(replace(world, points=shuffled, portraits=dict(kept)), folder) == cluster(world, folder)


def test_values_that_one_record_holds_together_do_not_keep_its_cards_apart(folder: Path) -> None:
    points = [(1, 2, "old"), (1, 2, "new"), (2, 2, "old"), (3, 2, "new")]
    assert cluster(World(points, 3), folder) == ({frozenset({1, 2, 3})}, set())


def test_must_link_joins_what_two_cards_keep_apart(folder: Path) -> None:
    points = [(1, 2, "a"), (2, 2, "b"), (1, 3, "p"), (2, 3, "p")]
    assert cluster(World(points, 2), folder)[0] == {frozenset({1}), frozenset({2})}
    assert cluster(World(points, 2, must=[(1, 2)]), folder) == ({frozenset({1, 2})}, set())


def test_cannot_link_parts_what_the_strongest_id_joins(folder: Path) -> None:
    points = [(1, 4, "u"), (2, 4, "u"), (3, 4, "u")]
    clusters, refused = cluster(World(points, 3, cannot=[(1, 3)]), folder)
    assert clusters == {frozenset({1, 2}), frozenset({3})}
    assert {reason for *_, reason in refused} == {-1}


@pytest.mark.parametrize(
    ("one", "other", "is_one"),
    [
        ((1, date(1980, 5, 5)), (3, date(1991, 2, 3)), False),
        ((1, date(1980, 5, 5)), (3, date(1980, 5, 5)), True),
        ((1, date(1980, 5, 5)), (1, date(1991, 2, 3)), True),
        ((1, date(1980, 5, 5)), (2, date(1991, 2, 3)), True),
    ],
)
def test_only_different_names_with_different_birthdays_are_two_people(folder: Path, one: Portrait, other: Portrait, is_one: bool) -> None:
    world = World([(1, 1, "e"), (2, 1, "e")], 2, {1: one, 2: other})
    assert (len(cluster(world, folder)[0]) == 1) is is_one


def test_id_given_to_one_person_outweighs_names_and_birthdays(folder: Path) -> None:
    opposed = {1: (1, date(1980, 5, 5)), 2: (3, date(1991, 2, 3)), 3: (3, date(1991, 2, 3))}
    points = [(1, 4, "u"), (2, 4, "u"), (2, 1, "e"), (3, 1, "e")]
    assert cluster(World(points, 3, opposed), folder) == ({frozenset({1, 2, 3})}, set())


def test_crowd_beyond_the_clique_limit_is_joined_with_a_linear_number_of_links(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constraints, "_CLIQUE_LIMIT", 5)
    points = [(record, 3, "p") for record in range(1, 41)] + [(7, 2, "a"), (9, 2, "b"), (11, 2, "b")]
    clusters, refused = cluster(World(points, 40), folder)
    assert clusters == {frozenset(range(1, 41)) - {9, 11}, frozenset({9, 11})}
    assert len(refused) == 1
