-- Sales of a store without a row would belong to no region: the regions would not add up to the total, and nobody would ask for the store.
{{ config(meta={'dagster': {'ref': {'name': 'dim_stores'}}}) }}

select
    orders.channel,
    orders.store_id_channel,
    count(*) as order_count
from {{ ref('fct_orders') }} as orders
left join {{ ref('dim_stores') }} as stores on orders.store_key = stores.store_key
where orders.store_id_channel is not null and (stores.store_key is null or orders.region is distinct from stores.region)
group by orders.channel, orders.store_id_channel
