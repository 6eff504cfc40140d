"""Which canonical tables the columns of an unknown export speak for, and which of them each table is given: guesses, with their reasons."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import polars as pl

from pipelines.channels.guessing import Guess
from pipelines.channels.meanings import KINDS
from pipelines.channels.meanings.care import MESSAGES
from pipelines.channels.meanings.kind import Kind, Slot
from pipelines.channels.meanings.people import ALLOWED, ATTRIBUTES, NOT_THE_PERSON, PEOPLE_SIGNS, PERSON
from pipelines.channels.meanings.sales import ORDER_LINES
from pipelines.channels.sampling import Sample

_SPEAKS = 0.5  # share of its signs that a kind of row must show
_WHISPERS = 0.4  # share at which a table that is not proposed is told of
_LIKE = 0.6  # share that makes a list of people of rows that could be something else
_RIVALS = 3
_MOST_FLAG_WORDS = 8


@dataclass(frozen=True, slots=True)
class Found:
    """The column that a slot is given. `rivals`: headers that are worded like it too."""

    slot: Slot
    guess: Guess
    rivals: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Proposal:
    """A kind of row that the file holds. `spoken`: the headers that bear its signs, the first of each; `share`: of its signs."""

    kind: Kind
    found: Mapping[str, Found]
    spoken: tuple[str, ...]
    share: float


@dataclass(frozen=True, slots=True)
class Doubt:
    """A table that headers speak of, and why it is not proposed."""

    table: str
    spoken: tuple[str, ...]
    why: str


@dataclass(frozen=True, slots=True)
class Allowed:
    """A column that says whether a person may be written to."""

    guess: Guess
    medium: str
    contact: str


@dataclass(frozen=True, slots=True)
class Proposals:
    """What the rows are taken for. `each`: the array that records are taken apart by; `main` is None where nothing was recognized.

    `is_repeated`: an order has several rows. `constant`: fields that say the same on all of them.
    """

    main: Proposal | None
    beside: tuple[Proposal, ...] = ()
    person: Mapping[str, Found] = field(default_factory=dict)
    attributes: Mapping[str, Found] = field(default_factory=dict)
    allowed: tuple[Allowed, ...] = ()
    is_of_people: bool = False
    people_spoken: tuple[str, ...] = ()
    currency: Guess | None = None
    each: str | None = None
    is_repeated: bool = False
    constant: frozenset[str] = frozenset()
    doubts: tuple[Doubt, ...] = ()


@lru_cache(maxsize=8192)
def normal_form(header: str, each: str | None = None) -> str:
    """`createdAt`, `Created at` -> `created_at`; of a path into the array `each` what follows it."""
    text = header.removeprefix(f"{each}.") if each else header
    text = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", text)
    return re.sub(r"[\W_]+", "_", text).strip("_").lower()


def propose(sample: Sample, guesses: Sequence[Guess], elements: Mapping[str, Sequence[Guess]]) -> Proposals:
    """What the columns of records, and of the elements of each of their arrays, speak for."""
    person: Mapping[str, Found] = _filled_slots(PERSON, guesses, None)
    heard = [item for inner in elements.values() for item in inner]
    main = _main(guesses, person, sample.rows, heard=heard)
    people = _spoken(PEOPLE_SIGNS, guesses, None)
    share = len(people) / len(PEOPLE_SIGNS.split())
    is_of_people = share >= _SPEAKS and (main is None or share > max(main.share, _LIKE))
    each, inner = _inner(main, elements)
    if main is None and not is_of_people:
        each, main, person = _main_of_elements(guesses, elements, person, sample)
    if is_of_people:
        main = None
        person = _filled_slots((_numbered_person(), *PERSON[:2], *PERSON[3:]), guesses, None)
    beside = () if main is None else tuple(_beside(main, guesses, each, inner))
    known = (*guesses, *(elements[each] if each else ()))
    attributes = _attributes(guesses, person, is_of_people=is_of_people)
    repeated, constant = _repeats(main, sample.rows) if each is None else (False, frozenset())
    return Proposals(
        main,
        beside,
        person,
        attributes,
        tuple(_allowed(sample.rows, guesses, person)),
        is_of_people,
        people,
        next((item for item in guesses if _is_currency(item, sample.rows)), None),
        each,
        repeated,
        constant,
        tuple(_doubts(known, [item for item in (main, *beside) if item is not None], is_of_people=is_of_people)),
    )


def _numbered_person() -> Slot:
    """In a list of people a bare `id` is theirs."""
    slot = PERSON[2]
    return Slot(slot.field, slot.value, f"{slot.words} ^id$ 编号 (^|_)id$", unless=slot.unless)


def _main(
    guesses: Sequence[Guess], person: Mapping[str, Found], rows: pl.DataFrame, each: str | None = None, heard: Sequence[Guess] = ()
) -> Proposal | None:
    """The kind of row that the most of its signs speak for, of those whose needed columns are there. `heard` columns only speak."""
    fitted = (_fitted(kind, guesses, each, heard=heard) for kind in KINDS)
    possible = [item for item in fitted if item is not None and item.share >= _SPEAKS]
    possible = [item for item in possible if person or not item.kind.needs_person]
    return max(possible, key=lambda item: item.share) if possible and rows.height else None


def _main_of_elements(
    guesses: Sequence[Guess], elements: Mapping[str, Sequence[Guess]], person: Mapping[str, Found], sample: Sample
) -> tuple[str | None, Proposal | None, Mapping[str, Found]]:
    """A record that is nothing itself and holds rows: a page of orders, a batch of events."""
    best: tuple[str | None, Proposal | None, Mapping[str, Found]] = (None, None, person)
    for path, inner in elements.items():
        known = (*inner, *guesses)
        somebody = person or _filled_slots(PERSON, inner, path)
        main = _main(known, somebody, sample.arrays[path], path)
        is_inner = main is not None and any(item.guess in inner for item in main.found.values())
        if main is not None and is_inner and (best[1] is None or main.share > best[1].share):
            best = path, main, somebody
    return best


def _inner(main: Proposal | None, elements: Mapping[str, Sequence[Guess]]) -> tuple[str | None, Proposal | None]:
    """The array whose elements are lines of the order, or messages of the ticket, that the record is."""
    wanted = {"channel_orders": ORDER_LINES, "channel_tickets": MESSAGES}.get(main.kind.table if main else "")
    best: tuple[str | None, Proposal | None] = (None, None)
    if main is None or wanted is None:
        return best
    for path, guesses in elements.items():
        shared = {name: main.found[name] for name in ("order_no", "ordered_at") if name in main.found}
        fitted = _fitted(wanted, guesses, path, shared)
        if fitted is not None and fitted.share > (best[1].share if best[1] else 0.3):
            best = path, fitted
    return best


def _beside(main: Proposal, guesses: Sequence[Guess], each: str | None, inner: Proposal | None) -> Iterable[Proposal]:
    if inner is not None:
        yield inner
        return
    if each is not None:
        return
    for kind in KINDS:
        if kind.table in main.kind.beside and kind is not main.kind:
            shared = {name: main.found[name] for name in ("order_no", "ordered_at") if name in main.found and kind is ORDER_LINES}
            fitted = _fitted(kind, guesses, None, shared)
            if fitted is None or fitted.share < _SPEAKS:
                continue
            if kind is ORDER_LINES and not {"quantity", "unit_price"} & fitted.found.keys():
                continue
            if kind.number is not None and kind is not ORDER_LINES and fitted.found[kind.number].guess == _number_of(main):
                continue  # two numbers of one column are one thing
            yield fitted


def _number_of(item: Proposal) -> Guess | None:
    number = item.found.get(item.kind.number or "")
    return None if number is None else number.guess


def _doubts(guesses: Sequence[Guess], proposed: Sequence[Proposal], *, is_of_people: bool) -> Iterable[Doubt]:
    tables = {item.kind.table for item in proposed}
    for kind in KINDS:
        spoken = _spoken(kind.signs, guesses, None)
        if kind.table in tables or len(spoken) / len(kind.signs.split()) < _WHISPERS:
            continue
        tables.add(kind.table)
        found = _filled_slots(kind.slots, guesses, None)
        lacking = [slot.field for slot in kind.slots if slot.is_needed and slot.field not in found]
        what = "people" if is_of_people else proposed[0].kind.table if proposed else "nothing else"
        yield Doubt(kind.table, spoken, f"no column for {', '.join(lacking)}" if lacking else f"more speaks for {what}")


def _fitted(
    kind: Kind, guesses: Sequence[Guess], each: str | None, shared: Mapping[str, Found] | None = None, heard: Sequence[Guess] = ()
) -> Proposal | None:
    """The kind with its columns; None where a needed one is missing. `shared` columns are given already."""
    given = dict(shared or {})
    spoken = _spoken(kind.signs, [*guesses, *(item.guess for item in given.values()), *heard], each)
    slots = [slot for slot in kind.slots if slot.field not in given]
    found = given | _filled_slots(slots, guesses, each)
    has_needed = all(slot.field in found for slot in kind.slots if slot.is_needed)
    if not has_needed or (kind.one_of and not found.keys() & set(kind.one_of)):
        return None
    return Proposal(kind, found, spoken, len(spoken) / len(kind.signs.split()))


def _spoken(signs: str, guesses: Sequence[Guess], each: str | None) -> tuple[str, ...]:
    names = [(item.header, normal_form(item.header, each)) for item in guesses]
    first = (next((header for header, name in names if re.search(sign, name)), None) for sign in signs.split())
    return tuple(header for header in first if header is not None)


def _filled_slots(slots: Sequence[Slot], guesses: Sequence[Guess], each: str | None) -> dict[str, Found]:
    """A column a slot, and a slot a column: the surest pairs first, of equals the fuller column."""
    pairs: list[tuple[int, float, int, Slot, Guess]] = []
    for place, slot in enumerate(slots):
        for item in guesses:
            name = normal_form(item.header, each)
            if item.role == "empty" or re.search(slot.unless, name) or not _suits(slot, item):
                continue
            rank = next((number for number, word in enumerate(slot.words.split()) if re.search(word, name)), None)
            if rank is not None:
                pairs.append((rank, -item.filled, place, slot, item))
    found: dict[str, Found] = {}
    taken: set[str] = set()
    for _, _, _, slot, item in sorted(pairs, key=lambda pair: pair[:3]):
        if slot.field not in found and item.header not in taken:
            found[slot.field] = Found(slot, item)
            taken.add(item.header)
    for name, one in found.items():
        others = dict.fromkeys(item.header for *_, slot, item in pairs if slot is one.slot and item.header not in taken)
        found[name] = Found(one.slot, one.guess, tuple(others)[:_RIVALS])
    return {slot.field: found[slot.field] for slot in slots if slot.field in found}


def _suits(slot: Slot, item: Guess) -> bool:
    """Whether what stands in the column can be read as what the slot holds."""
    if slot.value == "amount":
        return item.decimals is not None and item.decimals <= 2
    if slot.value == "price":
        return item.decimals is not None and item.decimals <= 6
    if slot.value == "quantity":
        return item.decimals is not None and item.decimals <= 3
    if slot.value == "integer":
        return item.decimals == 0
    if slot.value == "instant":
        return item.role in ("instant", "date")
    if slot.value == "date":
        return item.role == "date" or (item.role == "instant" and not any(way == "iso8601" or "%z" in way for way in item.formats))
    if slot.value == "word":
        return item.role == "word" and len(item.words) == item.distinct
    if slot.value in ("phone", "email"):
        return item.role == slot.value
    if slot.value == "contact":
        return item.role in ("phone", "email")
    if slot.value == "id":
        return item.role not in ("instant", "date") and (
            item.role not in ("phone", "email") or "手机" in slot.words or "mail" in slot.words
        )
    return item.role not in ("instant", "date", "phone", "email") or slot.value == "day_of_birth"


def _attributes(guesses: Sequence[Guess], person: Mapping[str, Found], *, is_of_people: bool) -> dict[str, Found]:
    """What describes the person; in a list of something else only what is worded as theirs."""
    if not person:
        return {}
    taken = {item.guess.header for item in person.values()}
    own = [item for item in guesses if item.header not in taken and not re.search(NOT_THE_PERSON, normal_form(item.header))]
    found = _filled_slots(ATTRIBUTES, own, None)
    if is_of_people:
        return found
    return {
        name: item
        for name, item in found.items()
        if re.search(r"客户|会员|买家|customer|member|vip|buyer|requester|昵称|nick", normal_form(item.guess.header))
    }


def _allowed(rows: pl.DataFrame, guesses: Sequence[Guess], person: Mapping[str, Found]) -> Iterable[Allowed]:
    yes_or_no = {"yes", "no", "true", "false", "y", "n", "1", "0", "是", "否"}
    for medium, contact, words in ALLOWED:
        for item in guesses:
            if item.distinct > _MOST_FLAG_WORDS or item.header not in rows.columns or contact not in person or item.role == "empty":
                continue
            values = rows[item.header].cast(pl.String).str.strip_chars().str.to_lowercase().drop_nulls().unique().to_list()
            if re.search(words, normal_form(item.header)) and set(values) - {""} <= yes_or_no:
                yield Allowed(item, medium, contact)
                break


def _is_currency(item: Guess, rows: pl.DataFrame) -> bool:
    if (
        not re.search(r"currency|币种|货币|währung|devise", normal_form(item.header))
        or item.header not in rows.columns
        or item.role == "empty"
    ):
        return False
    values = rows[item.header].cast(pl.String).str.strip_chars("` \t").drop_nulls()
    return bool(values.filter(values != "").str.contains("^[A-Za-z]{3}$").all())


def _repeats(main: Proposal | None, rows: pl.DataFrame) -> tuple[bool, frozenset[str]]:
    """Whether an order has several rows, and which of its columns then say the same on each, or stand on the first alone."""
    if main is None or main.kind.table != "channel_orders":
        return False, frozenset()
    order = main.found["order_no"].guess
    if order.is_unique or order.header not in rows.columns:
        return False, frozenset()
    several = rows.filter(pl.col(order.header).count().over(order.header) > 1)
    if not several.height:
        return False, frozenset()
    constant = []
    for name, item in main.found.items():
        text = pl.col(item.guess.header).cast(pl.String)
        kinds = several.group_by(order.header).agg(text.filter(text != "").n_unique().alias("kinds"))["kinds"]
        if item.guess.header != order.header and (kinds <= 1).all():
            constant.append(name)
    return True, frozenset(constant)
