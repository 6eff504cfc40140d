"""Draw the people: who they are, how they can be reached, which channels they use, how they will buy.

A person depends on the seed and on their number only. Neighbors in a cell of eight carry the traps that take two or
three people: a family phone, two cards on one phone, a recycled number. What people do is drawn elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from pipelines.simulate import names, portraits
from pipelines.simulate.draws import Draws, Flags, Floats, Ints, scramble
from pipelines.simulate.spec import DAY_SECONDS, SimulationSpec

CELL = 8
TAOBAO, YOUZAN, STORE, SHOPIFY = range(4)
CHANNELS = ("taobao", "youzan", "siss", "shopify")
NEVER = -1
# A number must be silent for more than 90 days before it is sold again; refunds and re-deliveries still speak for
# some weeks after its last order, so the gap that is drawn is longer.
_RECYCLE_GAP_DAYS = 130


@dataclass(frozen=True)
class People:
    """A run of consecutive people. Arrays have one entry a person; phones are whole numbers, 0 where there is none."""

    index: Ints
    name: pl.Series
    male: Flags
    birthday: pl.Series
    place: Ints
    address: pl.Series
    email: pl.Series
    email_second: pl.Series
    taobao_nick: pl.Series
    youzan_nick: pl.Series
    card: pl.Series
    shopify_id: Ints
    shopify_id_second: Ints
    phone_main: Ints
    phone_second: Ints
    phone_by_channel: Ints
    released_at: Ints
    family_owner: Ints
    family_member: Flags
    recycled_from: Ints
    is_two_card: Flags
    is_buyer: Flags
    start: Floats
    rate_per_day: Floats
    dropout: Floats
    spend_mean_fen: Floats
    uses: Flags
    has_card: Flags
    has_account: Flags
    has_second_account: Flags
    is_visitor: Flags

    def __len__(self) -> int:
        return len(self.index)

    @property
    def person_id(self) -> pl.Series:
        """The true person behind the records."""
        return person_ids(self.index)

    @property
    def start_at(self) -> Ints:
        """The first second of the day on which each person first meets the retailer."""
        return np.floor(self.start).astype(np.int64) * DAY_SECONDS

    def phone_at(self, rows: Ints, channel: int, at: Ints) -> Ints:
        """The number that a person gives in a channel at an instant."""
        released = (self.released_at[rows] != NEVER) & (at >= self.released_at[rows])
        return np.asarray(np.where(released, self.phone_second[rows], self.phone_by_channel[rows, channel]))


def person_ids(index: Ints) -> pl.Series:
    """`P000000012` for person 12."""
    return "P" + pl.Series(index).cast(pl.String).str.zfill(9)


def draw_people(spec: SimulationSpec, draws: Draws, low: int, high: int) -> People:
    """People low to high - 1."""
    index = np.arange(low, high, dtype=np.int64)
    cell, slot = index // CELL, index % CELL
    family = _family(spec, draws, cell, slot)
    recycled = _recycled(spec, draws, cell, slot)
    uses, has_card, is_buyer = _channels(spec, draws, index, family.two_card)
    home = np.where(family.member, cell * CELL, index)
    male = draws.chance(0.42, "male", index)
    person_names, pinyin = portraits.full_names(spec, draws, index, home, male)
    phone_main = _phone_number(draws, np.where(recycled.new_owner, 2 * (index - 1), 2 * index))
    has_second = draws.chance(spec.second_phone_share, "second_phone", index) | (recycled.released_at != NEVER)
    phone_second = np.where(has_second, _phone_number(draws, 2 * index + 1), 0)
    start = _starts(spec, draws, index, recycled)
    email, email_second = portraits.emails(spec, draws, index, pinyin)
    account = uses[:, SHOPIFY] & (draws.chance(spec.shopify_account_share, "account", index) | ~is_buyer)
    twin_account = account & draws.chance(spec.duplicate_account_share, "second_account", index)
    return People(
        index=index,
        name=person_names,
        male=male,
        birthday=portraits.birthdays(spec, draws, index),
        place=draws.pick(1.0 / (np.arange(len(names.PLACES)) + 4.0), "place", home),
        address=portraits.addresses(draws, home),
        email=email,
        email_second=email_second,
        taobao_nick=portraits.taobao_nicks(draws, index, person_names),
        youzan_nick=portraits.youzan_nicks(draws, index, person_names),
        card="88" + pl.Series(scramble(index, 10**8, 31415926) + 10).cast(pl.String).str.zfill(9),
        shopify_id=7_000_000_000_000 + scramble(2 * index, 10**10),
        shopify_id_second=np.where(twin_account, 7_000_000_000_000 + scramble(2 * index + 1, 10**10), 0),
        phone_main=phone_main,
        phone_second=phone_second,
        phone_by_channel=_channel_phones(draws, index, phone_main, phone_second, family, recycled),
        released_at=recycled.released_at,
        family_owner=np.where(family.in_family, cell * CELL, NEVER),
        family_member=family.member,
        recycled_from=np.where(recycled.new_owner, index - 1, NEVER),
        is_two_card=family.two_card,
        is_buyer=is_buyer,
        start=start,
        rate_per_day=draws.gamma(spec.rate_shape, "rate", index) * spec.rate_scale_per_day,
        dropout=draws.beta(spec.dropout_a, spec.dropout_b, "dropout", index),
        spend_mean_fen=100.0 * spec.spend_p * spec.spend_gamma / draws.gamma(spec.spend_q, "spend", index),
        uses=uses,
        has_card=has_card,
        has_account=account,
        has_second_account=twin_account,
        is_visitor=~uses[:, SHOPIFY] & draws.chance(spec.visitor_share, "visitor", index),
    )


@dataclass(frozen=True)
class _Family:
    in_family: Flags
    member: Flags
    two_card: Flags
    owner_phone: Ints


def _family(spec: SimulationSpec, draws: Draws, cell: Ints, slot: Ints) -> _Family:
    """Slots 0 to 2 of a family's cell: the owner of the phone and one or two who borrow it."""
    is_family = draws.chance(spec.family_phone_share * CELL / 2.4, "family", cell)
    size = np.where(draws.chance(0.4, "family_size", cell), 3, 2)
    in_family = is_family & (slot < size)
    two_card = is_family & (slot < 2) & draws.chance(0.35, "two_card", cell)
    return _Family(in_family, in_family & (slot > 0), two_card, _phone_number(draws, 2 * cell * CELL))


@dataclass(frozen=True)
class _Recycled:
    released_at: Ints
    resold_day: Floats
    new_owner: Flags


def _recycled(spec: SimulationSpec, draws: Draws, cell: Ints, slot: Ints) -> _Recycled:
    """Slot 4 gives a number up, slot 5 gets it after the gap; not when the time simulated is too short for it."""
    released = spec.days * (0.12 + 0.2 * draws.uniform("released", cell))
    resold = released + _RECYCLE_GAP_DAYS + 25.0 * draws.uniform("resold", cell)
    happens = draws.chance(spec.recycled_phone_share * CELL, "recycled", cell) & (resold < 0.85 * spec.days)
    happens &= cell * CELL + 5 < spec.customers
    old_owner, new_owner = happens & (slot == 4), happens & (slot == 5)
    released_at = np.where(old_owner, (released.astype(np.int64)) * DAY_SECONDS, NEVER)
    resold_day = np.where(old_owner, released, np.where(new_owner, resold, np.nan))
    return _Recycled(released_at, resold_day, new_owner)


def _starts(spec: SimulationSpec, draws: Draws, index: Ints, recycled: _Recycled) -> Floats:
    """The day on which a person first meets the retailer: a crowd at the opening, then a steady stream."""
    u = draws.uniform("start", index)
    early = draws.chance(spec.early_share, "start_early", index)
    start = np.where(early, 0.15 * spec.days * u, spec.days * u)
    start = np.where(recycled.released_at != NEVER, 0.4 * u * recycled.resold_day, start)
    late = recycled.resold_day + u * 0.5 * (spec.days - recycled.resold_day)
    return np.asarray(np.where(recycled.new_owner, late, start))


def _channels(spec: SimulationSpec, draws: Draws, index: Ints, two_card: Flags) -> tuple[Flags, Flags, Flags]:
    """Channels used (person x channel), who holds a member card, who ever buys."""
    shares = (spec.taobao_share, spec.youzan_share, spec.store_share, spec.shopify_share)
    uses = np.column_stack([draws.chance(share, f"uses_{i}", index) for i, share in enumerate(shares)])
    is_buyer = ~draws.chance(spec.prospect_share, "prospect", index) | two_card
    uses[two_card, STORE] = True
    uses[~uses.any(axis=1), STORE] = True
    # Who never buys is known by a registration, so there must be an account to register.
    uses[~is_buyer & ~uses[:, YOUZAN] & ~uses[:, SHOPIFY], YOUZAN] = True
    has_card = uses[:, STORE] & (draws.chance(spec.card_share, "card", index) | two_card)
    return uses, has_card, is_buyer


def _phone_number(draws: Draws, number: Ints) -> Ints:
    """The n-th mobile number: different n, different numbers."""
    offset = int(draws.bits("phone_offset", np.zeros(1, dtype=np.int64))[0] >> np.uint64(20))
    spread = scramble(number, len(names.PHONE_PREFIXES) * 10**8, offset)
    prefixes = np.array(names.PHONE_PREFIXES, dtype=np.int64)
    return np.asarray(prefixes[spread // 10**8] * 10**8 + spread % 10**8)


def _channel_phones(draws: Draws, index: Ints, main: Ints, second: Ints, family: _Family, recycled: _Recycled) -> Ints:
    """Person x channel: the family's phone, the second phone or the main one. Whoever gives a number up uses it first."""
    columns = []
    for channel in range(len(CHANNELS)):
        borrowed = family.member & draws.chance(0.6, f"borrows_{channel}", index)
        other = (second > 0) & draws.chance(0.35, f"second_{channel}", index) & (recycled.released_at == NEVER)
        column = np.where(borrowed, family.owner_phone, np.where(other, second, main))
        if channel == STORE:
            column = np.where(family.two_card, family.owner_phone, column)
        columns.append(column)
    return np.column_stack(columns)
