-- One row per channel, item type (product, category) and ordered pair of items that are bought together more often than by chance.
with

pairs as (
    select * from {{ ref('int_basket_pairs') }}
),

products as (
    select * from {{ ref('int_sold_products') }}
),

run_context as (
    select * from {{ source('lake', 'run_context') }}
),

names as (
    select
        'product' as item_type,
        product_no as item_no,
        product_key as item_key,
        product_name as item_name
    from products

    union all

    select distinct
        'category' as item_type,
        category_no as item_no,
        category as item_key,
        category as item_name
    from products
    where category_no is not null
),

directed as (
    select
        channel,
        item_type,
        item_no,
        with_item_no,
        basket_count,
        item_basket_count,
        with_item_basket_count,
        channel_basket_count
    from pairs

    union all

    select
        channel,
        item_type,
        with_item_no as item_no,
        item_no as with_item_no,
        basket_count,
        with_item_basket_count as item_basket_count,
        item_basket_count as with_item_basket_count,
        channel_basket_count
    from pairs
),

measured as (
    select
        directed.*,
        cast(directed.basket_count as double) / directed.channel_basket_count as support_rate,
        cast(directed.basket_count as double) / directed.item_basket_count as confidence_rate,
        cast(directed.basket_count as double) / directed.with_item_basket_count as reverse_confidence_rate,
        -- the product first, the same both ways: a quotient of quotients would differ in the last digit
        cast(directed.basket_count as double) * directed.channel_basket_count
        / (cast(directed.item_basket_count as double) * directed.with_item_basket_count) as lift
    from directed
)

select
    measured.channel,
    measured.item_type,
    names.item_key,
    names.item_name,
    with_names.item_key as with_item_key,
    with_names.item_name as with_item_name,
    measured.basket_count,
    measured.item_basket_count,
    measured.with_item_basket_count,
    measured.channel_basket_count,
    measured.support_rate,
    measured.confidence_rate,
    measured.reverse_confidence_rate,
    measured.lift,
    run_context.as_of
from measured
inner join run_context on measured.lift >= cast(run_context.analysis_min_lift as double)
inner join names on measured.item_type = names.item_type and measured.item_no = names.item_no
inner join names as with_names on measured.item_type = with_names.item_type and measured.with_item_no = with_names.item_no
