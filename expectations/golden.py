"""Suites of the golden stage: one person's best attributes, where they came from, what the person allowed."""

from __future__ import annotations

from expectations.suites import Rule, Suite, one_of, plausible
from pipelines.contracts.identity_tables import GOLDEN_CONSENTS, GOLDEN_CUSTOMERS, GOLDEN_PROVENANCE

_E164 = r"regexp_full_match({0}, '\+[1-9][0-9]{{6,14}}')"
_ATTRIBUTES = tuple(column.name for column in GOLDEN_CUSTOMERS.columns if not column.required)

GOLDEN_SUITES: tuple[Suite, ...] = (
    Suite(
        GOLDEN_CUSTOMERS,
        values=one_of("gender", "female", "male"),
        rules=(
            Rule("phones_are_e164", _E164.format("phone_e164")),
            Rule("emails_have_one_at_sign", "length(email) - length(replace(email, '@', '')) = 1"),
            Rule("empty_text_is_null", "least(full_name, nickname, country, province, city, address, email, member_level) <> ''"),
            Rule("every_customer_has_a_source_record", "source_record_count >= 1"),
            Rule("channels_are_among_the_source_records", "channel_count between 1 and source_record_count"),
            Rule("a_registration_has_both_time_and_channel", "(registered_at is null) = (registration_channel is null)"),
            plausible("birthdays_are_those_of_living_people", "birth_on between date '1900-01-01' and cast(first_seen_at as date)"),
        ),
    ),
    Suite(
        GOLDEN_PROVENANCE,
        values=one_of("field", *_ATTRIBUTES),
        rules=(Rule("the_source_row_is_a_line", "_source_row >= 1"),),
    ),
    Suite(
        GOLDEN_CONSENTS,
        values=(
            one_of("contact_type", "phone", "email", "openid")
            | one_of("medium", "sms", "email", "wechat", "app_push", "call")
            | one_of("purpose", "marketing", "service", "personalization")
            | one_of("status", "granted", "denied")
        ),
        rules=(
            Rule("contact_values_are_not_empty", "contact_value <> ''"),
            Rule("phones_are_e164", "contact_type <> 'phone' or " + _E164.format("contact_value")),
        ),
    ),
)
