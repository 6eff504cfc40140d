"""Find the shortest chains of evidence: who is tied to whom, step by step. Knows keys and numbers, no tables."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable

Step = tuple[int, str]  # the evidence that was followed, the record that it led to
Chain = tuple[Step, ...]


def shortest_chains(ties: Iterable[tuple[int, str]], start: str) -> dict[str, Chain]:
    """The shortest chain from `start` to every record that evidence leads to, `start` itself with the empty chain.

    `ties` says which evidence holds which record; all records of one evidence are one step from each other. Among chains of one
    length the one with the smaller evidence numbers wins, step by step from the start, then the one over the smaller keys: the
    order of `ties` does not matter.
    """
    evidence_of: dict[str, set[int]] = defaultdict(set)
    records_of: dict[int, set[str]] = defaultdict(set)
    for evidence, record in ties:
        evidence_of[record].add(evidence)
        records_of[evidence].add(record)
    chains: dict[str, Chain] = {start: ()}
    waiting = deque([start])
    followed: set[int] = set()
    while waiting:
        record = waiting.popleft()
        for evidence in sorted(evidence_of[record] - followed):
            followed.add(evidence)
            for other in sorted(records_of[evidence] - chains.keys()):
                chains[other] = (*chains[record], (evidence, other))
                waiting.append(other)
    return chains
