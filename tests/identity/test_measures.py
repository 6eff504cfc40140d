"""What a day's identity looks like in numbers, and the budget of ids that may change."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.identity import over_budget, resolve_identity
from tests.identity.lake import DAY, SmallLake, later


def measured(lake: SmallLake, name: str) -> dict[str, int]:
    return dict(lake.read("identity_quality").filter(measure=name).select("item", "measured").rows())


def test_measures_count_what_the_tables_hold(lake: SmallLake) -> None:
    lake.add_points([("a:1", "phone", "13712345601"), ("b:1", "phone", "13712345601"), ("c:1", "phone", "13712345602")])
    lake.add("channel_profiles", [{"source_record_key": "a:1", "full_name": "王伟"}, {"source_record_key": "b:1", "full_name": "李娜"}])
    resolve_identity(lake.run())
    assert measured(lake, "source_records") == {"all": 3}
    assert measured(lake, "customers") == {"all": 3}
    assert measured(lake, "customers_by_source_records") == {"1": 3}
    assert measured(lake, "phones_by_names") == {"2": 1}
    assert measured(lake, "refused_links") == {"phone": 1}
    assert measured(lake, "households") == {"all": 1}
    assert measured(lake, "changes") == {"created": 3}


@pytest.mark.parametrize(("allowed", "is_within"), [(2, True), (1, False)])
def test_budget_of_changed_ids_keeps_a_night_out_of_the_histories(lake: SmallLake, allowed: int, is_within: bool) -> None:
    """Two pairs of customers become one each."""
    lake.add_points([(f"{side}:{n}", "email", f"{side}{n}@shop.example") for side in "ab" for n in range(2)])
    resolve_identity(lake.run())
    before = lake.read("identity_members")
    lake.add_points([(f"{side}:{n}", "phone", f"1371234560{n}") for side in "ab" for n in range(2)])
    report = resolve_identity(lake.run(later(60).date(), max_changed_share="0.01", changes_always_allowed=allowed))
    assert report.is_within_budget is is_within
    changed = lake.read("identity_quality").filter(measure="changed_customers", as_of=later(60).date())
    assert changed.select("measured", "allowed").rows() == [(2, allowed)]
    assert lake.read("identity_members").equals(before) is not is_within
    # the night after finds the same to stop, until somebody decides
    again = resolve_identity(lake.run(later(61).date(), max_changed_share="0.01", changes_always_allowed=allowed))
    assert again.is_within_budget is is_within


def test_stop_names_the_number_the_share_the_setting_and_what_to_do(lake: SmallLake) -> None:
    """Three of seven customers join others; the share that the message advises is enough, and a ten-thousandth less is not."""
    lake.add_points(
        [(f"{side}:{n}", "email", f"{side}{n}@shop.example") for side in "ab" for n in range(3)] + [("c:0", "email", "c@d.example")]
    )
    resolve_identity(lake.run())
    lake.add_points([(f"{side}:{n}", "phone", f"1371234560{n}") for side in "ab" for n in range(3)])
    tonight = lake.run(later(60).date(), max_changed_share="0.02", changes_always_allowed=1)
    assert over_budget(tonight) is None  # nothing is measured yet
    resolve_identity(tonight)
    told = over_budget(tonight)
    assert told is not None
    assert told.startswith("3 of 7 customers (42.86%) would get another id; identity.max_changed_share = 0.02 allows 1.")
    assert "`cdp quality`" in told
    assert "`cdp diff --config FILE`" in told
    assert told.endswith("set identity.max_changed_share to 0.4286 for one run")
    # the night after is judged by its own figures, not by those of the night that was stopped
    for share, is_within in (("0.4285", False), ("0.4286", True)):
        next_night = lake.run(later(61).date(), max_changed_share=share, changes_always_allowed=0)
        assert resolve_identity(next_night).is_within_budget is is_within
        assert (over_budget(next_night) is None) is is_within


def test_day_that_is_past_is_not_limited(lake: SmallLake) -> None:
    lake.add_points([("a:1", "email", "a@shop.example"), ("b:1", "email", "b@shop.example")])
    resolve_identity(lake.run(DAY))
    resolve_identity(lake.run(later(90).date()))
    lake.add_points([("a:1", "phone", "13712345601"), ("b:1", "phone", "13712345601")])
    assert resolve_identity(lake.run(DAY, max_changed_share="0", changes_always_allowed=0)).is_within_budget


def test_measures_of_a_day_are_replaced_when_it_is_run_again(lake: SmallLake, tmp_path: Path) -> None:
    lake.add_points([("a:1", "email", "a@shop.example")])
    resolve_identity(lake.run())
    first = lake.bytes_of("identity_quality")
    resolve_identity(lake.run())
    assert lake.bytes_of("identity_quality") == first
