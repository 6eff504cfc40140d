-- A join that finds two rows for one customer would give two values of one tag, and a list would take whichever comes first.
-- Hashes first: twenty million pairs of texts do not fit into memory, twenty million numbers do.
with

tags as (
    select
        customer_id,
        tag,
        {{ key_hash("customer_id || '|' || tag") }} as pair_hash
    from {{ ref('customer_tags') }}
)

select
    customer_id,
    tag
from tags
where
    pair_hash in (
        select repeated.pair_hash
        from tags as repeated
        group by repeated.pair_hash
        having count(*) > 1
    )
group by customer_id, tag
having count(*) > 1
