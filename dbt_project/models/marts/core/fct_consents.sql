-- One row per source record, contact point, medium and purpose: the newest statement of its channel.
with

statements as (
    select * from {{ ref('stg_channel_consents') }}
),

identities as (
    select * from {{ source('lake', 'identity_current') }}
),

run_context as (
    select * from {{ source('lake', 'run_context') }}
),

-- of two statements of one day the denial holds, as where permission is decided
newest as (
    select statements.*
    from statements
    cross join run_context
    qualify
        row_number() over (
            partition by
                statements.source_record_key,
                statements.contact_type,
                statements.contact_value_key,
                statements.medium,
                statements.purpose
            order by
                {{ business_date('statements.last_seen_at', 'run_context.business_time_zone') }} desc nulls last,
                statements.status asc nulls last,
                statements.last_seen_at desc nulls last,
                statements._exported_at desc nulls last,
                statements._load_id asc nulls last,
                statements._source_row asc nulls last
        ) = 1
)

select
    newest.channel || ':' || md5(
        run_context.id_key || '|' || newest.source_record_key || '|' || newest.contact_type || '|' || newest.contact_value_key
        || '|' || newest.medium || '|' || newest.purpose
    ) as consent_key,
    newest.channel,
    identities.customer_id,
    newest.contact_type,
    newest.medium,
    newest.purpose,
    newest.status,
    newest.last_seen_at as stated_at,
    {{ business_date('newest.last_seen_at', 'run_context.business_time_zone') }} as stated_on
from newest
cross join run_context
left join identities on newest.source_record_key = identities.source_record_key
