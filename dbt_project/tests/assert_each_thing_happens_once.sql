-- A fact that reaches a timeline by two joins would be read as two orders. Hashes first, as in assert_one_value_a_tag.
with

happened as (
    select
        customer_id,
        kind,
        fact_key,
        {{ key_hash("customer_id || '|' || kind || '|' || fact_key") }} as thing_hash
    from {{ ref('customer_timeline') }}
)

select
    customer_id,
    kind,
    fact_key
from happened
where
    thing_hash in (
        select repeated.thing_hash
        from happened as repeated
        group by repeated.thing_hash
        having count(*) > 1
    )
group by customer_id, kind, fact_key
having count(*) > 1
