"""What an explanation is made of, as data: printed, or handed out as JSON. Computes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class Proof:
    """The row of a delivered file that proves something. `file_path` is None when its load is not in the ledger."""

    load_id: str
    file_path: str | None
    line: int


@dataclass(frozen=True, slots=True)
class Identifier:
    """One value on one source record: may it link, and if not, why."""

    type: str
    scope: str
    value: str
    state: str
    is_accepted: bool
    why_not: str | None
    first_seen_at: datetime
    last_seen_at: datetime
    proof: Proof


@dataclass(frozen=True, slots=True)
class Member:
    """One source record. `no` is its number in this explanation, which masked keys cannot be told apart by."""

    no: int
    source_record_key: str
    channel: str
    first_seen_at: datetime | None
    member_since_on: date | None
    identifiers: list[Identifier]


@dataclass(frozen=True, slots=True)
class Tie:
    """Two members hold to be one person by a value, a match or a decision."""

    left_no: int
    right_no: int
    type: str
    scope: str
    value: str


@dataclass(frozen=True, slots=True)
class Chain:
    """The shortest chain of evidence between two members; None when today's evidence ties them in no way."""

    from_no: int
    to_no: int
    steps: list[Tie] | None


@dataclass(frozen=True, slots=True)
class Apart:
    """A link that was refused or held back: `no` is the member, the others say whom it would have joined."""

    no: int
    other_source_record_key: str
    other_no: int | None
    other_customer_id: str | None
    other_source_record_count: int
    type: str
    scope: str
    value: str
    reason: str


@dataclass(frozen=True, slots=True)
class Shared:
    """A value that stands on records of two customers, and why it does not make them one."""

    type: str
    scope: str
    value: str
    why_not: str


@dataclass(frozen=True, slots=True)
class NotOne:
    """A member and a record of another customer: what the two customers share all the same."""

    no: int
    other_source_record_key: str
    other_customer_id: str
    shared: list[Shared]


@dataclass(frozen=True, slots=True)
class Ownership:
    """One owner of a number that was given to somebody else in time: half-open, `valid_to_at` None while it holds."""

    type: str
    scope: str
    value: str
    owner_no: int
    valid_from_at: datetime | None
    valid_to_at: datetime | None
    source_record_count: int


@dataclass(frozen=True, slots=True)
class Household:
    """People who share something and are not one person."""

    household_id: str
    customer_ids: list[str]


@dataclass(frozen=True, slots=True)
class GoldenField:
    """A value of the golden record and the row that it came from."""

    field: str
    value: str
    no: int | None
    claimed_at: datetime
    proof: Proof


@dataclass(frozen=True, slots=True)
class Change:
    """What a run did to the customer id, or to an id that leads here."""

    as_of: date
    change: str
    customer_id: str
    other_customer_id: str
    source_record_count: int


@dataclass(frozen=True, slots=True)
class Decision:
    """A row of the decisions file that names a member; its numbers are None for records of somebody else."""

    line: int
    decision: str
    left_no: int | None
    left_source_record_key: str
    right_no: int | None
    right_source_record_key: str
    author: str
    reason: str
    decided_on: date
    expires_on: date | None
    is_effective: bool


@dataclass(frozen=True, slots=True)
class Holder:
    """A customer on whose records a value stands."""

    customer_id: str
    source_record_count: int
    first_seen_at: datetime
    last_seen_at: datetime


@dataclass(frozen=True, slots=True)
class ValueFound:
    """An identifier value that was asked for: who holds it, and why it links nobody where it does not."""

    type: str
    scope: str
    value: str
    states: list[str]
    why_not: str | None
    holders: list[Holder]


@dataclass(frozen=True, slots=True)
class Person:
    """One customer, whole.

    `not_one` stands in the place of chains when a record of another customer was asked for; `now` says in which customers of the last
    run the records are, when a day was asked for.
    """

    customer_id: str
    redirected_from: list[str]
    members: list[Member]
    chains: list[Chain]
    not_one: NotOne | None
    links: list[Tie]
    refused_links: list[Apart]
    held_back_links: list[Apart]
    ownerships: list[Ownership]
    households: list[Household]
    golden: list[GoldenField]
    history: list[Change]
    decisions: list[Decision]
    decisions_problem: str | None
    now: dict[str, int] | None


@dataclass(frozen=True, slots=True)
class Explanation:
    """The answer. `as_of`: day of the last run; `on`: day asked for; `person` is None when a value has several holders or none."""

    as_of: date
    on: date | None
    is_revealed: bool
    values: list[ValueFound]
    person: Person | None
