{# Member level by the spend and the purchases of 365 days: either bound is enough. Reads the bounds of `run_context`. #}
{% macro member_level(net_amount, order_count) -%}
    case
        when {{ net_amount }} >= loyalty_gold_from_amount or {{ order_count }} >= loyalty_gold_from_purchases then 'gold'
        when {{ net_amount }} >= loyalty_silver_from_amount or {{ order_count }} >= loyalty_silver_from_purchases then 'silver'
        else 'normal'
    end
{%- endmacro %}
