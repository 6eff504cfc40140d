"""Figures of the matcher on published sets, and the measure itself against a count by hand."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.agreement import agreement
from benchmarks.linkage import fake_1000, febrl, linked


def test_febrl_3_is_linked_at_the_threshold_of_the_configuration(real_data: Path) -> None:
    linkage = linked("Febrl 3", febrl(real_data / "record_linkage" / "febrl_dataset3.csv.gz"), is_trained=True)
    assert {name for name, source in linkage.report.trained.items() if source == "assumed"} == {"email"}
    assert linkage.clusters.f1 >= 0.997
    assert linkage.links.precision >= 0.999


def test_fake_1000_is_linked_without_training(real_data: Path) -> None:
    linkage = linked("fake_1000", fake_1000(real_data / "record_linkage" / "fake_1000.csv.gz"), is_trained=False)
    assert set(linkage.report.trained.values()) == {"assumed"}
    assert linkage.links.precision >= 0.95 and linkage.links.recall >= 0.60
    assert linkage.clusters.precision >= 0.95 and linkage.clusters.recall >= 0.60


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=14))
@settings(max_examples=60, deadline=None)
def test_agreement_equals_a_count_pair_by_pair(rows: list[tuple[int, int]]) -> None:
    found = agreement(pl.DataFrame(rows, schema=["cluster_id", "truth"], orient="row"))
    pairs = list(combinations(rows, 2))
    ours, true = [a[0] == b[0] for a, b in pairs], [a[1] == b[1] for a, b in pairs]
    both = sum(one and other for one, other in zip(ours, true, strict=True))
    assert found.precision == pytest.approx(both / sum(ours) if sum(ours) else 1)
    assert found.recall == pytest.approx(both / sum(true) if sum(true) else 1)
    shares = [
        (sum(other == row for other in rows) / sum(other[0] == row[0] for other in rows),
         sum(other == row for other in rows) / sum(other[1] == row[1] for other in rows))
        for row in rows
    ]  # fmt: skip
    assert found.b_cubed_precision == pytest.approx(sum(share[0] for share in shares) / len(rows))
    assert found.b_cubed_recall == pytest.approx(sum(share[1] for share in shares) / len(rows))
