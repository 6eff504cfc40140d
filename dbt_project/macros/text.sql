{# The values of a group, sorted and separated by commas. #}
{% macro joined_text(value) -%}
    {{ return(adapter.dispatch('joined_text')(value)) }}
{%- endmacro %}

{% macro default__joined_text(value) -%}
    string_agg({{ value }}, ',' order by {{ value }})
{%- endmacro %}

{% macro spark__joined_text(value) -%}
    array_join(array_sort(collect_list({{ value }})), ',')
{%- endmacro %}

{# The values of a group in the order of `rank`, separated by `, `. #}
{% macro listed_text(value, rank) -%}
    {{ return(adapter.dispatch('listed_text')(value, rank)) }}
{%- endmacro %}

{% macro default__listed_text(value, rank) -%}
    string_agg({{ value }}, ', ' order by {{ rank }})
{%- endmacro %}

{% macro spark__listed_text(value, rank) -%}
    array_join(transform(array_sort(collect_list(struct({{ rank }} as place, {{ value }} as shown))), item -> item.shown), ', ')
{%- endmacro %}

{# A text in lower case whose words stand between blanks, so that a word can be looked for as a whole. #}
{% macro spaced_words(value) -%}
    ' ' || lower(translate({{ value }}, '/&,;:|>()[]._-', '              ')) || ' '
{%- endmacro %}

{# Does a part of the text match the regular expression? #}
{% macro text_matches(value, pattern) -%}
    {{ return(adapter.dispatch('text_matches')(value, pattern)) }}
{%- endmacro %}

{% macro default__text_matches(value, pattern) -%}
    regexp_matches({{ value }}, {{ pattern }})
{%- endmacro %}

{% macro spark__text_matches(value, pattern) -%}
    {{ value }} rlike {{ pattern }}
{%- endmacro %}

{#
  The key of a fact, without the id under which its channel knows the person: some are made of it, and one of those (Mailchimp's) is the
  plain MD5 of the e-mail address. Such a key becomes a hash with the key of the run, so that nobody can try addresses. Reads `id_key`.
#}
{% macro impersonal_key(key, channel, source_record_key) -%}
    case
        when
            contains({{ key }}, '/' || substr({{ source_record_key }}, length({{ channel }}) + 2))
            or contains({{ key }}, {{ source_record_key }} || '/')
            then {{ channel }} || ':' || md5(id_key || '|' || {{ key }})
        else {{ key }}
    end
{%- endmacro %}
