-- Points that are in the ledger and in no balance would be a debt of the shop that nobody sees.
{{ config(meta={'dagster': {'ref': {'name': 'customer_points'}}}) }}

with

ledger as (
    select
        sum(case when customer_id is null then 0 else points_delta end) as points_of_customers,
        sum(case when reason in ('earned', 'adjusted') and customer_id is not null then points_delta else 0 end) as points_recorded
    from {{ ref('fct_points') }}
),

balances as (
    select
        sum(points_balance) as points_balance,
        sum(points_recorded) as points_recorded
    from {{ ref('customer_points') }}
)

select
    ledger.points_of_customers,
    balances.points_balance,
    ledger.points_recorded as ledger_recorded,
    balances.points_recorded as balance_recorded
from ledger
cross join balances
where
    coalesce(ledger.points_of_customers, 0) <> coalesce(balances.points_balance, 0)
    or coalesce(ledger.points_recorded, 0) <> coalesce(balances.points_recorded, 0)
