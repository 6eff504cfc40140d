"""Shortest chains against a graph library, and the same chain in whatever order the evidence comes."""

from __future__ import annotations

import random
from itertools import combinations

import networkx as nx
import pytest

from pipelines.identity.chains import chain_to, reach


def some_ties(draw: random.Random) -> list[tuple[int, str]]:
    records = [f"a:{n}" for n in range(draw.randint(2, 40))]
    return [(evidence, key) for evidence in range(30) for key in draw.sample(records, min(len(records), draw.randint(1, 4)))]


@pytest.mark.parametrize("seed", range(40))
def test_chains_are_as_short_as_those_of_a_graph_library_and_lead_there(seed: int) -> None:
    ties = some_ties(random.Random(seed))
    holders = {evidence: [key for other, key in ties if other == evidence] for evidence, _ in ties}
    graph = nx.Graph(pair for keys in holders.values() for pair in combinations(keys, 2))
    graph.add_nodes_from(key for _, key in ties)
    start = min(graph)
    reached = reach(ties, start)
    lengths = nx.single_source_shortest_path_length(graph, start)
    assert set(reached) == set(lengths)
    for end, length in lengths.items():
        chain = chain_to(reached, end)
        assert chain is not None
        assert len(chain) == length
        assert [start, *(step.end for step in chain)] == [*(step.start for step in chain), end]
        assert all({step.start, step.end} <= set(holders[step.evidence]) for step in chain)


@pytest.mark.parametrize("seed", range(10))
def test_order_of_the_evidence_does_not_matter(seed: int) -> None:
    draw = random.Random(seed)
    ties = some_ties(draw)
    start = min(key for _, key in ties)
    expected = reach(ties, start)
    draw.shuffle(ties)
    assert reach(ties, start) == expected


def test_of_equally_short_chains_the_stronger_evidence_wins() -> None:
    reached = reach([(5, "a"), (5, "b"), (2, "a"), (2, "c"), (7, "b"), (7, "d"), (9, "c"), (9, "d"), (3, "b"), (3, "a")], "a")
    assert [step.evidence for step in chain_to(reached, "b") or []] == [3]
    assert [step.evidence for step in chain_to(reached, "d") or []] == [2, 9]


def test_nothing_leads_to_a_stranger() -> None:
    assert chain_to(reach([(1, "a"), (1, "b"), (2, "c")], "a"), "c") is None
    assert chain_to(reach([], "a"), "a") == []


def test_long_chain_takes_no_longer_than_its_length() -> None:
    """A run of typing errors once gave a customer of thousands of records in a row: squared, that is minutes."""
    count = 20_000
    ties = [(n, f"a:{n + end:06d}") for n in range(count) for end in (0, 1)]
    assert len(chain_to(reach(ties, "a:000000"), f"a:{count:06d}") or []) == count
