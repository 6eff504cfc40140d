-- One row per customer who has bought in a store: the store of most purchases; of equals that of the newest, then the first by key.
with

purchases as (
    select * from {{ ref('int_customer_orders') }}
    where is_purchase and store_key is not null
),

visited as (
    select
        customer_no,
        store_key,
        max(region) as region,
        count(*) as order_count,
        max(purchased_at) as last_purchased_at
    from purchases
    group by customer_no, store_key
),

ranked as (
    select
        customer_no,
        store_key,
        region,
        row_number() over (
            partition by customer_no
            order by order_count desc nulls last, last_purchased_at desc nulls last, store_key asc nulls last
        ) as store_rank
    from visited
)

select
    customer_no,
    store_key as home_store_key,
    region as home_region
from ranked
where store_rank = 1
