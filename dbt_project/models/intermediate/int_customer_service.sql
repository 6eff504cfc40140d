-- One row per customer who ever opened a service case or gave a review: what is open, the last scores, and since when.
{{ config(materialized='table') }}

with

tickets as (
    select
        customers.customer_no,
        tickets.ticket_key,
        tickets.ticket_type,
        tickets.status,
        tickets.created_at,
        tickets.created_on,
        tickets.solved_on,
        tickets.satisfaction_score
    from {{ ref('fct_tickets') }} as tickets
    inner join {{ ref('int_customers') }} as customers on tickets.customer_id = customers.customer_id
),

reviews as (
    select
        customers.customer_no,
        reviews.review_key,
        case when reviews.review_type = 'nps' then 'nps' else 'review' end as scale,
        reviews.score,
        reviews.reviewed_at
    from {{ ref('fct_reviews') }} as reviews
    inner join {{ ref('int_customers') }} as customers on reviews.customer_id = customers.customer_id
    where reviews.score is not null
),

context as (
    select * from {{ ref('int_tag_context') }}
),

-- of two of one moment the later by key, so that the answer does not hang on the order of rows
scores as (
    select
        customer_no,
        'satisfaction' as scale,
        satisfaction_score as score,
        coalesce(solved_on, created_on) as scored_on,
        row_number() over (partition by customer_no order by created_at desc nulls last, ticket_key desc nulls last) as score_rank
    from tickets
    where satisfaction_score is not null

    union all

    select
        customer_no,
        scale,
        score,
        cast(null as date) as scored_on,
        row_number() over (partition by customer_no, scale order by reviewed_at desc nulls last, review_key desc nulls last) as score_rank
    from reviews
),

last_scores as (
    select
        customer_no,
        max(case when scale = 'satisfaction' then score end) as last_satisfaction_score,
        max(scored_on) as last_satisfaction_on,
        max(case when scale = 'review' then score end) as last_review_score,
        max(case when scale = 'nps' then score end) as last_nps_score
    from scores
    where score_rank = 1
    group by customer_no
),

ticket_counts as (
    select
        tickets.customer_no,
        count(case when tickets.status in ('open', 'pending') then 1 end) as open_ticket_count,
        count(case when tickets.created_on > context.before_365d_on then 1 end) as ticket_count_365d,
        count(
            case when tickets.created_on > context.before_365d_on and tickets.ticket_type = 'complaint' then 1 end
        ) as complaint_count_365d,
        max(tickets.created_at) as last_ticket_at,
        max(case when tickets.satisfaction_score is null then tickets.solved_on end) as unrated_case_solved_on
    from tickets
    cross join context
    group by tickets.customer_no
),

customers as (
    select customer_no from ticket_counts
    union
    select customer_no from last_scores
)

select
    customers.customer_no,
    coalesce(ticket_counts.open_ticket_count, 0) as open_ticket_count,
    coalesce(ticket_counts.ticket_count_365d, 0) as ticket_count_365d,
    coalesce(ticket_counts.complaint_count_365d, 0) as complaint_count_365d,
    ticket_counts.last_ticket_at,
    ticket_counts.unrated_case_solved_on,
    last_scores.last_satisfaction_score,
    last_scores.last_satisfaction_on,
    last_scores.last_review_score,
    last_scores.last_nps_score
from customers
left join ticket_counts on customers.customer_no = ticket_counts.customer_no
left join last_scores on customers.customer_no = last_scores.customer_no
