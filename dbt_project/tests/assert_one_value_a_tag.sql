-- A join that finds two rows for one customer would give two values of one tag, and a list would take whichever comes first.
select
    customer_id,
    tag
from {{ ref('customer_tags') }}
group by customer_id, tag
having count(*) > 1
