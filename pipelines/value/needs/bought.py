"""Who bought which category on which day: all that needs are read from, as numbers that group and join fast."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import duckdb

# what intermediate/int_purchase_lines.sql calls sold, gifts left out; a test holds the two together by customer_purchase_intervals
SOLD_CATEGORIES = """(
    select orders.customer_id, products.category, orders.purchased_on as bought_on
    from marts.main.fct_order_lines as lines
    inner join marts.main.fct_orders as orders on lines.order_key = orders.order_key
    inner join marts.main.dim_products as products on lines.product_key = products.product_key
    where
        orders.is_purchase and not orders.is_gift and orders.customer_id is not null and products.category is not null
        and lines.line_type = 'sale'
        and (lines.line_amount_original is null or lines.line_amount_original > 0)
        and (lines.quantity is null or lines.quantity > 0)
)"""

_CUSTOMERS = """
create or replace table bought_customers as
select row_number() over (order by customer_id) as customer_no, customer_id from (select distinct customer_id from {sold})
"""
_CATEGORIES = """
create or replace table bought_categories as
select row_number() over (order by category) as category_no, category from (select distinct category from {sold})
"""
_DAYS = """
create or replace table bought_days as
select distinct
    cast(customers.customer_no as integer) as customer_no, cast(categories.category_no as integer) as category_no, sold.bought_on
from {sold} as sold
inner join bought_customers as customers on sold.customer_id = customers.customer_id
inner join bought_categories as categories on sold.category = categories.category
"""


@dataclass(frozen=True, slots=True)
class Span:
    """First and last day of a purchase that names a category, and its customers; no days where there is none."""

    first_on: date | None
    last_on: date | None
    customer_count: int


def create_bought_days(connection: duckdb.DuckDBPyConnection, sold: str) -> Span:
    """Create `bought_customers`, `bought_categories` and `bought_days` (one row per customer, category and day).

    `sold` is a relation with the columns `customer_id`, `category`, `bought_on`, in any order and with any repeats. Numbers follow the
    order of ids and names.
    """
    for statement in (_CUSTOMERS, _CATEGORIES, _DAYS):
        connection.execute(statement.format(sold=sold))
    [row] = connection.execute("select min(bought_on), max(bought_on), count(distinct customer_no) from bought_days").fetchall()
    return Span(*row)
