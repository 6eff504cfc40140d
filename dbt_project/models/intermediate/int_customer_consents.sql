-- One row per customer with a consent statement: may marketing reach the contact points that the customer has now?
with

consents as (
    select * from {{ source('lake', 'golden_consents') }}
    where purpose = 'marketing'
),

customers as (
    select * from {{ source('lake', 'golden_customers') }}
)

-- a statement counts for the contact point that it was made about: consent to an old phone does not open the new one
select
    customers.customer_id,
    max(
        case
            when consents.medium = 'sms' and consents.contact_type = 'phone' and consents.contact_value = customers.phone_e164
                then consents.status
        end
    ) as sms_status,
    max(
        case
            when consents.medium = 'call' and consents.contact_type = 'phone' and consents.contact_value = customers.phone_e164
                then consents.status
        end
    ) as call_status,
    max(
        case
            when consents.medium = 'email' and consents.contact_type = 'email' and consents.contact_value = customers.email
                then consents.status
        end
    ) as email_status,
    min(case when consents.medium = 'wechat' then consents.status end) as wechat_status
from customers
inner join consents on customers.customer_id = consents.customer_id
group by customers.customer_id
