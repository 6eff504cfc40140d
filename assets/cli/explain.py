"""`cdp explain`: one person with its evidence, as text for people or as JSON. Computes nothing."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from assets import project
from assets.cli.expected import expected_lines
from assets.cli.installation import installation
from assets.cli.wording import SHOWN, counted, cut, named, part, plain, proven
from pipelines.contracts.run import Run, last_run
from pipelines.identity.explanation import explain
from pipelines.identity.explanation_parts import Apart, Chain, Decision, Explanation, Member, NotOne, Person, ValueFound
from pipelines.value.explanation import expected_of


def print_explanation(
    home: Path | None, config: Path | None, asked: str, between: tuple[str, str] | None, on: date | None, *, reveal: bool, as_json: bool
) -> None:
    """Print the explanation of `asked`; say on stderr when it shows personal data."""
    run = run_of(home, config)
    explanation = explain(run, asked, between=between, on=on, reveal=reveal)
    if reveal:
        warn_of_clear_values()
    # predictions are of the last run: of who somebody was on an earlier day they say nothing
    expected = expected_of(run, explanation.person.customer_id) if explanation.person is not None and on is None else None
    if as_json:
        shown = asdict(explanation) | {"expected": asdict(expected) if expected else None}
        print(json.dumps(shown, ensure_ascii=False, default=str))
        return
    zone = ZoneInfo(run.config.business_time_zone)
    print("\n".join([*_Text(zone).lines(explanation), *(expected_lines(expected) if expected else ())]))


def run_of(home: Path | None, config: Path | None) -> Run:
    """The last run of the installation that a command speaks of."""
    folders, settings = installation(home, config)
    return last_run(folders, settings, settings.reference_folder or project.REFERENCE)


def warn_of_clear_values() -> None:
    """On stderr, because stdout may go to a file."""
    print("cdp: personal data in clear; do not leave it on a screen, in a log or in a ticket", file=sys.stderr)


class _Text:
    """Lines for people. Days are those of the business."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone

    def lines(self, explanation: Explanation) -> Iterator[str]:
        for value in explanation.values:
            yield from self._value(value)
        if explanation.person is not None:
            yield from self._person(explanation, explanation.person)
        elif not any(value.holders for value in explanation.values):
            yield "nobody holds it on that day"
        else:
            yield "it does not stand for one person: cdp explain CUSTOMER_ID tells of each"

    def _value(self, found: ValueFound) -> Iterator[str]:
        why = f"; it links nobody: {plain(found.why_not)}" if found.why_not else ""
        yield f"{named(found)}: {', '.join(found.states) or 'not seen by then'}{why}"
        rows = [
            f"  {holder.customer_id}  {counted(holder.source_record_count, 'record')}, seen {self._day(holder.first_seen_at)} to"
            f" {self._day(holder.last_seen_at)}"
            for holder in found.holders
        ]
        yield from cut(rows)
        yield ""

    def _person(self, explanation: Explanation, person: Person) -> Iterator[str]:
        channels = len({member.channel for member in person.members})
        day = f"on {explanation.on}" if explanation.on else f"as of {explanation.as_of}"
        size = f"{counted(len(person.members), 'source record')} of {counted(channels, 'channel')}"
        yield f"Customer {person.customer_id}, {day}: {size}"
        for old in person.redirected_from:
            yield f"  {old} led here"
        if person.now is not None:
            now = ", ".join(f"{customer_id} ({count:,})" for customer_id, count in person.now.items())
            yield f"  these records are now with {now or 'nobody'}; evidence below is that of the last run, as of {explanation.as_of}"
        yield from part("Members", [line for member in person.members[:SHOWN] for line in self._member(member)], len(person.members))
        yield from self._evidence(person)
        yield from part("Refused links", [self._apart(row, person) for row in person.refused_links])
        yield from part("Held back until somebody decides (cdp review)", [self._apart(row, person) for row in person.held_back_links])
        yield from part("Numbers with several owners in time", self._owners(person))
        yield from part("Households: people who share a contact point", self._households(person))
        yield from part("Golden record", self._golden(person))
        yield from part("History of the id", self._history(person))
        yield from part("Decisions that name a member", self._decisions(person))
        if person.decisions_problem:
            yield f"  the decisions cannot be used: {plain(person.decisions_problem, to=300)}"

    def _member(self, member: Member) -> Iterator[str]:
        since = f", with this customer since {member.member_since_on}" if member.member_since_on else ""
        yield f"  [{member.no}] {plain(member.source_record_key)}  first seen {self._day(member.first_seen_at)}{since}"
        for one in member.identifiers:
            verdict = "" if one.is_accepted else f", links nobody: {plain(one.why_not or '')}"
            seen = f"{self._day(one.first_seen_at)} to {self._day(one.last_seen_at)}"
            yield f"        {named(one):<40}  {one.state}{verdict}; {seen}; {proven(one.proof)}"

    def _evidence(self, person: Person) -> Iterator[str]:
        if person.not_one is not None:
            yield from self._not_one(person.not_one)
            return
        if len(person.members) == 1:
            yield from ("", "Evidence", "  nothing ties it to any other record")
            return
        yield from part("Shortest chains of evidence", [line for chain in person.chains for line in self._chain(chain)])
        yield from part("Links", [f"  [{tie.left_no}] - [{tie.right_no}]  {named(tie)}" for tie in person.links])

    def _not_one(self, found: NotOne) -> Iterator[str]:
        who = f"[{found.no}] and {plain(found.other_source_record_key)} of {found.other_customer_id}"
        rows = [f"  {named(row)}: {plain(row.why_not, to=200)}" for row in found.shared] or ["  the two customers share no value"]
        yield from part(f"Why {who} are not one: what the two customers share", rows)

    def _chain(self, chain: Chain) -> Iterator[str]:
        if chain.steps is None:
            yield f"  [{chain.from_no}] to [{chain.to_no}]: nothing ties them today"
            return
        steps = "".join(f" -- {named(step)} -- [{step.right_no}]" for step in chain.steps)
        yield f"  [{chain.from_no}]{steps}"

    def _apart(self, row: Apart, person: Person) -> str:
        who = f"[{row.other_no}]" if row.other_no else plain(row.other_source_record_key)
        whose = "this customer" if row.other_customer_id == person.customer_id else row.other_customer_id or "nobody"
        size = counted(row.other_source_record_count, "record")
        return f"  [{row.no}] x {who} of {whose} ({size})  {named(row)}: {plain(row.reason, to=200)}"

    def _owners(self, person: Person) -> list[str]:
        return [
            f"  {named(row)}  owner {row.owner_no}: from {self._day(row.valid_from_at)} to {self._day(row.valid_to_at, 'now')},"
            f" {counted(row.source_record_count, 'record')}"
            for row in person.ownerships
        ]

    def _households(self, person: Person) -> list[str]:
        return [f"  {row.household_id}: {', '.join(cut(row.customer_ids))}" for row in person.households]

    def _golden(self, person: Person) -> list[str]:
        return [
            f"  {field.field:<20}  {plain(field.value):<24}  [{field.no or '?'}] {proven(field.proof)}; {self._day(field.claimed_at)}"
            for field in person.golden
        ]

    def _history(self, person: Person) -> list[str]:
        words = {
            "created": "{0} was created with {2}",
            "merged": "{0} took over {2} of {1}",
            "split": "{0} came out of {1} with {2}",
            "redirected": "{0} leads to {1} from here on",
        }
        return [
            f"  {row.as_of}  "
            + words[row.change].format(row.customer_id, row.other_customer_id, counted(row.source_record_count, "record"))
            for row in person.history
        ]

    def _decisions(self, person: Person) -> list[str]:
        return [self._decision(row) for row in person.decisions]

    def _decision(self, row: Decision) -> str:
        left = f"[{row.left_no}]" if row.left_no else plain(row.left_source_record_key)
        right = f"[{row.right_no}]" if row.right_no else plain(row.right_source_record_key)
        holds = f"from {row.decided_on}" + (f" until {row.expires_on}" if row.expires_on else "")
        note = "" if row.is_effective else "; does not hold on that day"
        return f"  line {row.line}  {row.decision} {left} {right}  {plain(row.author)}: {plain(row.reason, to=200)}; {holds}{note}"

    def _day(self, at: datetime | None, unknown: str = "?") -> str:
        return at.astimezone(self._zone).date().isoformat() if at else unknown
