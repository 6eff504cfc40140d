"""List the traps that are planted: what would mislead a careless matcher, and who is really behind it."""

from __future__ import annotations

import numpy as np
import polars as pl

from pipelines.simulate import names
from pipelines.simulate.behavior import anonymous_ids, shares_device
from pipelines.simulate.checkout import TypedPhones, is_virtual, leaves_no_phone, typed_phones
from pipelines.simulate.chunk import Chunk
from pipelines.simulate.draws import Flags, Ints
from pipelines.simulate.people import NEVER, SHOPIFY, STORE, TAOBAO, YOUZAN, person_ids
from pipelines.simulate.till import draw_till

TRAP_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "kind": pl.String,
    "value": pl.String,
    "source_record_keys": pl.List(pl.String),
    "person_ids": pl.List(pl.String),
}


def global_traps() -> pl.DataFrame:
    """What belongs to nobody: placeholder phones, hosts of virtual numbers, the card of the cashiers."""
    rows: list[tuple[str, str, list[str], list[str]]] = [
        *(("placeholder_phone", str(phone), [], []) for phone in names.PLACEHOLDER_PHONES),
        *(("virtual_host", str(phone), [], []) for phone in names.VIRTUAL_HOSTS),
        ("walk_in_card", names.WALK_IN_CARD, [f"siss:{names.WALK_IN_CARD}"], []),
    ]
    return pl.DataFrame(rows, schema=TRAP_SCHEMA, orient="row")


def chunk_traps(chunk: Chunk) -> pl.DataFrame:
    """One row per trap of the chunk. Record keys are those that may be named; who writes them keeps the delivered."""
    parts = [
        _shared_phones(chunk),
        _two_cards(chunk),
        _recycled_phones(chunk),
        _second_accounts(chunk),
        _shared_devices(chunk),
        _rare_surnames(chunk),
        *(_typos(chunk, channel) for channel in (TAOBAO, YOUZAN, STORE, SHOPIFY)),
    ]
    return pl.concat(parts)


def _frame(kind: str, value: pl.Series, keys: pl.Expr, people: pl.Expr, context: pl.DataFrame) -> pl.DataFrame:
    return context.with_columns(value=value).select(kind=pl.lit(kind), value="value", source_record_keys=keys, person_ids=people)


def _no_keys() -> pl.Expr:
    return pl.lit([], dtype=pl.List(pl.String))


def _shared_phones(chunk: Chunk) -> pl.DataFrame:
    """A family's phone: the owner and who borrows it in at least one channel."""
    people = chunk.people
    owner_phone = _owner_phone(chunk)
    borrows = people.family_member & (people.phone_by_channel == owner_phone[:, None]).any(axis=1)
    rows = np.flatnonzero(borrows)
    frame = pl.DataFrame(
        {"owner": person_ids(people.family_owner[rows]), "member": person_ids(people.index[rows]), "phone": owner_phone[rows]}
    ).with_columns(pl.col("phone").cast(pl.String))
    families = frame.group_by("phone", "owner", maintain_order=True).agg("member")
    keys = pl.concat_list(pl.format("youzan:{}", "phone"))
    everybody = pl.concat_list("owner", "member")
    return _frame("family_phone", families["phone"], keys, everybody, families)


def _owner_phone(chunk: Chunk) -> Ints:
    """Per person: the main phone of the owner of their family, 0 outside families."""
    people = chunk.people
    in_family = people.family_owner != NEVER
    at = np.where(in_family, people.family_owner - people.index[0], 0)
    return np.where(in_family, people.phone_main[at], 0)


def _two_cards(chunk: Chunk) -> pl.DataFrame:
    """Two members of a family, a card each, one phone at the till."""
    people = chunk.people
    second = np.flatnonzero(people.is_two_card & people.family_member)
    first = people.family_owner[second] - people.index[0]
    frame = pl.DataFrame(
        {
            "a": person_ids(people.index[first]),
            "b": person_ids(people.index[second]),
            "card_a": "siss:" + people.card.gather(first),
            "card_b": "siss:" + people.card.gather(second),
        }
    )
    value = pl.Series(people.phone_main[first]).cast(pl.String)
    return _frame("two_cards_on_phone", value, pl.concat_list("card_a", "card_b"), pl.concat_list("a", "b"), frame)


def _recycled_phones(chunk: Chunk) -> pl.DataFrame:
    """A number with two owners, the earlier first."""
    people = chunk.people
    new = np.flatnonzero(people.recycled_from != NEVER)
    value = pl.Series(people.phone_main[new]).cast(pl.String)
    frame = pl.DataFrame({"old": person_ids(people.recycled_from[new]), "new": person_ids(people.index[new]), "key": "youzan:" + value})
    return _frame("recycled_phone", value, pl.concat_list("key"), pl.concat_list("old", "new"), frame)


def _second_accounts(chunk: Chunk) -> pl.DataFrame:
    """One person, two Shopify accounts."""
    people = chunk.people
    rows = np.flatnonzero(people.has_second_account)
    frame = pl.DataFrame(
        {
            "person": person_ids(people.index[rows]),
            "first": "shopify:" + pl.Series(people.shopify_id[rows]).cast(pl.String),
            "second": "shopify:" + pl.Series(people.shopify_id_second[rows]).cast(pl.String),
        }
    )
    value = people.email_second.gather(rows)
    return _frame("duplicate_account", value, pl.concat_list("first", "second"), pl.concat_list("person"), frame)


def _shared_devices(chunk: Chunk) -> pl.DataFrame:
    """A tablet on which two members of a family sign in."""
    people = chunk.people
    owners = np.maximum(people.family_owner - people.index[0], 0)
    rows = np.flatnonzero(shares_device(people) & people.uses[owners, SHOPIFY])
    value = anonymous_ids(chunk.world.draws, people.family_owner[rows] * 2)
    frame = pl.DataFrame(
        {
            "owner": person_ids(people.family_owner[rows]),
            "member": person_ids(people.index[rows]),
            "key": "segment:anon/" + value,
        }
    )
    return _frame("shared_device", value, pl.concat_list("key"), pl.concat_list("owner", "member"), frame)


def _rare_surnames(chunk: Chunk) -> pl.DataFrame:
    """Names that GBK cannot write."""
    rare = [pair.split(" ")[0] for pair in names.RARE_SURNAMES]
    frame = pl.DataFrame({"name": chunk.people.name, "person": chunk.people.person_id})
    found = frame.filter(pl.col("name").str.slice(0, 1).is_in(rare))
    return _frame("rare_surname", found["name"], _no_keys(), pl.concat_list("person"), found)


def _typos(chunk: Chunk, channel: int) -> pl.DataFrame:
    """Phones that were delivered with one wrong digit."""
    orders = chunk.orders.take(np.flatnonzero(chunk.orders.channel == channel))
    phones: TypedPhones = typed_phones(chunk, orders, channel)
    shown: Flags = np.ones(len(orders), dtype=bool)
    if channel == TAOBAO:
        shown = ~is_virtual(chunk, orders)
    if channel == STORE:
        shown = draw_till(chunk, orders).writes_memo
    if channel == SHOPIFY:
        shown = ~leaves_no_phone(chunk.world.draws, orders)
    rows = np.flatnonzero(phones.is_typo & shown)
    frame = pl.DataFrame({"person": person_ids(chunk.people.index[orders.row[rows]])})
    value = pl.Series(phones.typed[rows]).cast(pl.String)
    return _frame("typo_phone", value, _no_keys(), pl.concat_list("person"), frame)
