-- One row per customer, item and month of the year in which the customer buys the item year after year, and seldom else.
with

seasons as (
    select * from {{ ref('int_customer_seasons') }}
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

item_names as (
    select distinct
        case when category_no is not null then -category_no else product_no end as item_no,
        case when category_no is not null then 'category' else 'product' end as item_type,
        coalesce(category, product_key) as item_key,
        coalesce(category, product_name) as item_name
    from products
),

repeated as (
    select
        seasons.*,
        cast(seasons.season_day_count as double) / seasons.day_count as season_share_rate,
        run_context.as_of,
        run_context.analysis_seasonal_from_share,
        run_context.analysis_seasonal_lead_days,
        {{ add_months(start_of('year', 'run_context.as_of'), 'seasons.season_month_number - 1') }} as season_this_year
    from seasons
    cross join run_context
),

-- this year's season while it is not over and nothing was bought in it, else the next one
due as (
    select
        repeated.*,
        case
            when
                {{ add_months('repeated.season_this_year', 1) }} > repeated.as_of
                and repeated.last_purchase_month < repeated.season_this_year
                then repeated.season_this_year
            else {{ add_months('repeated.season_this_year', 12) }}
        end as due_from_on
    from repeated
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
