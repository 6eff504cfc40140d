"""Compare what two runs came to: customers, lists, tiers, KPIs, money, sends and points that move. Runs nothing, prints nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TypeVar

import duckdb

from pipelines.contracts.engine import open_engine
from pipelines.rehearsal.outcomes import Outcome, load_outcome
from pipelines.rehearsal.people import match_people

BEFORE, AFTER = "before", "after"
Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Customers:
    """Customers of both runs, and those that are not the same. Examples hold ids only: (id, ids on the other side)."""

    before: int
    after: int
    merges: int  # customers that hold records of two or more customers of before
    merged: int  # ... and how many customers these were, each counted once
    splits: int  # customers of before whose records two or more customers hold
    split_into: int  # ... and how many customers these are, each counted once
    renamed: int  # the same person under another id
    records_moved: int  # source records that are with another person than before
    merge_examples: tuple[tuple[str, tuple[str, ...]], ...]
    split_examples: tuple[tuple[str, tuple[str, ...]], ...]
    renamed_examples: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class SegmentMove:
    """One segment: people whom its expression matches, and people on its list. `before + entered - left = after`."""

    segment_name: str
    matched_before: int
    matched_after: int
    matched_entered: int
    matched_left: int
    listed_before: int
    listed_after: int
    listed_entered: int
    listed_left: int


@dataclass(frozen=True, slots=True)
class TierMove:
    """One RFM tier of one preset: people in it and their net spend in the window of the preset."""

    preset: str
    rfm_tier: str
    people_before: int
    people_after: int
    people_entered: int
    people_left: int
    net_amount_before: Decimal
    net_amount_after: Decimal


@dataclass(frozen=True, slots=True)
class KpiMove:
    """One value of `kpi` that differs; null where a run has no such row, or no value for it."""

    metric: str
    period_grain: str
    period_start: date
    dimension: str
    dimension_value: str
    value_before: Decimal | None
    value_after: Decimal | None
    numerator_before: Decimal | None
    numerator_after: Decimal | None
    denominator_before: Decimal | None
    denominator_after: Decimal | None
    unit: str


@dataclass(frozen=True, slots=True)
class Moved:
    """Facts that belong to another person than before: rows, and the sum of what they count (net amount, 1, points)."""

    count: int
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Money:
    """Net sales by person: how many people's differ, and by how much in all, each person's difference without its sign."""

    people: int
    absolute_amount: Decimal


@dataclass(frozen=True, slots=True)
class Comparison:
    """What differs between two runs. Lists hold only what differs."""

    customers: Customers
    segments: tuple[SegmentMove, ...]
    tiers: tuple[TierMove, ...]
    kpis: tuple[KpiMove, ...]
    orders: Moved
    sends: Moved
    points: Moved
    money: Money

    @property
    def is_empty(self) -> bool:
        """Nothing at all differs: the same people under the same ids, the same lists, values and owners."""
        people = self.customers
        counts = (people.before - people.after, people.merges, people.splits, people.renamed, people.records_moved, self.money.people)
        moved = (self.orders.count, self.sends.count, self.points.count)
        return not (any(counts) or any(moved) or self.segments or self.tiers or self.kpis)


# one row a fact of both sides; a fact that only one run has counts as moved
_MOVED = """
create table moved as
select
    coalesce(before.kind, after.kind) as kind,
    coalesce(before.amount, after.amount) as amount
from (select facts.*, people.person_no from before.facts as facts left join people on people.before_id = facts.customer_id) as before
full join (select facts.*, people.person_no from after.facts as facts left join people on people.after_id = facts.customer_id) as after
    on after.kind = before.kind and after.fact_key = before.fact_key
where before.fact_key is null or after.fact_key is null or before.person_no is distinct from after.person_no
"""

_CUSTOMERS = """
select
    (select count(*) from people where before_id is not null),
    (select count(*) from people where after_id is not null),
    (select count(*) from merges),
    (select count(distinct before_id) from common where after_id in (select after_id from merges)),
    (select count(*) from splits),
    (select count(distinct after_id) from common where before_id in (select before_id from splits)),
    (select count(*) from people where before_id <> after_id),
    (
        select coalesce(sum(shared_count), 0)
        from common
        anti join people on people.before_id = common.before_id and people.after_id = common.after_id
    )
"""

_GROUPS = """
create table merges as select after_id from common group by after_id having count(*) > 1;
create table splits as select before_id from common group by before_id having count(*) > 1
"""

# the largest first: those are the ones that harm
_MERGE_EXAMPLES = """
select after_id, list(before_id order by shared_count desc, before_id)
from common where after_id in (select after_id from merges)
group by after_id order by count(*) desc, sum(shared_count) desc, after_id limit {limit}
"""

_SPLIT_EXAMPLES = """
select before_id, list(after_id order by shared_count desc, after_id)
from common where before_id in (select before_id from splits)
group by before_id order by count(*) desc, sum(shared_count) desc, before_id limit {limit}
"""

_RENAMED_EXAMPLES = "select before_id, [after_id] from people where before_id <> after_id order by before_id limit {limit}"

_SEGMENTS = """
with members as (
    select
        segment_name,
        person_no,
        bool_or(side = 'before') as was_matched,
        bool_or(side = 'after') as is_matched,
        bool_or(side = 'before' and outcome = 'exported') as was_listed,
        bool_or(side = 'after' and outcome = 'exported') as is_listed
    from (
        select 'before' as side, memberships.*, people.person_no
        from before.memberships as memberships join people on people.before_id = memberships.customer_id
        union all
        select 'after', memberships.*, people.person_no
        from after.memberships as memberships join people on people.after_id = memberships.customer_id
    ) as both_sides
    group by segment_name, person_no
)

select
    segment_name,
    count(*) filter (was_matched),
    count(*) filter (is_matched),
    count(*) filter (is_matched and not was_matched) as entered,
    count(*) filter (was_matched and not is_matched) as gone,
    count(*) filter (was_listed),
    count(*) filter (is_listed),
    count(*) filter (is_listed and not was_listed) as listed_entered,
    count(*) filter (was_listed and not is_listed) as listed_gone
from members
group by segment_name
having entered + gone + listed_entered + listed_gone > 0
order by segment_name
"""

_TIERS = """
with members as (
    select
        preset,
        rfm_tier,
        person_no,
        bool_or(side = 'before') as was_in,
        bool_or(side = 'after') as is_in,
        coalesce(sum(monetary_amount) filter (side = 'before'), 0) as amount_before,
        coalesce(sum(monetary_amount) filter (side = 'after'), 0) as amount_after
    from (
        select 'before' as side, tiers.*, people.person_no from before.tiers as tiers join people on people.before_id = tiers.customer_id
        union all
        select 'after', tiers.*, people.person_no from after.tiers as tiers join people on people.after_id = tiers.customer_id
    ) as both_sides
    group by preset, rfm_tier, person_no
)

select
    preset,
    rfm_tier,
    count(*) filter (was_in),
    count(*) filter (is_in),
    count(*) filter (is_in and not was_in) as entered,
    count(*) filter (was_in and not is_in) as gone,
    cast(sum(amount_before) as decimal(18, 2)) as total_before,
    cast(sum(amount_after) as decimal(18, 2)) as total_after
from members
group by preset, rfm_tier
having entered + gone > 0 or total_before <> total_after
order by preset, rfm_tier
"""

_KPIS = """
select
    metric,
    period_grain,
    period_start,
    dimension,
    dimension_value,
    before.value,
    after.value,
    before.numerator,
    after.numerator,
    before.denominator,
    after.denominator,
    coalesce(after.unit, before.unit)
from before.kpis as before
full join after.kpis as after using (metric, period_grain, period_start, dimension, dimension_value)
where before.value is distinct from after.value
    or before.numerator is distinct from after.numerator
    or before.denominator is distinct from after.denominator
    or before.unit is distinct from after.unit
order by
    dimension <> 'all',
    case period_grain when 'month' then 1 when 'quarter' then 2 when 'week' then 3 else 4 end,
    period_start desc,
    metric,
    dimension,
    dimension_value
"""

_MONEY = """
select count(*), coalesce(sum(abs(difference)), 0)
from (
    select sum(amount) as difference
    from (
        select people.person_no, -facts.amount as amount
        from before.facts as facts join people on people.before_id = facts.customer_id
        where facts.kind = 'order'
        union all
        select people.person_no, facts.amount
        from after.facts as facts join people on people.after_id = facts.customer_id
        where facts.kind = 'order'
    ) as signed
    group by person_no
) as people_with_orders
where difference <> 0
"""


def compare_outcomes(before: Outcome, after: Outcome, examples: int = 10) -> Comparison:
    """What differs between two runs of one day over the same loads. Spills below the home of `after`, which must be a shadow.

    Raises CdpError when the tables of a run cannot be read.
    """
    with open_engine(after.run, "comparison") as connection:
        load_outcome(connection, BEFORE, before)
        load_outcome(connection, AFTER, after)
        return compare(connection, examples)


def compare(connection: duckdb.DuckDBPyConnection, examples: int = 10) -> Comparison:
    """Compare the schemas `before` and `after`, see `load_outcome`. At most `examples` customers are named of each kind."""
    match_people(connection)
    connection.execute(_GROUPS)
    connection.execute(_MOVED)
    moved = {
        kind: Moved(count, Decimal(amount))
        for kind, count, amount in connection.execute("select kind, count(*), sum(amount) from moved group by kind").fetchall()
    }
    [(people, absolute)] = connection.execute(_MONEY).fetchall()
    nothing = Moved(0, Decimal(0))
    return Comparison(
        customers=_customers(connection, examples),
        segments=_rows(connection, SegmentMove, _SEGMENTS),
        tiers=_rows(connection, TierMove, _TIERS),
        kpis=_rows(connection, KpiMove, _KPIS),
        orders=moved.get("order", nothing),
        sends=moved.get("send", nothing),
        points=moved.get("points", nothing),
        money=Money(people, Decimal(absolute)),
    )


def _customers(connection: duckdb.DuckDBPyConnection, examples: int) -> Customers:
    [counts] = connection.execute(_CUSTOMERS).fetchall()
    before, after, merges, merged, splits, split_into, renamed, records_moved = (int(count) for count in counts)
    return Customers(
        before,
        after,
        merges,
        merged,
        splits,
        split_into,
        renamed,
        records_moved,
        merge_examples=_examples(connection, _MERGE_EXAMPLES, examples),
        split_examples=_examples(connection, _SPLIT_EXAMPLES, examples),
        renamed_examples=_examples(connection, _RENAMED_EXAMPLES, examples),
    )


def _examples(connection: duckdb.DuckDBPyConnection, query: str, limit: int) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return tuple((one, tuple(others)) for one, others in connection.execute(query.format(limit=limit)).fetchall())


def _rows(connection: duckdb.DuckDBPyConnection, kind: Callable[..., Row], query: str) -> tuple[Row, ...]:
    """The columns of `query` are in the order of the fields."""
    return tuple(kind(*row) for row in connection.execute(query).fetchall())
