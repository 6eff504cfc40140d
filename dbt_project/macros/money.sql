{#
  An amount in the reporting currency; null when its currency has no rate. Reads `currency_code_original`, `reporting_currency` and `rate`.
  Own currency is passed through: a product of decimals costs ten times a copy.
#}
{% macro reporting(amount) -%}
    case when currency_code_original = reporting_currency then {{ amount }} else cast({{ amount }} * rate as decimal(18, 2)) end
{%- endmacro %}
