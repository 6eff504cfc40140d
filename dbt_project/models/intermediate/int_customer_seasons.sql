-- One row per customer, item and month of the year in which the customer bought the item in enough years: an item is a category, or the
-- product where it has none, numbered below and above 0.
{{ config(materialized='renewed', meta={'touched_by': {'customer_no': 'int_touched_buyers'}}) }}
{%- set touched = asked('int_touched_buyers') %}

with

sold as (
    select * from {{ touched_rows(ref('int_purchase_products'), touched, 'customer_no') }}
    where customer_no is not null and product_no > 0
),

products as (
    select * from {{ ref('int_sold_products') }}
),

run_context as (
    select * from {{ source('lake', 'run_context') }}
),

bought_months as (
    select
        sold.customer_no,
        case when products.category_no is not null then -products.category_no else products.product_no end as item_no,
        {{ start_of('month', 'sold.purchased_on') }} as purchase_month,
        count(distinct sold.purchased_on) as day_count,
        max(sold.purchased_on) as last_purchased_on
    from sold
    inner join products on sold.product_no = products.product_no
    group by
        sold.customer_no,
        case when products.category_no is not null then -products.category_no else products.product_no end,
        {{ start_of('month', 'sold.purchased_on') }}
),

months_of_the_year as (
    select
        customer_no,
        item_no,
        cast(extract(month from purchase_month) as integer) as season_month_number,
        count(*) as year_count,
        cast(extract(year from min(purchase_month)) as integer) as first_year_number,
        max(purchase_month) as last_purchase_month,
        max(last_purchased_on) as last_purchased_on,
        cast(sum(day_count) as bigint) as season_day_count
    from bought_months
    group by customer_no, item_no, cast(extract(month from purchase_month) as integer)
),

repeated as (
    select months_of_the_year.*
    from months_of_the_year
    inner join run_context on months_of_the_year.year_count >= run_context.analysis_seasonal_from_years
),

repeated_items as (
    select distinct
        customer_no,
        item_no
    from repeated
),

all_days as (
    select
        bought_months.customer_no,
        bought_months.item_no,
        cast(sum(bought_months.day_count) as bigint) as day_count
    from bought_months
    inner join repeated_items
        on bought_months.customer_no = repeated_items.customer_no and bought_months.item_no = repeated_items.item_no
    group by bought_months.customer_no, bought_months.item_no
)

select
    repeated.customer_no,
    repeated.item_no,
    repeated.season_month_number,
    repeated.year_count,
    repeated.first_year_number,
    repeated.last_purchase_month,
    repeated.last_purchased_on,
    repeated.season_day_count,
    all_days.day_count
from repeated
inner join all_days on repeated.customer_no = all_days.customer_no and repeated.item_no = all_days.item_no
