-- One row per customer with a consent statement: may marketing reach the contact points that the customer has now, and may what the
-- customer does be used to guess who the customer is?
with

consents as (
    select * from {{ source('lake', 'golden_consents') }}
    where purpose in ('marketing', 'personalization')
),

customers as (
    select * from {{ source('lake', 'golden_customers') }}
)

-- a statement counts for the contact point that it was made about: consent to an old phone does not open the new one
select
    customers.customer_id,
    max(
        case
            when
                consents.purpose = 'marketing' and consents.medium = 'sms'
                and consents.contact_type = 'phone' and consents.contact_value = customers.phone_e164
                then consents.status
        end
    ) as sms_status,
    max(
        case
            when
                consents.purpose = 'marketing' and consents.medium = 'call'
                and consents.contact_type = 'phone' and consents.contact_value = customers.phone_e164
                then consents.status
        end
    ) as call_status,
    max(
        case
            when
                consents.purpose = 'marketing' and consents.medium = 'email'
                and consents.contact_type = 'email' and consents.contact_value = customers.email
                then consents.status
        end
    ) as email_status,
    -- 'denied' comes before 'granted': one denial closes it
    min(case when consents.purpose = 'marketing' and consents.medium = 'wechat' then consents.status end) as wechat_status,
    min(case when consents.purpose = 'personalization' then consents.status end) as personalization_status
from customers
inner join consents on customers.customer_id = consents.customer_id
group by customers.customer_id
