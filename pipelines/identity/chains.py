"""Find the shortest chains of evidence: who is tied to whom, step by step. Knows keys and numbers, no tables."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping
from typing import NamedTuple


class Step(NamedTuple):
    """One step of a chain: from a record, over evidence, to the next record."""

    start: str
    evidence: int
    end: str


def reach(ties: Iterable[tuple[int, str]], start: str) -> dict[str, Step | None]:
    """Every record that evidence leads to from `start`, with the last step of its shortest chain; None for `start` itself.

    `ties` says which evidence holds which record; all records of one evidence are one step from each other. Among chains of one
    length the one with the smaller evidence numbers wins, step by step from the start, then the one over the smaller keys: the
    order of `ties` does not matter.
    """
    evidence_of: dict[str, set[int]] = defaultdict(set)
    records_of: dict[int, set[str]] = defaultdict(set)
    for evidence, record in ties:
        evidence_of[record].add(evidence)
        records_of[evidence].add(record)
    reached: dict[str, Step | None] = {start: None}
    waiting, followed = deque([start]), set[int]()
    while waiting:
        record = waiting.popleft()
        for evidence in sorted(evidence_of[record] - followed):
            followed.add(evidence)
            for other in sorted(records_of[evidence] - reached.keys()):
                reached[other] = Step(record, evidence, other)
                waiting.append(other)
    return reached


def chain_to(reached: Mapping[str, Step | None], end: str) -> list[Step] | None:
    """The chain from the start of `reached` to `end`, in order; None when nothing leads there."""
    if end not in reached:
        return None
    steps = []
    step = reached[end]
    while step is not None:
        steps.append(step)
        step = reached[step.start]
    return steps[::-1]
