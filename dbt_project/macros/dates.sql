{# Dates of the business zone. What DuckDB and Spark spell differently is dispatched; dates stay dates, never timestamps. #}

{# The date that `instant` falls on in `time_zone`. #}
{% macro business_date(instant, time_zone) -%}
    {{ return(adapter.dispatch('business_date')(instant, time_zone)) }}
{%- endmacro %}

{% macro default__business_date(instant, time_zone) -%}
    cast(timezone({{ time_zone }}, {{ instant }}) as date)
{%- endmacro %}

{% macro spark__business_date(instant, time_zone) -%}
    cast(from_utc_timestamp({{ instant }}, {{ time_zone }}) as date)
{%- endmacro %}

{# The first instant of `day` in `time_zone`. #}
{% macro day_begins_at(day, time_zone) -%}
    {{ return(adapter.dispatch('day_begins_at')(day, time_zone)) }}
{%- endmacro %}

{% macro default__day_begins_at(day, time_zone) -%}
    timezone({{ time_zone }}, cast({{ day }} as timestamp))
{%- endmacro %}

{% macro spark__day_begins_at(day, time_zone) -%}
    to_utc_timestamp(cast({{ day }} as timestamp), {{ time_zone }})
{%- endmacro %}

{# One row for each whole number from 0 up to, not including, `count`. #}
{% macro one_row_for_each(count) -%}
    {{ return(adapter.dispatch('one_row_for_each')(count)) }}
{%- endmacro %}

{% macro default__one_row_for_each(count) -%}
    unnest(range({{ count }}))
{%- endmacro %}

{% macro spark__one_row_for_each(count) -%}
    explode(sequence(0, {{ count }} - 1))
{%- endmacro %}

{# The hour of the day, 0 to 23, that `instant` falls on in `time_zone`. #}
{% macro business_hour(instant, time_zone) -%}
    {{ return(adapter.dispatch('business_hour')(instant, time_zone)) }}
{%- endmacro %}

{% macro default__business_hour(instant, time_zone) -%}
    cast(extract(hour from timezone({{ time_zone }}, {{ instant }})) as integer)
{%- endmacro %}

{% macro spark__business_hour(instant, time_zone) -%}
    hour(from_utc_timestamp({{ instant }}, {{ time_zone }}))
{%- endmacro %}

{# Whole days from `first` to `second`. #}
{% macro days_between(first, second) -%}
    {{ return(adapter.dispatch('days_between')(first, second)) }}
{%- endmacro %}

{% macro default__days_between(first, second) -%}
    date_diff('day', {{ first }}, {{ second }})
{%- endmacro %}

{% macro spark__days_between(first, second) -%}
    cast(date_diff({{ second }}, {{ first }}) as bigint)
{%- endmacro %}

{# Whole seconds from `first` to `second`; the rest of a second is cut off. #}
{% macro seconds_between(first, second) -%}
    {{ return(adapter.dispatch('seconds_between')(first, second)) }}
{%- endmacro %}

{% macro default__seconds_between(first, second) -%}
    ((epoch_us({{ second }}) - epoch_us({{ first }})) // 1000000)
{%- endmacro %}

{% macro spark__seconds_between(first, second) -%}
    ((unix_micros({{ second }}) - unix_micros({{ first }})) div 1000000)
{%- endmacro %}

{# Calendar months from the month of `first` to the month of `second`. #}
{% macro months_between(first, second) -%}
    {{ return(adapter.dispatch('months_between')(first, second)) }}
{%- endmacro %}

{% macro default__months_between(first, second) -%}
    date_diff('month', {{ first }}, {{ second }})
{%- endmacro %}

{% macro spark__months_between(first, second) -%}
    cast((year({{ second }}) - year({{ first }})) * 12 + month({{ second }}) - month({{ first }}) as bigint)
{%- endmacro %}

{% macro add_days(day, count) -%}
    {{ return(adapter.dispatch('add_days')(day, count)) }}
{%- endmacro %}

{% macro default__add_days(day, count) -%}
    ({{ day }} + cast({{ count }} as integer))
{%- endmacro %}

{% macro spark__add_days(day, count) -%}
    date_add({{ day }}, cast({{ count }} as int))
{%- endmacro %}

{# The same day `count` months later, clamped to the end of the month. #}
{% macro add_months(day, count) -%}
    {{ return(adapter.dispatch('add_months')(day, count)) }}
{%- endmacro %}

{% macro default__add_months(day, count) -%}
    cast({{ day }} + to_months(cast({{ count }} as integer)) as date)
{%- endmacro %}

{% macro spark__add_months(day, count) -%}
    add_months({{ day }}, cast({{ count }} as int))
{%- endmacro %}

{# First day of the week (Monday), month or quarter that `day` is in. #}
{% macro start_of(grain, day) -%}
    cast(date_trunc('{{ grain }}', {{ day }}) as date)
{%- endmacro %}

{# Number of the span of `length` + 1 days that day number `day_no` is in: days at most `length` apart are in one span or in neighbors. #}
{% macro span_of(day_no, length) -%}
    cast(({{ day_no }} - {{ day_no }} % ({{ length }} + 1)) / ({{ length }} + 1) as bigint)
{%- endmacro %}

{# Month and day as one number, 101 to 1231: 29 February is 229. #}
{% macro month_and_day(day) -%}
    (extract(month from {{ day }}) * 100 + extract(day from {{ day }}))
{%- endmacro %}
