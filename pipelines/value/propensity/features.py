"""The declared features as of the end of a day, from facts up to that day and from nothing later."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import duckdb
import numpy as np
from numpy.typing import NDArray

from pipelines.contracts.engine import fetch_frame
from pipelines.value.propensity.declared import FEATURES, Feature

Numbers = NDArray[np.float64]
Values = NDArray[np.float32]
Whole = NDArray[np.int64]

_FEATURES = """
create or replace table {name} as
with orders as (
    select
        customer_no,
        min(day) as first_on,
        max(day) as last_on,
        count(distinct day) as purchase_day_count_total,
        count(distinct day) filter (day > {cutoff} - 30) as purchase_day_count_30d,
        count(distinct day) filter (day > {cutoff} - 90) as purchase_day_count_90d,
        count(distinct day) filter (day > {cutoff} - 180 and day <= {cutoff} - 90) as purchase_day_count_90d_before,
        count(distinct day) filter (day > {cutoff} - 365) as purchase_day_count_365d,
        count(distinct day) filter (day > {cutoff} - 365 and day <= {cutoff} - 275) as purchase_day_count_year_ago,
        count(distinct channel) as channel_count,
        sum(paid_amount) as paid_amount_total,
        coalesce(sum(paid_amount) filter (day > {cutoff} - 90), 0) as paid_amount_90d,
        coalesce(sum(paid_amount) filter (day > {cutoff} - 180 and day <= {cutoff} - 90), 0) as paid_amount_90d_before,
        coalesce(sum(paid_amount) filter (day > {cutoff} - 365), 0) as paid_amount_365d,
        sum(order_count) filter (day > {cutoff} - 365) as order_count_365d,
        sum(discounted_count) filter (day > {cutoff} - 365) as discounted_count_365d
    from order_days
    where day <= {cutoff} and {chosen}
    group by customer_no
),

refunds as (
    select
        customer_no,
        count(*) filter (day > {cutoff} - 365) as refunded_order_count_365d,
        max(day) as refunded_on
    from refund_days
    where day <= {cutoff} and {chosen}
    group by customer_no
),

tickets as (
    select
        customer_no,
        sum(ticket_count) filter (day > {cutoff} - 365) as ticket_count_365d,
        sum(complaint_count) filter (day > {cutoff} - 365) as complaint_count_365d,
        max(day) filter (complaint_count > 0) as complained_on
    from ticket_days
    where day <= {cutoff} and {chosen}
    group by customer_no
),

events as (
    select
        customer_no,
        sum(view_count) filter (day > {cutoff} - 30) as view_count_30d,
        sum(view_count) as view_count_90d,
        sum(cart_add_count) filter (day > {cutoff} - 30) as cart_add_count_30d,
        count(*) filter (day > {cutoff} - 30) as event_day_count_30d
    from event_days
    where day <= {cutoff} and day > {cutoff} - 90 and {chosen}
    group by customer_no
),

sends as (
    select
        customer_no,
        count(*) filter (sent_on <= {cutoff} and sent_on > {cutoff} - 30) as send_count_30d,
        count(*) filter (clicked_on <= {cutoff} and clicked_on > {cutoff} - 90) as clicked_send_count_90d
    from send_days
    where {chosen}
    group by customer_no
),

coupons as (
    select
        customer_no,
        count(*) filter (
            issued_on <= {cutoff} and coalesce(redeemed_on > {cutoff}, true) and coalesce(expires_on > {cutoff}, true)
        ) as open_coupon_count,
        count(*) filter (redeemed_on <= {cutoff} and redeemed_on > {cutoff} - 365) as redeemed_coupon_count_365d
    from coupon_days
    where {chosen}
    group by customer_no
),

contacts as (
    select customer_no, max(day) as contact_on
    from contact_days
    where day <= {cutoff} and {chosen}
    group by customer_no
),

-- 0 where no purchase follows
followed as (
    select customer_no, min(day) - {cutoff} as next_purchase_days
    from purchase_days
    where day > {cutoff} and {chosen}
    group by customer_no
),

counted as (
    select
        orders.*,
        {cutoff} - orders.last_on as recency_days,
        {cutoff} - orders.first_on as tenure_days,
        {cutoff} - contacts.contact_on as days_since_contact,
        (orders.last_on - orders.first_on) / nullif(orders.purchase_day_count_total - 1, 0) as interval_days,
        orders.purchase_day_count_90d - orders.purchase_day_count_90d_before as purchase_day_trend_90d,
        orders.paid_amount_total / orders.purchase_day_count_total as paid_amount_a_day,
        orders.paid_amount_90d - orders.paid_amount_90d_before as paid_amount_trend_90d,
        orders.discounted_count_365d / orders.order_count_365d as discounted_rate_365d,
        coalesce(refunds.refunded_order_count_365d, 0) as refunded_order_count_365d,
        {cutoff} - refunds.refunded_on as days_since_refund,
        coalesce(tickets.ticket_count_365d, 0) as ticket_count_365d,
        coalesce(tickets.complaint_count_365d, 0) as complaint_count_365d,
        {cutoff} - tickets.complained_on as days_since_complaint,
        coalesce(events.view_count_30d, 0) as view_count_30d,
        coalesce(events.view_count_90d, 0) as view_count_90d,
        coalesce(events.cart_add_count_30d, 0) as cart_add_count_30d,
        coalesce(events.event_day_count_30d, 0) as event_day_count_30d,
        coalesce(sends.send_count_30d, 0) as send_count_30d,
        coalesce(sends.clicked_send_count_90d, 0) as clicked_send_count_90d,
        coalesce(coupons.open_coupon_count, 0) as open_coupon_count,
        coalesce(coupons.redeemed_coupon_count_365d, 0) as redeemed_coupon_count_365d,
        case when people.birth_on <= {cutoff} then ({cutoff} - people.birth_on) // 365 end as age_years,
        people.is_female,
        people.province_share,
        coalesce(followed.next_purchase_days, 0) as next_purchase_days
    from orders
    join people using (customer_no)
    join contacts using (customer_no)
    left join refunds using (customer_no)
    left join tickets using (customer_no)
    left join events using (customer_no)
    left join sends using (customer_no)
    left join coupons using (customer_no)
    left join followed using (customer_no)
)

select
    customer_no,
    {columns},
    next_purchase_days
from (select *, recency_days / nullif(interval_days, 0) as recency_to_interval from counted)
"""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Customers who had bought by the end of `cutoff_on`, in the order of their numbers.

    `values`: a row a customer, a column a feature, NaN for null; of seven digits, because a dozen days are in memory at a time.
    `next_purchase_days`: days to the next purchase, 0 where none is known.
    """

    cutoff_on: date
    customer_nos: Whole
    values: Values
    next_purchase_days: Whole

    def bought_within(self, days: int) -> NDArray[np.bool_]:
        """Who bought in the `days` days after the cut-off: to be asked only of days that are over."""
        return (self.next_purchase_days > 0) & (self.next_purchase_days <= days)


def create_features(connection: duckdb.DuckDBPyConnection, cutoff_on: date, name: str, *, sampled_below: str | None = None) -> None:
    """Create the table `name`: one row per customer who had bought by the end of `cutoff_on`, with every declared feature.

    `next_purchase_days` beside them is what happened later, 0 for nothing. With `sampled_below`, only customers whose sample_hash is
    smaller. Needs the tables of `create_facts`.
    """
    chosen = f"customer_no in (select customer_no from people where sample_hash < '{sampled_below}')" if sampled_below else "true"
    columns = ", ".join(f"cast({feature.name} as double) as {feature.name}" for feature in FEATURES)
    connection.execute(_FEATURES.format(name=name, cutoff=f"date '{cutoff_on}'", chosen=chosen, columns=columns))


def read_snapshot(
    connection: duckdb.DuckDBPyConnection, cutoff_on: date, name: str, features: tuple[Feature, ...], where: str = "true"
) -> Snapshot:
    """The rows of a table of `create_features` for which `where` holds, with the columns of `features`."""
    columns = ", ".join(f"cast({feature.name} as float) as {feature.name}" for feature in features)
    frame = fetch_frame(connection, f"select customer_no, next_purchase_days, {columns} from {name} where {where} order by customer_no")
    values = frame.select(feature.name for feature in features).fill_null(float("nan")).to_numpy().astype(np.float32)
    return Snapshot(
        cutoff_on,
        frame["customer_no"].to_numpy().astype(np.int64),
        np.ascontiguousarray(values).reshape(frame.height, len(features)),
        frame["next_purchase_days"].to_numpy().astype(np.int64),
    )
