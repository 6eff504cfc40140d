"""One thing beside another in threads: results in the order of the items, and never more taken up than there is room for."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import chain, islice
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
    waiting: deque[Future[Result]] = deque()
    with ThreadPoolExecutor(THREADS) as pool:
        for item in chain(first, further):
            if len(waiting) == THREADS:
                yield waiting.popleft().result()
            waiting.append(pool.submit(work, item))
        while waiting:
            yield waiting.popleft().result()
