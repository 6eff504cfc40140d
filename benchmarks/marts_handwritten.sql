-- The marts by hand: from the tables of a written lake to the same rows, in plain DuckDB SQL, as one script.
-- Variables: lake, as_of, as_of_end_at, exported_before_at. Thresholds stand where they are used; days are those of Asia/Shanghai.

-- stage: words
create schema work;

create macro on_day(instant) as cast(timezone('Asia/Shanghai', instant) as date);
create macro start_of(grain, day) as cast(date_trunc(grain, day) as date);

create macro lake(name) as table
from query('from read_parquet(''' || getvariable('lake') || '/' || name || '/**/*.parquet'', hive_partitioning = false)');

-- what a run of the day sees of a table, with all versions of each fact; what has no time is there from the first day on
create macro told(name, happened_at) as table
from query(
    'from lake(''' || name || ''') where _exported_at < getvariable(''exported_before_at'') and '
    || happened_at || ' < getvariable(''as_of_end_at'')'
);

-- the newest version of each fact; few come twice, so only those are sorted
create macro newest(name, key, happened_at) as table
from query(
    'with told as (from told(''' || name || ''', ''' || happened_at || ''')),
    superseded as (
        select ' || key || ' as key, _load_id, _source_row
        from told
        where hash(' || key || ') in (select hash(' || key || ') from told group by all having count(*) > 1)
        qualify row_number() over (
            partition by ' || key || ' order by _exported_at desc nulls last, _load_id desc nulls last, _source_row desc nulls last
        ) > 1
    )
    select told.* from told anti join superseded
    on told.' || key || ' = superseded.key and told._load_id = superseded._load_id and told._source_row = superseded._source_row'
);

-- keys of some channels are made of the id under which they know the person
create macro impersonal(key, channel, record) as
    if(
        contains(key, '/' || substr(record, length(channel) + 2)) or contains(key, record || '/'),
        channel || ':' || md5(getvariable('id_key') || '|' || key),
        key
    );

create table work.rates as
select
    currency_code,
    rate,
    valid_from_on,
    lead(valid_from_on, 1, date '9999-12-31') over (partition by currency_code order by valid_from_on) as valid_to_on
from lake('currency_rates')
where reporting_currency_code = 'CNY' and currency_code <> 'CNY';

create macro in_cny(amount, currency, rate) as if(currency = 'CNY', amount, cast(amount * rate as decimal(18, 2)));

create table work.members as select source_record_key, customer_id from lake('identity_current');

-- ids are texts; numbers group and sort three times as fast
create table work.customers as
select
    row_number() over (order by customer_id) as customer_no,
    customer_id,
    registered_at,
    on_day(registered_at) as registered_on
from lake('golden_customers');

-- stage: dimensions
create table dim_customers as
select
    customer_id,
    gender,
    cast(month(birth_on) as integer) as birth_month_number,
    country,
    province,
    city,
    registered_at,
    on_day(registered_at) as registered_on,
    registration_channel,
    member_level,
    first_seen_at,
    source_record_count,
    channel_count,
    registered_at is not null as is_registered,
    phone_e164 is not null as has_phone,
    email is not null as has_email,
    full_name[1] || '**' as full_name_masked,
    substr(phone_e164, 1, length(phone_e164) - 8) || '****' || right(phone_e164, 4) as phone_masked,
    email[1] || '***@' || split_part(email, '@', 2) as email_masked
from lake('golden_customers');

create table dim_products as
with
listed as (from newest('channel_products', 'product_key', 'to_timestamp(0)')),
own as (from listed where channel = 'products'),
sold as (
    select distinct channel, product_id_channel
    from told('channel_order_lines', 'ordered_at')
    where product_id_channel in (select product_id_channel from own)
),
named as (
    select product_key, product_id_channel, channel from listed
    union
    select channel || ':' || product_id_channel, product_id_channel, channel from sold
)
select
    named.product_key,
    named.channel,
    named.product_id_channel,
    coalesce(listed.product_name, own.product_name) as product_name,
    coalesce(listed.brand, own.brand) as brand,
    coalesce(listed.department, own.department) as department,
    coalesce(listed.category, own.category) as category,
    coalesce(listed.subcategory, own.subcategory) as subcategory,
    coalesce(listed.package_size, own.package_size) as package_size,
    coalesce(listed.unit_cost, own.unit_cost) as unit_cost,
    if(listed.unit_cost is not null, listed.currency_code, own.currency_code) as currency_code
from named
left join listed using (product_key)
left join own on named.product_id_channel = own.product_id_channel;

create table dim_stores as
with
listed as (from newest('channel_stores', 'store_key', 'to_timestamp(0)')),
organized as (
    select
        unit, split_part(unit, ':', 1) as channel, substr(unit, length(split_part(unit, ':', 1)) + 2) as id, head_office, region, unit_path
    from lake('organization')
    where kind = 'store'
),
named as (
    select channel, store_id_channel as id, true as has_orders, false as is_listed
    from told('channel_orders', 'ordered_at') where store_id_channel is not null group by all
    union all
    select channel, store_id_channel, false, false
    from told('channel_stock', 'cast(counted_on as timestamptz)') where store_id_channel is not null group by all
    union all
    select channel, store_id_channel, false, true from listed
    union all
    select channel, id, false, false from organized
),
stores as (
    select channel || ':' || id as store_key, channel, id, bool_or(has_orders) as has_orders, bool_or(is_listed) as is_listed
    from named
    group by channel, id
)
select
    stores.store_key,
    stores.channel,
    stores.id as store_id_channel,
    coalesce(listed.store_name, stores.id) as store_name,
    coalesce(organized.region, listed.region, 'unassigned') as region,
    case when organized.region is not null then 'organization' when listed.region is not null then 'store_list' else 'nobody' end
        as region_source,
    organized.head_office,
    organized.unit_path,
    organized.unit is not null as is_in_organization,
    stores.is_listed,
    stores.has_orders
from stores
left join organized on stores.store_key = organized.unit
left join listed on stores.store_key = listed.store_key;

-- stage: refunds and payments
-- the order of a refund or payment: by the channel's number, else the payment number, else, of a channel that sells nothing, any shop's
create table work.order_of as
with
facts as (
    select 'refund' as kind, refund_key as key, channel, order_no, payment_no from told('channel_refunds', 'refunded_at')
    union all
    select 'payment', payment_key, channel, merchant_order_no, payment_no from told('channel_payments', 'paid_at')
),
orders as (select order_key, channel, order_no, payment_no from told('channel_orders', 'ordered_at')),
selling as (select distinct channel from orders),
candidates as (
    select facts.kind, facts.key, if(facts.channel = orders.channel, 1, 3) as preference, orders.order_key
    from facts
    inner join orders on facts.order_no = orders.order_no
    where facts.channel = orders.channel or facts.channel not in (from selling)
    union all
    select facts.kind, facts.key, 2, orders.order_key
    from facts
    inner join orders on facts.payment_no = orders.payment_no
),
-- a number that several orders share does not say which is meant
single as (
    select kind, key, preference, max(order_key) as order_key
    from candidates
    group by all
    having min(order_key) = max(order_key)
)
select kind, key, arg_min(order_key, preference) as order_key
from single
group by kind, key;

create table fct_refunds as
select
    refunds.refund_key,
    refunds.channel,
    order_of.order_key,
    members.customer_id,
    refunds.status,
    refunds.refunded_at,
    on_day(refunds.refunded_at) as refunded_on,
    coalesce(refunds.is_refunded_at_inferred, false) as is_refunded_at_inferred,
    refunds.reason,
    'CNY' as currency_code,
    in_cny(refunds.refunded_amount, refunds.currency_code, rates.rate) as refunded_amount,
    refunds.currency_code as currency_code_original,
    refunds.refunded_amount as refunded_amount_original
from newest('channel_refunds', 'refund_key', 'refunded_at') as refunds
left join work.order_of on refunds.refund_key = order_of.key and order_of.kind = 'refund'
left join work.members using (source_record_key)
left join work.rates
    on
        refunds.currency_code = rates.currency_code
        and on_day(refunds.refunded_at) >= rates.valid_from_on
        and on_day(refunds.refunded_at) < rates.valid_to_on;

create table fct_payments as
select
    payments.payment_key,
    payments.channel,
    order_of.order_key,
    members.customer_id,
    payments.status,
    payments.paid_at,
    on_day(payments.paid_at) as paid_on,
    payments.payment_method,
    'CNY' as currency_code,
    in_cny(payments.paid_amount, payments.currency_code, rates.rate) as paid_amount,
    cast(in_cny(payments.fee_amount, payments.currency_code, rates.rate) as decimal(18, 2)) as fee_amount,
    payments.currency_code as currency_code_original,
    payments.paid_amount as paid_amount_original
from newest('channel_payments', 'payment_key', 'paid_at') as payments
left join work.order_of on payments.payment_key = order_of.key and order_of.kind = 'payment'
left join work.members using (source_record_key)
left join work.rates
    on
        payments.currency_code = rates.currency_code
        and on_day(payments.paid_at) >= rates.valid_from_on
        and on_day(payments.paid_at) < rates.valid_to_on;

-- stage: orders
create table fct_orders as
with
-- a refund that shop and payment platform both report is one
refunded as (
    select order_key, currency, max(amount) as amount
    from (
        select order_key, currency_code_original as currency, channel, cast(sum(refunded_amount_original) as decimal(18, 2)) as amount
        from fct_refunds
        where order_key is not null and status = 'succeeded'
        group by all
    )
    group by all
),
orders as (
    select
        orders.*,
        on_day(orders.ordered_at) as ordered_on,
        on_day(coalesce(orders.paid_at, orders.ordered_at)) as paid_on,
        coalesce(orders.paid_at, orders.ordered_at) < getvariable('as_of_end_at') as is_paid_by_now,
        if(
            orders.refunded_amount is null and refunded.amount is null and orders.status = 'refunded',
            coalesce(orders.paid_amount, 0),
            greatest(coalesce(orders.refunded_amount, 0), coalesce(refunded.amount, 0))
        ) as given_back
    from newest('channel_orders', 'order_key', 'ordered_at') as orders
    left join refunded on orders.order_key = refunded.order_key and orders.currency_code = refunded.currency
),
decided as (
    select
        orders.*,
        members.customer_id,
        rates.rate,
        coalesce(
            order_type = 'sale' and status in ('paid', 'shipped', 'completed') and (paid_amount > given_back or paid_amount = 0)
            and is_paid_by_now, false
        ) as is_purchase,
        coalesce(
            order_type = 'sale' and status in ('paid', 'shipped', 'completed', 'refunded') and paid_amount >= 0 and is_paid_by_now, false
        ) as was_paid,
        in_cny(paid_amount, orders.currency_code, rate) as paid_cny,
        in_cny(given_back, orders.currency_code, rate) as given_back_cny
    from orders
    left join work.members using (source_record_key)
    left join work.rates
        on orders.currency_code = rates.currency_code and ordered_on >= rates.valid_from_on and ordered_on < rates.valid_to_on
)
select
    decided.order_key,
    decided.channel,
    decided.order_type,
    decided.status,
    decided.customer_id,
    decided.store_id_channel,
    dim_stores.store_key,
    dim_stores.region,
    decided.country,
    decided.ordered_at,
    decided.ordered_on,
    decided.paid_at,
    decided.shipped_at,
    decided.completed_at,
    is_purchase,
    is_purchase and paid_amount = 0 as is_gift,
    was_paid,
    was_paid and (given_back > 0 or status = 'refunded') as was_refunded,
    if(is_purchase, coalesce(paid_at, ordered_at), null) as purchased_at,
    if(is_purchase, paid_on, null) as purchased_on,
    if(is_paid_by_now, paid_on, ordered_on) as booked_on,
    'CNY' as currency_code,
    in_cny(gross_amount, currency_code, rate) as gross_amount,
    in_cny(discount_amount, currency_code, rate) as discount_amount,
    in_cny(shipping_amount, currency_code, rate) as shipping_amount,
    paid_cny as paid_amount,
    in_cny(refunded_amount, currency_code, rate) as stated_refunded_amount,
    given_back_cny as refunded_amount,
    cast(coalesce(paid_cny, 0) - given_back_cny as decimal(18, 2)) as net_amount,
    currency_code as currency_code_original,
    discount_amount as discount_amount_original,
    paid_amount as paid_amount_original,
    refunded_amount as stated_refunded_amount_original,
    given_back as refunded_amount_original,
    cast(coalesce(paid_amount, 0) - given_back as decimal(18, 2)) as net_amount_original,
    is_refund_inferred,
    item_quantity,
    payment_method,
    coupon_code,
    _exported_at as exported_at
from decided
left join dim_stores on decided.channel = dim_stores.channel and decided.store_id_channel = dim_stores.store_id_channel;

create table fct_order_lines as
with
lines as (
    select *, on_day(ordered_at) as ordered_on
    from newest('channel_order_lines', 'line_key', 'ordered_at')
),
-- where an item export lists the articles, the titles joined in an order export would tell them twice
itemized as (select distinct order_key from told('channel_order_lines', 'ordered_at') where contains(line_key, '/item/'))
select
    line_key,
    order_key,
    channel,
    line_no,
    line_type,
    ordered_at,
    ordered_on,
    channel || ':' || product_id_channel as product_key,
    product_name,
    quantity,
    'CNY' as currency_code,
    in_cny(line_amount, lines.currency_code, rate) as line_amount,
    in_cny(discount_amount, lines.currency_code, rate) as discount_amount,
    lines.currency_code as currency_code_original,
    line_amount as line_amount_original,
    discount_amount as discount_amount_original
from lines
left join work.rates
    on lines.currency_code = rates.currency_code and ordered_on >= rates.valid_from_on and ordered_on < rates.valid_to_on
where contains(line_key, '/item/') or order_key not in (from itemized);

-- stage: events
create table fct_events as
select
    impersonal(event_key, channel, source_record_key) as event_key,
    channel,
    event_name,
    customer_id,
    if(customer_id is null, md5(anonymous_id), null) as visitor_key,
    occurred_at,
    on_day(occurred_at) as occurred_on,
    product_id_channel,
    product_category,
    quantity,
    order_no,
    currency_code as currency_code_original,
    value_amount as value_amount_original,
    campaign_name,
    device_type
from newest('channel_events', 'event_key', 'occurred_at')
left join work.members using (source_record_key);

create table fct_interactions as
select
    impersonal(interaction_key, channel, source_record_key) as interaction_key,
    channel,
    interaction_type,
    customer_id,
    staff_id_channel,
    occurred_at,
    on_day(occurred_at) as occurred_on
from newest('channel_interactions', 'interaction_key', 'occurred_at')
left join work.members using (source_record_key);

create table fct_sends as
with
stages as (
    select
        send_key,
        min(sent_at) as sent_at,
        min(delivered_at) as delivered_at,
        min(opened_at) as opened_at,
        min(clicked_at) as clicked_at,
        max(case status when 'clicked' then 3 when 'opened' then 2 when 'delivered' then 1 else 0 end) as told_stage
    from told('channel_sends', 'coalesce(sent_at, to_timestamp(0))')
    group by send_key
),
campaigns as (select campaign_key, starts_on from newest('channel_campaigns', 'campaign_key', 'to_timestamp(0)')),
joined as (
    select
        sends.send_key,
        sends.channel,
        sends.source_record_key,
        sends.channel || ':' || sends.campaign_no as campaign_key,
        sends.medium,
        sends.status,
        stages.* exclude (send_key),
        greatest(
            told_stage,
            case
                when stages.clicked_at is not null then 3
                when stages.opened_at is not null then 2
                when stages.delivered_at is not null or sends.status in ('unsubscribed', 'complained') then 1
                else 0
            end
        ) as stage
    from newest('channel_sends', 'send_key', 'coalesce(sent_at, to_timestamp(0))') as sends
    inner join stages using (send_key)
),
counted as (
    select
        joined.*,
        members.customer_id,
        coalesce(sent_at, delivered_at, opened_at, clicked_at, timezone('Asia/Shanghai', cast(starts_on as timestamp))) as counted_at
    from joined
    left join work.members using (source_record_key)
    left join campaigns using (campaign_key)
)
select
    impersonal(send_key, channel, source_record_key) as send_key,
    channel,
    campaign_key,
    customer_id,
    medium,
    if(status in ('sent', 'delivered', 'opened', 'clicked'), ['sent', 'delivered', 'opened', 'clicked'][stage + 1], status) as status,
    sent_at,
    on_day(sent_at) as sent_on,
    delivered_at,
    opened_at,
    clicked_at,
    counted_at,
    on_day(counted_at) as counted_on,
    stage >= 1 as was_delivered,
    stage >= 2 as was_opened,
    stage = 3 as was_clicked
from counted;

-- stage: customers
create table work.orders as
select
    customer_no,
    channel,
    store_key,
    region,
    ordered_at,
    ordered_on,
    purchased_at,
    purchased_on,
    net_amount,
    is_purchase
from fct_orders
inner join work.customers using (customer_id);

create table work.totals as
select
    customer_no,
    min(ordered_at) as first_ordered_at,
    max(ordered_at) as last_ordered_at,
    min(purchased_on) as first_purchased_on,
    max(purchased_on) as last_purchased_on,
    min(purchased_at) as first_purchased_at,
    max(purchased_at) as last_purchased_at,
    count(purchased_on) as order_count_total,
    count(*) filter (where purchased_on > getvariable('as_of') - 30) as order_count_30d,
    count(*) filter (where purchased_on > getvariable('as_of') - 90) as order_count_90d,
    count(*) filter (where purchased_on > getvariable('as_of') - 365) as order_count_365d,
    cast(coalesce(sum(net_amount) filter (where is_purchase), 0) as decimal(18, 2)) as net_amount_total,
    cast(coalesce(sum(net_amount) filter (where purchased_on > getvariable('as_of') - 30), 0) as decimal(18, 2)) as net_amount_30d,
    cast(coalesce(sum(net_amount) filter (where purchased_on > getvariable('as_of') - 90), 0) as decimal(18, 2)) as net_amount_90d,
    cast(coalesce(sum(net_amount) filter (where purchased_on > getvariable('as_of') - 365), 0) as decimal(18, 2)) as net_amount_365d
from work.orders
group by customer_no;

create table work.channels as
with
used as (
    select customer_no, channel, count(*) as order_count, min(purchased_at) as first_at
    from work.orders
    where is_purchase
    group by all
)
select
    customer_no,
    arg_min(channel, (first_at, channel)) as acquisition_channel,
    arg_min(channel, (-order_count, channel)) as preferred_channel,
    string_agg(channel, ',' order by channel) as purchase_channels,
    count(*) as purchase_channel_count
from used
group by customer_no;

create table work.active_days as
with
days as (
    select customer_no, ordered_on as active_on from work.orders
    union all
    select customer_no, occurred_on from fct_events inner join work.customers using (customer_id)
    union all
    select customer_no, occurred_on from fct_interactions inner join work.customers using (customer_id)
)
select distinct customer_no, active_on
from days;

create table work.activity as
with
events as (
    select
        customer_id,
        min(occurred_at) as first_at,
        max(occurred_at) as last_at,
        max(occurred_at) filter (where event_name = 'product_added') as last_cart_at,
        max(occurred_at) filter (where event_name = 'order_completed') as last_checkout_at,
        count(*) filter (where event_name = 'product_viewed' and occurred_on > getvariable('as_of') - 7) as views_7d,
        count(*) filter (where event_name = 'product_viewed' and occurred_on > getvariable('as_of') - 30) as views_30d
    from fct_events
    where customer_id is not null
    group by customer_id
),
interactions as (
    select customer_id, min(occurred_at) as first_at, max(occurred_at) as last_at
    from fct_interactions
    where customer_id is not null
    group by customer_id
),
joined as (
    select
        customer_no,
        events.last_at as last_event_at,
        events.last_cart_at,
        coalesce(views_7d, 0) as product_view_count_7d,
        coalesce(views_30d, 0) as product_view_count_30d,
        interactions.last_at as last_interaction_at,
        least(registered_at, events.first_at, interactions.first_at, first_ordered_at, first_purchased_at) as known_at,
        greatest(events.last_at, interactions.last_at, last_ordered_at) as last_active_at,
        greatest(last_checkout_at, last_ordered_at) as last_checkout_at
    from work.customers
    left join work.totals using (customer_no)
    left join events using (customer_id)
    left join interactions using (customer_id)
)
select
    *,
    on_day(known_at) as known_on,
    on_day(last_active_at) as last_active_on,
    coalesce(last_cart_at is not null and (last_checkout_at is null or last_checkout_at < last_cart_at), false) as has_open_cart
from joined;

-- stage: rfm
create table work.months as
with
first_days as (select min(purchased_on) as day from fct_orders)
select start as month_start, cast(start + interval 1 month as date) - 1 as month_end_on
from (select cast(unnest(generate_series(start_of('month', day), getvariable('as_of'), interval 1 month)) as date) as start from first_days)
where month_end_on <= getvariable('as_of')
order by month_start desc
limit 24;

set variable first_month = (select min(month_start) from work.months);
set variable month_after = (select cast(max(month_start) + interval 1 month as date) from work.months);

-- a purchase enters the sums of month ends with its month and leaves them with the month in which its window ends
create table work.month_ends as
with
changes as (
    select customer_no, unnest([
        {
            month: start_of('month', purchased_on), day: purchased_on,
            n30: 1, amount30: net_amount, n365: 1, amount365: net_amount
        },
        {month: start_of('month', purchased_on + 30), day: null, n30: -1, amount30: -net_amount, n365: 0, amount365: 0},
        {month: start_of('month', purchased_on + 365), day: null, n30: 0, amount30: 0, n365: -1, amount365: -net_amount}
    ], recursive := true)
    from work.orders
    where is_purchase and purchased_on < getvariable('month_after')
),
changed as (
    select
        customer_no,
        greatest(month, getvariable('first_month')) as change_month,
        max(day) as day,
        cast(sum(n30) as bigint) as n30,
        cast(sum(amount30) as decimal(18, 2)) as amount30,
        cast(sum(n365) as bigint) as n365,
        cast(sum(amount365) as decimal(18, 2)) as amount365
    from changes
    where month < getvariable('month_after')
    group by all
),
states as (
    select
        customer_no,
        change_month,
        coalesce(lead(change_month) over (partition by customer_no order by change_month), getvariable('month_after')) as until_month,
        max(day) over so_far as last_purchased_on,
        cast(sum(n30) over so_far as bigint) as n30,
        cast(sum(amount30) over so_far as decimal(18, 2)) as amount30,
        cast(sum(n365) over so_far as bigint) as n365,
        cast(sum(amount365) over so_far as decimal(18, 2)) as amount365
    from changed
    window so_far as (partition by customer_no order by change_month rows unbounded preceding)
),
held as (
    select starts.month_start as change_month, ends.until_month, months.month_start, months.month_end_on
    from work.months as starts, (select cast(month_start + interval 1 month as date) as until_month from work.months) as ends, work.months
    where months.month_start >= starts.month_start and months.month_start < ends.until_month
)
select customer_no, month_start, month_end_on, last_purchased_on, n30, amount30, n365, amount365
from states
inner join held using (change_month, until_month);

-- cut points of the fifths of all buyers, at each month end and today
create table customer_rfm_cuts as
with
measured as (
    select month_end_on as scored_on, month_end_on - last_purchased_on as recency, n365, amount365 from work.month_ends
    union all
    select getvariable('as_of'), getvariable('as_of') - last_purchased_on, order_count_365d, net_amount_365d
    from work.totals
    where last_purchased_on is not null and getvariable('as_of') not in (select month_end_on from work.months)
),
counted as (
    select
        scored_on,
        if(recency is not null, 'recency', if(n365 is not null, 'frequency', 'monetary')) as axis,
        cast(coalesce(recency, n365, amount365) as decimal(18, 2)) as value,
        count(*) as customers
    from measured
    group by grouping sets ((scored_on, recency), (scored_on, n365), (scored_on, amount365))
),
placed as (
    select
        *,
        sum(customers) over (partition by scored_on, axis order by value rows unbounded preceding) - customers as below,
        sum(customers) over (partition by scored_on, axis) as buyers
    from counted
)
select
    scored_on,
    axis,
    cast(if(axis = 'recency', 5 - 5 * below // buyers, 1 + 5 * below // buyers) as integer) as score,
    min(value) as from_value,
    max(value) as to_value,
    cast(sum(customers) as bigint) as customer_count
from placed
group by all;

-- lower bounds of the scores of each preset on each day scored
create table work.scales as
with
days as (select month_end_on as scored_on from work.months union select getvariable('as_of'))
select
    preset, scored_on, r1, r2, r3, r4, f2, f3, f4, f5,
    cast(m2 as decimal(18, 2)) as m2, cast(m3 as decimal(18, 2)) as m3, cast(m4 as decimal(18, 2)) as m4, cast(m5 as decimal(18, 2)) as m5
from days, (values
    ('monthly', 181, 91, 31, 8, 1, 2, 3, 5, 200, 300, 500, 1000),
    ('annual', 181, 91, 31, 8, 2, 3, 6, 12, 300, 1000, 2000, 5000)
) as presets (preset, r1, r2, r3, r4, f2, f3, f4, f5, m2, m3, m4, m5)
union all
select
    'quantile', scored_on,
    max(from_value) filter (where axis = 'recency' and score = 1), max(from_value) filter (where axis = 'recency' and score = 2),
    max(from_value) filter (where axis = 'recency' and score = 3), max(from_value) filter (where axis = 'recency' and score = 4),
    max(from_value) filter (where axis = 'frequency' and score = 2), max(from_value) filter (where axis = 'frequency' and score = 3),
    max(from_value) filter (where axis = 'frequency' and score = 4), max(from_value) filter (where axis = 'frequency' and score = 5),
    max(from_value) filter (where axis = 'monetary' and score = 2), max(from_value) filter (where axis = 'monetary' and score = 3),
    max(from_value) filter (where axis = 'monetary' and score = 4), max(from_value) filter (where axis = 'monetary' and score = 5)
from customer_rfm_cuts
group by scored_on;

create macro recency_score(days, b) as
    case
        when days is null then null when days >= b.r1 then 1 when days >= b.r2 then 2 when days >= b.r3 then 3 when days >= b.r4 then 4
        else 5
    end;
create macro frequency_score(n, b) as
    case when n is null then null when n >= b.f5 then 5 when n >= b.f4 then 4 when n >= b.f3 then 3 when n >= b.f2 then 2 else 1 end;
create macro monetary_score(amount, b) as
    case
        when amount is null then null when amount >= b.m5 then 5 when amount >= b.m4 then 4 when amount >= b.m3 then 3
        when amount >= b.m2 then 2 else 1
    end;
create macro tier(total) as
    case when total is null then 'no_purchase' when total >= 12 then 'high_value' when total >= 8 then 'potential' else 'lapsed' end;

create table customer_rfm as
with
measured as (
    select
        customer_id,
        scales as bounds,
        last_purchased_on,
        getvariable('as_of') - last_purchased_on as recency_days,
        if(preset = 'monthly', order_count_30d, order_count_365d) as frequency,
        if(preset = 'monthly', net_amount_30d, net_amount_365d) as monetary_amount,
        order_count_365d >= 3 as is_frequent,
        net_amount_365d >= 1000 as is_high_spend
    from work.customers
    cross join work.scales
    left join (from work.totals where last_purchased_on is not null) using (customer_no)
    where scored_on = getvariable('as_of')
),
scored as (
    select
        *,
        recency_score(recency_days, bounds) as recency_score,
        frequency_score(frequency, bounds) as frequency_score,
        monetary_score(monetary_amount, bounds) as monetary_score,
        case
            when recency_days is null then 0
            when recency_days <= 90 and is_frequent and is_high_spend then 1
            when recency_days <= 90 and is_frequent then 2
            when recency_days <= 90 and is_high_spend then 3
            when recency_days <= 90 then 4
            when is_frequent and is_high_spend then 5
            when is_frequent then 6
            when is_high_spend then 7
            else 8
        end as class_no
    from measured
)
select
    customer_id,
    bounds.preset as preset,
    getvariable('as_of') as as_of,
    last_purchased_on,
    recency_days,
    coalesce(frequency, 0) as frequency,
    cast(coalesce(monetary_amount, 0) as decimal(18, 2)) as monetary_amount,
    recency_score,
    frequency_score,
    monetary_score,
    recency_score + frequency_score + monetary_score as rfm_total,
    tier(recency_score + frequency_score + monetary_score) as rfm_tier,
    coalesce([
        'core_value', 'active_potential', 'high_spend_developing', 'recent_developing', 'sleeping_high_value', 'fading_regular',
        'win_back_high_spend', 'lapsed'
    ][class_no], 'no_purchase') as rfm_class,
    coalesce([
        '核心价值用户', '活跃潜力用户', '重要发展用户', '一般发展用户', '沉睡高价值用户', '一般保持用户', '重要挽留用户', '流失用户'
    ][class_no], '未购买用户') as rfm_class_zh
from scored;

create table customer_rfm_history as
with
scored as (
    select
        customer_no,
        scales.preset,
        month_end_on,
        last_purchased_on,
        month_end_on - last_purchased_on as recency_days,
        if(preset = 'monthly', n30, n365) as frequency,
        if(preset = 'monthly', amount30, amount365) as monetary_amount,
        recency_score(month_end_on - last_purchased_on, scales) as recency_score,
        frequency_score(if(preset = 'monthly', n30, n365), scales) as frequency_score,
        monetary_score(if(preset = 'monthly', amount30, amount365), scales) as monetary_score
    from work.month_ends
    inner join work.scales on month_end_on = scored_on
)
select
    customer_id,
    preset,
    month_end_on,
    last_purchased_on,
    recency_days,
    frequency,
    monetary_amount,
    recency_score,
    frequency_score,
    monetary_score,
    recency_score + frequency_score + monetary_score as rfm_total,
    tier(rfm_total) as rfm_tier
from scored
inner join work.customers using (customer_no);

create table work.tiers as
select
    customer_no,
    month_start,
    last_purchased_on,
    tier(
        recency_score(month_end_on - last_purchased_on, scales) + frequency_score(n30, scales) + monetary_score(amount30, scales)
    ) as rfm_tier
from work.month_ends
inner join work.scales on month_end_on = scored_on and preset = 'monthly';

-- stage: lifecycle
create macro stage(registered_on, first_purchased_on, day, active_on, is_mature) as
    case
        when registered_on <= day and coalesce(first_purchased_on > day, true) then 'prospect'
        when first_purchased_on <= day and day - first_purchased_on <= 30 then 'new'
        when active_on is null or day - active_on > 90 then 'churned'
        when day - active_on > 30 then 'declining'
        when is_mature then 'mature'
        else 'growing'
    end;

create table customer_lifecycle as
select
    customer_id,
    getvariable('as_of') as as_of,
    stage(registered_on, first_purchased_on, getvariable('as_of'), last_active_on, coalesce(order_count_365d, 0) >= 3) as lifecycle_stage,
    registered_on,
    first_purchased_on,
    getvariable('as_of') - first_purchased_on as days_since_first_purchase,
    last_active_on,
    getvariable('as_of') - last_active_on as days_since_last_activity
from work.customers
left join work.totals using (customer_no)
left join work.activity using (customer_no);

-- the stage can change only on these days: activity after a pause, 31 and 91 days after the last, registration, first purchase and 31 days
-- later, and when the third purchase enters or leaves 365 days
create table customer_lifecycle_history as
with
neighbors as (
    select
        customer_no,
        active_on,
        coalesce(active_on - lag(active_on) over days > 30, true) as is_first,
        coalesce(lead(active_on) over days - active_on > 30, true) as is_last
    from work.active_days
    window days as (partition by customer_no order by active_on)
),
edges as (
    select
        customer_no,
        active_on as started_on,
        is_first,
        if(is_last, active_on, lead(active_on) over (partition by customer_no order by active_on)) as ended_on
    from neighbors
    where is_first or is_last
),
counted as (
    select customer_no, day, sum(change) as change
    from (
        select customer_no, unnest([purchased_on, purchased_on + 365]) as day, unnest([1, -1]) as change
        from work.orders
        inner join work.totals using (customer_no)
        where is_purchase and order_count_total >= 3
    )
    group by all
),
windowed as (
    select customer_no, day, sum(change) over (partition by customer_no order by day rows unbounded preceding) as orders, change
    from counted
),
dated as (
    select customer_no, day, cast(null as date) as active_until, if(orders >= 3, 1, -1) as mature_change
    from windowed
    where (orders >= 3) <> (orders - change >= 3)
    union all
    select customer_no, unnest([started_on, ended_on + 31, ended_on + 91]), unnest([ended_on, null, null]), 0
    from edges
    where is_first
    union all
    select customer_no, registered_on, null, 0 from work.customers where registered_on is not null
    union all
    select customer_no, unnest([first_purchased_on, first_purchased_on + 31]), null, 0 from work.totals where first_purchased_on is not null
),
days as (
    select customer_no, day, max(active_until) as active_until, sum(mature_change) as mature_change
    from dated
    where day <= getvariable('as_of')
    group by all
),
states as (
    select customer_no, day, max(active_until) over so_far as active_until, sum(mature_change) over so_far > 0 as is_mature
    from days
    window so_far as (partition by customer_no order by day rows unbounded preceding)
),
staged as (
    select customer_no, day, stage(registered_on, first_purchased_on, day, active_until, is_mature) as lifecycle_stage
    from states
    inner join work.customers using (customer_no)
    left join work.totals using (customer_no)
),
changed as (
    from staged
    qualify lag(lifecycle_stage, 1, '') over (partition by customer_no order by day) <> lifecycle_stage
)
select
    customer_id,
    lifecycle_stage,
    day as valid_from_on,
    lead(day) over (partition by customer_no order by day) as valid_to_on
from changed
inner join work.customers using (customer_no);

-- stage: periods and sales
create table work.periods as
with
days as (
    select cast(unnest(generate_series(first_on, getvariable('as_of'), interval 1 day)) as date) as day
    from (select greatest(min(purchased_on), getvariable('as_of') - 9999) as first_on from fct_orders)
),
starts as (select distinct grain, length, start_of(grain, day) as period_start from days, (
    values ('day', interval 1 day), ('week', interval 7 day), ('month', interval 1 month), ('quarter', interval 3 month)
) as grains (grain, length))
select grain as period_grain, period_start, cast(period_start + length as date) - 1 as period_end_on
from starts;

create table work.daily_sales as
select
    booked_on,
    channel,
    coalesce(store_key, 'unattributed') as store,
    coalesce(region, 'unattributed') as region,
    acquisition_channel,
    count(*) as paid_order_count,
    count(*) filter (where was_refunded) as refunded_order_count,
    sum(paid_amount) as paid_amount,
    sum(refunded_amount) as refunded_amount,
    count(*) filter (where is_purchase) as order_count,
    coalesce(sum(net_amount) filter (where is_purchase), 0) as net_amount
from fct_orders
left join (from work.customers inner join work.channels using (customer_no)) using (customer_id)
where was_paid
group by all;

create table work.slices as
select 'all' as dimension, 'all' as dimension_value
union
select unnest(['channel', 'store', 'region']), unnest([channel, store, region]) from work.daily_sales
union
select 'acquisition_channel', acquisition_channel from work.channels
union
select unnest(['acquisition_channel', 'rfm_tier', 'rfm_tier', 'rfm_tier', 'rfm_tier']),
    unnest(['unattributed', 'high_value', 'potential', 'lapsed', 'no_purchase']);

-- every period of every value: what nothing happened in has its row
create table work.cells as
select period_grain, period_start, period_end_on, dimension, dimension_value
from work.periods
cross join work.slices
where dimension <> 'rfm_tier' or (period_grain = 'month' and period_start in (select month_start from work.months));

-- a customer who bought in two places is a buyer of each; longer periods are counted from shorter ones, which are fewer rows
create table work.buyer_days as
select
    customer_no,
    channel,
    coalesce(store_key, 'unattributed') as store,
    coalesce(region, 'unattributed') as region,
    acquisition_channel,
    purchased_on as period_start
from work.orders
inner join work.channels using (customer_no)
where is_purchase
group by all;

create table work.buyer_months as select distinct * replace (start_of('month', period_start) as period_start) from work.buyer_days;

create macro buyers(days, grain) as table
select
    grain as period_grain,
    start_of(grain, period_start) as period_start,
    case
        when grouping(channel) = 0 then 'channel' when grouping(store) = 0 then 'store' when grouping(region) = 0 then 'region'
        when grouping(acquisition_channel) = 0 then 'acquisition_channel' else 'all'
    end as dimension,
    coalesce(channel, store, region, acquisition_channel, 'all') as dimension_value,
    count(distinct customer_no) as buyer_count
from query_table(days)
group by
    start_of(grain, period_start), grouping sets ((), (channel), (store), (region), (acquisition_channel));

create table work.sales as
with
sliced as (
    select
        period_grain,
        start_of(period_grain, booked_on) as period_start,
        unnest(['all', 'channel', 'store', 'region', 'acquisition_channel']) as dimension,
        unnest(['all', channel, store, region, coalesce(acquisition_channel, 'unattributed')]) as dimension_value,
        paid_order_count, refunded_order_count, paid_amount, refunded_amount, order_count, net_amount
    from work.daily_sales, (select distinct period_grain from work.periods)
),
summed as (
    select period_grain, period_start, dimension, dimension_value, sum(columns('_count$|_amount$'))
    from sliced
    group by all
),
counted as (
    from buyers('work.buyer_days', 'day')
    union all from buyers('work.buyer_days', 'week')
    union all from buyers('work.buyer_months', 'month')
    union all from buyers('work.buyer_months', 'quarter')
)
select
    cells.period_grain, cells.period_start, cells.period_end_on, cells.dimension, cells.dimension_value,
    coalesce(columns(summed.* exclude (period_grain, period_start, dimension, dimension_value)), 0),
    coalesce(buyer_count, 0) as buyer_count
from work.cells
left join summed using (period_grain, period_start, dimension, dimension_value)
left join counted using (period_grain, period_start, dimension, dimension_value)
where dimension <> 'rfm_tier';

-- stage: kpi
create table kpi (
    metric varchar, period_grain varchar, period_start date, dimension varchar, dimension_value varchar,
    numerator decimal(18, 2), denominator decimal(18, 2), value decimal(18, 6), unit varchar, is_provisional boolean, as_of date
);

-- the columns that every family ends in
create macro kpi_rows(family) as table
select
    metric, period_grain, period_start, dimension, dimension_value, numerator, denominator,
    cast(if(denominator is null, numerator, numerator / nullif(denominator, 0)) as decimal(18, 6)), unit,
    final_on > getvariable('as_of'), getvariable('as_of')
from query_table(family);

create table work.customer_months as
select
    *,
    lag(purchase_month) over months as previous_month,
    lead(purchase_month) over months as next_month,
    min(purchase_month) over (partition by customer_no) as first_month
from (
    select customer_no, start_of('month', purchased_on) as purchase_month, count(*) as order_count, sum(net_amount) as net_amount
    from work.orders
    where is_purchase
    group by all
)
window months as (partition by customer_no order by purchase_month);

create table work.kpi_sales as
with
tiered as (
    select month_start as period_start, rfm_tier, sum(order_count) as order_count, sum(net_amount) as net_amount, count(*) as buyer_count
    from work.customer_months
    inner join work.tiers on customer_months.customer_no = tiers.customer_no and purchase_month = month_start
    group by all
    union all
    select start_of('month', booked_on), 'unattributed', sum(order_count), sum(net_amount), 0
    from work.daily_sales
    where acquisition_channel is null
    group by all
),
tier_cells as (
    select
        period_grain, period_start, period_end_on, dimension,
        if(dimension_value = 'no_purchase', 'unattributed', dimension_value) as value
    from work.cells
    where dimension = 'rfm_tier'
),
sold as (
    from work.sales
    union all by name
    select
        period_grain, tier_cells.period_start, period_end_on, dimension, value as dimension_value,
        coalesce(order_count, 0) as order_count, coalesce(net_amount, 0) as net_amount, coalesce(buyer_count, 0) as buyer_count
    from tier_cells
    left join tiered on tier_cells.period_start = tiered.period_start and value = rfm_tier
)
select
    period_grain, period_start, period_end_on as final_on, dimension, dimension_value, unnest([
        {metric: 'net_sales', numerator: net_amount, denominator: null, unit: 'CNY'},
        {metric: 'purchases', numerator: order_count, denominator: null, unit: 'purchases'},
        {metric: 'buyers', numerator: buyer_count, denominator: null, unit: 'customers'},
        {metric: 'aov', numerator: net_amount, denominator: order_count, unit: 'CNY'},
        {metric: 'arppu', numerator: net_amount, denominator: buyer_count, unit: 'CNY'},
        {metric: 'refund_rate_by_count', numerator: refunded_order_count, denominator: paid_order_count, unit: 'rate'},
        {metric: 'refund_rate_by_amount', numerator: refunded_amount, denominator: paid_amount, unit: 'rate'}
    ], recursive := true)
from sold;

insert into kpi from kpi_rows('work.kpi_sales') where dimension <> 'rfm_tier' or not starts_with(metric, 'refund');

-- whether a buyer of one period counts in a later one depends on the distance to the purchases around it only: count customers by these
create table work.patterns as
with
quarters as (
    select
        customer_no, quarter, order_count,
        lag(quarter) over (partition by customer_no order by quarter) as previous,
        lead(quarter) over (partition by customer_no order by quarter) as next
    from (
        select customer_no, start_of('quarter', purchase_month) as quarter, sum(order_count) as order_count
        from work.customer_months
        group by all
    )
),
bought as (
    select
        customer_no, 'month' as period_grain, purchase_month as period, order_count >= 2 as is_twice,
        datediff('month', previous_month, purchase_month) as since, datediff('month', purchase_month, next_month) as until
    from work.customer_months
    union all
    select customer_no, 'quarter', quarter, order_count >= 2, datediff('quarter', previous, quarter), datediff('quarter', quarter, next)
    from quarters
),
gaps as (
    select period_grain, period, acquisition_channel, is_twice, since, until, count(*) as customers
    from bought
    inner join work.channels using (customer_no)
    group by all
)
-- the last period with a purchase, seen from each period from then on
select
    gaps.period_grain, period_start, unnest(['acquisition_channel', 'all']) as dimension,
    unnest([acquisition_channel, 'all']) as dimension_value, is_twice, since, until,
    datediff(gaps.period_grain, period, period_start) as later, customers
from gaps
inner join work.periods on gaps.period_grain = periods.period_grain and period <= period_start
where until is null or until > datediff(gaps.period_grain, period, period_start)
union all
select
    'month', month_start, 'rfm_tier', rfm_tier, order_count >= 2, datediff('month', previous_month, purchase_month),
    datediff('month', purchase_month, next_month), datediff('month', purchase_month, month_start), count(*)
from work.tiers
inner join work.customer_months
    on tiers.customer_no = customer_months.customer_no and start_of('month', last_purchased_on) = purchase_month
group by all;

create table work.kpi_buyers as
with
known_days as (
    select known_on, coalesce(acquisition_channel, 'unattributed') as acquisition_channel, count(*) as customers
    from work.activity
    left join work.channels using (customer_no)
    where known_on is not null
    group by all
),
known as (
    select
        period_grain, period_start, if(grouping(acquisition_channel) = 0, 'acquisition_channel', 'all') as dimension,
        coalesce(acquisition_channel, 'all') as dimension_value, sum(customers) as known_count
    from work.periods
    inner join known_days on known_on <= period_end_on
    where period_grain in ('month', 'quarter')
    group by period_grain, period_start, grouping sets ((), (acquisition_channel))
),
tiered as (select month_start, rfm_tier, count(*) as known_count from work.tiers group by all),
all_known as (
    from known
    union all
    select 'month', month_start, 'rfm_tier', rfm_tier, known_count from tiered
    union all
    select 'month', month_start, 'rfm_tier', 'no_purchase', any_value(known.known_count) - coalesce(sum(tiered.known_count), 0)
    from work.months
    inner join known on month_start = period_start and period_grain = 'month' and dimension = 'all'
    left join tiered using (month_start)
    group by month_start
),
judged as (
    select
        *,
        if(period_grain = 'month', 6, 2) as half_year,
        if(period_grain = 'month', 11, 3) as year_back,
        later <= 5 and (is_twice or coalesce(since + later <= 5, false)) as is_repeat_customer
    from work.patterns
),
counted as (
    select
        period_grain, period_start, dimension, dimension_value,
        sum(customers) filter (where later = 0) as buyers,
        sum(customers) filter (where later = 0 and is_twice) as repeat_in_period,
        sum(customers) filter (where later = 0 and (is_twice or since <= year_back)) as repeat_in_year,
        sum(customers) filter (where later between 1 and half_year) as gone,
        sum(customers) filter (where later between 1 and half_year or (later = 0 and since <= half_year)) as bought_before,
        sum(customers) filter (where is_repeat_customer) as repeat_customers,
        sum(customers) filter (where is_repeat_customer and until <= later + 3) as retained
    from judged
    group by all
),
filled as (
    select
        cells.*, coalesce(columns(counted.* exclude (period_grain, period_start, dimension, dimension_value)), 0),
        coalesce(known_count, 0) as known_count
    from work.cells
    left join all_known using (period_grain, period_start, dimension, dimension_value)
    left join counted using (period_grain, period_start, dimension, dimension_value)
    where period_grain in ('month', 'quarter') and dimension in ('all', 'acquisition_channel', 'rfm_tier')
)
select
    period_grain, period_start, dimension, dimension_value, 'rate' as unit, unnest([
        {metric: 'repurchase_rate', numerator: repeat_in_year, denominator: buyers, final_on: period_end_on},
        {metric: 'repeat_buyer_share', numerator: repeat_in_period, denominator: buyers, final_on: period_end_on},
        {metric: 'churn_rate_literal', numerator: gone, denominator: known_count - buyers, final_on: period_end_on},
        {metric: 'churn_rate_active_base', numerator: gone, denominator: bought_before, final_on: period_end_on},
        {
            metric: 'repeat_customer_retention', numerator: retained, denominator: repeat_customers,
            final_on: cast(period_start + interval 4 month as date) - 1
        }
    ], recursive := true)
from filled;

insert into kpi from kpi_rows('work.kpi_buyers') where metric <> 'repeat_customer_retention' or period_grain = 'month';

create table work.kpi_newcomers as
with
bought as (
    select
        customer_no,
        min(purchased_on) filter (where purchased_on > first_purchased_on) <= any_value(first_purchased_on) + 30 as has_repurchased,
        count(*) filter (where purchased_on between registered_on and registered_on + 30) as early_orders
    from work.orders
    inner join work.totals using (customer_no)
    inner join work.customers using (customer_no)
    where is_purchase
    group by customer_no
),
dated as (
    select
        customer_no,
        coalesce(acquisition_channel, 'unattributed') as acquisition_channel,
        unnest([
            {day: known_on, known: 1, registered: 0, first_order: 0, second_order: 0, new_buyer: 0, repurchase: 0},
            {
                day: registered_on, known: 0, registered: 1, first_order: cast(early_orders >= 1 as integer),
                second_order: cast(early_orders >= 2 as integer), new_buyer: 0, repurchase: 0
            },
            {
                day: first_purchased_on, known: 0, registered: 0, first_order: 0, second_order: 0, new_buyer: 1,
                repurchase: cast(has_repurchased as integer)
            }
        ], recursive := true)
    from work.customers
    left join work.activity using (customer_no)
    left join work.totals using (customer_no)
    left join bought using (customer_no)
    left join work.channels using (customer_no)
),
daily as (
    select
        day, acquisition_channel, sum(known) as known, sum(registered) as registered, sum(first_order) as first_order,
        sum(second_order) as second_order, sum(new_buyer) as new_buyer, sum(repurchase) as repurchase
    from dated
    where day is not null
    group by all
),
counted as (
    select
        period_grain, start_of(period_grain, day) as period_start,
        unnest(['all', 'acquisition_channel']) as dimension, unnest(['all', acquisition_channel]) as dimension_value,
        known, registered, first_order, second_order, new_buyer, repurchase
    from daily, (select distinct period_grain from work.periods)
    union all
    select
        'month', months.month_start, 'rfm_tier', coalesce(rfm_tier, 'no_purchase'),
        known, registered, first_order, second_order, new_buyer, repurchase
    from dated
    inner join work.months on start_of('month', day) = months.month_start
    left join work.tiers on dated.customer_no = tiers.customer_no and months.month_start = tiers.month_start
),
-- a line over several days is spread over them; what a channel costs that writes to known people wins nobody
costs as (
    select
        channel,
        spent_from_on + cast(unnest(range(spent_to_on - spent_from_on + 1)) as integer) as day,
        unnest(list_transform(
            range(spent_to_on - spent_from_on + 1),
            lambda n: (cents * (n + 1) // (spent_to_on - spent_from_on + 1) - cents * n // (spent_to_on - spent_from_on + 1))
        )) / 100 as amount
    from (
        select costs.*, cast(in_cny(cost_amount, costs.currency_code, rate) * 100 as bigint) as cents
        from newest('channel_costs', 'cost_key', 'cast(spent_from_on as timestamptz)') as costs
        left join work.rates
            on costs.currency_code = rates.currency_code and spent_from_on >= rates.valid_from_on and spent_from_on < rates.valid_to_on
    )
    where channel not in (select channel from fct_sends)
),
spent as (
    select
        period_grain, start_of(period_grain, day) as period_start, unnest(['all', 'acquisition_channel']) as dimension,
        unnest(['all', if(channel in (select acquisition_channel from work.channels), channel, 'unattributed')]) as dimension_value, amount
    from costs, (select distinct period_grain from work.periods)
    where day <= getvariable('as_of')
),
filled as (
    select
        cells.*, coalesce(columns(counted.* exclude (period_grain, period_start, dimension, dimension_value)), 0),
        coalesce(amount, 0) as amount,
        coalesce(period_end_on >= (select min(day) from costs), false) and period_grain in ('month', 'quarter') and dimension <> 'rfm_tier'
            as has_costs
    from work.cells
    left join (
        select
            period_grain, period_start, dimension, dimension_value,
            sum(columns(* exclude (period_grain, period_start, dimension, dimension_value)))
        from counted
        group by all
    ) as counted using (period_grain, period_start, dimension, dimension_value)
    left join (
        select period_grain, period_start, dimension, dimension_value, sum(amount) as amount from spent group by all
    ) as spent using (period_grain, period_start, dimension, dimension_value)
    where dimension in ('all', 'acquisition_channel', 'rfm_tier')
)
select
    period_grain, period_start, dimension, dimension_value, has_costs, unnest([
        {metric: 'new_customers', numerator: known, denominator: null, unit: 'customers', final_on: period_end_on},
        {metric: 'new_buyers', numerator: new_buyer, denominator: null, unit: 'customers', final_on: period_end_on},
        {metric: 'cac', numerator: amount, denominator: new_buyer, unit: 'CNY', final_on: period_end_on},
        {
            metric: 'registration_first_order_30d', numerator: first_order, denominator: registered, unit: 'rate',
            final_on: period_end_on + 30
        },
        {
            metric: 'registration_second_order_30d', numerator: second_order, denominator: registered, unit: 'rate',
            final_on: period_end_on + 30
        },
        {metric: 'new_buyer_repurchase_30d', numerator: repurchase, denominator: new_buyer, unit: 'rate', final_on: period_end_on + 30}
    ], recursive := true)
from filled;

delete from work.kpi_newcomers
where (metric = 'cac' and not has_costs) or (ends_with(metric, '_30d') and period_grain <> 'month');

insert into kpi from kpi_rows('work.kpi_newcomers');

create table work.visitor_days as
select distinct visitor_key, occurred_on as day
from fct_events
where visitor_key is not null;

create table work.active_months as select distinct customer_no, start_of('month', active_on) as active_on from work.active_days;
create table work.visitor_months as select distinct visitor_key, start_of('month', day) as day from work.visitor_days;

create macro active(days, grain) as table
select
    grain as period_grain, start_of(grain, active_on) as period_start,
    if(grouping(acquisition_channel) = 0, 'acquisition_channel', 'all') as dimension,
    if(grouping(acquisition_channel) = 0, coalesce(acquisition_channel, 'unattributed'), 'all') as dimension_value,
    count(distinct customer_no) as active_count
from query_table(days)
left join work.channels using (customer_no)
group by start_of(grain, active_on), grouping sets ((), (acquisition_channel));

create table work.kpi_activity as
with
counted as (
    from active('work.active_days', 'day')
    union all from active('work.active_days', 'week')
    union all from active('work.active_months', 'month')
    union all from active('work.active_months', 'quarter')
),
visitors as (
    select 'day' as period_grain, day as period_start, count(*) as visitor_count from work.visitor_days group by all
    union all
    select 'week', start_of('week', day), count(distinct visitor_key) from work.visitor_days group by all
    union all
    select 'month', day, count(*) from work.visitor_months group by all
),
ages as (
    select customer_no, bool_or(days = 1) as d1, bool_or(days = 7) as d7, bool_or(days = 30) as d30
    from (
        select customer_no, active_on - registered_on as days
        from work.active_days
        inner join work.customers using (customer_no)
        where active_on - registered_on in (1, 7, 30)
    )
    group by customer_no
),
registered_days as (
    select
        registered_on, coalesce(acquisition_channel, 'unattributed') as acquisition_channel, count(*) as registered,
        count(*) filter (where d1) as d1, count(*) filter (where d7) as d7, count(*) filter (where d30) as d30
    from work.customers
    left join work.channels using (customer_no)
    left join ages using (customer_no)
    where registered_on is not null
    group by all
),
registered as (
    select
        period_grain, start_of(period_grain, registered_on) as period_start,
        unnest(['all', 'acquisition_channel']) as dimension, unnest(['all', acquisition_channel]) as dimension_value,
        registered, d1, d7, d30
    from registered_days, (values ('day'), ('month')) as grains (period_grain)
),
filled as (
    select
        cells.*, coalesce(active_count, 0) as active_count, coalesce(visitor_count, 0) as visitor_count, net_amount,
        coalesce(registered, 0) as registered, coalesce(d1, 0) as d1, coalesce(d7, 0) as d7, coalesce(d30, 0) as d30
    from work.cells
    left join counted using (period_grain, period_start, dimension, dimension_value)
    left join visitors using (period_grain, period_start)
    left join work.sales using (period_grain, period_start, dimension, dimension_value)
    left join (
        select
            period_grain, period_start, dimension, dimension_value, sum(registered) as registered,
            sum(d1) as d1, sum(d7) as d7, sum(d30) as d30
        from registered
        group by all
    ) as summed using (period_grain, period_start, dimension, dimension_value)
    where dimension in ('all', 'acquisition_channel')
)
select
    period_grain, period_start, dimension, dimension_value, unnest([
        {metric: period_grain[1] || 'au', numerator: active_count, denominator: null, unit: 'customers', final_on: period_end_on},
        {
            metric: 'anonymous_' || period_grain[1] || 'au', numerator: visitor_count, denominator: null, unit: 'visitors',
            final_on: period_end_on
        },
        {metric: 'arpu', numerator: net_amount, denominator: active_count, unit: 'CNY', final_on: period_end_on},
        {metric: 'active_retention_d1', numerator: d1, denominator: registered, unit: 'rate', final_on: period_end_on + 1},
        {metric: 'active_retention_d7', numerator: d7, denominator: registered, unit: 'rate', final_on: period_end_on + 7},
        {metric: 'active_retention_d30', numerator: d30, denominator: registered, unit: 'rate', final_on: period_end_on + 30}
    ], recursive := true)
from filled;

insert into kpi
from kpi_rows('work.kpi_activity')
where
    (not ends_with(metric, 'qau'))
    and (not starts_with(metric, 'anonymous') or dimension = 'all')
    and (not starts_with(metric, 'active_retention') or period_grain in ('day', 'month'));

create table cohort_retention as
with
cohorts as (select first_month, count(distinct customer_no) as customer_count from work.customer_months group by first_month),
active as (
    select first_month, purchase_month, count(*) as customers, sum(order_count) as orders, sum(net_amount) as amount
    from work.customer_months
    group by all
),
grid as (
    select
        cohorts.*, period_start, period_end_on, coalesce(customers, 0) as customers, coalesce(orders, 0) as orders,
        coalesce(amount, 0) as amount, sum(coalesce(amount, 0)) over (partition by cohorts.first_month order by period_start) as cumulative
    from cohorts
    inner join work.periods on period_grain = 'month' and period_start >= cohorts.first_month
    left join active on active.first_month = cohorts.first_month and purchase_month = period_start
)
select
    first_month as first_purchase_month,
    datediff('month', first_month, period_start) as months_since,
    period_start as activity_month,
    customer_count,
    customers as active_customer_count,
    customers / customer_count as retention_rate,
    cast(orders as bigint) as order_count,
    cast(amount as decimal(18, 2)) as net_amount,
    cast(cumulative as decimal(18, 2)) as cumulative_net_amount,
    cast(cumulative / customer_count as decimal(18, 2)) as cumulative_net_amount_per_customer,
    'CNY' as currency_code,
    period_end_on > getvariable('as_of') as is_provisional,
    getvariable('as_of') as as_of
from grid;

-- stage: baskets
create table work.products as
with
sold as (
    select
        product_key, channel, max(product_name) as sold_as,
        bool_or(quantity <> floor(quantity)) is true or 2 * count(*) filter (where quantity >= 100) > count(*) as is_sold_by_volume
    from fct_order_lines
    where line_type = 'sale' and product_key is not null
    group by product_key, channel
)
select
    row_number() over (order by product_key) as product_no,
    product_key,
    sold.channel,
    coalesce(product_name, sold_as) as product_name,
    if(category is not null, dense_rank() over (order by category nulls last), null) as category_no,
    category,
    is_sold_by_volume
from sold
left join dim_products using (product_key)
union all
select 0, 'unattributed', null, null, null, null, true;

create table work.purchases as
select row_number() over () as purchase_no, order_key, channel, is_gift, customer_no, purchased_on, net_amount
from fct_orders
left join work.customers using (customer_id)
where is_purchase and (not is_gift or net_amount <> 0);

-- what was paid in the end, shared out over the articles by their amounts, to the cent
create table work.sold as
with
lines as (
    select purchase_no, coalesce(product_no, 0) as product_no, sum(quantity) as quantity, coalesce(sum(line_amount), 0) as amount
    from fct_order_lines
    inner join (from work.purchases where not is_gift) using (order_key)
    left join work.products using (product_key)
    where line_type = 'sale' and coalesce(line_amount_original > 0, true) and coalesce(quantity > 0, true)
    group by all
),
running as (
    select
        purchase_no,
        product_no,
        quantity,
        cast(amount as decimal(18, 2)) as amount,
        sum(amount) over so_far as up_to,
        sum(amount) over of_purchase as whole,
        count(*) over so_far as n,
        count(*) over of_purchase as n_all
    from lines
    window
        of_purchase as (partition by purchase_no),
        so_far as (partition by purchase_no order by product_no rows unbounded preceding)
),
shares as (
    select
        purchase_no,
        product_no,
        quantity,
        if(whole > 0, cast(up_to as double) / cast(whole as double), n / n_all) as share_up_to,
        if(whole > 0, cast(up_to - amount as double) / cast(whole as double), (n - 1) / n_all) as share_before
    from running
)
select
    purchases.purchase_no,
    channel,
    customer_no,
    purchased_on,
    coalesce(product_no, 0) as product_no,
    quantity,
    if(
        product_no is null,
        net_amount,
        cast(cast(net_amount as double) * share_up_to as decimal(18, 2)) - cast(cast(net_amount as double) * share_before as decimal(18, 2))
    ) as net_amount
from work.purchases
left join shares using (purchase_no);

create table basket_associations as
with
products as (
    select purchase_no, sold.channel, product_no, category_no
    from work.sold
    inner join work.products using (product_no)
    where product_no > 0 and purchased_on > getvariable('as_of') - 365
),
items as (
    select purchase_no, channel, 'product' as item_type, product_no as item_no from products
    union all
    select distinct purchase_no, channel, 'category', category_no from products where category_no is not null
),
baskets as (
    select channel, item_type, count(distinct purchase_no) as channel_basket_count from items group by all
),
counts as (
    select channel, item_type, item_no, count(*) as item_basket_count, channel_basket_count
    from items
    inner join baskets using (channel, item_type)
    group by all
    having count(*) >= greatest(10, 0.0005 * channel_basket_count)
),
-- of more than 50 items in a basket those found in most baskets
frequent as (
    select purchase_no, channel, item_type, item_no
    from items
    inner join counts using (channel, item_type, item_no)
    qualify
        count(*) over (partition by purchase_no, item_type) > 1
        and row_number() over (partition by purchase_no, item_type order by item_basket_count desc, item_no) <= 50
),
pairs as (
    select one.channel, one.item_type, one.item_no, other.item_no as with_item_no, count(*) as basket_count
    from frequent as one
    inner join frequent as other
        on one.purchase_no = other.purchase_no and one.item_type = other.item_type and one.item_no < other.item_no
    group by all
),
directed as (
    from pairs
    union all
    select channel, item_type, with_item_no, item_no, basket_count from pairs
),
names as (
    select 'product' as item_type, product_no as item_no, product_key as item_key, product_name as item_name from work.products
    union all
    select distinct 'category', category_no, category, category from work.products where category_no is not null
),
measured as (
    select
        directed.*,
        counts.item_basket_count,
        others.item_basket_count as with_item_basket_count,
        counts.channel_basket_count,
        cast(basket_count as double) * counts.channel_basket_count
        / (cast(counts.item_basket_count as double) * others.item_basket_count) as lift
    from directed
    inner join counts using (channel, item_type, item_no)
    inner join counts as others
        on directed.channel = others.channel and directed.item_type = others.item_type and directed.with_item_no = others.item_no
    where basket_count >= greatest(10, 0.0005 * counts.channel_basket_count)
)
select
    channel,
    measured.item_type,
    names.item_key,
    names.item_name,
    others.item_key as with_item_key,
    others.item_name as with_item_name,
    basket_count,
    item_basket_count,
    with_item_basket_count,
    channel_basket_count,
    basket_count / channel_basket_count as support_rate,
    basket_count / item_basket_count as confidence_rate,
    basket_count / with_item_basket_count as reverse_confidence_rate,
    lift,
    getvariable('as_of') as as_of
from measured
inner join names using (item_type, item_no)
inner join names as others on measured.item_type = others.item_type and measured.with_item_no = others.item_no
where lift >= 1.2;

create table hot_sellers as
with
recent as (
    from work.sold
    where purchased_on >= start_of('month', getvariable('as_of')) - interval 13 month
),
counted as (
    select
        period_grain,
        start_of(period_grain, purchased_on) as period_start,
        channel,
        product_no,
        sum(quantity) as quantity,
        count(*) as order_count,
        count(distinct customer_no) as buyer_count,
        cast(sum(net_amount) as decimal(18, 2)) as net_amount
    from recent, (values ('week'), ('month')) as grains (period_grain)
    group by all
),
ranked as (
    select
        *,
        if(product_no > 0, rank() over (partition by period_grain, period_start, product_no = 0 order by net_amount desc), null)
            as sales_rank,
        if(product_no > 0, rank() over (partition by period_grain, period_start, channel, product_no = 0 order by net_amount desc), null)
            as channel_sales_rank
    from counted
)
select
    ranked.period_grain,
    ranked.period_start,
    ranked.channel,
    product_key,
    product_name,
    category,
    if(is_sold_by_volume, null, cast(ranked.quantity as bigint)) as piece_count,
    ranked.order_count,
    ranked.buyer_count,
    ranked.net_amount,
    'CNY' as currency_code,
    ranked.sales_rank,
    ranked.channel_sales_rank,
    before.order_count as previous_order_count,
    before.net_amount as previous_net_amount,
    before.channel_sales_rank as previous_channel_sales_rank,
    if(before.net_amount > 0, cast(ranked.net_amount as double) / cast(before.net_amount as double) - 1, null) as net_amount_change_rate,
    period_end_on > getvariable('as_of') as is_provisional,
    getvariable('as_of') as as_of
from ranked
inner join work.periods using (period_grain, period_start)
inner join work.products using (product_no)
left join ranked as before
    on
        ranked.period_grain = before.period_grain
        and ranked.channel = before.channel
        and ranked.product_no = before.product_no
        and before.period_start = cast(
            ranked.period_start - if(ranked.period_grain = 'week', interval 7 day, interval 1 month) as date
        )
where ranked.period_start >= start_of('month', getvariable('as_of')) - interval 12 month;

-- stage: intervals
create table work.gaps as
with
days as (
    select distinct customer_no, 0 as category_no, purchased_on from work.orders where is_purchase
    union all
    select distinct customer_no, category_no, purchased_on
    from work.sold
    inner join work.products using (product_no)
    where customer_no is not null and category_no is not null
)
select customer_no, category_no, purchased_on, purchased_on - lag(purchased_on) over days as interval_days
from days
window days as (partition by customer_no, category_no order by purchased_on)
qualify interval_days is not null;

create table work.categories as select distinct category_no, category from work.products where category_no is not null;

create table customer_purchase_intervals as
with
measured as (
    select
        customer_no,
        category_no,
        max(purchased_on) as last_purchased_on,
        count(*) as interval_count,
        min(interval_days) as shortest,
        max(interval_days) as longest,
        sum(interval_days) / count(*) as mean_days,
        median(interval_days) as median_days
    from work.gaps
    group by customer_no, category_no
),
expected as (
    select *, if(interval_count >= 2, last_purchased_on + cast(floor(median_days + 0.5) as integer), null) as expected_on from measured
)
select
    customer_id,
    if(expected.category_no = 0, 'all', 'category') as scope,
    category,
    interval_count,
    cast(median_days as decimal(9, 2)) as median_days_between,
    cast(mean_days as decimal(9, 2)) as mean_days_between,
    shortest as shortest_interval_days,
    longest as longest_interval_days,
    last_purchased_on,
    expected_on,
    getvariable('as_of') - expected_on as overdue_days,
    getvariable('as_of') as as_of
from expected
inner join work.customers using (customer_no)
left join work.categories using (category_no);

create table purchase_interval_distribution as
with
counted as (
    select category_no, interval_days, count(*) as intervals, count(distinct customer_no) as customers
    from work.gaps
    group by all
)
select
    if(category_no = 0, 'all', 'category') as scope,
    category,
    interval_days,
    intervals as interval_count,
    customers as customer_count,
    intervals / sum(intervals) over of_category as share_rate,
    cast(sum(intervals) over (of_category order by interval_days) as double) / sum(intervals) over of_category as cumulative_rate,
    getvariable('as_of') as as_of
from counted
left join work.categories using (category_no)
window of_category as (partition by category_no);

create table pareto_customers as
with
spent as (
    select customer_id, count(*) as orders, sum(net_amount) as amount
    from fct_orders
    where is_purchase and purchased_on > getvariable('as_of') - 365
    group by customer_id
),
ranked as (
    select *, row_number() over (order by amount desc, customer_id) as place, count(*) over () as customers
    from spent
    where customer_id is not null
),
slices as (
    select 'percent' as slice_type, (place * 100 + customers - 1) // customers as top_percent, null as rfm_tier, count(*) as n,
        sum(orders) as orders, sum(amount) as amount
    from ranked
    group by top_percent
    union all
    select 'rfm_tier', null, coalesce(rfm_tier, 'unattributed'), count(customer_id), sum(orders), sum(amount)
    from spent
    left join (select customer_id, rfm_tier from customer_rfm where preset = 'monthly') using (customer_id)
    group by coalesce(rfm_tier, 'unattributed')
),
running as (
    select
        *,
        sum(n) over of_type as n_all,
        cast(sum(amount) over of_type as double) as amount_all,
        if(slice_type = 'percent', sum(n) over so_far, null) as n_so_far,
        if(slice_type = 'percent', sum(amount) over so_far, null) as amount_so_far
    from slices
    window of_type as (partition by slice_type), so_far as (partition by slice_type order by top_percent rows unbounded preceding)
)
select
    slice_type,
    cast(top_percent as integer) as top_percent,
    rfm_tier,
    n as customer_count,
    cast(orders as bigint) as order_count,
    cast(amount as decimal(18, 2)) as net_amount,
    'CNY' as currency_code,
    n / nullif(n_all, 0) as customer_share_rate,
    cast(amount as double) / nullif(amount_all, 0) as net_amount_share_rate,
    cast(n_so_far as bigint) as cumulative_customer_count,
    cast(amount_so_far as decimal(18, 2)) as cumulative_net_amount,
    cast(amount_so_far as double) / nullif(amount_all, 0) as cumulative_net_amount_share_rate,
    getvariable('as_of') as as_of
from running;

-- stage: customer 360
create table mart_marketing__customer_360 as
with
stores as (
    select
        customer_no,
        arg_min({store: store_key, region: region}, (-order_count, -epoch_us(last_at), store_key)) as home
    from (
        select customer_no, store_key, max(region) as region, count(*) as order_count, max(purchased_at) as last_at
        from work.orders
        where is_purchase and store_key is not null
        group by customer_no, store_key
    )
    group by customer_no
),
messages as (
    select
        customer_id,
        max(sent_at) as last_sent_at,
        count(*) filter (where sent_on > getvariable('as_of') - 30) as send_count_30d,
        count(*) filter (where sent_on > getvariable('as_of') - 30 and was_opened) as opened_send_count_30d,
        count(*) filter (where sent_on > getvariable('as_of') - 30 and was_clicked) as clicked_send_count_30d,
        max(opened_at) filter (where opened_at < getvariable('as_of_end_at')) as last_opened_at,
        max(clicked_at) filter (where clicked_at < getvariable('as_of_end_at')) as last_clicked_at
    from fct_sends
    where customer_id is not null
    group by customer_id
),
-- a statement counts for the contact point that it was made about
consents as (
    select
        customer_id,
        max(status) filter (where is_marketing and medium = 'sms' and contact_type = 'phone' and contact_value = phone_e164) as sms,
        max(status) filter (where is_marketing and medium = 'call' and contact_type = 'phone' and contact_value = phone_e164) as call,
        max(status) filter (where is_marketing and medium = 'email' and contact_type = 'email' and contact_value = email) as email,
        min(status) filter (where is_marketing and medium = 'wechat') as wechat,
        min(status) filter (where not is_marketing) as personalization
    from (select *, purpose = 'marketing' as is_marketing from lake('golden_consents'))
    inner join lake('golden_customers') using (customer_id)
    where purpose in ('marketing', 'personalization')
    group by customer_id
)
select
    dim_customers.customer_id,
    getvariable('as_of') as as_of,
    full_name_masked, phone_masked, email_masked, gender, birth_month_number, country, province, city,
    is_registered,
    dim_customers.registered_at,
    dim_customers.registered_on,
    getvariable('as_of') - dim_customers.registered_on as days_since_registration,
    coalesce(getvariable('as_of') - dim_customers.registered_on <= 30, false) as is_new_customer,
    registration_channel, member_level, source_record_count, channel_count, known_on,
    'CNY' as currency_code,
    first_purchased_at,
    totals.first_purchased_on,
    last_purchased_at,
    totals.last_purchased_on,
    getvariable('as_of') - totals.last_purchased_on as recency_days,
    coalesce(order_count_total, 0) as order_count_total,
    coalesce(order_count_30d, 0) as order_count_30d,
    coalesce(order_count_90d, 0) as order_count_90d,
    coalesce(order_count_365d, 0) as order_count_365d,
    cast(coalesce(net_amount_total, 0) as decimal(18, 2)) as net_amount_total,
    cast(coalesce(net_amount_30d, 0) as decimal(18, 2)) as net_amount_30d,
    cast(coalesce(net_amount_90d, 0) as decimal(18, 2)) as net_amount_90d,
    cast(coalesce(net_amount_365d, 0) as decimal(18, 2)) as net_amount_365d,
    cast(net_amount_total / nullif(order_count_total, 0) as decimal(18, 2)) as average_order_amount_total,
    acquisition_channel, preferred_channel, purchase_channels,
    coalesce(purchase_channel_count, 0) as purchase_channel_count,
    home.store as home_store_key,
    home.region as home_region,
    monthly.recency_score as recency_score_monthly,
    monthly.frequency_score as frequency_score_monthly,
    monthly.monetary_score as monetary_score_monthly,
    monthly.rfm_total as rfm_total_monthly,
    monthly.rfm_tier as rfm_tier_monthly,
    annual.recency_score as recency_score_annual,
    annual.frequency_score as frequency_score_annual,
    annual.monetary_score as monetary_score_annual,
    annual.rfm_total as rfm_total_annual,
    annual.rfm_tier as rfm_tier_annual,
    annual.rfm_class,
    annual.rfm_class_zh,
    lifecycle_stage,
    last_active_at,
    activity.last_active_on,
    days_since_last_activity,
    last_event_at, product_view_count_7d, product_view_count_30d, last_cart_at, has_open_cart,
    if(has_open_cart, (epoch_us(getvariable('as_of_end_at')) - epoch_us(last_cart_at)) // 3600000000, null) as open_cart_hours,
    last_interaction_at, last_sent_at,
    coalesce(send_count_30d, 0) as send_count_30d,
    coalesce(opened_send_count_30d, 0) as opened_send_count_30d,
    coalesce(clicked_send_count_30d, 0) as clicked_send_count_30d,
    last_opened_at, last_clicked_at, has_phone, has_email,
    consents.sms as sms_consent,
    consents.call as call_consent,
    consents.email as email_consent,
    consents.wechat as wechat_consent,
    consents.personalization as personalization_consent,
    has_phone and coalesce(consents.sms = 'granted', false) as can_sms,
    has_phone and coalesce(consents.call = 'granted', false) as can_call,
    has_email and coalesce(consents.email = 'granted', false) as can_email,
    coalesce(consents.wechat = 'granted', false) as can_wechat
from dim_customers
inner join work.customers using (customer_id)
inner join work.activity using (customer_no)
inner join customer_lifecycle using (customer_id)
inner join (from customer_rfm where preset = 'monthly') as monthly using (customer_id)
inner join (from customer_rfm where preset = 'annual') as annual using (customer_id)
left join work.totals using (customer_no)
left join work.channels using (customer_no)
left join stores using (customer_no)
left join messages using (customer_id)
left join consents using (customer_id);
