-- One row per product, store and day of a count.
with

stock as (
    {{ newest_versions(ref('stg_channel_stock'), 'stock_key') }}
)

select
    stock_key,
    channel,
    channel || ':' || store_id_channel as store_key,
    channel || ':' || product_id_channel as product_key,
    counted_on,
    quantity
from stock
