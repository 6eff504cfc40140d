-- One row per store of a channel that an order, a count of stock, a store list or the organization names.
with

listed as (
    {{ newest_versions(ref('stg_channel_stores'), 'store_key') }}
),

ordered as (
    select distinct
        channel,
        store_id_channel
    from {{ ref('stg_channel_orders') }}
    where store_id_channel is not null
),

counted as (
    select distinct
        channel,
        store_id_channel
    from {{ ref('stg_channel_stock') }}
    where store_id_channel is not null
),

organization as (
    select
        unit as store_key,
        split_part(unit, ':', 1) as channel,
        substr(unit, length(split_part(unit, ':', 1)) + 2) as store_id_channel,
        head_office,
        region,
        unit_path
    from {{ source('lake', 'organization') }}
    where kind = 'store'
),

named as (
    select
        channel,
        store_id_channel,
        true as has_orders,
        false as is_listed
    from ordered

    union all

    select
        channel,
        store_id_channel,
        false as has_orders,
        false as is_listed
    from counted

    union all

    select
        channel,
        store_id_channel,
        false as has_orders,
        true as is_listed
    from listed

    union all

    select
        channel,
        store_id_channel,
        false as has_orders,
        false as is_listed
    from organization
),

stores as (
    select
        channel || ':' || store_id_channel as store_key,
        channel,
        store_id_channel,
        bool_or(has_orders) as has_orders,
        bool_or(is_listed) as is_listed
    from named
    group by channel, store_id_channel
)

select
    stores.store_key,
    stores.channel,
    stores.store_id_channel,
    coalesce(listed.store_name, stores.store_id_channel) as store_name,
    coalesce(organization.region, listed.region, 'unassigned') as region,
    case
        when organization.region is not null then 'organization'
        when listed.region is not null then 'store_list'
        else 'nobody'
    end as region_source,
    organization.head_office,
    organization.unit_path,
    organization.store_key is not null as is_in_organization,
    stores.is_listed,
    stores.has_orders
from stores
left join organization on stores.store_key = organization.store_key
left join listed on stores.store_key = listed.store_key
