"""What a prediction may know of a customer on a day: all that had happened by then, and nothing that came later."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from pipelines.value.propensity.declared import FEATURES, SENSITIVE, used_features
from pipelines.value.propensity.features import create_features, read_snapshot
from tests.value.propensity import oracle
from tests.value.propensity.shop import FIRST, Order, Shop, opened, random_shop, tables

CUTOFFS = [FIRST + timedelta(days=days) for days in (30, 200, 400)]


def features_of(folder: Path, shop: Shop, cutoff: date, shuffled: int | None = None) -> pl.DataFrame:
    """Features by customer id."""
    with opened(folder, tables(shop, shuffled=shuffled)) as connection:
        create_features(connection, cutoff, "features")
        snapshot = read_snapshot(connection, cutoff, "features", FEATURES)
        ids = connection.execute("select customer_no, customer_id from people").fetchall()
    names = dict(ids)
    columns = {feature.name: snapshot.values[:, index] for index, feature in enumerate(FEATURES)}
    return pl.DataFrame({"customer_id": [names[number] for number in snapshot.customer_nos]} | columns)


@pytest.mark.parametrize("seed", range(3))
def test_features_are_what_their_words_say(tmp_path: Path, seed: int) -> None:
    shop = random_shop(seed)
    for cutoff in CUTOFFS:
        found = features_of(tmp_path, shop, cutoff).fill_nan(None).to_dicts()
        expected = oracle.features(shop, cutoff)
        assert [row["customer_id"] for row in found] == sorted(expected)
        for row in found:
            assert {name: row[name] for name in expected[row["customer_id"]]} == pytest.approx(expected[row["customer_id"]]), row


@pytest.mark.parametrize("seed", range(3, 9))
def test_nothing_that_happens_later_changes_a_feature(tmp_path: Path, seed: int) -> None:
    """Neither later facts nor what becomes of earlier ones: refunds, cancellations, clicks, used coupons."""
    shop = random_shop(seed)
    everybody = {name: shop.people[name] for name in shop.customers}
    for cutoff in CUTOFFS:
        then = Shop(**{**shop.until(cutoff).__dict__, "people": everybody})
        assert_frame_equal(features_of(tmp_path, then, cutoff), features_of(tmp_path, shop, cutoff, shuffled=seed))


def test_a_fact_of_the_cut_off_day_counts_and_one_of_the_next_day_does_not(tmp_path: Path) -> None:
    """The claim above would also hold of features that never change."""
    cutoff = FIRST + timedelta(days=100)
    for day, expected in ((cutoff, 2.0), (cutoff + timedelta(days=1), 1.0)):
        shop = Shop((Order("a", FIRST, 1), Order("a", day, 1)), sends=(("a", cutoff, day),))  # type: ignore[arg-type]
        [row] = features_of(tmp_path, shop, cutoff).to_dicts()
        assert (row["purchase_day_count_total"], row["clicked_send_count_90d"]) == (expected, expected - 1)


def test_sensitive_features_are_read_only_where_named() -> None:
    assert {"age_years", "is_female", "province_share"} == SENSITIVE
    assert not SENSITIVE & {feature.name for feature in used_features()}
    assert {feature.name for feature in used_features({"age_years"})} & SENSITIVE == {"age_years"}
