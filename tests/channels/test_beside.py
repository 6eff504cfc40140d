"""Work in threads: the order stays, little is taken up at once, and what goes wrong is told."""

from __future__ import annotations

import time
from collections.abc import Iterator
from threading import Lock

import pytest

from pipelines.channels.beside import in_order


@pytest.mark.parametrize("count", [0, 1, 2, 3, 20])
def test_results_come_in_the_order_of_the_items(count: int) -> None:
    def slow_first(number: int) -> int:
        time.sleep(0.01 * (number % 2 == 0))
        return number * number

    assert list(in_order(slow_first, range(count))) == [number * number for number in range(count)]


def test_no_more_than_two_items_are_held() -> None:
    lock, held, most = Lock(), 0, 0

    def items() -> Iterator[int]:
        nonlocal held, most
        for number in range(30):
            with lock:
                held += 1
                most = max(most, held)
            yield number

    def work(number: int) -> int:
        nonlocal held
        time.sleep(0.001)
        with lock:
            held -= 1
        return number

    assert list(in_order(work, items())) == list(range(30))
    assert most <= 2


def test_what_one_raises_ends_all() -> None:
    def work(number: int) -> int:
        if number == 3:
            raise ValueError("three")
        return number

    found = []
    with pytest.raises(ValueError, match="three"):
        for number in in_order(work, range(1000)):
            found.append(number)
    assert found == [0, 1, 2]
