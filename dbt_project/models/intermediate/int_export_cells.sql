-- One row per load, table and column that matters there: its rows, and how many of them lack it. Every column of contact points is
-- there or there is no row: theirs are kinds of contact point, of the people that the load names, and how many of them have none. So it is
-- with consents: theirs are the media that the format has ever stated something about.
-- Every load of every table is opened for it, and the scorecard reads it twice.
{{ config(materialized='table') }}
{% set columns = {
    'profiles': ['has_full_name', 'gender', 'has_birth_on', 'city', 'registered_at', 'member_level'],
    'orders': ['source_record_key', 'paid_at', 'paid_amount_original', 'payment_no'],
    'order_lines': ['product_id_channel', 'quantity', 'line_amount_original'],
    'payments': ['source_record_key', 'merchant_order_no'],
    'refunds': ['payment_no', 'order_no'],
    'events': ['source_record_key', 'anonymous_id', 'product_id_channel'],
    'interactions': ['source_record_key'],
    'coupons': ['source_record_key', 'issued_at'],
    'campaigns': ['campaign_name', 'starts_on'],
    'sends': ['source_record_key', 'campaign_no', 'sent_at'],
    'costs': ['campaign_no', 'impression_count', 'click_count'],
    'tickets': ['source_record_key', 'ticket_type', 'first_replied_at'],
    'reviews': ['source_record_key', 'order_no', 'score'],
    'points': ['order_no'],
    'stores': ['store_name', 'region'],
    'stock': ['store_id_channel'],
    'products': ['product_name', 'category']
} -%}
{% set contacts = ['phone', 'email', 'id'] -%}

with

-- a table is read once, however many of its columns are looked at
{% for table, names in columns.items() -%}
    {{ table }} as (
        select
            _load_id as load_id,
            max(channel) as channel,
            {% for name in names -%}
                count(*) - count({{ name }}) as {{ name }}_null_count,
            {% endfor -%}
            count(*) as row_count
        from {{ ref('stg_channel_' ~ table) }}
        group by _load_id
    ),

{% endfor -%}
named as (
    select
        _load_id as load_id,
        channel,
        source_record_key,
        case when type in ('phone', 'email') then type else 'id' end as contact
    from {{ ref('stg_channel_contact_points') }}

    union all

    select
        _load_id as load_id,
        channel,
        source_record_key,
        null as contact
    from {{ ref('stg_channel_profiles') }}
),

people as (
    select
        load_id,
        source_record_key,
        max(channel) as channel,
        max(case when contact = 'phone' then 1 else 0 end) as has_phone,
        max(case when contact = 'email' then 1 else 0 end) as has_email,
        max(case when contact = 'id' then 1 else 0 end) as has_id
    from named
    group by load_id, source_record_key
),

contact_points as (
    select
        load_id,
        max(channel) as channel,
        {% for contact in contacts -%}
            count(*) - sum(has_{{ contact }}) as {{ contact }}_null_count,
        {% endfor -%}
        count(*) as row_count
    from people
    group by load_id
),

loads as (
    select
        load_id,
        format_name
    from {{ ref('stg_channel_loads') }}
),

stated as (
    select distinct
        _load_id as load_id,
        source_record_key,
        medium
    from {{ ref('stg_channel_consents') }}
),

stated_media as (
    select distinct
        loads.format_name,
        stated.medium
    from stated
    inner join loads on stated.load_id = loads.load_id
),

consents as (
    select
        people.load_id,
        stated_media.medium,
        max(people.channel) as channel,
        count(*) as row_count,
        count(*) - count(stated.medium) as null_count
    from people
    inner join loads on people.load_id = loads.load_id
    inner join stated_media on loads.format_name = stated_media.format_name
    left join stated
        on
            people.load_id = stated.load_id
            and people.source_record_key = stated.source_record_key
            and stated_media.medium = stated.medium
    group by people.load_id, stated_media.medium
),

cells as (
    {% for table, names in dict(columns, contact_points=contacts).items() -%}
        {%- set is_last_table = loop.last -%}
        {%- for name in names %}
            select
                load_id,
                channel,
                'channel_{{ table }}' as table_name,
                '{{ name.removesuffix("_original").removeprefix("has_") }}' as column_name,
                row_count,
                {{ name }}_null_count as null_count
            from {{ table }}
            {{ 'union all' if not (loop.last and is_last_table) }}
        {%- endfor %}
    {%- endfor %}

    union all

    select
        load_id,
        channel,
        'channel_consents' as table_name,
        medium as column_name,
        row_count,
        null_count
    from consents
)

select * from cells
