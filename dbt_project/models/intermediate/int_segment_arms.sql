-- One row per segment and customer that a list before the day of the run exported or held out: the arm that the customer counts in.
{{ config(materialized='table') }}

with

assignments as (
    select * from {{ source('lake', 'segment_assignments') }}
),

customers as (
    select * from {{ ref('int_customers') }}
)

select
    assignments.segment_name,
    customers.customer_no,
    customers.customer_id,
    assignments.assigned_on,
    case
        when assignments.is_contaminated then 'contaminated'
        when assignments.outcome = 'held_out' then 'held_out'
        else coalesce(assignments.arm, 'all')
    end as arm
from assignments
inner join customers on assignments.customer_id = customers.customer_id
