-- One row per purchase and product sold in it, with the part of the order's net amount that falls on the product.
--
-- Gifts are left out: orders that were free, lines of amount 0. A purchase of which no line is left is one row of product 0, and so is
-- a gift of which money was given back: net amounts add up to those of all purchases. An order's net amount (after order discounts,
-- freight, refunds) is shared out by the amounts of its lines, or equally where they have none, and rounded on the running sum, so that
-- not a cent is lost.
{{ config(materialized='table') }}

with

orders as (
    select * from {{ ref('fct_orders') }}
    where is_purchase and (not is_gift or net_amount <> 0)
),

customers as (
    select * from {{ ref('int_customers') }}
),

products as (
    select * from {{ ref('int_sold_products') }}
),

lines as (
    select
        order_key,
        product_key,
        quantity,
        line_amount
    from {{ ref('fct_order_lines') }}
    where
        line_type = 'sale'
        and (line_amount_original is null or line_amount_original > 0)
        and (quantity is null or quantity > 0)
),

purchases as (
    select
        row_number() over (order by orders.order_key asc nulls last) as purchase_no,
        orders.order_key,
        orders.channel,
        orders.is_gift,
        customers.customer_no,
        orders.purchased_on,
        orders.net_amount
    from orders
    left join customers on orders.customer_id = customers.customer_id
),

sold as (
    select
        purchases.purchase_no,
        coalesce(products.product_no, 0) as product_no,
        sum(lines.quantity) as quantity,
        coalesce(sum(lines.line_amount), 0) as line_amount
    from lines
    inner join purchases on lines.order_key = purchases.order_key
    left join products on lines.product_key = products.product_key
    where not purchases.is_gift
    group by purchases.purchase_no, coalesce(products.product_no, 0)
),

-- how much of the order is sold up to each product and before it
shares as (
    select
        purchase_no,
        product_no,
        quantity,
        case
            when sum(line_amount) over of_purchase > 0
                then cast(sum(line_amount) over so_far as double) / cast(sum(line_amount) over of_purchase as double)
            else cast(count(*) over so_far as double) / count(*) over of_purchase
        end as share_up_to,
        case
            when sum(line_amount) over of_purchase > 0
                then cast(sum(line_amount) over so_far - line_amount as double) / cast(sum(line_amount) over of_purchase as double)
            else cast(count(*) over so_far - 1 as double) / count(*) over of_purchase
        end as share_before
    from sold
    window
        of_purchase as (partition by purchase_no),
        so_far as (partition by purchase_no order by product_no asc nulls last rows between unbounded preceding and current row)
)

select
    purchases.purchase_no,
    purchases.channel,
    purchases.customer_no,
    purchases.purchased_on,
    coalesce(shares.product_no, 0) as product_no,
    shares.quantity,
    cast(
        case
            when shares.purchase_no is null then purchases.net_amount
            else
                cast(cast(purchases.net_amount as double) * shares.share_up_to as decimal(18, 2))
                - cast(cast(purchases.net_amount as double) * shares.share_before as decimal(18, 2))
        end as decimal(18, 2)
    ) as net_amount
from purchases
left join shares on purchases.purchase_no = shares.purchase_no
