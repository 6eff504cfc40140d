-- One row per channel, item type (product, category) and pair of items bought together: baskets with both, with either, and in all.
--
-- Only items and pairs with the minimum support are counted: an item below it can be in no pair above it, so they leave before the
-- self join, and of a basket with more items than the cap those found in most baskets stay (a wholesale order of 500 articles would
-- give 125,000 pairs and says nothing of any). Items are compared within their channel: no basket could hold those of two.
{{ config(materialized='table') }}

with

sold as (
    select * from {{ ref('int_purchase_products') }}
),

products as (
    select * from {{ ref('int_sold_products') }}
),

run_context as (
    select * from {{ source('lake', 'run_context') }}
),

baskets as (
    select
        sold.purchase_no,
        sold.channel,
        sold.product_no,
        products.product_rank,
        products.category_no,
        products.category_rank
    from sold
    inner join products on sold.product_no = products.product_no
    cross join run_context
    where sold.product_no > 0 and sold.purchased_on > {{ add_days('run_context.as_of', '-run_context.analysis_basket_days') }}
),

items as (
    select
        purchase_no,
        channel,
        'product' as item_type,
        product_no as item_no,
        product_rank as item_rank
    from baskets

    union all

    select distinct
        purchase_no,
        channel,
        'category' as item_type,
        category_no as item_no,
        category_rank as item_rank
    from baskets
    where category_no is not null
),

item_counts as (
    select
        channel,
        item_type,
        item_no,
        count(*) as item_basket_count
    from items
    group by channel, item_type, item_no
),

channel_counts as (
    select
        channel,
        item_type,
        count(distinct purchase_no) as channel_basket_count
    from items
    group by channel, item_type
),

-- the least baskets that a pair is told from, in each channel
minimums as (
    select
        channel_counts.*,
        greatest(
            run_context.analysis_min_basket_count, run_context.analysis_min_support * channel_counts.channel_basket_count
        ) as min_basket_count
    from channel_counts
    cross join run_context
),

frequent_items as (
    select
        items.purchase_no,
        items.channel,
        items.item_type,
        items.item_no,
        items.item_rank,
        item_counts.item_basket_count
    from items
    inner join item_counts
        on items.channel = item_counts.channel and items.item_type = item_counts.item_type and items.item_no = item_counts.item_no
    inner join minimums on items.channel = minimums.channel and items.item_type = minimums.item_type
    where item_counts.item_basket_count >= minimums.min_basket_count
),

basket_sizes as (
    select
        purchase_no,
        item_type,
        count(*) as frequent_item_count
    from frequent_items
    group by purchase_no, item_type
),

large_baskets as (
    select
        basket_sizes.purchase_no,
        basket_sizes.item_type
    from basket_sizes
    cross join run_context
    where basket_sizes.frequent_item_count > run_context.analysis_basket_items
),

-- a window over all baskets would cost as much as all else: few are larger than the cap
ranked_items as (
    select
        frequent_items.purchase_no,
        frequent_items.channel,
        frequent_items.item_type,
        frequent_items.item_no,
        row_number() over (
            partition by frequent_items.purchase_no, frequent_items.item_type
            order by frequent_items.item_basket_count desc nulls last, frequent_items.item_rank asc nulls last
        ) as basket_rank
    from frequent_items
    semi join large_baskets
        on frequent_items.purchase_no = large_baskets.purchase_no and frequent_items.item_type = large_baskets.item_type
),

capped as (
    select
        frequent_items.purchase_no,
        frequent_items.channel,
        frequent_items.item_type,
        frequent_items.item_no
    from frequent_items
    anti join large_baskets
        on frequent_items.purchase_no = large_baskets.purchase_no and frequent_items.item_type = large_baskets.item_type

    union all

    select
        ranked_items.purchase_no,
        ranked_items.channel,
        ranked_items.item_type,
        ranked_items.item_no
    from ranked_items
    inner join run_context on ranked_items.basket_rank <= run_context.analysis_basket_items
),

pairs as (
    select
        items.channel,
        items.item_type,
        items.item_no,
        with_items.item_no as with_item_no,
        count(*) as basket_count
    from capped as items
    inner join capped as with_items
        on
            items.purchase_no = with_items.purchase_no
            and items.item_type = with_items.item_type
            and items.item_no < with_items.item_no
    group by items.channel, items.item_type, items.item_no, with_items.item_no
)

select
    pairs.channel,
    pairs.item_type,
    pairs.item_no,
    pairs.with_item_no,
    pairs.basket_count,
    item_counts.item_basket_count,
    with_item_counts.item_basket_count as with_item_basket_count,
    minimums.channel_basket_count
from pairs
inner join minimums
    on pairs.channel = minimums.channel and pairs.item_type = minimums.item_type and pairs.basket_count >= minimums.min_basket_count
inner join item_counts
    on pairs.channel = item_counts.channel and pairs.item_type = item_counts.item_type and pairs.item_no = item_counts.item_no
inner join item_counts as with_item_counts
    on
        pairs.channel = with_item_counts.channel
        and pairs.item_type = with_item_counts.item_type
        and pairs.with_item_no = with_item_counts.item_no
