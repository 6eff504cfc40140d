-- One row per customer whose rows this build computes anew: with another fact, record or golden value, or whose stage may change with the
-- day. Whoever is gone has the number of the last build. Empty in a whole build.
{{ config(materialized='table') }}
{%- set people = ref('int_touched_people') %}
{%- set records = ref('int_records') %}
{%- set customers = ref('int_customers') %}
{%- set orders = ref('int_touched_orders') %}
{%- set lines = ref('int_touched_lines') %}
{%- set order_versions = ref('stg_channel_orders') %}
{%- set touched_facts = ref('int_touched_facts') %}
{%- set profiles = ref('stg_channel_profiles') %}
with

{% if is_continuing() -%}
    -- the records that any version of a fact names, for it may have been told of another one before
    named_records as (
        select source_record_key from {{ touched_facts }}

        union all

        select arrived_profiles.source_record_key
        from ({{ arrived(profiles, ['first_seen_at']) }}) as arrived_profiles

        union all

        select orders.source_record_key
        from {{ order_versions }} as orders
        semi join {{ orders }} as touched_orders on orders.order_key = touched_orders.order_key

        union all

        select orders.source_record_key
        from {{ order_versions }} as orders
        semi join {{ lines }} as touched_lines on orders.order_key = touched_lines.order_key
    ),

    moved_records as (
        select * from {{ records }}
        where is_touched
    ),

    run_context as (
        select * from {{ source('lake', 'run_context') }}
    ),

    -- days of facts from which on a stage may be another one, between the last build and this one
    thresholds as (
        {% for threshold in ['lifecycle_declining_after_days', 'lifecycle_churned_after_days', 'lifecycle_new_within_days'] -%}
            select
                {{ add_days('last_build.as_of', '-run_context.' ~ threshold) }} as from_on,
                {{ add_days('run_context.as_of', '-1 - run_context.' ~ threshold) }} as to_on
            from run_context
            cross join lake.last_build

            union all

        {% endfor -%}
        select
            {{ add_days('last_build.as_of', '1 - run_context.lifecycle_mature_window_days') }} as from_on,
            {{ add_days('run_context.as_of', '-run_context.lifecycle_mature_window_days') }} as to_on
        from run_context
        cross join lake.last_build
    ),

    last_days as (
        select
            customer_no,
            max(active_on) as day_on
        from {{ last_built('int_activity_days') }}
        group by customer_no

        union all

        select
            customer_no,
            first_purchased_on as day_on
        from {{ last_built('int_customer_totals') }}
        where first_purchased_on is not null

        union all

        select
            orders.customer_no,
            orders.purchased_on as day_on
        from {{ last_built('int_customer_orders') }} as orders
        cross join run_context
        cross join lake.last_build
        where
            orders.purchased_on >= {{ add_days('last_build.as_of', '1 - run_context.lifecycle_mature_window_days') }}
            and orders.purchased_on <= {{ add_days('run_context.as_of', '-run_context.lifecycle_mature_window_days') }}
    ),

    aging as (
        select distinct last_days.customer_no
        from last_days
        inner join thresholds on last_days.day_on >= thresholds.from_on and last_days.day_on <= thresholds.to_on
    ),

    ids as (
        select customer_id from {{ people }}

        union

        select customer_id from moved_records

        union

        select former_customer_id as customer_id from moved_records

        union

        select records.customer_id
        from {{ records }} as records
        semi join named_records on records.source_record_key = named_records.source_record_key
    ),

    touched as (
        select
            ids.customer_id,
            coalesce(customers.customer_no, people.former_customer_no) as customer_no
        from ids
        left join {{ customers }} as customers on ids.customer_id = customers.customer_id
        left join {{ people }} as people on ids.customer_id = people.customer_id
        where ids.customer_id is not null

        union

        select
            customers.customer_id,
            customers.customer_no
        from aging
        inner join {{ customers }} as customers on aging.customer_no = customers.customer_no
    )
{%- else -%}
    touched as (
        select
            customers.customer_id,
            customers.customer_no
        from {{ customers }} as customers
        where false
    )
{%- endif %}

select
    customer_id,
    customer_no
from touched
