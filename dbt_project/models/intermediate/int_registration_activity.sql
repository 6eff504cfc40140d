-- One row per day of registration and acquisition channel: customers who registered, and those of them active exactly 1, 7, 30 days later.
with

customers as (
    select * from {{ ref('int_customers') }}
    where registered_on is not null
),

customer_channels as (
    select * from {{ ref('int_customer_channels') }}
),

activity as (
    select * from {{ ref('int_activity_days') }}
),

ages as (
    select
        activity.customer_no,
        {{ days_between('customers.registered_on', 'activity.active_on') }} as days_later
    from activity
    inner join customers on activity.customer_no = customers.customer_no
),

returns as (
    select
        {% for days in [1, 7, 30] %}
            max(case when days_later = {{ days }} then 1 end) as is_active_d{{ days }},
        {% endfor %}
        customer_no
    from ages
    where days_later in (1, 7, 30)
    group by customer_no
)

select
    customers.registered_on,
    coalesce(customer_channels.acquisition_channel, 'unattributed') as acquisition_channel,
    {% for days in [1, 7, 30] %}
        count(returns.is_active_d{{ days }}) as active_count_d{{ days }},
    {% endfor %}
    count(*) as registered_count
from customers
left join customer_channels on customers.customer_no = customer_channels.customer_no
left join returns on customers.customer_no = returns.customer_no
group by customers.registered_on, coalesce(customer_channels.acquisition_channel, 'unattributed')
