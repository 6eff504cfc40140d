"""Every day is delivered once: by its own delivery or by the next one."""

from __future__ import annotations

from datetime import date

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipelines.simulate.spec import DAY_SECONDS, DeliveryCalendar, SimulationSpec


def _spec(days: int, every: int, tail: int) -> SimulationSpec:
    return SimulationSpec(customers=1, days=days, seed=0, first_day=date(2026, 1, 1), deliver_every_days=every, daily_tail_days=tail)


@given(st.integers(1, 120), st.integers(1, 40), st.integers(0, 40))
def test_each_day_goes_to_the_first_delivery_on_or_after_it(days, every, tail):
    calendar = DeliveryCalendar(_spec(days, every, tail))
    assert calendar.days[-1] == days - 1
    assert (np.diff(calendar.days) > 0).all()
    delivery = calendar.delivery_at(np.arange(days, dtype=np.int64) * DAY_SECONDS)
    assert (calendar.days[delivery] >= np.arange(days)).all()
    assert (np.concatenate([[-1], calendar.days])[delivery] < np.arange(days)).all()


def test_daily_deliveries_are_the_default():
    calendar = DeliveryCalendar(_spec(30, 1, 14))
    assert calendar.days.tolist() == list(range(30))


def test_the_tail_is_daily():
    calendar = DeliveryCalendar(_spec(30, 7, 3))
    assert calendar.days.tolist() == [6, 13, 20, 26, 27, 28, 29]


def test_what_is_absent_or_still_to_come_is_in_no_delivery():
    calendar = DeliveryCalendar(_spec(10, 1, 0))
    late = calendar.delivery_at(np.array([-1, 10 * DAY_SECONDS, 99 * DAY_SECONDS], dtype=np.int64))
    assert (late == len(calendar.days)).all()
