-- One row per customer who was ever written to: the last messages, opens and clicks, and how many lately.
{{ config(materialized='table') }}

with

sends as (
    select * from {{ ref('fct_sends') }}
    where customer_id is not null
),

customers as (
    select * from {{ ref('int_customers') }}
),

context as (
    select * from {{ ref('int_tag_context') }}
)

select
    customers.customer_no,
    max(sends.sent_at) as last_sent_at,
    max(case when sends.opened_at < context.as_of_end_at then sends.opened_at end) as last_opened_at,
    max(case when sends.clicked_at < context.as_of_end_at then sends.clicked_at end) as last_clicked_at,
    count(case when sends.sent_on > context.before_30d_on then 1 end) as send_count_30d,
    count(case when sends.sent_on > context.before_30d_on and sends.was_opened then 1 end) as opened_send_count_30d,
    count(case when sends.sent_on > context.before_30d_on and sends.was_clicked then 1 end) as clicked_send_count_30d
from sends
inner join customers on sends.customer_id = customers.customer_id
cross join context
group by customers.customer_no
