"""Who is on the lists of what customers need, and who just is not."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest

from pipelines.segments import read_segments

WHERE = {segment.name: segment.where for segment in read_segments(())}
NOBODY: dict[str, Any] = {
    "replenishment_category": None,
    "replenishment_due_in_days": None,
    "seasonal_need": None,
    "next_best_category": None,
    "recency_days": None,
}
DUE = {"replenishment_category": "milk", "replenishment_due_in_days": 7}


@pytest.mark.parametrize(
    ("segment", "customer", "is_in"),
    [
        ("replenishment_due", DUE, True),
        ("replenishment_due", DUE | {"replenishment_due_in_days": -9}, True),
        ("replenishment_due", DUE | {"replenishment_due_in_days": 8}, False),
        ("replenishment_due", {}, False),
        ("seasonal_every_year", {"seasonal_need": "sunscreen"}, True),
        ("seasonal_every_year", DUE, False),
        ("cross_sell", {"next_best_category": "gloves", "recency_days": 90}, True),
        ("cross_sell", {"next_best_category": "gloves", "recency_days": 91}, False),
        ("cross_sell", {"recency_days": 3}, False),
    ],
)
def test_who_is_on_the_list(segment: str, customer: dict[str, Any], is_in: bool) -> None:
    row = NOBODY | customer
    with duckdb.connect() as connection:
        connection.execute(
            "create table customers (replenishment_category text, replenishment_due_in_days bigint, seasonal_need text,"
            " next_best_category text, recency_days bigint)"
        )
        connection.execute("insert into customers values (?, ?, ?, ?, ?)", list(row.values()))
        assert connection.execute(f"select count(*) from customers where {WHERE[segment]}").fetchall() == [(int(is_in),)]
