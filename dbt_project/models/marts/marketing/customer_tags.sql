-- One row per customer and tag that holds.
--
-- A family of tags is a model that ends in customer_no, tag, tag_value, confidence, evidence and valid_from_on; what each tag is stands in
-- pipelines/tags/definitions.
{%- set families = [
    'int_tags_basic',
    'int_tags_behavior',
    'int_tags_value',
    'int_tags_preference',
    'int_tags_prediction',
] %}
with

definitions as (
    select
        definitions.*,
        case definitions.cadence when 'monthly' then context.month_end_on else context.as_of end as refreshed_on
    from {{ source('lake', 'tag_definitions') }} as definitions
    inner join {{ ref('int_tag_context') }} as context on definitions.as_of = context.as_of
),

customers as (
    select * from {{ ref('int_customers') }}
),

held as (
    {%- for family in families %}
        select
            customer_no,
            tag,
            tag_value,
            confidence,
            evidence,
            valid_from_on
        from {{ ref(family) }}
        {{- '\n\n        union all\n' if not loop.last }}
    {%- endfor %}
)

select
    customers.customer_id,
    held.tag,
    held.tag_value,
    definitions.tag_kind,
    definitions.tag_class,
    cast(held.confidence as decimal(5, 4)) as confidence,
    held.evidence,
    coalesce(held.valid_from_on, definitions.refreshed_on) as valid_from_on,
    definitions.refreshed_on
from held
inner join customers on held.customer_no = customers.customer_no
left join definitions on held.tag = definitions.tag
