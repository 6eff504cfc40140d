"""Suites of the segments stage: what the gate decided, and where earlier lists first put everybody."""

from __future__ import annotations

from expectations.suites import Rule, Suite, Unique, one_of
from pipelines.contracts.segment_tables import SEGMENT_ASSIGNMENTS, SEGMENT_MEMBERSHIPS

SEGMENT_SUITES: tuple[Suite, ...] = (
    Suite(
        SEGMENT_MEMBERSHIPS,
        values=one_of("outcome", "exported", "unreachable", "no_consent", "suppressed", "over_cap", "lost_priority", "held_out"),
        rules=(
            Rule("only_the_exported_have_an_arm", "arm is null or outcome = 'exported'"),
            Rule("who_was_stopped_knows_why", "outcome = 'exported' or coalesce(reason, '') <> ''"),
        ),
        # one marketing list a customer a day, whatever wrote the table
        unique=(Unique(("as_of", "customer_id"), "outcome = 'exported'"),),
    ),
    Suite(
        SEGMENT_ASSIGNMENTS,
        values=one_of("outcome", "exported", "held_out"),
        rules=(Rule("only_the_exported_have_an_arm", "arm is null or outcome = 'exported'"),),
    ),
)
