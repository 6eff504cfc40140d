"""Facts of customers by day, from the marts, so that what was known on any earlier day can be told.

A mart shows each fact as it is today. What a later day has changed of it is not used: an order counts on the day it was paid, whether or
not it was cancelled or given back since; a refund on the day of the refund; a coupon is used from the day of its use. What has no day of
its own (a refund that only a status tells of, the class of a case) is left out, or, for the class, taken as last told.
"""

from __future__ import annotations

from collections.abc import Mapping

import duckdb

from pipelines.contracts.engine import literal

# the relations that the statements below read
SOURCES: tuple[str, ...] = (
    "golden_customers",
    "golden_consents",
    "fct_orders",
    "fct_refunds",
    "fct_tickets",
    "fct_interactions",
    "fct_events",
    "fct_sends",
    "fct_coupons",
)

_OPTED_OUT = """
create table opted_out as
select distinct customer_id from {golden_consents} where purpose = 'personalization' and status = 'denied'
"""

# numbers join and group three times as fast as ids, and need an eighth of their memory
# sample_hash: 48 bits that are the same on every run and every machine
_PEOPLE = """
create table people as
select
    cast(row_number() over (order by customers.customer_id) as integer) as customer_no,
    customers.customer_id,
    left(md5('propensity|' || customers.customer_id), 12) as sample_hash,
    customers.birth_on,
    case customers.gender when 'female' then 1 when 'male' then 0 end as is_female,
    case when customers.province is not null then count(*) over (partition by customers.province) / count(*) over () end as province_share
from {golden_customers} as customers
where customers.customer_id not in (select customer_id from opted_out)
"""

_ORDERS = """
create table order_days as
select
    people.customer_no,
    orders.booked_on as day,
    orders.channel,
    count(*) as order_count,
    sum(greatest(coalesce(orders.paid_amount, 0), 0)) as paid_amount,
    count(*) filter (orders.discount_amount > 0 or orders.coupon_code is not null) as discounted_count
from {fct_orders} as orders
join people on people.customer_id = orders.customer_id
where orders.order_type = 'sale' and (orders.was_paid or (orders.status = 'cancelled' and orders.paid_at is not null))
group by all
"""

_PURCHASES = """
create table purchase_days as
select distinct people.customer_no, orders.purchased_on as day
from {fct_orders} as orders
join people on people.customer_id = orders.customer_id
where orders.is_purchase
"""

# shop and bank tell of one refund: an order counts once, on the first day
_REFUNDS = """
create table refund_days as
select min(people.customer_no) as customer_no, min(refunds.refunded_on) as day
from {fct_refunds} as refunds
left join {fct_orders} as orders on orders.order_key = refunds.order_key
join people on people.customer_id = coalesce(orders.customer_id, refunds.customer_id)
where refunds.status = 'succeeded' and refunds.refunded_on is not null
group by coalesce(refunds.order_key, refunds.refund_key)
"""

_TICKETS = """
create table ticket_days as
select
    people.customer_no,
    tickets.created_on as day,
    count(*) as ticket_count,
    count(*) filter (tickets.ticket_type = 'complaint') as complaint_count
from {fct_tickets} as tickets
join people on people.customer_id = tickets.customer_id
group by all
"""

_EVENTS = """
create table event_days as
select
    people.customer_no,
    events.occurred_on as day,
    cast(count(*) filter (events.event_name = 'product_viewed') as integer) as view_count,
    cast(count(*) filter (events.event_name = 'product_added') as integer) as cart_add_count
from {fct_events} as events
join people on people.customer_id = events.customer_id
group by all
"""

_SENDS = """
create table send_days as
select
    people.customer_no,
    sends.sent_on,
    cast(timezone({zone}, sends.clicked_at) as date) as clicked_on
from {fct_sends} as sends
join people on people.customer_id = sends.customer_id
where sends.sent_on is not null or sends.clicked_at is not null
"""

_COUPONS = """
create table coupon_days as
select
    people.customer_no,
    coupons.issued_on,
    coupons.redeemed_on,
    cast(timezone({zone}, coupons.expires_at) as date) as expires_on
from {fct_coupons} as coupons
join people on people.customer_id = coupons.customer_id
"""

_INTERACTIONS = """
create table interaction_days as
select distinct people.customer_no, interactions.occurred_on as day
from {fct_interactions} as interactions
join people on people.customer_id = interactions.customer_id
"""

# no table: it would be as large as all the others, and only its last day is asked for
_CONTACTS = """
create view contact_days as
select customer_no, day from order_days
union all
select customer_no, day from ticket_days
union all
select customer_no, day from event_days
union all
select customer_no, clicked_on from send_days where clicked_on is not null
union all
select customer_no, day from interaction_days
"""


def create_facts(connection: duckdb.DuckDBPyConnection, sources: Mapping[str, str], time_zone: str) -> None:
    """Create `people` and the tables of days. `sources`: SQL relation of each of SOURCES; `time_zone` turns instants into days.

    `opted_out`: ids of customers who deny personalization; no other table knows them, so nothing is learned from them either. `people`: a
    row a customer of the rest, numbered in the order of ids. The others have one row per customer and day (`order_days`: and channel), or
    per fact with the days of its stages; `contact_days` has as many rows a day as there are kinds of facts. Days are those of the business.
    """
    names = dict(sources) | {"zone": literal(time_zone)}
    for statement in (_OPTED_OUT, _PEOPLE, _ORDERS, _PURCHASES, _REFUNDS, _TICKETS, _EVENTS, _SENDS, _COUPONS, _INTERACTIONS, _CONTACTS):
        connection.execute(statement.format_map(names))
