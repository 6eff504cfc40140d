-- One row per tag and band: where it begins, and where the next one begins.
with

bands as (
    select * from {{ source('lake', 'tag_bands') }}
)

select
    tag,
    band,
    from_value,
    coalesce(lead(from_value) over (partition by tag order by from_value asc nulls last), 999999999999) as below_value
from bands
