"""Suites of the identity stage: evidence, links, who is who."""

from __future__ import annotations

from expectations.suites import Rule, Suite, Unique, one_of
from pipelines.contracts.identifiers import DECISION, GLOBAL_SCOPE, IDENTIFIER_TYPES, MATCH
from pipelines.contracts.identity_tables import (
    IDENTITY_CHANGES,
    IDENTITY_CONTACT_POINTS,
    IDENTITY_CURRENT,
    IDENTITY_HOUSEHOLDS,
    IDENTITY_LINKS,
    IDENTITY_MATCHES,
    IDENTITY_MEMBERS,
    IDENTITY_OWNERSHIPS,
    IDENTITY_QUALITY,
    IDENTITY_REFUSED_LINKS,
    IDENTITY_REJECTED_VALUES,
    IDENTITY_REVIEW,
)

_TYPES = one_of("type", *IDENTIFIER_TYPES)
_LINK_TYPES = one_of("type", *IDENTIFIER_TYPES, DECISION, MATCH)
_WEAKEST = max(kind.rank for kind in IDENTIFIER_TYPES.values()) + 1  # a match is weaker than every identifier
_GLOBAL = ", ".join(f"'{name}'" for name, kind in IDENTIFIER_TYPES.items() if kind.is_global)
_LINK_SCOPE_FITS = Rule("only_global_types_have_the_global_scope", f"(type in ({_GLOBAL}, '{MATCH}')) = (scope = '{GLOBAL_SCOPE}')")
_SCOPE_FITS = Rule("only_global_types_have_the_global_scope", f"(type in ({_GLOBAL})) = (scope = '{GLOBAL_SCOPE}')")
_ORDERED = Rule("the_left_key_is_the_smaller", "left_source_record_key < right_source_record_key")
_LINK_RULES = (
    _ORDERED,
    Rule(
        "ranks_are_those_of_the_types",
        f"rank between (type <> '{DECISION}')::int and " + str(_WEAKEST),
    ),
    _LINK_SCOPE_FITS,
    Rule("values_are_not_empty", f"value <> '' or type = '{MATCH}'"),
)

IDENTITY_SUITES: tuple[Suite, ...] = (
    Suite(
        IDENTITY_CONTACT_POINTS,
        values=_TYPES | one_of("state", "real", "masked", "virtual", "lossy", "invalid"),
        rules=(
            _SCOPE_FITS,
            Rule("only_real_values_are_accepted", "not is_accepted or state = 'real'"),
            Rule("real_values_are_not_empty", "state <> 'real' or value <> ''"),
            Rule("real_phones_are_e164", r"type <> 'phone' or state <> 'real' or regexp_full_match(value, '\+[1-9][0-9]{6,14}')"),
            Rule(
                "real_emails_have_one_at_sign", "type <> 'email' or state <> 'real' or length(value) - length(replace(value, '@', '')) = 1"
            ),
            Rule("seen_first_before_last", "first_seen_at <= last_seen_at"),
        ),
    ),
    Suite(
        IDENTITY_REJECTED_VALUES,
        values=_TYPES | one_of("guard", "syntax", "static_list", "fan_out"),
        rules=(
            _SCOPE_FITS,
            Rule("reasons_are_given", "reason <> ''"),
            Rule("counts_are_not_negative", "least(source_record_count, strong_id_count, name_count) >= 0"),
        ),
    ),
    Suite(
        IDENTITY_OWNERSHIPS,
        values=_TYPES,
        rules=(
            _SCOPE_FITS,
            Rule("intervals_are_half_open_and_not_empty", "valid_from_at < valid_to_at"),
            Rule("owners_are_counted_from_one", "owner_no >= 1 and source_record_count >= 1"),
        ),
        unique=(Unique(("type", "scope", "value"), "valid_to_at is null"),),
    ),
    Suite(IDENTITY_LINKS, values=_LINK_TYPES, rules=_LINK_RULES),
    Suite(IDENTITY_REFUSED_LINKS, values=_LINK_TYPES, rules=(*_LINK_RULES, Rule("reasons_are_given", "reason <> ''"))),
    Suite(
        IDENTITY_REVIEW,
        values=_LINK_TYPES,
        rules=(
            _ORDERED,
            _LINK_SCOPE_FITS,
            Rule("reasons_are_given", "reason <> ''"),
            Rule("both_sides_have_records", "least(left_source_record_count, right_source_record_count) >= 1"),
        ),
    ),
    Suite(
        IDENTITY_MATCHES,
        values=one_of("state", "accepted", "clerical", "refused"),
        rules=(_ORDERED, Rule("probabilities_are_between_0_and_1", "match_probability between 0 and 1")),
    ),
    Suite(
        IDENTITY_HOUSEHOLDS,
        rules=(Rule("ids_are_not_empty", "household_id <> '' and customer_id <> ''"),),
        unique=(Unique(("customer_id",)),),
    ),
    Suite(
        IDENTITY_MEMBERS,
        rules=(
            Rule("intervals_are_half_open_and_not_empty", "valid_from_on < valid_to_on"),
            Rule("ids_are_not_empty", "customer_id <> '' and source_record_key <> ''"),
        ),
        # two open rows for one source record would count every order of it twice
        unique=(Unique(("source_record_key",), "valid_to_on is null"),),
    ),
    Suite(IDENTITY_CURRENT, rules=(Rule("ids_are_not_empty", "customer_id <> '' and source_record_key <> ''"),)),
    Suite(
        IDENTITY_CHANGES,
        values=one_of("change", "created", "merged", "split", "redirected"),
        rules=(
            Rule("only_created_has_no_second_id", "(change = 'created') = (other_customer_id = '')"),
            Rule("a_customer_does_not_change_into_itself", "customer_id <> other_customer_id"),
            Rule("counts_are_not_negative", "source_record_count >= 0"),
        ),
    ),
    Suite(
        IDENTITY_QUALITY,
        rules=(Rule("counts_are_not_negative", "measured >= 0"),),
    ),
)
