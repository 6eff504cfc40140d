"""A proposal in the words of a contract: its fields, derived fields and rules of tables, each with what a person has to decide."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from pipelines.channels.contract import FieldType
from pipelines.channels.guessing import Guess
from pipelines.channels.meanings.care import MESSAGES, SHIPMENTS
from pipelines.channels.meanings.kind import Kind, Meanings, Slot, Value
from pipelines.channels.meanings.sales import ORDER_LINES
from pipelines.channels.proposals import Found, Proposal, Proposals
from pipelines.contracts.channel_tables import CANONICAL_TABLES

_TABLES = {table.name: table for table in CANONICAL_TABLES}
_PROTECTION = ("formula_text", "backtick", "apostrophe")  # around a cell, whatever is in it; other cleaners make numbers
_SURELY_FILLED = 0.97
_TYPES: Mapping[Value, FieldType] = {
    "id": "id",
    "text": "text",
    "word": "vocabulary",
    "amount": "amount",
    "price": "price",
    "quantity": "quantity",
    "integer": "integer",
    "date": "date",
    "day_of_birth": "date",
    "phone": "id",
    "email": "text",
    "contact": "id",
}
_SLASH = " || '/' || "
_PERSONAL_NOTE = "personal: leave it out where nobody needs it"


@dataclass(frozen=True, slots=True)
class Word:
    """A word of the file, what it is taken for, and whether another contract says so."""

    text: str
    count: int
    meaning: str
    is_known: bool


@dataclass(frozen=True, slots=True)
class DraftField:
    """A field of the contract to be."""

    guess: Guess
    type: FieldType
    is_required: bool = False
    clean: tuple[str, ...] = ()
    formats: tuple[str, ...] = ()
    words: tuple[Word, ...] = ()
    meanings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    nulls: tuple[str, ...] = ()


@dataclass(slots=True)
class DraftRule:
    """Rows of one table. `notes`: what is to be decided of a column; `why` stands above."""

    table: str
    columns: dict[str, str]
    why: tuple[str, ...] = ()
    per: tuple[str, ...] = ()
    per_note: str = ""
    claimed_at: str | None = None
    where: str | None = None
    notes: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Within:
    """A derived field over the rows that share these fields: an aggregate, or without one their number in file order."""

    fields: tuple[str, ...]
    value: str | None = None


@dataclass(slots=True)
class Draft:
    """Everything that a contract says of its rows, before it is text. A derived field is SQL, or looks at other rows."""

    fields: dict[str, DraftField] = field(default_factory=dict)
    derived: dict[str, str | Within] = field(default_factory=dict)
    rules: list[DraftRule] = field(default_factory=list)
    business_times: list[str] = field(default_factory=list)


def worded(proposals: Proposals, channel: str, known_words: Mapping[str, Mapping[str, str]]) -> Draft:
    """The draft; `known_words`: of each canonical column what other contracts take words for."""
    return _Writer(proposals, channel, known_words).written()


class _Writer:
    def __init__(self, proposals: Proposals, channel: str, known_words: Mapping[str, Mapping[str, str]]) -> None:
        self._proposals, self._channel, self._known = proposals, channel, known_words
        self._draft = Draft()
        self._number = ""  # field of the main number
        self._inner = [item for item in proposals.beside if proposals.each is not None]

    def written(self) -> Draft:
        proposals = self._proposals
        is_grouped = bool(self._inner)  # records repeat, once for each of their elements
        if proposals.main is not None:
            names = self._fields_of(proposals.main, is_main=True)
            self._number = names.get(proposals.main.kind.number or "", "")
            person = self._person()
            self._rows_of(proposals.main, names, person, is_main=True, is_grouped=is_grouped)
            for item in proposals.beside:
                self._rows_of(item, self._fields_of(item, is_main=False), person, is_main=False, is_grouped=False)
            time = names.get(proposals.main.kind.time or "")
            if time is not None:
                self._draft.business_times.append(time)
        else:
            time, person = None, self._person()
        self._people(person, time)
        return self._draft

    # fields

    def _field(self, name: str, found: Found, *, is_required: bool = False, meanings: Meanings | None = None, column: str = "") -> str:
        """The name under which the column is read as that; one that is read so already keeps its name."""
        guess, value = found.guess, found.slot.value
        kind = _type(guess, value)
        fields = self._draft.fields
        same = next((known for known, item in fields.items() if item.guess.header == guess.header and item.type == kind), None)
        if same is not None:
            is_sure = is_required and guess.filled >= _SURELY_FILLED
            fields[same] = replace(fields[same], is_required=fields[same].is_required or is_sure)
            return same
        number = 2
        free = name
        while free in fields:
            free, number = f"{name}_{number}", number + 1
        is_number = value in ("amount", "price", "quantity", "integer")
        clean = tuple(cleaner for cleaner in guess.clean if is_number or cleaner in _PROTECTION)
        notes = list(guess.notes)
        if found.rivals:
            notes.append(f"or is it {', '.join(_quoted_plainly(rival) for rival in found.rivals)}?")
        fields[free] = DraftField(
            guess,
            kind,
            is_required and guess.filled >= _SURELY_FILLED,
            (*clean, "yearless_birthday", "day_or_nothing") if value == "day_of_birth" else clean,
            () if value == "day_of_birth" else guess.formats if kind in ("instant", "date") else (),
            tuple(self._words(guess, meanings, column)) if meanings is not None else (),
            meanings.words if meanings is not None else (),
            tuple(notes),
            ("0",) if value == "id" and guess.zeros > 1 and guess.distinct > 1 else (),
        )
        return free

    def _words(self, guess: Guess, meanings: Meanings, column: str) -> Iterator[Word]:
        known = self._known.get(column, {})
        for text, count in guess.words:
            told = known.get(text) if known.get(text) in meanings.words else None
            hinted = next((meaning for hint, meaning in meanings.hints if re.search(hint, text, re.IGNORECASE)), meanings.default)
            yield Word(text, count, told or hinted, told is not None)

    def _fields_of(self, item: Proposal, *, is_main: bool) -> dict[str, str]:
        """Field of each slot. What a row needs sets it aside where it lacks, if the rows are of this kind first of all."""
        names = {}
        for slot_name, found in item.found.items():
            is_inner = self._is_inner(found.guess)
            column = found.slot.canonical
            names[slot_name] = self._field(
                slot_name,
                found,
                is_required=_must_be_there(item.kind, found.slot) and is_main and not is_inner,
                meanings=item.kind.meanings.get(column) if found.slot.value == "word" else None,
                column=f"{item.kind.table}.{column}",
            )
        return names

    def _is_inner(self, guess: Guess) -> bool:
        return self._proposals.each is not None and guess.header.startswith(f"{self._proposals.each}.")

    def _is_sure(self, name: str) -> bool:
        return self._draft.fields[name].is_required

    # people

    def _person(self) -> dict[str, str]:
        """Fields that name the person; and the derived field that is their key, where there is one."""
        found = self._proposals.person
        names = {kind: self._field(kind, item) for kind, item in found.items()}
        key = next((names[kind] for kind in ("customer_no", "openid", "unionid") if kind in names), None)
        if key is None:
            contacts = [name if kind == "phone" else f"LOWER({name})" for kind, name in names.items()]
            key = f"COALESCE({', '.join(contacts)})" if len(contacts) > 1 else next(iter(contacts), None)
        if key is not None:
            self._draft.derived["source_record_key"] = f"'{self._channel}:' || {key}"
        return names

    def _people(self, person: Mapping[str, str], time: str | None) -> None:
        if not person:
            return
        proposals = self._proposals
        claimed_at = time if time is not None and not proposals.is_of_people and self._is_sure(time) else "snapshot_at"
        columns = {"source_record_key": "source_record_key"}
        for name, found in proposals.attributes.items():
            columns[found.slot.canonical] = self._field(name, found)
        if "gender" in columns:
            told = columns["gender"]
            columns["gender"] = (
                f"CASE WHEN LOWER({told}) IN ('f', 'female', '女') THEN 'female' WHEN LOWER({told}) IN ('m', 'male', '男') THEN 'male' END"
            )
        if len(columns) > 1:
            why = f"what describes the person: {_listed([item.guess.header for item in proposals.attributes.values()])}"
            notes = {name: _PERSONAL_NOTE for name in columns if name in ("full_name", "nickname", "birth_on", "address")}
            told_why = (f"signs of a list of people: {_listed(proposals.people_spoken)}", why) if proposals.is_of_people else (why,)
            self._draft.rules.append(DraftRule("channel_profiles", columns, told_why, claimed_at=claimed_at, notes=notes))
        for kind, name in person.items():
            self._contact_point(kind, name, claimed_at)
        for item in proposals.allowed:
            self._consent(item.guess, item.medium, item.contact, person[item.contact])

    def _contact_point(self, kind: str, name: str, claimed_at: str) -> None:
        """Ids are compared within the channel alone: a scope that is too wide makes one person of two."""
        scopes = {
            "phone": ("phone", "global", ""),
            "email": ("email", "global", ""),
            "unionid": ("unionid", "open_platform", ""),
            "openid": ("openid", self._channel, "scope: the appid of the account"),
            "customer_no": (
                "member_id",
                self._channel,
                "scope: merchant where other exports know the member by it; type: user_id for a login",
            ),
        }
        kind, scope, note = scopes[kind]
        columns = {"source_record_key": "source_record_key", "type": f"'{kind}'", "scope": f"'{scope}'", "value_raw": name}
        self._draft.rules.append(DraftRule("channel_contact_points", columns, claimed_at=claimed_at, notes={"scope": note} if note else {}))

    def _consent(self, guess: Guess, medium: str, contact: str, contact_field: str) -> None:
        name = f"accepts_{medium}"
        self._draft.fields[name] = DraftField(guess, "text", clean=("lower",))
        columns = {
            "source_record_key": "source_record_key",
            "contact_type": f"'{contact}'",
            "contact_value_raw": contact_field,
            "medium": f"'{medium}'",
            "purpose": "'marketing'",
            "status": f"CASE WHEN {name} IN ('yes', 'true', 'y', '1', '是') THEN 'granted' ELSE 'denied' END",
        }
        rule = DraftRule("channel_consents", columns, claimed_at="snapshot_at", where=f"{name} IS NOT NULL")
        rule.why = (f"says what a person allowed: {_listed([guess.header])}",)
        rule.notes["status"] = "whether this is permission to advertise, and for what"
        self._draft.rules.append(rule)

    # rows of a table

    def _rows_of(self, item: Proposal, names: Mapping[str, str], person: Mapping[str, str], *, is_main: bool, is_grouped: bool) -> None:
        if item.kind is SHIPMENTS:
            self._parcels(item, names)
            return
        table, kind = _TABLES[item.kind.table], item.kind
        columns = {column: text for column, text in kind.constants.items() if column in table.column_names}
        for slot_name, found in item.found.items():
            column = found.slot.canonical
            if column in table.column_names:
                columns[column] = self._value(kind, column, names[slot_name], found)
        notes = {
            column: f"{'the file does not say' if kind.constants[column] != 'FALSE' else 'whether a refund follows from a status'}"
            for column in kind.constants
            if columns[column] == kind.constants[column] and column in table.required
        }
        if kind.table == "channel_orders":
            notes["order_type"] = "sale, or return where the amount is negative"
            notes["paid_amount"] = "what the customer paid, before refunds"
        self._key(item, names, columns, notes)
        self._common(kind, table.column_names, columns, person, notes)
        where = list(self._conditions(item, names))
        rule = DraftRule(kind.table, columns, (f"signs: {_listed(item.spoken)}",), where=" AND ".join(where) or None, notes=notes)
        self._special(item, names, rule)
        if is_main and (is_grouped or (self._proposals.is_repeated and kind.table == "channel_orders")):
            self._grouped(item, names, rule)
        rule.columns = {column: rule.columns[column] for column in table.column_names if column in rule.columns}
        self._draft.rules.append(rule)

    def _value(self, kind: Kind, column: str, name: str, found: Found) -> str:
        if found.slot.value == "word" and found.guess.filled < 1.0 and column in kind.constants:
            return f"COALESCE({name}, {kind.constants[column]})"
        return name

    def _key(self, item: Proposal, names: Mapping[str, str], columns: dict[str, str], notes: dict[str, str]) -> None:
        kind, derived = item.kind, self._draft.derived
        if kind is ORDER_LINES:
            derived.setdefault("order_key", f"'{self._channel}:' || {names['order_no']}")
            derived["line_no"] = Within((names["order_no"],))
            columns |= {"order_key": "order_key", "line_no": "line_no", "line_key": "order_key || '/' || CAST(line_no AS VARCHAR)"}
            columns.pop("order_no", None)
            return
        number = names.get(kind.number or "")
        if number is not None and kind.table == "channel_orders":
            derived["order_key"] = f"'{self._channel}:' || {number}"
            columns[kind.key] = "order_key"
            return
        if number is not None and self._is_distinct(item) and not (self._inner and kind is MESSAGES):
            columns[kind.key] = f"'{self._channel}:' || {number}"
            return
        parts = [number] if number is not None else [names[name] for name in item.found if item.found[name].slot.is_needed]
        if number is None and kind.needs_person:
            parts = ["source_record_key", *parts]
        counted = f"{kind.key.removesuffix('_key')}_row"
        derived[counted] = Within(tuple(parts))
        texts = [f"COALESCE(CAST({part} AS VARCHAR), '')" for part in (*parts, counted)]
        columns[kind.key] = f"'{self._channel}:' || {_SLASH.join(texts)}"
        notes[kind.key] = "no column numbers these rows" if number is None else "the number repeats: by what else is a row known?"

    def _is_distinct(self, item: Proposal) -> bool:
        return item.found[item.kind.number or ""].guess.is_distinct

    def _common(self, kind: Kind, known: Sequence[str], columns: dict[str, str], person: Mapping[str, str], notes: dict[str, str]) -> None:
        """Columns that any table may have: whose the row is, and in which money."""
        if kind is MESSAGES:
            self._draft.derived["author_key"] = f"'{self._channel}:' || author_no"
            columns["source_record_key"] = "author_key"
            notes["source_record_key"] = "who writes may be staff: those are no people of the shop"
        elif "source_record_key" in known and person:
            columns["source_record_key"] = "source_record_key"
            if not {"customer_no", "openid", "unionid"} & person.keys():
                notes["source_record_key"] = "the file names no account: the person is known by this"
        currency = self._proposals.currency
        if kind.table == "channel_events":
            columns["currency_code"] = "CAST(NULL AS VARCHAR)"
            if "value_amount" in columns:
                columns["currency_code"] = f"CASE WHEN {columns['value_amount']} IS NOT NULL THEN default_currency_code END"
        elif "currency_code" in known and currency is not None:
            if "currency" not in self._draft.fields:
                clean = tuple(name for name in currency.clean if name in _PROTECTION)
                self._draft.fields["currency"] = DraftField(currency, "text", clean=clean)
            columns["currency_code"] = "COALESCE(UPPER(currency), default_currency_code)"
            if self._proposals.is_repeated and currency.filled < 1.0 and kind is ORDER_LINES:  # it stands on one row of the order
                self._draft.derived["order_currency"] = Within((self._number,), "MAX(UPPER(currency))")
                columns["currency_code"] = "COALESCE(order_currency, default_currency_code)"

    def _conditions(self, item: Proposal, names: Mapping[str, str]) -> Iterator[str]:
        """What must be there for a row of this table to be."""
        for slot_name, found in item.found.items():
            if _must_be_there(item.kind, found.slot) and not self._is_sure(names[slot_name]):
                yield f"{names[slot_name]} IS NOT NULL"
        if item.kind.needs_person:
            yield "source_record_key IS NOT NULL"
        if item.kind.table == "channel_refunds":
            yield f"{names['refund_amount']} <> 0"
        if item.kind.table == "channel_payments":
            yield f"{names['paid_amount']} <> 0"
        if item.kind is ORDER_LINES and self._inner:
            yield " OR ".join(f"{names[name]} IS NOT NULL" for name in ("product_id", "product_name") if name in names).join(("(", ")"))

    def _special(self, item: Proposal, names: Mapping[str, str], rule: DraftRule) -> None:
        kind, columns = item.kind, rule.columns
        match kind.table:
            case "channel_refunds":
                columns["refunded_amount"] = f"ABS({names['refund_amount']})"
                if not re.search(r"退|售后|refund", item.found["refunded_at"].guess.header, re.IGNORECASE):
                    columns["is_refunded_at_inferred"] = "TRUE"
                rule.notes["refunded_amount"] = "which rows are refunds, and whether of one or of a whole order"
            case "channel_payments":
                if "fee_amount" in columns:
                    columns["fee_amount"] = f"ABS({columns['fee_amount']})"
                rule.notes["paid_amount"] = "which rows are payments: refunds, fees and withdrawals may stand beside them"
            case "channel_costs":
                columns.setdefault("spent_to_on", columns["spent_from_on"])
            case "channel_events":
                self._event_name(names, rule)
            case "channel_sends":
                is_mail = item.found["contact_value"].guess.role == "email"
                columns["medium"] = "'email'" if is_mail else "'sms'"
                rule.notes["medium"] = "sms, email, wechat, app_push or mail"
            case "channel_coupons":
                self._coupon_status(names, columns)
            case "channel_reviews" if "product_id" not in names and "review_kind" not in names:
                columns["review_type"] = "'service'"
            case "channel_stock":
                self._draft.derived["store"] = f"COALESCE({names['store_id']}, '')" if "store_id" in names else "''"
                product, day = names["product_id"], names["counted_on"]
                rule.per = ("store", product, day)
                rule.per_note = "several lines of one product, store and day are added up"
                columns["stock_key"] = f"'{self._channel}:' || store || '/' || {product} || '/' || CAST({day} AS VARCHAR)"
                columns["quantity"] = f"SUM({names['quantity']})"
                columns["store_id_channel"] = "NULLIF(store, '')"
                rule.notes.pop("stock_key", None)
                self._draft.derived.pop("stock_row", None)
            case "channel_interactions" if kind is not MESSAGES:
                rule.notes["interaction_type"] = "followed, unfollowed, chatted, visited or added_staff"

    def _coupon_status(self, names: Mapping[str, str], columns: dict[str, str]) -> None:
        redeemed, expires = names.get("redeemed_at"), names.get("expires_at")
        cases = [f"WHEN {redeemed} IS NOT NULL THEN 'redeemed'"] if redeemed else []
        cases += [f"WHEN COALESCE({expires} < exported_at, FALSE) THEN 'expired'"] if expires else []
        columns["status"] = f"CASE {' '.join(cases)} ELSE 'issued' END" if cases else "'issued'"

    def _event_name(self, names: Mapping[str, str], rule: DraftRule) -> None:
        """The shop's own names are kept beside; what is like none of the canonical ones is `other`."""
        name = f"LOWER({names['event_name_channel']})"
        hints = (
            ("product_viewed", "product.*view|view_item"),
            ("product_added", "added|add_to_cart"),
            ("product_removed", "remove"),
            ("cart_viewed", "view.*cart|cart.*view"),
            ("checkout_started", "checkout"),
            ("order_completed", "order.*complet|complet.*order|purchase"),
            ("order_refunded", "refund"),
            ("email_opened", "^open"),
            ("email_clicked", "^click"),
            ("page_viewed", "page"),
            ("identified", "identify"),
            ("searched", "search"),
        )
        cases = " ".join(f"WHEN {name} ~ '{pattern}' THEN '{event}'" for event, pattern in hints)
        rule.columns["event_name"] = f"CASE {cases} ELSE 'other' END"
        rule.notes["event_name"] = "a vocabulary of the file's own words is safer than these patterns"

    def _parcels(self, item: Proposal, names: Mapping[str, str]) -> None:
        """A parcel is up to two events of its order."""
        order, parcel = names["order_no"], names["parcel_no"]
        why = (f"signs of parcels: {_listed(item.spoken)}",)
        for slot, event in (("shipped_at", "shipped"), ("delivered_at", "delivered")):
            if slot not in names:
                continue
            columns = {
                "event_key": f"'{self._channel}:' || {order} || '/' || {parcel} || '/{event}'",
                "event_name": f"'order_{event}'",
                "occurred_at": names[slot],
                "order_no": order,
                "currency_code": "CAST(NULL AS VARCHAR)",
            }
            if "parcel_status" in names:
                columns["event_name_channel"] = names["parcel_status"]
            needed = [f"{name} IS NOT NULL" for name in (order, parcel, names[slot]) if not self._is_sure(name)]
            self._draft.rules.append(DraftRule("channel_events", columns, why, where=" AND ".join(needed) or None))

    def _grouped(self, item: Proposal, names: Mapping[str, str], rule: DraftRule) -> None:
        """One row of the records that share the number: what they say alike, and the sum of what they say each."""
        number = names[item.kind.number or ""]
        is_order = item.kind.table == "channel_orders"
        rule.per = (number, "order_key") if is_order else (number,)
        is_element = bool(self._inner)
        rule.per_note = "a record repeats for each of its elements" if is_element else "the number repeats: its rows are lines of one order"
        for column, text in rule.columns.items():
            slot = next((name for name, found in item.found.items() if names[name] == text and found.slot.canonical == column), None)
            if text.startswith("'") or text in (*rule.per, "FALSE") or (column == item.kind.key and not is_order):
                continue
            is_sum = slot is not None and item.found[slot].slot.value in ("amount", "quantity") and not is_element
            or_else = re.fullmatch(r"COALESCE\((.+), ([^(),]+)\)", text)
            if slot == item.kind.time:
                rule.columns[column] = f"MIN({text})"
            elif or_else and column in ("status", "currency_code"):  # what stands on one row alone counts before what stands for nothing
                default = or_else[2] if or_else[2].startswith("'") else f"MAX({or_else[2]})"
                rule.columns[column] = f"COALESCE(MAX({or_else[1]}), {default})"
            elif is_sum and slot not in self._proposals.constant:
                rule.columns[column] = f"SUM({text})"
                rule.notes[column] = "the sum of its rows, or what stands on one of them"
            else:
                rule.columns[column] = f"MAX({text})"
                if is_sum:
                    rule.notes[column] = "the same on all rows of an order, or on one alone, so counted once"


def _listed(headers: Sequence[str]) -> str:
    return ", ".join(_quoted_plainly(header) for header in dict.fromkeys(headers))


def _quoted_plainly(header: str) -> str:
    """For comments: a header cannot leave its line."""
    return "`" + " ".join("".join(character if character.isprintable() else " " for character in header).split())[:40] + "`"


def _must_be_there(kind: Kind, slot: Slot) -> bool:
    """Without it there is no row of the table. An order without an amount is one: nothing was paid."""
    required = _TABLES[kind.table].required
    return slot.is_needed and (slot.canonical in required or slot.canonical == "" or slot.field == kind.number or kind is SHIPMENTS)


def _type(guess: Guess, value: Value) -> FieldType:
    if value != "instant":
        return _TYPES[value]
    epochs: dict[str, FieldType] = {"epoch_seconds": "epoch_seconds", "epoch_millis": "epoch_millis", "epoch_micros": "epoch_micros"}
    return epochs.get(guess.type, "instant")
