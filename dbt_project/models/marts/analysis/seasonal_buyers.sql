-- One row per customer, item and month of the year in which the customer buys the item year after year, and seldom else.
with

sold as (
    select * from {{ ref('int_purchase_products') }}
    where customer_no is not null and product_no > 0
),

products as (
    select * from {{ ref('int_sold_products') }}
),

customers as (
    select * from {{ ref('int_customers') }}
),

run_context as (
    select * from {{ source('lake', 'run_context') }}
),

-- the category, or the product where it has none: numbered below and above 0
items as (
    select
        product_no,
        case when category_no is not null then -category_no else product_no end as item_no,
        case when category_no is not null then 'category' else 'product' end as item_type,
        coalesce(category, product_key) as item_key,
        coalesce(category, product_name) as item_name
    from products
),

item_names as (
    select distinct
        item_no,
        item_type,
        item_key,
        item_name
    from items
),

bought_months as (
    select
        sold.customer_no,
        items.item_no,
        {{ start_of('month', 'sold.purchased_on') }} as purchase_month,
        count(distinct sold.purchased_on) as day_count,
        max(sold.purchased_on) as last_purchased_on
    from sold
    inner join items on sold.product_no = items.product_no
    group by sold.customer_no, items.item_no, {{ start_of('month', 'sold.purchased_on') }}
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
    select
        months_of_the_year.*,
        run_context.as_of,
        run_context.analysis_seasonal_from_share,
        run_context.analysis_seasonal_lead_days,
        {{ add_months(start_of('year', 'run_context.as_of'), 'months_of_the_year.season_month_number - 1') }} as season_this_year
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
),

-- this year's season while it is not over and nothing was bought in it, else the next one
due as (
    select
        repeated.*,
        all_days.day_count,
        cast(repeated.season_day_count as double) / all_days.day_count as season_share_rate,
        case
            when
                {{ add_months('repeated.season_this_year', 1) }} > repeated.as_of
                and repeated.last_purchase_month < repeated.season_this_year
                then repeated.season_this_year
            else {{ add_months('repeated.season_this_year', 12) }}
        end as due_from_on
    from repeated
    inner join all_days on repeated.customer_no = all_days.customer_no and repeated.item_no = all_days.item_no
)

select
    customers.customer_id,
    item_names.item_type,
    item_names.item_key,
    item_names.item_name,
    due.season_month_number,
    due.year_count,
    due.first_year_number,
    cast(extract(year from due.last_purchase_month) as integer) as last_year_number,
    due.season_day_count,
    due.day_count,
    due.season_share_rate,
    due.last_purchased_on,
    {{ add_days('due.due_from_on', '-due.analysis_seasonal_lead_days') }} as list_from_on,
    due.due_from_on,
    {{ add_days(add_months('due.due_from_on', 1), -1) }} as due_to_on,
    due.as_of
from due
inner join customers on due.customer_no = customers.customer_no
inner join item_names on due.item_no = item_names.item_no
where due.season_share_rate >= cast(due.analysis_seasonal_from_share as double)
