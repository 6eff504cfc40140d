"""Two lists of one day must not promise one customer different conditions for the same thing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

import duckdb

from pipelines.contracts.engine import literal
from pipelines.contracts.errors import CheckFailedError
from pipelines.contracts.segments import Segment

_PROMISED_TWICE = """
select count(*)
from exported as one
join exported as other on other.customer_id = one.customer_id and other.segment_name = {other}
where one.segment_name = {one}
"""


def check_offers(connection: duckdb.DuckDBPyConnection, segments: Sequence[Segment]) -> None:
    """Raise CheckFailedError, naming both segments, when a customer in `exported (segment_name, customer_id)` is promised two things.

    Definitions that contradict each other are none by themselves: while no customer is on both lists nobody is told two things.
    """
    for one, other in _contradictions(segments):
        query = _PROMISED_TWICE.format(one=literal(one.name), other=literal(other.name))
        [(count,)] = connection.execute(query).fetchall()
        if count and one.offer is not None:
            raise CheckFailedError(
                f"promise {count} customers the {one.offer.kind} {one.offer.thing!r} on different terms",
                where=f"segments {one.name} and {other.name}",
                do="give both the same terms, or let `where` or `valid` keep the lists apart; nothing was published",
            )


def _contradictions(segments: Sequence[Segment]) -> Iterator[tuple[Segment, Segment]]:
    for one, other in combinations(sorted(segments, key=lambda segment: segment.name), 2):
        if one.offer is not None and one.offer.contradicts(other.offer):
            yield one, other
