"""Explain one person from the tables of the last run: who belongs to it, by what evidence, what was refused, and how it came about.

Reads the lake only and decides nothing. What reaches or describes a person is masked unless it is to be revealed.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

import polars as pl

from pipelines.contracts.channel_tables import CHANNEL_LOADS
from pipelines.contracts.errors import ConfigurationError
from pipelines.contracts.identifiers import IDENTIFIER_TYPES
from pipelines.contracts.identity_tables import (
    GOLDEN_CUSTOMERS,
    GOLDEN_PROVENANCE,
    IDENTITY_CHANGES,
    IDENTITY_CONTACT_POINTS,
    IDENTITY_CURRENT,
    IDENTITY_LINKS,
    IDENTITY_REFUSED_LINKS,
    IDENTITY_REJECTED_VALUES,
)
from pipelines.contracts.masking import masked, scrubbed
from pipelines.contracts.run import Run
from pipelines.contracts.tables import Personal
from pipelines.identity.chains import chain_to, reach
from pipelines.identity.decisions import read_decisions
from pipelines.identity.explanation_parts import (
    Apart,
    Chain,
    Change,
    Decision,
    Explanation,
    GoldenField,
    Holder,
    Household,
    Identifier,
    Member,
    NotOne,
    Ownership,
    Person,
    Proof,
    Shared,
    Tie,
    ValueFound,
)
from pipelines.identity.inquiry import Inquiry, inquire, member_since, members_on, optional_rows, written_rows

_NOT_PERSONAL = (Personal.NONE, Personal.PSEUDONYM)
_LEFT, _RIGHT = "left_source_record_key", "right_source_record_key"
_VALUE = ["type", "scope", "value"]
_UNREAL = {"masked": "digits or letters are hidden", "virtual": "a relay that ends with its order"}


def explain(run: Run, asked: str, *, between: tuple[str, str] | None = None, on: date | None = None, reveal: bool = False) -> Explanation:
    """Explain `asked`: a customer id, a source record, or an identifier value such as a phone.

    `between` names two members, by key or by number, for whom alone a chain is sought; or a member and a record of another customer,
    to see what the two customers share and why that does not make them one. With `on` the members are those of that day; evidence is
    kept of the last run only. Raises ConfigurationError when nothing is meant.
    """
    inquiry = inquire(run, asked, on)
    teller = _Teller(run, on, reveal=reveal)
    values = [teller.value(*row) for row in inquiry.values.iter_rows()]
    person = None if inquiry.customer_id is None else teller.person(inquiry, between)
    return Explanation(run.as_of, on, reveal, values, person)


class _Teller:
    """Puts rows of the lake into words for one question. Holds what every part needs: the day, what is shown, the names of files."""

    def __init__(self, run: Run, on: date | None, *, reveal: bool) -> None:
        self._run, self._on, self._reveal = run, on, reveal
        self._day = run if on is None else dataclasses.replace(run, as_of=on)
        self._members = members_on(run, on)
        self._files = dict(written_rows(run, CHANNEL_LOADS).select("load_id", "file_path").collect().iter_rows())

    def value(self, kind: str, scope: str, value: str) -> ValueFound:
        """Who holds a value that was asked for."""
        is_it = (pl.col("type") == kind) & (pl.col("scope") == scope) & (pl.col("value") == value)
        points = self._points().filter(is_it).join(self._members, on="source_record_key").collect()
        holders = points.group_by("customer_id").agg(
            pl.len().alias("source_record_count"), pl.col("first_seen_at").min(), pl.col("last_seen_at").max()
        )
        states = points["state"].unique().sort().to_list()
        rejected = written_rows(self._run, IDENTITY_REJECTED_VALUES).filter(is_it).collect().to_dicts()
        reasons = [_guarded(row) for row in rejected] or [_UNREAL[state] for state in states if state in _UNREAL]
        return ValueFound(
            kind,
            scope,
            self._shown(value, kind),
            states,
            next(iter(reasons), None),
            [Holder(**row) for row in holders.sort("source_record_count", "customer_id", descending=[True, False]).iter_rows(named=True)],
        )

    def person(self, inquiry: Inquiry, between: tuple[str, str] | None) -> Person:
        """One customer, whole."""
        customer_id = inquiry.customer_id or ""
        own = self._members.filter(pl.col("customer_id") == customer_id).select("source_record_key").collect()
        is_own = pl.col("source_record_key").is_in(own["source_record_key"].implode())
        first_seen = written_rows(self._run, IDENTITY_CURRENT).filter(is_own).select("source_record_key", "first_seen_at")
        since = member_since(self._run, customer_id, self._on)
        known = own.lazy().join(first_seen, on="source_record_key", how="left").join(since, on="source_record_key", how="left")
        records = known.sort("first_seen_at", "source_record_key", nulls_last=True).collect()
        numbers = {key: no for no, key in enumerate(records["source_record_key"], start=1)}
        refused = _concerning(written_rows(self._run, IDENTITY_REFUSED_LINKS), numbers).sort(_LEFT, _RIGHT, *_VALUE).collect()
        held_back = _concerning(self._review(), numbers).sort(_LEFT, _RIGHT, *_VALUE).collect()
        points = self._points().filter(pl.col("source_record_key").is_in(list(numbers))).collect()
        links = self._links(numbers)
        pair = None if between is None else (self._named(between[0], numbers), self._named(between[1], numbers))
        stranger = None if pair is None else next((key for key in pair if key not in numbers), None)
        decisions, problem = self._decisions(numbers)
        return Person(
            customer_id=customer_id,
            redirected_from=list(inquiry.redirected_from),
            members=self._told_members(records, points, refused),
            chains=[] if stranger else self._chains(links, numbers, pair),
            not_one=self._not_one(pair, stranger, numbers, points) if pair and stranger else None,
            links=[self._tie(row, numbers[row[_LEFT]], numbers[row[_RIGHT]]) for row in links],
            refused_links=self._apart(refused, numbers),
            held_back_links=self._apart(held_back, numbers),
            ownerships=self._ownerships(points),
            households=self._households(customer_id),
            golden=[] if self._on else self._golden(customer_id, numbers),
            history=self._history([customer_id, *inquiry.redirected_from]),
            decisions=decisions,
            decisions_problem=problem,
            now=self._now(numbers) if self._on else None,
        )

    def _points(self) -> pl.LazyFrame:
        return written_rows(self._run, IDENTITY_CONTACT_POINTS).filter(pl.col("first_seen_at") < self._day.as_of_end_at)

    def _review(self) -> pl.LazyFrame:
        """The links that were held back: like refused ones, with the records on each side."""
        rows = optional_rows(self._run, "identity_review")
        return pl.LazyFrame(schema=IDENTITY_REFUSED_LINKS.schema) if rows is None else rows

    def _guards(self, points: pl.DataFrame) -> dict[tuple[Any, ...], str]:
        """Why each rejected value of `points` was rejected."""
        rejected = written_rows(self._run, IDENTITY_REJECTED_VALUES).join(points.lazy(), on=_VALUE, how="semi").collect()
        return {tuple(row[name] for name in _VALUE): _guarded(row) for row in rejected.iter_rows(named=True)}

    def _told_members(self, records: pl.DataFrame, points: pl.DataFrame, refused: pl.DataFrame) -> list[Member]:
        guards = self._guards(points)
        # a real value that no guard rejected was set aside with its record: the link that it would have made says why
        sides = [refused.select(*_VALUE, "reason", key=side) for side in (_LEFT, _RIGHT)]
        crowds = {tuple(row[:4]): row[4] for row in pl.concat(sides).select("key", *_VALUE, "reason").sort(pl.all()).iter_rows()}

        def why_not(row: Mapping[str, Any]) -> str | None:
            value = (row["type"], row["scope"], row["value"])
            if row["is_accepted"]:
                return None
            told = guards.get(value) or _UNREAL.get(row["state"]) or crowds.get((row["source_record_key"], *value))
            return told or "this record holds too many of its kind"

        def identifier(row: Mapping[str, Any]) -> Identifier:
            value = self._shown(row["value"], row["type"])
            facts = (row["state"], row["is_accepted"], why_not(row), row["first_seen_at"], row["last_seen_at"])
            return Identifier(row["type"], row["scope"], value, *facts, self._proof(row))

        order = {name: kind.rank for name, kind in IDENTIFIER_TYPES.items()}
        held: dict[str, list[Identifier]] = {key: [] for key in records["source_record_key"]}
        for row in points.sort(pl.col("type").replace_strict(order, default=99), *_VALUE).iter_rows(named=True):
            held[row["source_record_key"]].append(identifier(row))
        return [
            Member(no, self._key(key), key.partition(":")[0], first_seen_at, since_on, held[key])
            for no, (key, first_seen_at, since_on) in enumerate(
                records.select("source_record_key", "first_seen_at", "member_since_on").iter_rows(), start=1
            )
        ]

    def _links(self, numbers: Mapping[str, int]) -> list[dict[str, Any]]:
        keys = list(numbers)
        links = written_rows(self._run, IDENTITY_LINKS).filter(pl.col(_LEFT).is_in(keys), pl.col(_RIGHT).is_in(keys))
        return links.sort("rank", *_VALUE, _LEFT, _RIGHT).collect().to_dicts()

    def _chains(self, links: list[dict[str, Any]], numbers: Mapping[str, int], pair_asked: tuple[str, str] | None) -> list[Chain]:
        """Links of one value are a star, and all that it reaches hold the value: they are one step from each other, not two."""
        evidence: dict[tuple[Any, ...], int] = {}
        told: dict[int, dict[str, Any]] = {}
        ties = []
        for row in links:
            pair = "" if row["type"] in IDENTIFIER_TYPES else row[_RIGHT]
            number = evidence.setdefault((*(row[name] for name in _VALUE), row[_LEFT], pair), len(evidence))
            told[number] = row
            ties += [(number, row[_LEFT]), (number, row[_RIGHT])]
        first, *others = numbers
        pairs = [(first, other) for other in others] if pair_asked is None else [pair_asked]
        reached = reach(ties, pairs[0][0]) if pairs else {}
        chains = [(start, end, chain_to(reached, end)) for start, end in pairs]
        return [
            Chain(
                numbers[start],
                numbers[end],
                None if steps is None else [self._tie(told[step.evidence], numbers[step.start], numbers[step.end]) for step in steps],
            )
            for start, end, steps in chains
        ]

    def _named(self, asked: str, numbers: Mapping[str, int]) -> str:
        """The record that `--between` names: a member by key or number, else any record by its key. Raises ConfigurationError."""
        key = {str(no): key for key, no in numbers.items()}.get(asked, asked)
        if key in numbers or not self._members.filter(pl.col("source_record_key") == key).head(1).collect().is_empty():
            return key
        raise ConfigurationError(
            f"{masked(asked)!r} is no source record on that day",
            where="--between",
            do=f"name members by number from 1 to {len(numbers)}, or any record by its key",
        )

    def _not_one(self, pair: tuple[str, str], stranger: str, numbers: Mapping[str, int], points: pl.DataFrame) -> NotOne:
        """Values that both customers hold. Of those that may link, the refused or held back link between the two says why it does not."""
        member = next((key for key in pair if key in numbers), None)
        if member is None:
            raise ConfigurationError("neither record is a member of this customer", where="--between", do="name at least one member")
        others = self._members.filter(pl.col("source_record_key") == stranger).select("customer_id").collect()
        their_keys = self._members.join(others.lazy(), on="customer_id", how="semi").select("source_record_key").collect()
        is_theirs = pl.col("source_record_key").is_in(their_keys["source_record_key"].implode())
        theirs = self._points().filter(is_theirs).collect()
        said: dict[tuple[Any, ...], str] = {}
        for words, links in (("held back", self._review()), ("refused", written_rows(self._run, IDENTITY_REFUSED_LINKS))):
            apart = _concerning(_concerning(links, numbers), their_keys["source_record_key"]).collect()
            said |= {tuple(row[:3]): f"{words}: {row[3]}" for row in apart.select(*_VALUE, "reason").iter_rows()}
        both = pl.concat([points, theirs]).join(theirs, on=_VALUE, how="semi").join(points, on=_VALUE, how="semi")
        guards = self._guards(both)
        shared = both.group_by(_VALUE).agg(pl.col("state").min(), pl.col("is_accepted").all()).sort(_VALUE)

        def why_not(row: Mapping[str, Any]) -> str:
            value = tuple(row[name] for name in _VALUE)
            told = guards.get(value) or _UNREAL.get(row["state"]) or said.get(value)
            return told or ("its holders are kept apart" if row["is_accepted"] else "one of the records holds too many of its kind")

        return NotOne(
            numbers[member],
            self._key(stranger),
            others.item(),
            [
                Shared(row["type"], row["scope"], self._shown(row["value"], row["type"]), self._words(why_not(row)))
                for row in shared.iter_rows(named=True)
            ],
        )

    def _tie(self, row: Mapping[str, Any], left_no: int, right_no: int) -> Tie:
        return Tie(left_no, right_no, row["type"], row["scope"], self._shown(row["value"], row["type"]))

    def _apart(self, pairs: pl.DataFrame, numbers: Mapping[str, int]) -> list[Apart]:
        named = pl.concat([pairs.select(source_record_key=side) for side in (_LEFT, _RIGHT)]).unique().lazy()
        others = dict(
            self._members.join(named, on="source_record_key", how="semi").select("source_record_key", "customer_id").collect().iter_rows()
        )
        sizes = self._members.filter(pl.col("customer_id").is_in(list(set(others.values())))).group_by("customer_id").len().collect()
        size_of = dict(sizes.iter_rows())

        def told(row: Mapping[str, Any]) -> Apart:
            side, other_side = ("left", "right") if row[_LEFT] in numbers else ("right", "left")
            other = row[f"{other_side}_source_record_key"]
            count = row.get(f"{other_side}_source_record_count") or size_of.get(others.get(other), 0)
            return Apart(
                numbers[row[f"{side}_source_record_key"]],
                self._key(other),
                numbers.get(other),
                others.get(other),
                count,
                row["type"],
                row["scope"],
                self._shown(row["value"], row["type"]),
                self._words(row["reason"]),
            )

        return [told(row) for row in pairs.iter_rows(named=True)]

    def _ownerships(self, points: pl.DataFrame) -> list[Ownership]:
        rows = optional_rows(self._run, "identity_ownerships")
        if rows is None:
            return []
        names = [field.name for field in dataclasses.fields(Ownership)]
        held = rows.join(points.lazy(), on=_VALUE, how="semi").select(names).sort(*_VALUE, "owner_no").collect()
        return [Ownership(**row | {"value": self._shown(row["value"], row["type"])}) for row in held.iter_rows(named=True)]

    def _households(self, customer_id: str) -> list[Household]:
        rows = optional_rows(self._run, "identity_households")
        if rows is None or self._on:
            return []
        own = rows.filter(pl.col("customer_id") == customer_id)
        grouped = rows.join(own, on="household_id", how="semi").group_by("household_id").agg(pl.col("customer_id").sort())
        return [Household(*row) for row in grouped.select("household_id", "customer_id").sort("household_id").collect().iter_rows()]

    def _golden(self, customer_id: str, numbers: Mapping[str, int]) -> list[GoldenField]:
        is_it = pl.col("customer_id") == customer_id
        chosen = written_rows(self._run, GOLDEN_CUSTOMERS).filter(is_it).collect().to_dicts()
        provenance = written_rows(self._run, GOLDEN_PROVENANCE).filter(is_it).sort("field").collect()
        if not chosen:
            return []

        def told(row: Mapping[str, Any]) -> GoldenField:
            field, value = row["field"], str(chosen[0][row["field"]])
            is_personal = GOLDEN_CUSTOMERS.column(field).personal not in _NOT_PERSONAL
            shown = self._shown(value) if is_personal else value
            return GoldenField(field, shown, numbers.get(row["source_record_key"]), row["claimed_at"], self._proof(row))

        return [told(row) for row in provenance.iter_rows(named=True)]

    def _history(self, ids: list[str]) -> list[Change]:
        concerns = pl.col("customer_id").is_in(ids) | pl.col("other_customer_id").is_in(ids)
        changes = written_rows(self._run, IDENTITY_CHANGES).filter(concerns, pl.col("as_of") <= (self._on or date.max))
        names = [field.name for field in dataclasses.fields(Change)]
        return [Change(*row) for row in changes.select(names).sort(names).collect().iter_rows()]

    def _decisions(self, numbers: Mapping[str, int]) -> tuple[list[Decision], str | None]:
        """A file that contradicts itself stops the next run, and is told here: who asks may be about to mend it."""
        try:
            decisions = read_decisions(self._day)
        except ConfigurationError as error:
            return [], str(error)
        rows = _concerning(decisions.lazy(), numbers).collect()
        return [
            Decision(
                row["line"],
                row["decision"],
                numbers.get(row[_LEFT]),
                self._key(row[_LEFT]),
                numbers.get(row[_RIGHT]),
                self._key(row[_RIGHT]),
                self._words(row["author"]),
                self._words(row["reason"]),
                row["decided_on"],
                row["expires_on"],
                row["is_effective"],
            )
            for row in rows.iter_rows(named=True)
        ], None

    def _now(self, numbers: Mapping[str, int]) -> dict[str, int]:
        now = members_on(self._run, None).filter(pl.col("source_record_key").is_in(list(numbers)))
        counts = now.group_by("customer_id").len().sort("len", "customer_id", descending=[True, False]).collect()
        return dict(counts.iter_rows())

    def _proof(self, row: Mapping[str, Any]) -> Proof:
        return Proof(row["_load_id"], self._files.get(row["_load_id"]), row["_source_row"])

    def _key(self, key: str) -> str:
        return key if self._reveal else masked(key)

    def _shown(self, value: str, kind: str = "") -> str:
        """A value; that of a decision says who decided and when."""
        if kind == "decision":
            return self._words(value)
        return value if self._reveal else masked(value)

    def _words(self, text: str) -> str:
        """What people wrote: of it only what is shaped like a person is masked."""
        return text if self._reveal else scrubbed(text)


def _guarded(rejected: Mapping[str, Any]) -> str:
    """Which guard rejected a value, and why."""
    count = rejected["source_record_count"]
    return f"{rejected['guard']}: {rejected['reason']}; on {count:,} record{'' if count == 1 else 's'}"


def _concerning(pairs: pl.LazyFrame, records: Iterable[str]) -> pl.LazyFrame:
    keys = list(records)
    return pairs.filter(pl.col(_LEFT).is_in(keys) | pl.col(_RIGHT).is_in(keys))
