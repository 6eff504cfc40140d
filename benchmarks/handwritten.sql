-- The whole job by hand: eight exports to customers, scores, KPIs and one list, as an analyst writes it for these files and no others.
-- Variables: deliveries, transcoded, as_of. Every time is kept in business time (Asia/Shanghai), without a zone.

-- stage: load
create table orders_taobao as
select
    'taobao:' || trim(订单编号, '="') as order_key,
    'taobao:' || 买家会员名 as record_key,
    case
        when 订单状态 = '交易成功' then 'completed'
        when 订单状态 = '交易关闭' and 订单关闭原因 = '退款' then 'refunded'
        when 订单状态 = '交易关闭' then 'cancelled'
        when 订单状态 like '卖家已发货%' then 'shipped'
        when 订单状态 like '买家已付款%' then 'paid'
        else 'unpaid'
    end as status,
    店铺名称 as store,
    cast(订单创建时间 as timestamp) as ordered_at,
    cast("订单付款时间 " as timestamp) as paid_at,
    cast(买家实际支付金额 as decimal(18, 2)) as paid_amount,
    case when status = 'refunded' then cast(买家实际支付金额 as decimal(18, 2)) else 0 end as refunded_amount,
    null as payment_no,
    substr(联系手机, 2) as phone_raw,
    收货人姓名 as full_name,
    cast(substr(filename, -16, 8) as integer) as exported_on
from read_csv(getvariable('transcoded') || '/*.csv', header = true, columns = :taobao_order, auto_detect = false, filename = true);

create table orders_youzan as
select
    'youzan:' || 订单号 as order_key,
    'youzan:' || 买家手机号 as record_key,
    case 订单状态
        when '交易完成' then 'completed'
        when '商家已发货' then 'shipped'
        when '等待商家发货' then 'paid'
        when '等待买家付款' then 'unpaid'
        else case when cast(订单已退款金额 as decimal(18, 2)) > 0 then 'refunded' else 'cancelled' end
    end as status,
    归属店铺 as store,
    cast(订单创建时间 as timestamp) as ordered_at,
    cast(买家付款时间 as timestamp) as paid_at,
    cast(订单实付金额 as decimal(18, 2)) as paid_amount,
    cast(订单已退款金额 as decimal(18, 2)) as refunded_amount,
    支付流水号 as payment_no,
    买家手机号 as phone_raw,
    "收货人/提货人" as full_name,
    cast(substr(filename, -12, 8) as integer) as exported_on
from read_csv(
    getvariable('deliveries') || '/*/youzan_order_*.csv', header = true, columns = :youzan_order, auto_detect = false, filename = true
);

create table customers_youzan as
select
    'youzan:' || 客户手机号 as record_key,
    客户手机号 as phone_raw,
    客户姓名 as full_name,
    case 客户性别 when '男' then 'male' when '女' then 'female' end as gender,
    cast(客户生日 as date) as birth_on,
    免费等级 as member_level,
    微信地域 as city,
    cast(成为会员时间 as timestamp) as registered_at,
    strptime(substr(filename, -12, 8), '%Y%m%d') + interval 1 day as exported_at
from read_csv(
    getvariable('deliveries') || '/*/youzan_customer_*.csv', header = true, columns = :youzan_customer, auto_detect = false, filename = true
)
where not contains(客户手机号, '*');

create table lines_siss as
select
    'siss:' || rtrim(branch_no) || '/' || rtrim(flow_no) as order_key,
    'siss:' || nullif(rtrim(card_id), '') as record_key,
    rtrim(branch_no) as store,
    rtrim(item_no) as product,
    if(sell_way = 'B', -1, 1) * abs(cast(sale_qnty as decimal(18, 3))) as quantity,
    cast(sale_price as decimal(18, 6)) as unit_price,
    if(sell_way = 'B', -1, 1) * abs(cast(sale_money as decimal(18, 2))) as amount,
    sell_way,
    cast(oper_date as timestamp) as ordered_at,
    memo as phone_raw,
    cast(substr(filename, -15, 8) as integer) as exported_on
from read_csv(
    getvariable('deliveries') || '/*/t_rm_saleflow_*.csv.gz', header = true, columns = :siss_saleflow, auto_detect = false, filename = true
);

create table lines_shopify as
select
    'shopify:' || Name as order_key,
    'shopify:' || lower(Email) as record_key,
    "Financial Status" as financial_status,
    "Fulfillment Status" as fulfillment_status,
    cast(strptime("Created at", '%Y-%m-%d %H:%M:%S %z') as timestamp) as ordered_at,
    cast(strptime("Paid at", '%Y-%m-%d %H:%M:%S %z') as timestamp) as paid_at,
    cast(Total as decimal(18, 2)) as paid_amount,
    cast("Refunded Amount" as decimal(18, 2)) as refunded_amount,
    "Lineitem sku" as product,
    "Lineitem name" as product_name,
    cast("Lineitem quantity" as decimal(18, 3)) as quantity,
    cast("Lineitem price" as decimal(18, 6)) as unit_price,
    Email as email_raw,
    substr(Phone, 2) as phone_raw,
    "Billing Name" as full_name,
    "Accepts Marketing" as accepts_email,
    cast(substr(filename, -12, 8) as integer) as exported_on
from read_csv(
    getvariable('deliveries') || '/*/orders_export_*.csv', header = true, columns = :shopify_orders, auto_detect = false, filename = true
);

create table customers_shopify as
select
    'shopify:' || substr("Customer ID", 2) as record_key,
    substr("Customer ID", 2) as user_id,
    Email as email_raw,
    substr(Phone, 2) as phone_raw,
    substr("Default Address Phone", 2) as address_phone_raw,
    "Last Name" || "First Name" as full_name,
    "Default Address City" as city,
    "Accepts Email Marketing" as accepts_email,
    "Accepts SMS Marketing" as accepts_sms,
    strptime(substr(filename, -12, 8), '%Y%m%d') + interval 1 day as exported_at
from read_csv(
    getvariable('deliveries') || '/*/customers_export_*.csv', header = true, columns = :shopify_customers, auto_detect = false, filename = true
);

-- the bill quotes nothing: a comma within a title must not split, so only comma and backtick together do
create table payments as
select
    'wechatpay:' || cells[2] || '/' || cells[8] as record_key,
    cells[6] as payment_no,
    cells[7] as merchant_order_no,
    cells[10] as status,
    cast(cells[1] as timestamp) as booked_at,
    cast(cells[25] as decimal(18, 2)) as paid_amount,
    cast(cells[17] as decimal(18, 2)) as refunded_amount,
    cast(cells[23] as decimal(18, 6)) as fee_amount
from (
    select string_split(substr(line, 2), ',`') as cells
    from read_csv(
        getvariable('deliveries') || '/*/*All*.csv',
        header = false, skip = 1, delim = chr(1), quote = '', escape = '', columns = {'line': 'varchar'}, auto_detect = false
    )
    where starts_with(line, '`')
)
where len(cells) = 27;

create table events as
select
    messageId as message_id,
    coalesce('segment:' || userId, 'segment:anon/' || anonymousId) as record_key,
    userId as user_id,
    case coalesce(event, type)
        when 'page' then 'page_viewed'
        when 'identify' then 'identified'
        when 'Product Viewed' then 'product_viewed'
        when 'Product Added' then 'product_added'
        when 'Checkout Started' then 'checkout_started'
        when 'Order Completed' then 'order_completed'
        when 'Email Opened' then 'email_opened'
        else 'other'
    end as event_name,
    "timestamp" + interval 8 hour as occurred_at,
    properties.product_id as product,
    properties.category as category,
    properties.quantity as quantity,
    properties.order_id as order_no,
    properties.currency as currency_code,
    coalesce(properties.total, properties."value", properties.price) as value_amount,
    properties.campaign_name as campaign_name,
    traits.email as email_raw
from read_json(
    getvariable('deliveries') || '/*/segment_events_*.jsonl.gz',
    format = 'newline_delimited',
    columns = {
        'type': 'varchar', 'event': 'varchar', 'messageId': 'varchar', 'anonymousId': 'varchar', 'userId': 'varchar', 'timestamp': 'timestamp',
        'traits': 'struct(email varchar)',
        'properties': 'struct(product_id varchar, category varchar, quantity decimal(18, 3), order_id varchar, currency varchar,
            price decimal(18, 2), total decimal(18, 2), "value" decimal(18, 2), campaign_name varchar)'
    }
);

-- stage: facts
-- now and then a message is delivered twice
create table repeated as
select hash(message_id) as hashed from events group by all having count(*) > 1;

delete from events
where rowid in (
    select rowid from events
    where hash(message_id) in (select hashed from repeated)
    qualify row_number() over (partition by message_id order by rowid) > 1
);

create table orders (
    order_key varchar, record_key varchar, channel varchar, order_type varchar, status varchar, store varchar,
    ordered_at timestamp, paid_at timestamp, paid_amount decimal(18, 2), refunded_amount decimal(18, 2), payment_no varchar
);

insert into orders
select order_key, record_key, 'taobao', 'sale', status, store, ordered_at, paid_at, if(paid_at is null, null, paid_amount), refunded_amount, null
from orders_taobao
qualify row_number() over (partition by order_key order by exported_on desc) = 1;

insert into orders
select
    order_key, record_key, 'youzan', 'sale', status, store, ordered_at, paid_at,
    if(paid_at is null, null, paid_amount), refunded_amount, payment_no
from orders_youzan
qualify row_number() over (partition by order_key order by exported_on desc) = 1;

insert into orders
select
    order_key,
    record_key,
    'shopify',
    'sale',
    case
        when financial_status = 'voided' then 'cancelled'
        when financial_status = 'refunded' then 'refunded'
        when paid_at is null then 'unpaid'
        when fulfillment_status = 'fulfilled' then 'shipped'
        else 'paid'
    end,
    null,
    ordered_at,
    paid_at,
    if(paid_at is null, null, paid_amount),
    refunded_amount,
    null
from lines_shopify
where financial_status is not null
qualify row_number() over (partition by order_key order by exported_on desc) = 1;

-- a receipt is told once, in the export of its day
insert into orders
select
    order_key, any_value(record_key), 'siss', if(any_value(sell_way) = 'B', 'return', 'sale'), 'completed', any_value(store),
    min(ordered_at), min(ordered_at), sum(amount), 0, null
from lines_siss
group by order_key;

create table refunds as
select payment_no, sum(refunded_amount) as refunded_amount
from payments
where status = 'REFUND'
group by payment_no;

create table order_lines as
select order_key, product, quantity, unit_price, amount, ordered_at
from lines_siss
union all
select order_key, product, quantity, unit_price, cast(quantity * unit_price as decimal(18, 2)), ordered_at
from lines_shopify
semi join (select order_key, max(exported_on) as exported_on from lines_shopify group by order_key) using (order_key, exported_on);

-- stage: identity
create macro phone_number(raw) as nullif(regexp_extract(raw, '^(?:\+?86|0086)?(1[3-9]\d{9})$', 1), '');

create macro is_placeholder(phone) as phone in ('13800138000', '13900000000', '13888888888', '18888888888', '13800000000');

-- what the exports say about people: one row per record, identifier and name
create table claims as
select record_key, 'phone' as type, phone_number(phone_raw) as value, full_name, max(ordered_at) as last_at from orders_taobao group by all
union all
select record_key, 'phone', phone_number(phone_raw), full_name, max(exported_at) from customers_youzan group by all
union all
select record_key, 'phone', phone_number(phone_raw), full_name, max(ordered_at) from orders_youzan where record_key is not null group by all
union all
select record_key, 'phone', phone_number(phone_raw), null, max(ordered_at) from lines_siss where record_key is not null group by all
union all
select record_key, 'phone', phone_number(phone_raw), full_name, max(ordered_at)
from lines_shopify where financial_status is not null and record_key is not null group by all
union all
select record_key, 'email', lower(email_raw), full_name, max(ordered_at)
from lines_shopify where financial_status is not null and record_key is not null group by all
union all
select record_key, 'phone', phone_number(phone_raw), full_name, max(exported_at) from customers_shopify group by all
union all
select record_key, 'phone', phone_number(address_phone_raw), full_name, max(exported_at) from customers_shopify group by all
union all
select record_key, 'email', lower(email_raw), full_name, max(exported_at) from customers_shopify group by all
union all
select record_key, 'user_id', user_id, null, max(exported_at) from customers_shopify group by all
union all
select record_key, 'user_id', user_id, null, max(occurred_at) from events where record_key is not null group by all
union all
select record_key, 'email', lower(email_raw), null, max(occurred_at) from events where record_key is not null and email_raw is not null group by all
union all
select record_key, 'payment', payment_no, null, max(booked_at) from payments group by all
union all
select record_key, 'payment', payment_no, null, max(ordered_at)
from orders_youzan where record_key is not null and payment_no is not null group by all;

create table records as
select
    row_number() over (order by record_key) as record_id,
    record_key
from (select record_key from claims union select record_key from orders where record_key is not null);

-- placeholders, values of too many accounts or names, and cards that cashiers swipe for everybody are nobody's
create table points as
with

candidates as (
    select
        records.record_id,
        -- Shopify knows people by id and, in orders, by e-mail: two kinds of account
        if(contains(claims.record_key, '@'), 'email', split_part(claims.record_key, ':', 1)) as account_kind,
        claims.type,
        claims.value,
        claims.full_name,
        claims.last_at
    from claims
    inner join records using (record_key)
    where claims.value is not null and not (claims.type = 'phone' and is_placeholder(claims.value))
),

accounts as (
    select type, value, account_kind
    from candidates
    where type in ('phone', 'email')
    group by type, value, account_kind
    having count(distinct record_id) > 3
),

names as (
    select type, value
    from candidates
    where type in ('phone', 'email')
    group by type, value
    having count(distinct full_name) > 5
),

shared as (
    select type, value from accounts
    union
    select type, value from names
),

crowded as (
    select record_id, type
    from candidates
    where type in ('phone', 'email')
    group by record_id, type
    having count(distinct value) > 5
)

select record_id, type, value, max(last_at) as last_at
from candidates
anti join shared using (type, value)
anti join crowded using (record_id, type)
group by all;

-- every record of a value points at the smallest one
create table edges as
select distinct record_id as left_id, hub_id as right_id
from (select record_id, min(record_id) over (partition by type, value) as hub_id from points)
where record_id <> hub_id;

-- stage: customers
create table customers as
with

profiles as (
    select record_key, max_by(full_name, exported_at) as full_name, max_by(gender, exported_at) as gender,
        max_by(birth_on, exported_at) as birth_on, max_by(city, exported_at) as city, max_by(member_level, exported_at) as member_level,
        min(registered_at) as registered_at, max(exported_at) as last_at
    from customers_youzan
    group by record_key
    union all
    select record_key, max_by(full_name, exported_at), null, null, max_by(city, exported_at), null, null, max(exported_at)
    from customers_shopify
    group by record_key
    union all
    select record_key, max_by(full_name, ordered_at), null, null, null, null, null, max(ordered_at)
    from orders_taobao
    group by record_key
),

-- the first order, event or registration: from when on somebody is known
sightings as (
    select record_key, min(ordered_at) as seen_at from orders where record_key is not null group by record_key
    union all
    select record_key, min(occurred_at) from events where record_key is not null group by record_key
    union all
    select record_key, registered_at from profiles where registered_at is not null
),

known as (
    select members.customer_id, cast(min(sightings.seen_at) as date) as known_on
    from sightings
    inner join members using (record_key)
    group by members.customer_id
),

contacts as (
    select
        members.customer_id,
        max_by(points.value, points.last_at) filter (points.type = 'phone') as phone,
        max_by(points.value, points.last_at) filter (points.type = 'email') as email
    from points
    inner join records using (record_id)
    inner join members using (record_key)
    group by members.customer_id
),

attributes as (
    select
        members.customer_id,
        count(distinct members.record_key) as record_count,
        count(distinct split_part(members.record_key, ':', 1)) as channel_count,
        min(profiles.registered_at) as registered_at,
        max_by(profiles.full_name, profiles.last_at) filter (profiles.full_name is not null) as full_name,
        max_by(profiles.gender, profiles.last_at) filter (profiles.gender is not null) as gender,
        max_by(profiles.birth_on, profiles.last_at) filter (profiles.birth_on is not null) as birth_on,
        max_by(profiles.city, profiles.last_at) filter (profiles.city is not null) as city,
        max_by(profiles.member_level, profiles.last_at) filter (profiles.member_level is not null) as member_level
    from members
    left join profiles using (record_key)
    group by members.customer_id
)

select attributes.*, known.known_on, contacts.phone, contacts.email
from attributes
left join known using (customer_id)
left join contacts using (customer_id);

create table purchases as
select
    orders.order_key,
    members.customer_id,
    orders.channel,
    cast(coalesce(orders.paid_at, orders.ordered_at) as date) as purchased_on,
    orders.paid_amount - greatest(orders.refunded_amount, coalesce(refunds.refunded_amount, 0)) as net_amount
from orders
left join members using (record_key)
left join refunds using (payment_no)
where
    orders.order_type = 'sale'
    and orders.status in ('paid', 'shipped', 'completed')
    and (net_amount > 0 or orders.paid_amount = 0);

-- stage: rfm
create table rfm as
with

measured as (
    select
        customer_id,
        cast(getvariable('as_of') as date) - max(purchased_on) as recency_days,
        count(*) filter (purchased_on > cast(getvariable('as_of') as date) - 30) as frequency_30d,
        coalesce(sum(net_amount) filter (purchased_on > cast(getvariable('as_of') as date) - 30), 0) as monetary_30d,
        count(*) filter (purchased_on > cast(getvariable('as_of') as date) - 365) as frequency_365d,
        coalesce(sum(net_amount) filter (purchased_on > cast(getvariable('as_of') as date) - 365), 0) as monetary_365d
    from purchases
    where customer_id is not null
    group by customer_id
),

windowed as (
    select customer_id, 'monthly' as preset, recency_days, frequency_30d as f, monetary_30d as m, frequency_365d, monetary_365d from measured
    union all
    select customer_id, 'annual', recency_days, frequency_365d, monetary_365d, frequency_365d, monetary_365d from measured
),

scored as (
    select
        *,
        case when recency_days <= 7 then 5 when recency_days <= 30 then 4 when recency_days <= 90 then 3 when recency_days <= 180 then 2 else 1 end
            as r_score,
        case preset
            when 'monthly' then case when f >= 5 then 5 when f >= 3 then 4 when f >= 2 then 3 when f >= 1 then 2 else 1 end
            else case when f >= 12 then 5 when f >= 6 then 4 when f >= 3 then 3 when f >= 2 then 2 else 1 end
        end as f_score,
        case preset
            when 'monthly' then case when m >= 1000 then 5 when m >= 500 then 4 when m >= 300 then 3 when m >= 200 then 2 else 1 end
            else case when m >= 5000 then 5 when m >= 2000 then 4 when m >= 1000 then 3 when m >= 300 then 2 else 1 end
        end as m_score
    from windowed
)

select
    customers.customer_id,
    presets.preset,
    recency_days,
    f as frequency,
    m as monetary_amount,
    r_score + f_score + m_score as rfm_total,
    case
        when rfm_total is null then 'no_purchase' when rfm_total >= 12 then 'high_value' when rfm_total >= 8 then 'potential' else 'lapsed'
    end as rfm_tier,
    case
        when recency_days is null then 'no_purchase'
        when recency_days <= 90 and frequency_365d >= 3 then if(monetary_365d >= 1000, 'core_value', 'active_potential')
        when recency_days <= 90 then if(monetary_365d >= 1000, 'high_spend_developing', 'recent_developing')
        when frequency_365d >= 3 then if(monetary_365d >= 1000, 'sleeping_high_value', 'fading_regular')
        else if(monetary_365d >= 1000, 'win_back_high_spend', 'lapsed')
    end as rfm_class
from customers
cross join (values ('monthly'), ('annual')) as presets (preset)
left join scored using (customer_id, preset);

-- stage: kpi
create table periods as
select 'month' as period_grain, cast(month as date) as period_start, cast(month + interval 1 month as date) - 1 as period_end
from (select distinct date_trunc('month', purchased_on) as month from purchases)
union all
select 'quarter', cast(quarter as date), cast(quarter + interval 3 month as date) - 1
from (select distinct date_trunc('quarter', purchased_on) as quarter from purchases);

create table buying_periods as
select
    customer_id,
    period_grain,
    period_start,
    order_count,
    lead(period_start) over (partition by customer_id, period_grain order by period_start) as next_start
from (
    select customer_id, 'month' as period_grain, cast(date_trunc('month', purchased_on) as date) as period_start, count(*) as order_count
    from purchases where customer_id is not null group by all
    union all
    select customer_id, 'quarter', cast(date_trunc('quarter', purchased_on) as date), count(*)
    from purchases where customer_id is not null group by all
);

create table first_purchases as
select customer_id, first_on, min(purchased_on) filter (purchased_on > first_on) as second_on
from (
    select customer_id, purchased_on, min(purchased_on) over (partition by customer_id) as first_on
    from purchases where customer_id is not null
)
group by all;

create table kpi as
with

sales as (
    select period_grain, period_start, channel, sum(net_amount) as net_amount, count(*) as order_count
    from (
        select 'month' as period_grain, cast(date_trunc('month', purchased_on) as date) as period_start, channel, net_amount from purchases
        union all
        select 'quarter', cast(date_trunc('quarter', purchased_on) as date), channel, net_amount from purchases
    )
    group by grouping sets ((period_grain, period_start), (period_grain, period_start, channel))
),

new_buyers as (
    select periods.period_grain, periods.period_start, count(*) as buyers, count(*) filter (second_on <= first_on + 30) as repeaters
    from first_purchases
    inner join periods on periods.period_grain = 'month' and first_on between period_start and period_end
    group by all
),

-- the twelve months that end with the period
repeaters as (
    select buyers.period_grain, buyers.period_start, buyers.customer_id, sum(months.order_count) as order_count
    from buying_periods as buyers
    inner join periods using (period_grain, period_start)
    inner join buying_periods as months
        on
            months.period_grain = 'month'
            and months.customer_id = buyers.customer_id
            and months.period_start > periods.period_end - interval 12 month
            and months.period_start <= periods.period_end
    group by all
),

repurchase as (
    select period_grain, period_start, count(*) as buyers, count(*) filter (order_count >= 2) as repeaters
    from repeaters
    group by all
),

-- who bought in the six months before: each purchase counts until the next one
bases as (
    select periods.period_grain, periods.period_start, count(*) as customers, count(*) filter (next_start is distinct from periods.period_start) as lost
    from buying_periods
    inner join periods
        on
            buying_periods.period_grain = periods.period_grain
            and periods.period_start > buying_periods.period_start
            and periods.period_start <= buying_periods.period_start + interval 6 month
            and (next_start is null or periods.period_start <= next_start)
    group by all
),

buyers as (
    select period_grain, period_start, count(*) as buyers from buying_periods group by all
),

known as (
    select period_grain, period_start, count(*) as customers
    from periods
    inner join customers on customers.known_on <= periods.period_end
    group by all
)

select 'net_sales' as metric, period_grain, period_start, coalesce(channel, 'all') as dimension_value,
    net_amount as numerator, null as denominator, cast(net_amount as double) as value
from sales
union all
select 'aov', period_grain, period_start, coalesce(channel, 'all'), net_amount, order_count, net_amount / order_count from sales
union all
select 'new_buyer_repurchase_30d', period_grain, period_start, 'all', repeaters, buyers, repeaters / buyers from new_buyers
union all
select 'repurchase_rate', period_grain, period_start, 'all', repeaters, buyers, repeaters / buyers from repurchase
union all
select 'churn_rate_active_base', period_grain, period_start, 'all', lost, customers, lost / customers from bases
union all
select 'churn_rate_literal', known.period_grain, known.period_start, 'all', coalesce(lost, 0), known.customers - buyers.buyers,
    coalesce(lost, 0) / (known.customers - buyers.buyers)
from known
left join buyers using (period_grain, period_start)
left join bases using (period_grain, period_start);

create table cohort_retention as
select
    cast(date_trunc('month', first_on) as date) as cohort_month,
    date_diff('month', date_trunc('month', first_on), date_trunc('month', purchased_on)) as months_since,
    count(distinct customer_id) as customer_count,
    count(*) as order_count,
    sum(net_amount) as net_amount
from purchases
inner join first_purchases using (customer_id)
group by all;

-- stage: list
create table wanted as
select customer_id, email
from customers
anti join purchases using (customer_id)
where registered_at is not null;

create table listed as
with

newest as (
    select record_key, lower(email_raw) as email, max_by(accepts_email, exported_at) = 'yes' as is_granted
    from customers_shopify
    where email_raw is not null
    group by all
),

-- a mailbox that anybody denies is closed for everybody
denied as (
    select distinct email from newest where not is_granted
),

granted as (
    select distinct members.customer_id, newest.email
    from newest
    inner join members using (record_key)
    where newest.is_granted
)

select customers.customer_id, customers.full_name, customers.email, customers.registered_at, customers.city
from wanted
inner join customers using (customer_id)
semi join granted on granted.customer_id = wanted.customer_id and granted.email = wanted.email
anti join denied on denied.email = wanted.email;

copy (from listed order by customer_id) to 'registered_without_order.csv' (header true);
