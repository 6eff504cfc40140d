-- One row per customer: since which day a channel has stated the gender and the province of the golden record.
{{ config(materialized='renewed', meta={'touched_by': {'customer_no': 'int_touched_customers'}}) }}
{%- set touched = asked('int_touched_customers') %}

with

identities as (
    select * from {{ touched_rows(source('lake', 'identity_current'), touched, 'customer_id') }}
),

profiles as (
    select * from {{ touched_rows(ref('stg_channel_profiles'), 'identities', 'source_record_key') }}
    where gender is not null or province is not null
),

golden as (
    select * from {{ touched_rows(source('lake', 'golden_customers'), touched, 'customer_id') }}
),

customers as (
    select * from {{ ref('int_customers') }}
),

run_context as (
    select * from {{ source('lake', 'run_context') }}
),

-- a list of members repeats each claim in every export
claims as (
    select
        source_record_key,
        gender,
        province,
        min(first_seen_at) as first_seen_at
    from profiles
    group by source_record_key, gender, province
),

matched as (
    select
        golden.customer_id,
        min(case when claims.gender = golden.gender then claims.first_seen_at end) as gender_claimed_at,
        min(case when trim(claims.province) = golden.province then claims.first_seen_at end) as province_claimed_at
    from claims
    inner join identities on claims.source_record_key = identities.source_record_key
    inner join golden on identities.customer_id = golden.customer_id
    group by golden.customer_id
)

select
    customers.customer_no,
    {{ business_date('matched.gender_claimed_at', 'run_context.business_time_zone') }} as gender_claimed_on,
    {{ business_date('matched.province_claimed_at', 'run_context.business_time_zone') }} as province_claimed_on
from matched
inner join customers on matched.customer_id = customers.customer_id
cross join run_context
