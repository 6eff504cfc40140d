"""One thing beside another in threads: results in the order of the items, and never more taken up than there is room for."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

THREADS = 2  # what a small server has; more would only hold more in memory

Item = TypeVar("Item")
Result = TypeVar("Result")


def in_order(work: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
    """What `work` gives for each item, two at a time. Items are large: a third is taken when the first is done.

    What raises ends it, once the others that were begun are over. A single item needs no thread.
    """
    further = iter(items)
    first = list(islice(further, THREADS))
    if len(first) == 1:
        yield work(first[0])
        return
    with ThreadPoolExecutor(THREADS) as pool:
        waiting = deque(pool.submit(work, item) for item in first)
        first.clear()  # or the first two would be held to the end
        while waiting:
            result = waiting.popleft().result()
            waiting.extend(pool.submit(work, item) for item in islice(further, 1))
            yield result
