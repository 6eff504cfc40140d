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

-- millions of items are grouped by two numbers: products by their own, categories below 0
channels as (
    select
        channel,
        row_number() over (order by channel asc nulls last) as channel_no
    from (select distinct channel from sold) as sold_channels
),

baskets as (
    select
        sold.purchase_no,
        cast(channels.channel_no as integer) as channel_no,
        cast(sold.product_no as integer) as product_no,
        cast(-products.category_no as integer) as category_no
    from sold
    inner join products on sold.product_no = products.product_no
    inner join channels on sold.channel = channels.channel
    cross join run_context
    where sold.product_no > 0 and sold.purchased_on > {{ add_days('run_context.as_of', '-run_context.analysis_basket_days') }}
),

items as (
    select
        purchase_no,
        channel_no,
        product_no as item_no
    from baskets

    union all

    select distinct
        purchase_no,
        channel_no,
        category_no as item_no
    from baskets
    where category_no is not null
),

item_counts as (
    select
        channel_no,
        item_no,
        count(*) as item_basket_count
    from items
    group by channel_no, item_no
),

channel_counts as (
    select
        channel_no,
        sign(item_no) as item_sign,
        count(distinct purchase_no) as channel_basket_count
    from items
    group by channel_no, sign(item_no)
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

-- how items are placed of which a basket has too many: those found in most baskets first, then by key
counted_items as (
    select
        item_counts.channel_no,
        item_counts.item_no,
        item_counts.item_basket_count,
        coalesce(products.product_rank, -item_counts.item_no) as item_rank
    from item_counts
    inner join minimums on item_counts.channel_no = minimums.channel_no and sign(item_counts.item_no) = minimums.item_sign
    left join products on item_counts.item_no = products.product_no
    where item_counts.item_basket_count >= minimums.min_basket_count
),

frequent_items as (
    select
        items.purchase_no,
        items.channel_no,
        items.item_no,
        counted_items.item_basket_count,
        counted_items.item_rank,
        count(*) over (partition by items.purchase_no, sign(items.item_no)) as frequent_item_count
    from items
    inner join counted_items on items.channel_no = counted_items.channel_no and items.item_no = counted_items.item_no
),

ranked_items as (
    select
        frequent_items.purchase_no,
        frequent_items.channel_no,
        frequent_items.item_no,
        row_number() over (
            partition by frequent_items.purchase_no, sign(frequent_items.item_no)
            order by frequent_items.item_basket_count desc nulls last, frequent_items.item_rank asc nulls last
        ) as item_rank
    from frequent_items
    where frequent_items.frequent_item_count > 1
),

capped as (
    select
        ranked_items.purchase_no,
        ranked_items.channel_no,
        ranked_items.item_no
    from ranked_items
    inner join run_context on ranked_items.item_rank <= run_context.analysis_basket_items
),

-- numbers of one kind have one sign
pairs as (
    select
        items.channel_no,
        items.item_no,
        with_items.item_no as with_item_no,
        count(*) as basket_count
    from capped as items
    inner join capped as with_items
        on
            items.purchase_no = with_items.purchase_no
            and sign(items.item_no) = sign(with_items.item_no)
            and abs(items.item_no) < abs(with_items.item_no)
    group by items.channel_no, items.item_no, with_items.item_no
)

select
    channels.channel,
    case when pairs.item_no > 0 then 'product' else 'category' end as item_type,
    abs(pairs.item_no) as item_no,
    abs(pairs.with_item_no) as with_item_no,
    pairs.basket_count,
    item_counts.item_basket_count,
    with_item_counts.item_basket_count as with_item_basket_count,
    minimums.channel_basket_count
from pairs
inner join channels on pairs.channel_no = channels.channel_no
inner join minimums
    on
        pairs.channel_no = minimums.channel_no
        and sign(pairs.item_no) = minimums.item_sign
        and pairs.basket_count >= minimums.min_basket_count
inner join item_counts on pairs.channel_no = item_counts.channel_no and pairs.item_no = item_counts.item_no
inner join item_counts as with_item_counts
    on pairs.channel_no = with_item_counts.channel_no and pairs.with_item_no = with_item_counts.item_no
