"""A published database with what the report reads and little else; some of its values are out to break a page."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb

DAY = date(2026, 3, 31)
HOSTILE = "<script>alert('1')</script>&\"]]>"

_TABLES = """
create table about (as_of date, run_id varchar, code_version varchar, loads varchar[]);
create table fct_orders (currency_code varchar);
create table kpi (
    metric varchar, period_grain varchar, period_start date, dimension varchar, dimension_value varchar,
    numerator decimal(18, 2), denominator decimal(18, 2), value decimal(18, 6), unit varchar, is_provisional boolean, as_of date
);
create table customer_rfm (
    preset varchar, rfm_tier varchar, rfm_total integer, recency_score integer, frequency_score integer, monetary_amount decimal(18, 2)
);
create table customer_rfm_history (preset varchar, month_end_on date, rfm_tier varchar);
create table mart_marketing__customer_360 (rfm_class varchar, lifecycle_stage varchar);
create table cohort_retention (
    first_purchase_month date, months_since integer, customer_count integer, active_customer_count integer, retention_rate double,
    is_provisional boolean
);
create table pareto_customers (
    slice_type varchar, top_percent integer, cumulative_customer_count bigint, cumulative_net_amount_share_rate decimal(18, 6)
);
create table hot_sellers (
    period_grain varchar, period_start date, channel varchar, product_key varchar, product_name varchar, order_count bigint,
    buyer_count bigint, net_amount decimal(18, 2), sales_rank bigint, net_amount_change_rate decimal(18, 6), is_provisional boolean
);
create table journey_funnel (period_grain varchar, stage_number integer, stage varchar, customer_count bigint);
create table churn_reasons (
    lifecycle_stage varchar, reason varchar, customer_count bigint, share_rate decimal(18, 6), stayed_share_rate decimal(18, 6),
    lift decimal(18, 6)
);
create table mart_marketing__campaign_effects (
    campaign_key varchar, campaign_name varchar, channel varchar, sent bigint, delivered bigint, open_rate decimal(18, 6),
    click_rate decimal(18, 6), conversion_rate decimal(18, 6), attributed_revenue decimal(18, 2), cost decimal(18, 2), roas decimal(18, 6),
    window_days integer
);
create table mart_marketing__experiments (
    segment_name varchar, arm varchar, against_arm varchar, customer_count bigint, against_customer_count bigint, difference double,
    difference_low double, difference_high double, p_value double, winner varchar, is_declared boolean, is_provisional boolean
);
create table mart_service__quality (
    opened_month date, case_count bigint, rated_1_case_count bigint, rated_2_case_count bigint, rated_3_case_count bigint,
    rated_4_case_count bigint, rated_5_case_count bigint
);
create table refund_reasons (refund_month date, reason varchar, refund_count bigint, refunded_amount decimal(18, 2));
create table value_models (
    as_of date, target varchar, model_name varchar, is_baseline boolean, is_used boolean, reason varchar, customer_count bigint
);
create table value_backtests (
    as_of date, target varchar, model_name varchar, cutoff_on date, horizon_days bigint, metric varchar, bucket varchar,
    expected double, actual double, customer_count bigint
);
insert into about values ('2026-03-31', 'r1', 'v1', ['l1', 'l2']);
"""
_ROWS = """
insert into fct_orders values ('CNY');
insert into kpi values
    ('net_sales', 'month', '2026-02-01', 'all', 'all', 1234.50, null, 1234.50, 'CNY', false, '2026-03-31'),
    ('net_sales', 'month', '2026-03-01', 'all', 'all', 9876543.21, null, 9876543.21, 'CNY', false, '2026-03-31'),
    ('net_sales', 'month', '2026-03-01', 'channel', 'till', 9876543.21, null, 9876543.21, 'CNY', false, '2026-03-31'),
    ('net_sales', 'month', '2026-03-01', 'channel', ?, 0, null, 0, 'CNY', false, '2026-03-31'),
    ('first_response_seconds_median', 'month', '2026-03-01', 'all', 'all', 5400, null, 5400, 'seconds', true, '2026-03-31'),
    ('net_sales', 'week', '2026-03-30', 'all', 'all', 7, null, 7, 'CNY', true, '2026-03-31'),
    ('repurchase_rate', 'month', '2026-02-01', 'all', 'all', 0, 0, null, 'rate', false, '2026-03-31'),
    ('repurchase_rate', 'month', '2026-03-01', 'all', 'all', 1, 3, 0.333333, 'rate', true, '2026-03-31');
insert into customer_rfm values ('annual', 'high_value', 14, 5, 5, 5000), ('annual', 'no_purchase', null, null, null, 0);
insert into customer_rfm_history values ('annual', '2026-02-28', 'lapsed');
insert into mart_marketing__customer_360 values ('core_value', 'mature'), ('no_purchase', 'prospect');
insert into pareto_customers values ('percent', 20, 1, 0.8), ('percent', 100, 2, 1), ('rfm_tier', null, 2, 1);
insert into hot_sellers values
    ('month', '2026-02-01', 'till', 'till:2', 'old', 9, 9, 9, 1, null, false),
    ('month', '2026-03-01', 'till', 'till:1', 'tea', 2, 1, 55.5, 1, -0.5, false);
insert into journey_funnel values ('month', 1, 'aware', 4), ('month', 2, 'interested', 3), ('quarter', 1, 'aware', 4);
insert into churn_reasons values ('churned', 'refund', 1, 0.5, 0.25, 2);
insert into mart_marketing__campaign_effects values ('c:1', null, 'sms', 10, 9, null, 0.1, 0.05, 120, null, null, 30);
insert into mart_marketing__experiments values ('win_back', 'a', 'held_out', 90, 10, 1.5, -0.5, 3.5, 0.14, 'too few customers', true, true);
insert into mart_service__quality values ('2026-03-01', 3, 0, 0, 0, 1, 1);
insert into refund_reasons values ('2026-03-01', 'not_given', 2, 30), ('2026-03-01', 'too small', 1, 10);
insert into value_models values
    ('2026-03-31', 'purchases', 'bg_nbd', false, true, 'because', 2), ('2026-03-31', 'purchases', 'last_period', true, false, 'no', 2),
    ('2026-03-31', 'next_category', 'item_to_item', false, true, 'because', 2),
    ('2026-03-31', 'seasonal_need', 'seasonal_habit', false, false, 'no season', 2),
    ('2026-03-30', 'purchases', 'mean', true, true, 'yesterday', 2);
insert into value_backtests values
    ('2026-03-31', 'purchases', 'bg_nbd', '2026-03-17', 14, 'purchases_by_week', '01', 41.5, 40, 2),
    ('2026-03-31', 'purchases', 'bg_nbd', '2026-03-17', 14, 'purchases_by_week', '02', 39.5, 44, 2),
    ('2026-03-31', 'purchases', 'last_period', '2026-03-17', 14, 'purchases_by_week', '01', 77.25, 40, 2),
    ('2026-03-31', 'purchases', 'bg_nbd', '2026-03-17', 14, 'purchase_probability_by_decile', '01', 0.125, 0.5, 2),
    ('2026-03-31', 'purchases', 'bg_nbd', '2026-03-17', 14, 'deviance', 'all', 1.234, null, 2),
    ('2026-03-31', 'next_category', 'item_to_item', '2026-01-30', 60, 'hit_rate_at_3', 'all', null, 0.5149, 4321);
insert into cohort_retention values ('2026-02-01', 0, 4, 4, 1, false), ('2026-02-01', 1, 4, 1, 0.25, false);
"""


def database(path: Path, *, is_empty: bool = False) -> Path:
    """With two customers, or of a shop on its first day."""
    with duckdb.connect(str(path)) as connection:
        connection.execute(_TABLES)
        if not is_empty:
            first, *rest = _ROWS.split(";\n")
            connection.execute(first)
            connection.execute(rest[0], [HOSTILE])
            connection.execute(";\n".join(rest[1:]))
    return path
