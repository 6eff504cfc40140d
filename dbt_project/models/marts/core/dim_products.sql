-- One row per product of a channel, newest version.
--
-- What the merchant's own list (channel `products`) says of a number holds for every channel that sells by that number, attribute by
-- attribute, unless the channel's own list says it.
with

listed as (
    {{ newest_versions(ref('stg_channel_products'), 'product_key') }}
),

of_merchant as (
    select * from listed
    where channel = 'products'
),

sold as (
    select distinct
        channel,
        product_id_channel
    from {{ ref('stg_channel_order_lines') }}
    where product_id_channel is not null
),

products as (
    select
        product_key,
        channel,
        product_id_channel
    from listed
    union
    select
        sold.channel || ':' || sold.product_id_channel as product_key,
        sold.channel,
        sold.product_id_channel
    from sold
    inner join of_merchant on sold.product_id_channel = of_merchant.product_id_channel
)

select
    products.product_key,
    products.channel,
    products.product_id_channel,
    coalesce(listed.product_name, of_merchant.product_name) as product_name,
    coalesce(listed.brand, of_merchant.brand) as brand,
    coalesce(listed.department, of_merchant.department) as department,
    coalesce(listed.category, of_merchant.category) as category,
    coalesce(listed.subcategory, of_merchant.subcategory) as subcategory,
    coalesce(listed.package_size, of_merchant.package_size) as package_size,
    cast(coalesce(listed.unit_cost, of_merchant.unit_cost) as decimal(18, 6)) as unit_cost,
    case when listed.unit_cost is not null then listed.currency_code else of_merchant.currency_code end as currency_code
from products
left join listed on products.product_key = listed.product_key
left join of_merchant on products.product_id_channel = of_merchant.product_id_channel
