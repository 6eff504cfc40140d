"""Purchase days and the histories made of them, in SQL: what the models are fitted on and asked about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import duckdb
import numpy as np
import polars as pl

from pipelines.contracts.engine import fetch_frame, lake_rows
from pipelines.contracts.identity_tables import GOLDEN_CONSENTS
from pipelines.contracts.run import Run
from pipelines.value.purchases.likelihood import Floats, Histories, Spending

# numbers in the order of the ids: they group three times as fast, and a range of them is a range of ids
_PEOPLE = """
create or replace table people as
select
    row_number() over (order by customer_id) as customer_no,
    customer_id,
    customer_id in (select customer_id from {consents} where purpose = 'personalization' and status = 'denied') as is_opted_out
from marts.dim_customers
"""

# several purchases of one day are one purchase day; gifts make a day without money
_PURCHASE_DAYS = """
create or replace table purchase_days as
select people.customer_no, orders.purchased_on, sum(orders.net_amount) as net_amount
from marts.fct_orders as orders
inner join people on orders.customer_id = people.customer_id
where orders.is_purchase
group by people.customer_no, orders.purchased_on
"""

# money stays decimal until it is summed: sums of doubles depend on the order of rows
_HISTORIES = """
create or replace table {name} as
select
    customer_no,
    cast(count(*) - 1 as double) as frequency,
    cast(max(purchased_on) - min(purchased_on) as double) as recency,
    cast({cutoff} - min(purchased_on) as double) as age,
    cast(count(*) filter (where net_amount > 0) as double) as paid_count,
    cast(coalesce(sum(net_amount) filter (where net_amount > 0), 0) as double) as paid_amount{windows}
from purchase_days
where purchased_on <= {cutoff}
group by customer_no
"""
_WINDOW = """,
    cast(count(*) filter (where purchased_on > {cutoff} - {days}) as double) as count_{days}d,
    cast(coalesce(sum(net_amount) filter (where purchased_on > {cutoff} - {days}), 0) as double) as amount_{days}d,
    count(*) filter (where purchased_on > {cutoff} - 2 * {days} and purchased_on <= {cutoff} - {days}) as count_before_{days}d"""
# of who was known and bought nothing in the window before: what they did in the last one
_AFTER_SILENCE = """
select
    coalesce(sum(count_{days}d) / count(*), 0), coalesce(greatest(sum(cast(amount_{days}d as decimal(18, 2))), 0) / count(*), 0)
from {name}
where age >= {days} and count_before_{days}d = 0
"""

_DISTINCT = """
select frequency, recency, age, cast(count(*) as double) as weight
from {name}
group by frequency, recency, age
order by frequency, recency, age
"""

# sums within 0.2 % of each other count as their mean: a tenth of the rows of a million customers, and the same parameters to 6 digits
_SPENDING = """
select paid_count, sum(cast(paid_amount as decimal(18, 2))) / count(*) as total, cast(count(*) as double) as weight
from {name}
where paid_count > 0
group by paid_count, round(ln(paid_amount) * 500)
order by paid_count, round(ln(paid_amount) * 500)
"""

_FACTS = """
select
    count(*), count(*) filter (where frequency > 0), coalesce(max(age), 0), coalesce(sum(frequency), 0), coalesce(sum(age), 0),
    coalesce(sum(paid_count), 0), coalesce(sum(cast(paid_amount as decimal(18, 2))), 0), corr(paid_count, paid_amount / paid_count)
        filter (where paid_count > 0)
from {name}
"""


@dataclass(frozen=True, slots=True)
class Facts:
    """What the histories up to a day amount to."""

    customers: int
    repeat_customers: int
    days: int  # from the first purchase of all to the day
    repeat_purchases: float
    customer_days: float
    paid_purchases: float
    paid_amount: float
    frequency_and_amount: float | None  # correlation that Gamma-Gamma takes for 0; None where there is none
    after_silence: Mapping[int, tuple[float, float]]  # by days: mean purchases and net amount of who had none in as many days before

    @property
    def purchases_per_day(self) -> float:
        """Repeat purchases of a customer a day, on average."""
        return self.repeat_purchases / self.customer_days if self.customer_days else 0.0

    @property
    def paid_share(self) -> float:
        """Of purchase days, those with money."""
        return min(1.0, self.paid_purchases / (self.customers + self.repeat_purchases)) if self.customers else 0.0

    @property
    def mean_amount(self) -> float:
        """Of a paid purchase day."""
        return self.paid_amount / self.paid_purchases if self.paid_purchases else 0.0


def create_purchase_days(connection: duckdb.DuckDBPyConnection, run: Run) -> None:
    """Create `people` (number, id, opted out) and `purchase_days` (customer_no, purchased_on, net_amount) from the attached marts."""
    connection.execute(_PEOPLE.format(consents=lake_rows(run, GOLDEN_CONSENTS)))
    connection.execute(_PURCHASE_DAYS)


def create_histories(connection: duckdb.DuckDBPyConnection, name: str, cutoff: date, windows: Sequence[int]) -> Facts:
    """Create the table `name`, one row a customer who had bought by `cutoff`, with what the last `windows` of days brought."""
    day = f"date '{cutoff}'"
    columns = "".join(_WINDOW.format(cutoff=day, days=days) for days in windows)
    connection.execute(_HISTORIES.format(name=name, cutoff=day, windows=columns))
    [row] = connection.execute(_FACTS.format(name=name)).fetchall()
    customers, repeaters, days, repeats, customer_days, paid, amount, related = row
    is_number = related is not None and bool(np.isfinite(related))
    silence = {}
    for days_back in windows:
        [(count, net_amount)] = connection.execute(_AFTER_SILENCE.format(name=name, days=days_back)).fetchall()
        silence[days_back] = (float(count), float(net_amount))
    return Facts(customers, repeaters, int(days), repeats, customer_days, paid, float(amount), related if is_number else None, silence)


def distinct_histories(connection: duckdb.DuckDBPyConnection, name: str) -> Histories:
    """The distinct histories of the table `name`."""
    frame = fetch_frame(connection, _DISTINCT.format(name=name))
    return Histories(*(column_of(frame, column) for column in ("frequency", "recency", "age", "weight")))


def distinct_spending(connection: duckdb.DuckDBPyConnection, name: str) -> Spending:
    """The distinct spending of the table `name`."""
    frame = fetch_frame(connection, _SPENDING.format(name=name))
    return Spending(*(column_of(frame, column) for column in ("paid_count", "total", "weight")))


def column_of(frame: pl.DataFrame, name: str) -> Floats:
    """A column as doubles; null is no number."""
    return frame[name].cast(pl.Float64).fill_null(float("nan")).to_numpy()
