-- One row per customer with a sold line in the pattern window, which ends with the last month: what the customer buys, at which price.
--
-- A line is a choice: pieces would let a pack of six outvote five single choices, and what is sold by volume has none.
{{ config(materialized='renewed', meta={'touched_by': {'customer_no': 'int_touched_buyers'}}) }}
{%- set touched = asked('int_touched_buyers') %}

with

context as (
    select * from {{ ref('int_tag_context') }}
),

price_bands as (
    select * from {{ ref('int_tag_bands') }}
    where tag = 'price_band'
),

signs as (
    select * from {{ ref('int_category_signs') }}
    where tag = 'gender_inferred'
),

lines as (
    select * from {{ touched_rows(ref('int_customer_lines'), touched, 'customer_no') }}
    where is_in_pattern_window
),

prices as (
    select
        customer_no,
        count(line_amount) as priced_line_count,
        cast(avg(line_amount) as decimal(18, 2)) as average_line_amount
    from lines
    group by customer_no
),

choices as (
    select
        customer_no,
        'category' as taste,
        category as choice,
        count(*) as line_count
    from lines
    where category is not null
    group by customer_no, category

    union all

    select
        customer_no,
        'brand' as taste,
        brand as choice,
        count(*) as line_count
    from lines
    where brand is not null
    group by customer_no, brand

    union all

    select
        lines.customer_no,
        'gender' as taste,
        signs.sign_of as choice,
        count(*) as line_count
    from lines
    inner join signs on lines.category_path = signs.category_path
    group by lines.customer_no, signs.sign_of
),

ranked as (
    select
        choices.*,
        sum(line_count) over (partition by customer_no, taste) as all_line_count,
        row_number() over (partition by customer_no, taste order by line_count desc nulls last, choice asc nulls last) as choice_rank
    from choices
),

decided as (
    select
        ranked.customer_no,
        ranked.taste,
        ranked.line_count,
        cast(ranked.all_line_count as bigint) as all_line_count,
        cast(ranked.line_count / cast(ranked.all_line_count as double) as decimal(5, 4)) as share,
        case
            when
                ranked.all_line_count >= context.tags_pattern_from_count
                and cast(ranked.line_count / cast(ranked.all_line_count as double) as decimal(5, 4))
                >= case ranked.taste when 'gender' then context.tags_gender_from_share else context.tags_pattern_from_share end
                then ranked.choice
        end as preference
    from ranked
    cross join context
    where ranked.choice_rank = 1
)

select
    prices.customer_no,
    prices.priced_line_count,
    prices.average_line_amount,
    case when prices.priced_line_count >= context.tags_pattern_from_count then price_bands.band end as price_band,
    categories.preference as category_preference,
    categories.line_count as preferred_category_line_count,
    categories.all_line_count as category_line_count,
    categories.share as category_share,
    brands.preference as brand_preference,
    brands.line_count as preferred_brand_line_count,
    brands.all_line_count as brand_line_count,
    brands.share as brand_share,
    genders.preference as gender_inferred,
    genders.line_count as inferred_gender_line_count,
    genders.all_line_count as gender_line_count,
    case when genders.preference is not null then genders.share end as gender_inferred_confidence
from prices
cross join context
left join price_bands
    on
        greatest(prices.average_line_amount, 0) >= price_bands.from_value
        and greatest(prices.average_line_amount, 0) < price_bands.below_value
left join decided as categories on prices.customer_no = categories.customer_no and categories.taste = 'category'
left join decided as brands on prices.customer_no = brands.customer_no and brands.taste = 'brand'
left join decided as genders on prices.customer_no = genders.customer_no and genders.taste = 'gender'
