-- One row per load, table and column that matters there: its rows, and how many of them lack it.
{% set columns = {
    'orders': ['source_record_key', 'paid_at', 'paid_amount_original', 'payment_no'],
    'order_lines': ['product_id_channel', 'quantity', 'line_amount_original'],
    'payments': ['source_record_key', 'merchant_order_no'],
    'refunds': ['payment_no', 'order_no'],
    'events': ['source_record_key', 'anonymous_id', 'product_id_channel'],
    'interactions': ['source_record_key'],
    'coupons': ['source_record_key', 'issued_at'],
    'campaigns': ['campaign_name', 'starts_on'],
    'sends': ['source_record_key', 'campaign_no', 'sent_at'],
    'products': ['product_name', 'category']
} -%}

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
cells as (
    {% for table, names in columns.items() -%}
        {%- set is_last_table = loop.last -%}
        {%- for name in names %}
            select
                load_id,
                channel,
                'channel_{{ table }}' as table_name,
                '{{ name.removesuffix("_original") }}' as column_name,
                row_count,
                {{ name }}_null_count as null_count
            from {{ table }}
            {{ 'union all' if not (loop.last and is_last_table) }}
        {%- endfor %}
    {%- endfor %}
)

select * from cells
