-- One row per source record: its customer, the one of the last build, and whether they differ. One that is gone stays for one build.
{{ config(materialized='table') }}
with

identities as (
    select * from {{ source('lake', 'identity_current') }}
),

{% if is_continuing() -%}
    last_identities as (
        select
            source_record_key,
            customer_id
        from {{ this }}
        where customer_id is not null
    ),
{%- else -%}
    last_identities as (
        select
            source_record_key,
            customer_id
        from identities
    ),
{%- endif %}

compared as (
    select
        coalesce(identities.source_record_key, last_identities.source_record_key) as source_record_key,
        identities.customer_id,
        last_identities.customer_id as former_customer_id,
        coalesce(identities.customer_id, '') <> coalesce(last_identities.customer_id, '') as is_touched
    from identities
    full outer join last_identities on identities.source_record_key = last_identities.source_record_key
)

select * from compared
