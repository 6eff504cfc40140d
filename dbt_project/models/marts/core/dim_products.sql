-- One row per product of a channel.
with

products as (
    {{ newest_versions(ref('stg_channel_products'), 'product_key') }}
)

select
    product_key,
    channel,
    product_id_channel,
    product_name,
    brand,
    department,
    category,
    subcategory,
    package_size
from products
