"""Ids as a function of clusters and yesterday's map: inherit, merge, split, never give an id twice."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Collection

import duckdb
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.identity.stable_ids import assign_ids

KEY = "key"
Map = dict[str, str]
Change = tuple[str, str, str, int]


def fresh(record: str, salt: int = 0) -> str:
    text = f"{KEY}\x1f{record}" + (f"\x1f{salt}" if salt else "")
    return "c_" + hashlib.sha256(text.encode()).hexdigest()[:20]


def assign(clusters: list[str], previous: Map | None = None, given_before: Collection[str] = (), key: str = KEY) -> tuple[Map, set[Change]]:
    """`clusters` like ["ab", "c"]: each letter is a source record."""
    records = sorted("".join(clusters))
    previous = previous or {}
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.execute("create table records (record_id bigint, source_record_key varchar)")
        connection.executemany("insert into records values (?, ?)", list(enumerate(records, start=1)))
        number = {record: place for place, record in enumerate(records, start=1)}
        connection.execute("create table clusters (record_id bigint, cluster_id bigint)")
        connection.executemany(
            "insert into clusters values (?, ?)", [(number[record], number[min(cluster)]) for cluster in clusters for record in cluster]
        )
        connection.execute("create table previous (record_id bigint, customer_id varchar)")
        connection.execute("create table ids_ever_given (customer_id varchar)")
        for record, customer in previous.items():
            if record in number:
                connection.execute("insert into previous values (?, ?)", [number[record], customer])
        for customer in sorted({*previous.values(), *given_before}):
            connection.execute("insert into ids_ever_given values (?)", [customer])
        assign_ids(connection, key)
        found = connection.execute(
            "select source_record_key, customer_id from clusters join records using (record_id) join customers using (cluster_id)"
        ).fetchall()
        changes = connection.execute("select change, customer_id, other_customer_id, source_record_count from changes").fetchall()
    return dict(found), set(changes)


def test_new_cluster_is_named_after_its_smallest_record() -> None:
    customers, changes = assign(["ba", "c"])
    assert customers == {"a": fresh("a"), "b": fresh("a"), "c": fresh("c")}
    assert changes == {("created", fresh("a"), "", 2), ("created", fresh("c"), "", 1)}


def test_another_key_gives_other_ids() -> None:
    assert assign(["a"], key="other")[0] != assign(["a"])[0]


def test_customer_who_gains_a_smaller_record_keeps_the_id() -> None:
    customers, changes = assign(["abc"], {"b": "X", "c": "X"})
    assert set(customers.values()) == {"X"}
    assert changes == set()


def test_merge_keeps_the_id_of_the_larger_part_and_redirects_the_other() -> None:
    customers, changes = assign(["abcd"], {"a": "Y", "b": "X", "c": "X"})
    assert set(customers.values()) == {"X"}
    assert changes == {("merged", "X", "Y", 1), ("redirected", "Y", "X", 1)}


def test_merge_of_equals_keeps_the_smaller_id() -> None:
    assert set(assign(["ab"], {"a": "Y", "b": "X"})[0].values()) == {"X"}


def test_split_leaves_the_id_with_the_larger_part() -> None:
    customers, changes = assign(["a", "bc"], {"a": "X", "b": "X", "c": "X"})
    assert customers == {"a": fresh("a"), "b": "X", "c": "X"}
    assert changes == {("split", fresh("a"), "X", 1)}


def test_split_part_never_gets_an_id_that_was_given_before() -> None:
    """The part that splits off holds the very record that the id was derived from: the plain hash is taken."""
    whole, _ = assign(["abc"])
    customers, changes = assign(["a", "bc"], whole)
    assert customers == {"a": fresh("a", 1), "b": fresh("a"), "c": fresh("a")}
    assert changes == {("split", fresh("a", 1), fresh("a"), 1)}
    again, _ = assign(["a", "b", "c"], {"b": fresh("a"), "c": fresh("a")}, {fresh("a", 1)})
    assert again["a"] == fresh("a", 2)


def test_redirected_id_is_not_given_to_a_part_that_comes_free_again() -> None:
    customers, _ = assign(["a", "bcd"], {"a": "X", "b": "X", "c": "X", "d": "X"}, {fresh("a")})
    assert customers["a"] == fresh("a", 1)


def test_record_that_moves_takes_no_id_along() -> None:
    customers, changes = assign(["ab", "cde"], {"a": "X", "b": "X", "c": "X", "d": "Y", "e": "Y"})
    assert customers == {"a": "X", "b": "X", "c": "Y", "d": "Y", "e": "Y"}
    assert changes == {("merged", "Y", "X", 1)}


def test_vanished_records_take_their_id_with_them() -> None:
    customers, changes = assign(["a"], {"a": "X", "z": "Z"})
    assert customers == {"a": "X"}
    assert changes == set()


def greedy(clusters: list[str], previous: Map) -> Map:
    """The rule as written, one overlap after the other."""
    shared = Counter((min(cluster), previous[record]) for cluster in clusters for record in cluster if record in previous)
    taken: Map = {}
    for (cluster, customer), _ in sorted(shared.items(), key=lambda item: (-item[1], item[0][1], item[0][0])):
        if cluster not in taken and customer not in taken.values():
            taken[cluster] = customer
    return taken


partitions = st.lists(st.integers(0, 5), min_size=12, max_size=12)


def parts(labels: list[int]) -> list[str]:
    groups = defaultdict(str)
    for letter, label in zip("abcdefghijkl", labels, strict=True):
        groups[label] += letter
    return list(groups.values())


@settings(deadline=None, max_examples=60)
@given(partitions, partitions, st.integers(0, 12))
def test_ids_are_inherited_as_the_sequential_rule_says(before: list[int], after: list[int], known: int) -> None:
    previous = {record: f"id{label}" for record, label in zip("abcdefghijkl", before, strict=True)}
    previous = dict(list(previous.items())[:known])
    clusters = parts(after)
    customers, changes = assign(clusters, previous)
    inherited = greedy(clusters, previous)
    assert {min(cluster): customers[min(cluster)] for cluster in clusters if customers[min(cluster)] in previous.values()} == inherited
    assert len(set(customers.values())) == len(clusters)
    gone = set(previous.values()) - set(customers.values())
    assert {customer for change, customer, _, _ in changes if change == "redirected"} == gone
    assert {other for change, _, other, _ in changes if change == "merged"} >= gone
    born = {customer for change, customer, _, _ in changes if change in {"created", "split"}}
    assert born == set(customers.values()) - set(previous.values())
