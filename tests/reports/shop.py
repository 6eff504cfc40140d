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
insert into about values ('2026-03-31', 'r1', 'v1', ['l1', 'l2']);
"""
_ROWS = """
insert into fct_orders values ('CNY');
insert into kpi values
    ('net_sales', 'month', '2026-02-01', 'all', 'all', 1234.50, null, 1234.50, 'CNY', false, '2026-03-31'),
    ('net_sales', 'month', '2026-03-01', 'all', 'all', 9876543.21, null, 9876543.21, 'CNY', false, '2026-03-31'),
    ('net_sales', 'month', '2026-03-01', 'channel', 'till', 9876543.21, null, 9876543.21, 'CNY', false, '2026-03-31'),
    ('net_sales', 'month', '2026-03-01', 'channel', ?, 0, null, 0, 'CNY', false, '2026-03-31'),
    ('net_sales', 'week', '2026-03-30', 'all', 'all', 7, null, 7, 'CNY', true, '2026-03-31'),
    ('repurchase_rate', 'month', '2026-02-01', 'all', 'all', 0, 0, null, 'rate', false, '2026-03-31'),
    ('repurchase_rate', 'month', '2026-03-01', 'all', 'all', 1, 3, 0.333333, 'rate', true, '2026-03-31');
insert into customer_rfm values ('annual', 'high_value', 14, 5, 5, 5000), ('annual', 'no_purchase', null, null, null, 0);
insert into customer_rfm_history values ('annual', '2026-02-28', 'lapsed');
insert into mart_marketing__customer_360 values ('core_value', 'mature'), ('no_purchase', 'prospect');
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
