-- One row per customer with purchases of goods of which a list of products tells the cost.
--
-- A list tells what a piece costs now, so a foreign currency is turned at the rate of the day of the run. What was given back lowers the
-- net amount and not the cost: nobody tells whether the goods could be sold again.
with

goods as (
    select * from {{ ref('int_purchase_products') }}
    where customer_no is not null
),

products as (
    select * from {{ ref('int_sold_products') }}
),

listed as (
    select * from {{ ref('dim_products') }}
    where unit_cost is not null
),

run_context as (
    select * from {{ source('lake', 'run_context') }}
),

rates as (
    select
        rates.currency_code,
        rates.rate
    from {{ ref('int_currency_rates') }} as rates
    cross join run_context
    where rates.valid_from_on <= run_context.as_of and run_context.as_of < rates.valid_to_on
),

costs as (
    select
        products.product_no,
        cast(listed.unit_cost as double)
        * case when listed.currency_code = run_context.reporting_currency then 1.0 else cast(rates.rate as double) end as unit_cost
    from products
    inner join listed on products.product_key = listed.product_key
    cross join run_context
    left join rates on listed.currency_code = rates.currency_code
)

select
    goods.customer_no,
    cast(sum(goods.net_amount) as decimal(18, 2)) as net_amount_costed_total,
    cast(
        sum(goods.net_amount) - cast(sum(cast(goods.quantity as double) * costs.unit_cost) as decimal(18, 2)) as decimal(18, 2)
    ) as gross_margin_total
from goods
inner join costs on goods.product_no = costs.product_no
where costs.unit_cost is not null
group by goods.customer_no
