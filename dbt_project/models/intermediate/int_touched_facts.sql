-- One row per touched fact and record that names it: its key, as delivered or as shown, in the column of its kind, and for a refund the
-- order that it reduced in the last build. Empty in a whole build.
--
-- A fact is touched by a version that the last build did not see, by a record that belongs to somebody else now, and, where it names an
-- order by number, by an order that arrived under that number: it may be the one that is meant, or make the number ambiguous.
{{ config(materialized='table') }}
{%- set records = ref('int_records') %}
{%- set orders = ref('stg_channel_orders') %}
{%- set refunds = ref('stg_channel_refunds') %}
{%- set kinds = [
    {'facts': ref('stg_channel_events'), 'key': 'event_key', 'times': ['occurred_at'], 'is_personal': true},
    {'facts': ref('stg_channel_interactions'), 'key': 'interaction_key', 'times': ['occurred_at'], 'is_personal': true},
    {
        'facts': ref('stg_channel_sends'),
        'key': 'send_key',
        'times': ['sent_at', 'delivered_at', 'opened_at', 'clicked_at'],
        'is_personal': true,
    },
    {'facts': ref('stg_channel_payments'), 'key': 'payment_key', 'times': ['paid_at'], 'numbers': ['merchant_order_no', 'payment_no']},
    {'facts': refunds, 'key': 'refund_key', 'times': ['refunded_at'], 'numbers': ['order_no', 'payment_no']},
    {'facts': ref('stg_channel_coupons'), 'key': 'coupon_key', 'times': ['issued_at', 'redeemed_at'], 'numbers': ['order_no']},
    {
        'facts': ref('stg_channel_points'),
        'key': 'points_key',
        'times': ['occurred_at'],
        'numbers': ['order_no'],
        'is_personal': true,
    },
    {
        'facts': ref('stg_channel_tickets'),
        'key': 'ticket_key',
        'times': ['created_at', 'first_replied_at', 'solved_at'],
        'numbers': ['order_no'],
        'is_personal': true,
    },
    {
        'facts': ref('stg_channel_reviews'),
        'key': 'review_key',
        'times': ['reviewed_at'],
        'numbers': ['order_no'],
        'is_personal': true,
    },
] %}
with

run_context as (
    select * from {{ source('lake', 'run_context') }}
),

{% if is_continuing() -%}
    moved_records as (
        select source_record_key from {{ records }}
        where is_touched
    ),

    arrived_orders as (
        {{ arrived(orders, ['ordered_at']) }}
    ),

    arrived_numbers as (
        {% for number in ['order_no', 'payment_no'] -%}
            select
                '{{ number }}' as number_type,
                {{ number }} as number
            from arrived_orders
            where {{ number }} is not null
            {{- ' union ' if not loop.last }}
        {% endfor -%}
    ),

    -- numbers that a channel tells of are those of some shop, until it sells itself
    new_shops as (
        select arrived_orders.channel
        from arrived_orders
        where arrived_orders.channel not in (select last_orders.channel from {{ last_built('fct_orders') }} as last_orders)
    ),

    {% for kind in kinds -%}
        {%- set touched = 'touched_' ~ kind.key %}
        {{ touched }} as (
            select arrived_facts.{{ kind.key }}
            from ({{ arrived(kind.facts, kind.times) }}) as arrived_facts

            union

            select facts.{{ kind.key }}
            from {{ kind.facts }} as facts
            semi join moved_records on facts.source_record_key = moved_records.source_record_key

            {%- for number in kind.numbers %}

                union

                select facts.{{ kind.key }}
                from {{ kind.facts }} as facts
                semi join arrived_numbers
                    on
                        facts.{{ number }} = arrived_numbers.number
                        and arrived_numbers.number_type = '{{ number.removeprefix("merchant_") }}'
            {%- endfor %}
            {%- if kind.numbers %}

                union

                select facts.{{ kind.key }}
                from {{ kind.facts }} as facts
                semi join new_shops on facts.channel = new_shops.channel
            {%- endif %}
            {%- if kind.key == 'send_key' %}

                union

                -- one that no time is told of counts from the day of its campaign, which may be another now
                select facts.send_key
                from {{ kind.facts }} as facts
                where coalesce({% for time in kind.times %}facts.{{ time }}{{ ', ' if not loop.last }}{% endfor %}) is null
            {%- endif %}
        ),

        -- every version, for it may have been told of another record before
        named_{{ kind.key }} as (
            select distinct
                facts.{{ kind.key }},
                facts.source_record_key,
                {% if kind.is_personal -%}
                    facts.channel || ':' || md5(run_context.id_key || '|' || facts.{{ kind.key }}) as shown_key
                {%- else -%}
                    cast(null as string) as shown_key
                {%- endif %}
            from {{ kind.facts }} as facts
            cross join run_context
            semi join {{ touched }} on facts.{{ kind.key }} = {{ touched }}.{{ kind.key }}
        ),

    {% endfor -%}
    last_refunds as (
        select
            refund_key,
            order_key
        from {{ last_built('fct_refunds') }}
    ),
{%- else -%}
    last_refunds as (
        select
            facts.refund_key,
            cast(null as string) as order_key
        from {{ refunds }} as facts
        where false
    ),
{%- endif %}

touched as (
    {%- for kind in kinds %}
        {%- for key in [kind.key, 'shown_key'] if key == kind.key or kind.is_personal %}
            select
                {% for other in kinds -%}
                    {{ 'named.' ~ key if other.key == kind.key else 'cast(null as string)' }} as {{ other.key }},
                {% endfor -%}
                named.source_record_key
            {%- if is_continuing() %}
                from named_{{ kind.key }} as named
            {%- else %}
                from (
                    select
                        facts.{{ kind.key }},
                        facts.{{ kind.key }} as shown_key,
                        facts.source_record_key
                    from {{ kind.facts }} as facts
                    cross join run_context
                    where false
                ) as named
            {%- endif %}

            union all

        {%- endfor %}
    {%- endfor %}
    select
        {% for kind in kinds -%}
            cast(null as string) as {{ kind.key }},
        {% endfor -%}
        records.source_record_key
    from {{ records }} as records
    where false
)

select
    {% for kind in kinds -%}
        touched.{{ kind.key }},
    {% endfor -%}
    touched.source_record_key,
    last_refunds.order_key as former_order_key
from touched
left join last_refunds on touched.refund_key = last_refunds.refund_key
