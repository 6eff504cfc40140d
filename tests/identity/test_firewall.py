"""What is too large to be one person, or hangs on one claim, goes out apart and is queued."""

from __future__ import annotations

import itertools
import random
from pathlib import Path

import networkx as nx
import pytest

from pipelines.identity import resolve_identity
from pipelines.identity.decisions import FILE_NAME
from tests.identity.lake import SmallLake

HEADER = "decision,left_source_record_key,right_source_record_key,author,reason,decided_on,expires_on"


def two_parts(lake: SmallLake, size: int = 3) -> None:
    """Two accounts with their own e-mails, which share one phone through one record of each."""
    for side, base in (("a", 0), ("b", 10)):
        lake.add_points([(f"{side}:{n}", "email", f"{side}@shop.example") for n in range(size)])
        lake.add_points([(f"{side}:{n}", "phone", f"1371234570{base // 10}") for n in range(size)])
        lake.add_points([(f"{side}:0", "user_id", f"account of {side}"), (f"{side}:1", "phone", "13712345699")])


def test_large_cluster_that_hangs_on_one_claim_goes_out_apart_and_is_queued(lake: SmallLake) -> None:
    two_parts(lake)
    report = resolve_identity(lake.run(review_from_records=6))
    assert {len(part) for part in lake.clusters()} == {3}
    assert report.held_back_links == 1
    [row] = lake.read("identity_review").rows(named=True)
    assert (row["left_source_record_key"], row["right_source_record_key"], row["type"]) == ("a:1", "b:1", "phone")
    assert (row["left_source_record_count"], row["right_source_record_count"]) == (3, 3)
    assert "held back: is all that holds together two parts" in lake.read("identity_refused_links")["reason"].to_list()[0]


def test_smaller_cluster_is_left_alone(lake: SmallLake) -> None:
    two_parts(lake)
    resolve_identity(lake.run(review_from_records=7))
    assert {len(part) for part in lake.clusters()} == {6}
    assert lake.read("identity_review").is_empty()


def test_second_piece_of_evidence_is_no_bridge(lake: SmallLake) -> None:
    two_parts(lake)
    lake.add_points([("a:2", "email", "both@shop.example"), ("b:2", "email", "both@shop.example")])
    resolve_identity(lake.run(review_from_records=6))
    assert {len(part) for part in lake.clusters()} == {6}


def test_parts_that_bear_one_name_are_one_person(lake: SmallLake) -> None:
    two_parts(lake)
    lake.add("channel_profiles", [{"source_record_key": key, "full_name": "王伟"} for key in ("a:2", "b:2")])
    resolve_identity(lake.run(review_from_records=6))
    assert {len(part) for part in lake.clusters()} == {6}


def test_cluster_beyond_the_limit_keeps_only_ids_that_are_given_to_one_person(lake: SmallLake) -> None:
    lake.add_points([(f"c{n}:1", "phone", "13712345608") for n in range(8)])
    lake.add_points([("c0:1", "unionid", "u"), ("c1:1", "unionid", "u")])
    resolve_identity(lake.run(largest_cluster_records=7))
    assert sorted(len(part) for part in lake.clusters()) == [1, 1, 1, 1, 1, 1, 2]
    assert lake.read("identity_review").height == 6
    resolve_identity(lake.run(largest_cluster_records=8))
    assert {len(part) for part in lake.clusters()} == {8}


@pytest.mark.parametrize(("decision", "sizes"), [("must_link", {6}), ("cannot_link", {3})])
def test_decision_settles_what_is_queued(lake: SmallLake, tmp_path: Path, decision: str, sizes: set[int]) -> None:
    two_parts(lake)
    lake.reference = tmp_path / "reference"
    lake.reference.mkdir()
    shipped = Path(__file__).resolve().parents[2] / "data" / "reference"
    for path in shipped.glob("*.csv"):
        (lake.reference / path.name).write_bytes(path.read_bytes())
    (lake.reference / FILE_NAME).write_text(f"{HEADER}\n{decision},a:1,b:1,me,called them,2026-01-01,\n", encoding="utf-8")
    resolve_identity(lake.run(review_from_records=6))
    assert {len(part) for part in lake.clusters()} == sizes
    assert lake.read("identity_review").is_empty()


@pytest.mark.parametrize("seed", range(4))
def test_bridges_are_those_of_the_graph_of_records_and_values(tmp_path: Path, seed: int) -> None:
    """Every record holds an account of its own, so that a cluster falls apart at exactly the bridges that part two records."""
    draw = random.Random(seed)
    lake = SmallLake(tmp_path)
    claims = sorted({(draw.randrange(12), draw.randrange(10)) for _ in range(26)})
    shared = {value for value in range(10) if sum(v == value for _, v in claims) > 1}
    lake.add_points([(f"r:{record:02d}", "phone", f"137123457{value:02d}") for record, value in claims])
    lake.add_points([(f"r:{record:02d}", "user_id", f"account {record}") for record in range(12)])
    resolve_identity(lake.run(review_from_records=2, max_strong_ids_per_value=99, max_values_per_record=99))
    graph = nx.Graph()
    graph.add_nodes_from(f"r:{record:02d}" for record in range(12))
    graph.add_edges_from((f"r:{record:02d}", value) for record, value in claims if value in shared)
    graph.remove_edges_from(list(nx.bridges(graph)))
    expected = {frozenset(node for node in part if isinstance(node, str)) for part in nx.connected_components(graph)}
    assert lake.clusters() == {part for part in expected if part}
    held = {frozenset(pair) for pair in lake.read("identity_review").select("left_source_record_key", "right_source_record_key").rows()}
    assert all(not any(pair <= part for part in expected) for pair in held)
    assert len(held) >= len(list(itertools.filterfalse(lambda part: not part, expected))) - 12
