-- One row per customer who allowed personalization and shows enough signs of a stage of life on the last month end.
--
-- Without that consent there is no row: what is not computed cannot be read off by anybody.
{{ config(materialized='table') }}

with

context as (
    select * from {{ ref('int_tag_context') }}
),

consents as (
    select * from {{ ref('int_customer_consents') }}
    where personalization_status = 'granted'
),

customers as (
    select * from {{ ref('int_customers') }}
),

signs as (
    select * from {{ ref('int_category_signs') }}
    where tag = 'life_stage'
),

allowed as (
    select customers.customer_no
    from consents
    inner join customers on consents.customer_id = customers.customer_id
),

seen as (
    select
        customer_no,
        purchased_on as seen_on,
        category_path
    from {{ ref('int_customer_lines') }}
    where category_path is not null

    union all

    select
        customer_no,
        occurred_on as seen_on,
        product_category as category_path
    from {{ ref('int_customer_events') }}
    where is_visit and product_category is not null
),

days as (
    select distinct
        seen.customer_no,
        seen.seen_on,
        signs.sign_of
    from seen
    inner join allowed on seen.customer_no = allowed.customer_no
    cross join context
    left join signs on seen.category_path = signs.category_path
    where seen.seen_on > context.before_life_stage_on and seen.seen_on <= context.month_end_on
),

all_days as (
    select
        customer_no,
        count(distinct seen_on) as seen_day_count
    from days
    group by customer_no
),

stages as (
    select
        customer_no,
        sign_of,
        count(*) as sign_day_count
    from days
    where sign_of is not null
    group by customer_no, sign_of
),

ranked as (
    select
        stages.*,
        row_number() over (partition by customer_no order by sign_day_count desc nulls last, sign_of asc nulls last) as stage_rank
    from stages
)

select
    ranked.customer_no,
    ranked.sign_of as life_stage,
    ranked.sign_day_count,
    all_days.seen_day_count,
    cast(ranked.sign_day_count / cast(all_days.seen_day_count as double) as decimal(5, 4)) as day_share
from ranked
inner join all_days on ranked.customer_no = all_days.customer_no
cross join context
where ranked.stage_rank = 1 and ranked.sign_day_count >= context.tags_life_stage_from_days
