-- A fact that reaches a timeline by two joins would be read as two orders.
select
    customer_id,
    kind,
    fact_key
from {{ ref('customer_timeline') }}
group by customer_id, kind, fact_key
having count(*) > 1
