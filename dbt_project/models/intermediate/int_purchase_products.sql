-- One row per purchase and product sold in it, with the part of the order's net amount that falls on the product.
--
-- A purchase of which no line is left without gifts is one row of product 0, so that net amounts add up to those of all purchases. An
-- order's net amount (after order discounts, freight, refunds) is shared out by the amounts of its lines, or equally where they have
-- none, and rounded on the running sum, so that not a cent is lost.
{{ config(materialized='renewed', meta={'touched_by': {'purchase_no': 'int_touched_purchases'}}) }}
{%- set touched = asked('int_touched_purchases') %}
{%- do asked('int_former_purchases') %}

with

purchases as (
    select * from {{ touched_rows(ref('int_purchases'), touched, 'order_key') }}
),

sold as (
    select
        purchase_no,
        product_no,
        product_rank,
        sum(quantity) as quantity,
        cast(coalesce(sum(line_amount), 0) as decimal(18, 2)) as line_amount
    from {{ ref('int_purchase_lines') }}
    group by purchase_no, product_no, product_rank
),

running as (
    select
        purchase_no,
        product_no,
        quantity,
        cast(sum(line_amount) over of_purchase as double) as all_amount,
        cast(sum(line_amount) over so_far as double) as amount_up_to,
        -- subtracted as decimals: what is before a product must be exactly what is up to the one before
        cast(sum(line_amount) over so_far - line_amount as double) as amount_before,
        cast(count(*) over of_purchase as double) as all_count,
        count(*) over so_far as count_up_to
    from sold
    window
        of_purchase as (partition by purchase_no),
        so_far as (partition by purchase_no order by product_rank asc nulls last rows between unbounded preceding and current row)
),

-- how much of the order is sold up to each product and before it
shares as (
    select
        purchase_no,
        product_no,
        quantity,
        case when all_amount > 0 then amount_up_to / all_amount else count_up_to / all_count end as share_up_to,
        case when all_amount > 0 then amount_before / all_amount else (count_up_to - 1) / all_count end as share_before
    from running
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
