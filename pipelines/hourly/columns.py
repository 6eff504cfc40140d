"""The columns of customers that an hour computes anew: cart, looking, orders, signs of life. As `int_customer_activity` defines them.

All others are those of the night. What an event or order said when it came first is what an hour goes by; a later version of it, as
what became of messages and tickets, is the night's.
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from pipelines.contracts.channel_tables import CHANNEL_EVENTS, CHANNEL_ORDERS, CHANNEL_SENDS
from pipelines.contracts.engine import instant, lake_rows, literal
from pipelines.contracts.run import Run
from pipelines.hourly.facts import Night, new_rows

RECOMPUTED = (
    *("as_of", "last_event_at", "last_cart_at", "product_view_count_7d", "product_view_count_30d", "has_open_cart", "open_cart_hours"),
    *("has_ordered_after_day", "last_active_at", "last_active_on"),
)

# an export of the hour may tell again of what the night knew
_NEW_EVENTS = """
create table told_events as
select
    event_key,
    arg_max(source_record_key, (_exported_at, _load_id, _source_row)) as source_record_key,
    arg_max(event_name, (_exported_at, _load_id, _source_row)) as event_name,
    arg_max(occurred_at, (_exported_at, _load_id, _source_row)) as occurred_at
from {new_events}
group by event_key;

create table new_events as
select members.customer_id, told_events.event_name, told_events.occurred_at
from told_events
join members on members.source_record_key = told_events.source_record_key
anti join (
    select event_key
    from {all_events}
    where event_key in (select event_key from told_events)
        and _load_id in (select load_id from night_loads) and occurred_at < {night_end_at}
) as known on known.event_key = told_events.event_key
"""

# In doubt whose an order is, it is that of all who may have made it: silence does less harm than a reminder of what was bought.
_NEW_ORDERS = """
create table buyers as
select source_record_key, customer_id from members
union
select source_record_key, customer_id from candidates;

create table new_orders as
select buyers.customer_id, orders.ordered_at
from {new_orders} as orders
join buyers on buyers.source_record_key = orders.source_record_key;

create table later_buyers as
select distinct buyers.customer_id
from {all_orders} as orders
join buyers on buyers.source_record_key = orders.source_record_key
where orders._exported_at < {exported_before_at} and orders.ordered_at >= {as_of_end_at}
"""

# of who did nothing since the night only the clock has moved
_SINCE = """
create table since as
with new_facts as (
    select
        customer_id,
        max(occurred_at) as last_event_at,
        max(case when event_name = 'product_added' then occurred_at end) as last_cart_at,
        max(case when event_name = 'order_completed' then occurred_at end) as last_checkout_at,
        null as last_ordered_at
    from new_events
    group by customer_id
    union all
    select customer_id, null, null, max(ordered_at), max(ordered_at)
    from new_orders
    group by customer_id
),

touched as (
    select
        customer_id,
        max(last_event_at) as last_event_at,
        max(last_cart_at) as last_cart_at,
        max(last_checkout_at) as last_checkout_at,
        max(last_ordered_at) as last_ordered_at
    from new_facts
    group by customer_id
),

checkouts as (
    select customer_id, max(happened_at) as last_checkout_at
    from (
        select customer_id, ordered_at as happened_at from night.main.fct_orders
        union all
        select customer_id, occurred_at from night.main.fct_events where event_name = 'order_completed'
    ) as known
    semi join touched on touched.customer_id = known.customer_id
    group by customer_id
)

select
    touched.customer_id,
    touched.last_event_at,
    touched.last_cart_at,
    greatest(touched.last_checkout_at, checkouts.last_checkout_at) as last_checkout_at,
    greatest(touched.last_event_at, touched.last_ordered_at) as last_active_at
from touched
left join checkouts on checkouts.customer_id = touched.customer_id
"""

_VIEWS = """
create table views as
select
    customer_id,
    count(case when occurred_on > {as_of} - 7 then 1 end) as product_view_count_7d,
    count(*) as product_view_count_30d
from (
    select customer_id, occurred_on from night.main.fct_events where event_name = 'product_viewed' and customer_id is not null
    union all
    select customer_id, cast(timezone({zone}, occurred_at) as date) from new_events where event_name = 'product_viewed'
) as viewed
where occurred_on > {as_of} - 30
group by customer_id
"""

_CUSTOMERS = """
create table marts.main.mart_marketing__customer_360 as
with joined as (
    select
        night.*,
        greatest(night.last_cart_at, since.last_cart_at) as cart_at,
        since.last_checkout_at,
        since.customer_id is not null as is_touched,
        since.last_event_at as new_event_at,
        since.last_active_at as new_active_at,
        views.product_view_count_7d as views_7d,
        views.product_view_count_30d as views_30d,
        later_buyers.customer_id is not null as is_later_buyer
    from night.main.mart_marketing__customer_360 as night
    left join since on since.customer_id = night.customer_id
    left join views on views.customer_id = night.customer_id
    left join later_buyers on later_buyers.customer_id = night.customer_id
),

carts as (
    select
        *,
        case
            when is_touched then coalesce(cart_at is not null and (last_checkout_at is null or last_checkout_at < cart_at), false)
            else has_open_cart
        end as is_open
    from joined
),

computed as (
    select
        customer_id,
        {as_of} as as_of,
        greatest(last_event_at, new_event_at) as last_event_at,
        cart_at as last_cart_at,
        coalesce(views_7d, 0) as product_view_count_7d,
        coalesce(views_30d, 0) as product_view_count_30d,
        is_open as has_open_cart,
        case when is_open then (epoch_us({as_of_end_at}) - epoch_us(cart_at)) // 3600000000 end as open_cart_hours,
        is_later_buyer as has_ordered_after_day,
        greatest(last_active_at, new_active_at) as last_active_at,
        greatest(last_active_on, cast(timezone({zone}, new_active_at) as date)) as last_active_on
        {others}
    from carts
)

select {columns} from computed order by customer_id
"""

# messages that a channel has reported since: who has had two of them gets no third
_SENDS = """
create table marts.main.fct_sends as
select send_key, channel, campaign_key, customer_id, medium, status, counted_on, opened_at, clicked_at from night.main.fct_sends
union all
select reported.* from (
    select
        case
            when contains(send_key, '/' || substr(sends.source_record_key, length(channel) + 2))
                or contains(send_key, sends.source_record_key || '/')
                then channel || ':' || md5({id_key} || '|' || send_key)
            else send_key
        end as send_key,
        channel,
        channel || ':' || campaign_no as campaign_key,
        members.customer_id,
        medium,
        status,
        cast(timezone({zone}, coalesce(sent_at, delivered_at, opened_at, clicked_at)) as date) as counted_on,
        opened_at,
        clicked_at
    from {new_sends} as sends
    left join members on members.source_record_key = sends.source_record_key
    qualify row_number() over (partition by sends.send_key order by _exported_at desc, _load_id desc, _source_row desc) = 1
) as reported
anti join night.main.fct_sends as known on known.send_key = reported.send_key
"""


def write_customers(connection: duckdb.DuckDBPyConnection, run: Run, night: Night, columns: Sequence[str]) -> None:
    """Make the customer mart and the messages of the hour, in the marts of `run`, a shadow. Needs `members` and `candidates`.

    Of the customer mart `customer_id`, what the gate reads, and `columns`, in the types that the night gave them. The same facts and
    instant give the same rows.
    """
    run.home.marts.parent.mkdir(parents=True, exist_ok=True)
    connection.execute(f"attach {literal(str(night.database))} as night (read_only)")
    connection.execute(f"attach {literal(str(run.home.marts))} as marts")
    kinds = {name: kind for name, kind, *_ in connection.execute("describe night.main.mart_marketing__customer_360").fetchall()}
    wanted = [name for name in kinds if name in {"customer_id", "as_of", "last_active_on", *columns}]
    others = [name for name in wanted if name not in RECOMPUTED and name != "customer_id"]
    names = {
        "new_events": new_rows(run, night, CHANNEL_EVENTS),
        "all_events": lake_rows(run, CHANNEL_EVENTS),
        "new_orders": new_rows(run, night, CHANNEL_ORDERS),
        "all_orders": lake_rows(run, CHANNEL_ORDERS),
        "new_sends": new_rows(run.whole_day, night, CHANNEL_SENDS),
        "night_end_at": instant(night.run.as_of_end_at),
        "exported_before_at": instant(run.exported_before_at),
        "as_of_end_at": instant(run.as_of_end_at),
        "as_of": f"date {literal(run.as_of.isoformat())}",
        "zone": literal(run.config.business_time_zone),
        "id_key": literal(run.config.identity.id_key),
        "others": "".join(f", {name}" for name in others),
        "columns": ", ".join(f"cast({name} as {kinds[name]}) as {name}" for name in wanted),
    }
    for step in (_NEW_EVENTS, _NEW_ORDERS, _SINCE, _VIEWS, _CUSTOMERS, _SENDS):
        connection.execute(step.format_map(names))
    connection.execute("detach night; detach marts")
