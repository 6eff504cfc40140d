-- One row per customer, without personal data in clear.
with

customers as (
    select * from {{ source('lake', 'golden_customers') }}
),

run_context as (
    select * from {{ source('lake', 'run_context') }}
)

select
    customers.customer_id,
    customers.gender,
    cast(extract(month from customers.birth_on) as integer) as birth_month_number,
    customers.country,
    customers.province,
    customers.city,
    customers.registered_at,
    {{ business_date('customers.registered_at', 'run_context.business_time_zone') }} as registered_on,
    customers.registration_channel,
    customers.member_level,
    customers.first_seen_at,
    customers.source_record_count,
    customers.channel_count,
    customers.registered_at is not null as is_registered,
    customers.phone_e164 is not null as has_phone,
    customers.email is not null as has_email,
    substring(customers.full_name, 1, 1) || '**' as full_name_masked,
    substring(customers.phone_e164, 1, length(customers.phone_e164) - 8) || '****' || right(customers.phone_e164, 4) as phone_masked,
    substring(customers.email, 1, 1) || '***@' || split_part(customers.email, '@', 2) as email_masked
from customers
cross join run_context
