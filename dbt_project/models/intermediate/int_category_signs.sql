-- One row per category that customers bought or looked at, tag and value that its name is a sign of.
{{ config(materialized='table') }}

with

signs as (
    select * from {{ source('lake', 'tag_signs') }}
),

paths as (
    select distinct category_path from {{ ref('int_product_categories') }}
    union
    select distinct product_category as category_path from {{ ref('int_customer_events') }}
),

spaced as (
    select
        category_path,
        {{ spaced_words('category_path') }} as spaced_path
    from paths
    where category_path is not null
)

select distinct
    signs.tag,
    signs.sign_of,
    spaced.category_path
from spaced
inner join signs on contains(spaced.spaced_path, signs.sign)
