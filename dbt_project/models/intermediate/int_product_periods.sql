-- One row per week or month, channel and product sold in it in the months of hot sellers and the month before: purchases, buyers, pieces
-- and how many purchases tell of pieces, net amount. Product 0 is whatever names no product.
--
-- A build that continues the last counts purchases of touched customers, and touched ones of nobody, only: as they are now, less as they
-- were.
{{ config(materialized='table') }}
{%- set former_purchases = asked('int_former_purchases') %}
{%- set purchases = asked('int_purchases') %}
{%- set touched_customers, touched_purchases = asked('int_touched_customers'), asked('int_touched_purchases') %}
{%- set groups = ['period_grain', 'period_start', 'channel', 'product_no'] %}
{%- set measures = {
    'order_count': 'bigint',
    'buyer_count': 'bigint',
    'quantity_count': 'bigint',
    'quantity': 'decimal(18, 3)',
    'net_amount': 'decimal(18, 2)',
} %}
{%- set sides = {'counted': 'sold'} %}
{%- if is_continuing() %}
    {%- do sides.update({'former': former_purchases}) %}
{%- endif %}
with

run_context as (
    select * from {{ source('lake', 'run_context') }}
),

sold as (
    select sold.*
    from {{ ref('int_purchase_products') }} as sold
    {%- if is_continuing() %}
        where
            sold.customer_no in (
                select customers.customer_no from {{ touched_customers }} as customers
                where customers.customer_no is not null
            )
            or (
                sold.customer_no is null
                and sold.purchase_no in (
                    select purchases.purchase_no
                    from {{ purchases }} as purchases
                    semi join {{ touched_purchases }} as touched on purchases.order_key = touched.order_key
                )
            )
    {%- endif %}
),

{% for side, relation in sides.items() -%}
    {{ side }}_days as (
        select
            sold.channel,
            sold.product_no,
            sold.customer_no,
            sold.quantity,
            sold.net_amount,
            {{ start_of('week', 'sold.purchased_on') }} as purchase_week,
            {{ start_of('month', 'sold.purchased_on') }} as purchase_month
        from {{ relation }} as sold
        inner join run_context
            on
                sold.purchased_on
                >= {{ add_months(start_of('month', 'run_context.as_of'), '-run_context.analysis_hot_seller_months') }}
    ),

    {{ side }} as (
        {%- for grain in ['week', 'month'] %}
            select
                '{{ grain }}' as period_grain,
                purchase_{{ grain }} as period_start,
                channel,
                product_no,
                count(*) as order_count,
                count(distinct customer_no) as buyer_count,
                count(quantity) as quantity_count,
                cast(coalesce(sum(quantity), 0) as decimal(18, 3)) as quantity,
                cast(sum(net_amount) as decimal(18, 2)) as net_amount
            from {{ side }}_days
            group by purchase_{{ grain }}, channel, product_no
            {{- '

            union all
' if not loop.last }}
        {%- endfor %}
    ),

{% endfor -%}
{{ kept_counts('counted', 'former', groups, measures) }}

select
    period_grain,
    period_start,
    channel,
    product_no,
    order_count,
    buyer_count,
    quantity_count,
    quantity,
    net_amount
from kept_counts
