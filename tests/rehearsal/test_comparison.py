"""What differs between two runs: equal to counting row by row, blind to names of ids, empty for equal runs."""

from __future__ import annotations

import random
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.rehearsal import compare
from tests.rehearsal.two_runs import DAY, Side, as_counted, brute_force, loaded

_RECORDS = [f"shop:{number}" for number in range(9)]
_SEGMENTS = ("loyal", "lapsed")
_OUTCOMES = ("exported", "unreachable")


def _side(customers: list[int], seed: int, names: str) -> Side:
    """Records shared out to customers; facts stay with their record, tiers, lists and KPIs are drawn."""
    draw = random.Random(seed)
    records = {record: f"{names}{customer}" for record, customer in zip(_RECORDS, customers, strict=True)}
    owners = [*records.values(), None]
    facts = [
        (kind, f"{kind}-{number}", owners[number], Decimal(number * 10 + 1))
        for kind in ("order", "send", "points")
        for number in range(len(owners))
    ]
    people = sorted(set(records.values()))
    return Side(
        records,
        facts[: len(facts) - draw.randrange(2)],
        [(person, "monthly", draw.choice(("high_value", "lapsed")), Decimal(draw.randrange(3))) for person in people],
        [
            ("net_sales", "month", DAY, "all", value, Decimal(draw.randrange(2)), None, Decimal(1), "CNY")
            for value in "ab"
            if draw.random() < 0.8
        ],
        [(name, person, draw.choice(_OUTCOMES)) for name in _SEGMENTS for person in people if draw.random() < 0.7],
    )


_SHARED_OUT = st.lists(st.integers(0, 4), min_size=len(_RECORDS), max_size=len(_RECORDS))


@settings(max_examples=60)
@given(_SHARED_OUT, _SHARED_OUT, st.integers(0, 99), st.integers(0, 99), st.sampled_from("cd"))
def test_report_is_what_counting_row_by_row_gives(before: list[int], after: list[int], first: int, second: int, names: str) -> None:
    one, other = _side(before, first, "c"), _side(after, second, names)
    with loaded(one, other) as connection:
        assert as_counted(compare(connection, examples=100)) == brute_force(one, other)


@settings(max_examples=15)
@given(_SHARED_OUT, st.integers(0, 99))
def test_equal_runs_differ_in_nothing(customers: list[int], seed: int) -> None:
    with loaded(_side(customers, seed, "c"), _side(customers, seed, "c")) as connection:
        assert compare(connection).is_empty


@settings(max_examples=15)
@given(_SHARED_OUT, st.integers(0, 99))
def test_renamed_id_is_the_same_person(customers: list[int], seed: int) -> None:
    """The accident: a key of the ids is changed, and every list seems to lose all its members and gain as many."""
    with loaded(_side(customers, seed, "c"), _side(customers, seed, "new")) as connection:
        report = compare(connection)
    assert report.customers.renamed == len(set(customers))
    assert (report.customers.merges, report.customers.splits, report.segments, report.tiers, report.kpis) == (0, 0, (), (), ())
    assert (report.orders.count, report.sends.count, report.points.count, report.money.people) == (0, 0, 0, 0)
    assert not report.is_empty, "the ids did change"


def test_merge_moves_the_smaller_ones_orders_and_list_rows() -> None:
    before = Side(
        {"a": "c_1", "b": "c_1", "x": "c_2"},
        [("order", "1", "c_1", Decimal(10)), ("order", "2", "c_2", Decimal(7)), ("send", "3", "c_2", Decimal(1))],
        memberships=[("loyal", "c_1", "exported"), ("loyal", "c_2", "exported")],
    )
    after = Side(
        dict.fromkeys("abx", "c_1"),
        [(kind, key, "c_1", amount) for kind, key, _, amount in before.facts],
        memberships=[("loyal", "c_1", "exported")],
    )
    with loaded(before, after) as connection:
        report = compare(connection)
    assert report.customers.merge_examples == (("c_1", ("c_1", "c_2")),)
    assert (report.orders.count, report.orders.amount, report.sends.count) == (1, Decimal(7), 1)
    assert (report.money.people, report.money.absolute_amount) == (2, Decimal(14))
    assert [(row.listed_before, row.listed_after, row.listed_left) for row in report.segments] == [(2, 1, 1)]


def test_of_equal_parts_the_one_that_keeps_the_id_is_the_person() -> None:
    with loaded(Side({"a": "c_2", "b": "c_2"}), Side({"a": "c_1", "b": "c_2"})) as connection:
        report = compare(connection)
    assert (report.customers.renamed, report.customers.split_examples) == (0, (("c_2", ("c_1", "c_2")),))


def test_examples_are_the_largest_and_no_more_than_asked() -> None:
    before = Side({f"r{number}": f"c_{number}" for number in range(9)})
    after = Side({f"r{number}": "c_0" if number < 2 else "c_9" for number in range(9)})
    with loaded(before, after) as connection:
        report = compare(connection, examples=1)
    assert report.customers.merges == 2
    assert [(one, len(others)) for one, others in report.customers.merge_examples] == [("c_9", 7)]
