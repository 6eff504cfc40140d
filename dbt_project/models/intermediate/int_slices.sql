-- One row per dimension and value that metrics are told by; `unattributed` is whatever belongs to no value.
{{ config(materialized='table') }}

with

sales as (
    select * from {{ ref('int_daily_sales') }}
),

found as (
    select
        'channel' as dimension,
        channel as dimension_value
    from sales

    union all

    select
        'store' as dimension,
        coalesce(store_key, 'unattributed') as dimension_value
    from sales

    union all

    select
        'region' as dimension,
        coalesce(region, 'unattributed') as dimension_value
    from sales

    union all

    select
        'acquisition_channel' as dimension,
        acquisition_channel as dimension_value
    from {{ ref('int_customer_channels') }}
),

fixed as (
    select
        'all' as dimension,
        'all' as dimension_value

    union all

    select
        'acquisition_channel' as dimension,
        'unattributed' as dimension_value

    {%- for tier in ['high_value', 'potential', 'lapsed', 'no_purchase'] %}

        union all

        select
            'rfm_tier' as dimension,
            '{{ tier }}' as dimension_value
    {%- endfor %}
)

select distinct
    dimension,
    dimension_value
from found

union all

select
    dimension,
    dimension_value
from fixed
