"""Components against networkx, whatever the order of the edges."""

from __future__ import annotations

import random

import duckdb
import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.identity.components import connect

Edges = list[tuple[int, int]]
graphs = st.lists(st.tuples(st.integers(1, 40), st.integers(1, 40)), max_size=60)


def components(edges: Edges) -> dict[int, int]:
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.execute("create table e (a bigint, b bigint)")
        if edges:
            connection.executemany("insert into e values (?, ?)", edges)
        connect(connection, "e", "labels")
        found = connection.execute("select node, label from labels").fetchall()
    assert len(found) == len(dict(found)), "a node has two labels"
    return dict(found)


def oracle(edges: Edges) -> dict[int, int]:
    graph = nx.Graph(edges)
    return {node: min(part) for part in nx.connected_components(graph) for node in part if node != min(part)}


@settings(deadline=None, max_examples=40)
@given(graphs)
def test_components_are_those_of_networkx(edges: Edges) -> None:
    assert components(edges) == oracle(edges)


@pytest.mark.parametrize("shape", ["path", "star", "zigzag", "tree"])
def test_shapes_that_need_many_hops_reach_the_fixed_point(shape: str) -> None:
    size = 600
    edges = {
        "path": [(n, n + 1) for n in range(1, size)],
        "star": [(size, n) for n in range(1, size)],
        "zigzag": [(n, size - n) for n in range(1, size // 2)] + [(size - n, n + 1) for n in range(1, size // 2)],
        "tree": [(n // 2, n) for n in range(2, size)],
    }[shape]
    random.Random(5).shuffle(edges)
    assert components(edges) == oracle(edges)


@settings(deadline=None, max_examples=20)
@given(graphs, st.randoms(use_true_random=False))
def test_components_do_not_depend_on_the_order_of_the_edges(edges: Edges, shuffler: random.Random) -> None:
    shuffled = [edge if shuffler.random() < 0.5 else edge[::-1] for edge in edges]
    shuffler.shuffle(shuffled)
    assert components(shuffled) == components(edges)
