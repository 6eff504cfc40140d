-- One row per customer and product to offer: never bought, and often bought together with what the customer bought lately.
--
-- Associations are numbered once, strongest first: the best reason of a candidate is then the smallest number, which needs no window
-- over all candidates of all customers.
with

sold as (
    select * from {{ ref('int_purchase_products') }}
    where customer_no is not null and product_no > 0
),

products as (
    select * from {{ ref('int_sold_products') }}
),

customers as (
    select * from {{ ref('int_customers') }}
),

run_context as (
    select * from {{ source('lake', 'run_context') }}
),

associations as (
    select
        products.product_no,
        products.product_rank,
        with_products.product_no as with_product_no,
        associations.channel,
        associations.basket_count,
        associations.confidence_rate,
        associations.lift,
        row_number() over (
            order by
                associations.confidence_rate desc nulls last,
                associations.lift desc nulls last,
                associations.basket_count desc nulls last,
                products.product_rank asc nulls last,
                with_products.product_rank asc nulls last
        ) as association_no
    from {{ ref('basket_associations') }} as associations
    inner join products on associations.item_key = products.product_key
    inner join products as with_products on associations.with_item_key = with_products.product_key
    where associations.item_type = 'product'
),

numbered_partners as (
    select
        associations.product_no,
        associations.product_rank,
        associations.with_product_no,
        associations.association_no,
        row_number() over (partition by associations.product_no order by associations.association_no asc nulls last) as partner_no
    from associations
),

partners as (
    select
        numbered_partners.product_no,
        numbered_partners.product_rank,
        numbered_partners.with_product_no,
        numbered_partners.association_no
    from numbered_partners
    inner join run_context on numbered_partners.partner_no <= run_context.analysis_cross_sell_partners
),

-- the products that something can be offered for
explained as (
    select distinct
        product_no,
        product_rank
    from partners
),

bought as (
    select
        customer_no,
        product_no,
        max(purchased_on) as last_purchased_on
    from sold
    group by customer_no, product_no
),

numbered_reasons as (
    select
        bought.customer_no,
        bought.product_no,
        row_number() over (
            partition by bought.customer_no
            order by bought.last_purchased_on desc nulls last, explained.product_rank asc nulls last
        ) as reason_no
    from bought
    inner join run_context
        on bought.last_purchased_on > {{ add_days('run_context.as_of', '-run_context.analysis_basket_days') }}
    inner join explained on bought.product_no = explained.product_no
),

reasons as (
    select
        numbered_reasons.customer_no,
        numbered_reasons.product_no
    from numbered_reasons
    inner join run_context on numbered_reasons.reason_no <= run_context.analysis_cross_sell_reasons
),

candidates as (
    select
        reasons.customer_no,
        partners.with_product_no as product_no,
        min(partners.association_no) as association_no
    from reasons
    inner join partners on reasons.product_no = partners.product_no
    group by reasons.customer_no, partners.with_product_no
),

new_candidates as (
    select
        candidates.customer_no,
        candidates.association_no,
        row_number() over (partition by candidates.customer_no order by candidates.association_no asc nulls last) as candidate_rank
    from candidates
    left join bought on candidates.customer_no = bought.customer_no and candidates.product_no = bought.product_no
    where bought.customer_no is null
)

select
    customers.customer_id,
    new_candidates.candidate_rank,
    candidate_products.product_key,
    candidate_products.product_name,
    candidate_products.category,
    associations.channel,
    reason_products.product_key as reason_product_key,
    reason_products.product_name as reason_product_name,
    associations.basket_count,
    associations.confidence_rate,
    associations.lift,
    run_context.as_of
from new_candidates
inner join run_context on new_candidates.candidate_rank <= run_context.analysis_cross_sell_per_customer
inner join associations on new_candidates.association_no = associations.association_no
inner join customers on new_candidates.customer_no = customers.customer_no
inner join products as candidate_products on associations.with_product_no = candidate_products.product_no
inner join products as reason_products on associations.product_no = reason_products.product_no
