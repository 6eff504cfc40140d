-- An inferred tag that nothing speaks for, or more than everything, was counted wrong; so was one that holds before it was refreshed.
select
    customer_id,
    tag,
    confidence
from {{ ref('customer_tags') }}
where confidence <= 0 or confidence > 1 or valid_from_on > refreshed_on
