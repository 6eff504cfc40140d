"""Suites of the segments stage: what the gate decided, who was written to, and where earlier lists first put everybody."""

from __future__ import annotations

from expectations.suites import Rule, Suite, Unique, one_of
from pipelines.contracts.segment_tables import CONTACT_LEDGER, HOURLY_MEMBERSHIPS, SEGMENT_ASSIGNMENTS, SEGMENT_FAULTS, SEGMENT_MEMBERSHIPS

_DECIDED = (
    one_of("outcome", "exported", "unreachable", "no_consent", "suppressed", "over_cap", "lost_priority", "held_out")
    | one_of("medium", "sms", "email")
    | one_of("purpose", "marketing", "service")
)
_ARMS_AND_REASONS = (
    Rule("only_the_exported_have_an_arm", "arm is null or outcome = 'exported'"),
    Rule("who_was_stopped_knows_why", "outcome = 'exported' or coalesce(reason, '') <> ''"),
)

SEGMENT_SUITES: tuple[Suite, ...] = (
    Suite(
        SEGMENT_MEMBERSHIPS,
        values=_DECIDED,
        rules=_ARMS_AND_REASONS,
        # one marketing list a customer a day, whatever wrote the table
        unique=(Unique(("as_of", "customer_id"), "outcome = 'exported' and purpose = 'marketing'"),),
    ),
    Suite(
        HOURLY_MEMBERSHIPS,
        values=_DECIDED,
        rules=(*_ARMS_AND_REASONS, Rule("an_hour_follows_its_night", "as_of >= night_on")),
        unique=(Unique(("as_of", "customer_id"), "outcome = 'exported' and purpose = 'marketing'"),),
    ),
    Suite(SEGMENT_FAULTS, rules=(Rule("a_fault_says_what_to_do", "fault <> '' and advice <> ''"),)),
    Suite(
        CONTACT_LEDGER,
        values=one_of("medium", "sms", "email", "wechat", "app_push", "mail")
        | one_of("purpose", "marketing", "service")
        | one_of("told_by", "list", "report", "both")
        | one_of("status", "sent", "delivered", "opened", "clicked", "bounced", "failed", "unsubscribed", "complained"),
        rules=(
            Rule("a_list_is_known_by_day_and_segment", "(listed_on is null) = (segment_name is null)"),
            Rule("what_a_list_tells_of_has_one", "(told_by = 'report') = (listed_on is null)"),
            Rule("what_a_channel_reports_has_a_status", "(told_by = 'list') = (status is null)"),
            Rule("a_message_is_sent_after_its_list", "listed_on is null or sent_on >= listed_on"),
        ),
    ),
    Suite(
        SEGMENT_ASSIGNMENTS,
        values=one_of("outcome", "exported", "held_out"),
        rules=(
            Rule("only_the_exported_have_an_arm", "arm is null or outcome = 'exported'"),
            Rule("who_is_held_out_knows_why", "(reason is null) = (outcome = 'exported')"),
        ),
    ),
)
