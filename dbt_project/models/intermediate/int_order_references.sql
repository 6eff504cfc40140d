-- One row per fact that is computed and whose order is known: by the channel's own order number, else the payment number, else, where the
-- channel sells nothing itself, the order number of any shop. In a build that continues the last, of touched facts only.
--
-- Of payments and refunds every version counts, for some exports leave out the number that an earlier one gave; of others the newest.
{{ config(materialized='table') }}
{%- set touched = asked('int_touched_facts') %}
{%- set kinds = {
    'payment': ('stg_channel_payments', 'merchant_order_no'),
    'refund': ('stg_channel_refunds', 'order_no'),
    'coupon': ('stg_channel_coupons', 'order_no'),
    'points': ('stg_channel_points', 'order_no'),
    'ticket': ('stg_channel_tickets', 'order_no'),
    'review': ('stg_channel_reviews', 'order_no'),
} %}
with

orders as (
    select
        order_key,
        channel,
        order_no,
        payment_no
    from {{ ref('stg_channel_orders') }}
),

-- a channel without orders is a payment platform, a help desk or a loyalty program: its order numbers are those of some shop
selling_channels as (
    select distinct channel from orders
),

{% for kind, (staging, order_no) in kinds.items() -%}
    {%- set key = kind ~ '_key' %}
    {{ kind }}_versions as (
        {% if kind in ['payment', 'refund'] -%}
            select * from {{ touched_rows(ref(staging), touched, key) }}
        {%- else -%}
            {{ newest_touched_versions(ref(staging), touched, key) }}
        {%- endif %}
    ),

{% endfor -%}
facts as (
    {%- for kind, (staging, order_no) in kinds.items() %}
        {%- set key = kind ~ '_key' %}
        select
            '{{ kind }}' as fact_type,
            {{ key }} as fact_key,
            channel,
            {{ order_no }} as order_no,
            {{ 'payment_no' if kind in ['payment', 'refund'] else 'cast(null as string)' }} as payment_no
        from {{ kind }}_versions
        {{- '

        union all
' if not loop.last }}
    {%- endfor %}
),

candidates as (
    select
        facts.fact_type,
        facts.fact_key,
        orders.order_key as of_own_number,
        cast(null as string) as of_payment_number,
        cast(null as string) as of_any_number
    from facts
    inner join orders on facts.channel = orders.channel and facts.order_no = orders.order_no

    union all

    select
        facts.fact_type,
        facts.fact_key,
        null as of_own_number,
        orders.order_key as of_payment_number,
        null as of_any_number
    from facts
    inner join orders on facts.payment_no = orders.payment_no

    union all

    select
        facts.fact_type,
        facts.fact_key,
        null as of_own_number,
        null as of_payment_number,
        orders.order_key as of_any_number
    from facts
    inner join orders on facts.order_no = orders.order_no
    left join selling_channels on facts.channel = selling_channels.channel
    where selling_channels.channel is null
),

-- a number that several orders share does not say which of them is meant
referenced as (
    select
        fact_type,
        fact_key,
        coalesce(
            {%- for number in ['of_own_number', 'of_payment_number', 'of_any_number'] %}
                case when min({{ number }}) = max({{ number }}) then min({{ number }}) end
                {{- ',' if not loop.last }}
            {%- endfor %}
        ) as order_key
    from candidates
    group by fact_type, fact_key
)

select
    fact_type,
    fact_key,
    order_key
from referenced
where order_key is not null
