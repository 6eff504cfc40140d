"""Draw the orders: a gamma-Poisson process that a person leaves after an order with their own dropout probability.

One row an order, with its value, lines and what becomes of it. Who types which phone into it, and which file tells
of it on which day, is decided by the formats.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from pipelines.simulate.catalog import CATEGORIES, MEN_WEIGHTS, TIERS, WOMEN_WEIGHTS, Catalog
from pipelines.simulate.draws import Draws, Flags, Ints, scramble
from pipelines.simulate.people import NEVER, SHOPIFY, STORE, People
from pipelines.simulate.seasons import Seasons, quiet_end
from pipelines.simulate.spec import DAY_SECONDS, SimulationSpec

# Room for the order numbers of one person: key = person * ORDER_SLOTS + 2 * n (+ 1 for an attempt left unpaid).
ORDER_SLOTS = 4096
_MINUTE, _HOUR = 60, 3600


@dataclass(frozen=True)
class Orders:
    """One row an order, ordered by person and time. Instants are seconds from the first day, NEVER when absent.

    `key` is unique over the whole simulation; `row` is the person's position in the chunk. Money in fen.
    """

    key: Ints
    row: Ints
    channel: Ints
    at: Ints
    paid_at: Ints
    shipped_at: Ints
    done_at: Ints
    closed_at: Ints
    refund_at: Ints
    refund_fen: Ints
    goods_fen: Ints
    shipping_fen: Ints
    is_full_refund: Flags
    is_gift: Flags

    def __len__(self) -> int:
        return len(self.key)

    @property
    def total_fen(self) -> Ints:
        """What the buyer is asked to pay."""
        return self.goods_fen + self.shipping_fen

    @property
    def serial(self) -> Ints:
        """Up to 13 digits, unique, from which every export makes its order numbers."""
        return scramble(self.key // ORDER_SLOTS, 10**9) * ORDER_SLOTS + self.key % ORDER_SLOTS

    def take(self, positions: Ints) -> Orders:
        """Some of the orders, in the order given."""
        return Orders(**{name: value[positions] for name, value in vars(self).items()})


@dataclass(frozen=True)
class Lines:
    """One row an order line, ordered by order: position of the order, product, quantity, list and paid fen (of the line)."""

    order: Ints
    number: Ints
    product: Ints
    quantity: Ints
    list_fen: Ints
    paid_fen: Ints


def draw_orders(spec: SimulationSpec, draws: Draws, seasons: Seasons, people: People) -> Orders:
    """All orders of the chunk, those left unpaid included."""
    row, number, day = _purchase_days(draws, seasons, people)
    key = people.index[row] * ORDER_SLOTS + 2 * number
    at = day * DAY_SECONDS + seasons.second_of_day(draws.uniform("hour", key))
    channel = _channels(spec, draws, people, row, key)
    goods = order_values(spec, draws, people, row, key)
    row, key, at, channel, goods, unpaid = with_unpaid(spec, draws, row, key, at, channel, goods)
    return outcomes(spec, draws, row, key, at, channel, goods, unpaid)


def _purchase_days(draws: Draws, seasons: Seasons, people: People) -> tuple[Ints, Ints, Ints]:
    """Person row, order number (0, 1, ...) and business day of each purchase, by person and time."""
    start = seasons.operational(people.start)
    lag = np.where(draws.chance(0.55, "first_lag_none", people.index), 0.0, 1.0)
    first = start + lag * draws.exponential(9.0, "first_lag", people.index)
    is_buyer = people.is_buyer & (first < seasons.length)
    exposure = np.where(is_buyer, seasons.length - first, 0.0)
    repeats = draws.poisson(people.rate_per_day * exposure, "repeats", people.index)
    lifetime = lifetimes(draws, people)
    drawn = np.where(is_buyer, repeats, 0)
    row = np.repeat(np.arange(len(people)), drawn)
    number = np.arange(len(row)) - np.repeat(np.cumsum(drawn) - drawn, drawn)
    u = np.sort(row + draws.uniform("when", people.index[row], number)) - row  # sorts within each person
    kept = number + 2 <= lifetime[row]
    row, number, u = row[kept], number[kept] + 1, u[kept]
    buyers = np.flatnonzero(is_buyer)
    all_row = np.concatenate([buyers, row])
    all_number = np.concatenate([np.zeros(len(buyers), dtype=np.int64), number])
    moment = np.concatenate([first[buyers], first[row] + u * exposure[row]])
    by_person = np.lexsort((all_number, all_row))
    return all_row[by_person], all_number[by_person], seasons.business_day(moment[by_person])


def lifetimes(draws: Draws, people: People) -> Ints:
    """The order after which a person leaves for good: 1 for those who never come back."""
    return np.minimum(draws.geometric(people.dropout, "lifetime", people.index), ORDER_SLOTS // 2 - 1)


def _channels(spec: SimulationSpec, draws: Draws, people: People, row: Ints, key: Ints) -> Ints:
    """One of the person's channels, with tastes of their own; the shop on the corner is used most."""
    n_channels = people.uses.shape[1]
    taste = np.column_stack([0.4 + draws.uniform(f"taste_{c}", people.index) for c in range(n_channels)])
    taste[:, STORE] *= spec.store_weight
    weights = np.cumsum(taste * people.uses, axis=1)
    u = draws.uniform("channel", key) * weights[row, -1]
    return np.asarray((u[:, None] >= weights[row]).sum(axis=1), dtype=np.int64)


def order_values(spec: SimulationSpec, draws: Draws, people: People, row: Ints, key: Ints) -> Ints:
    """Gamma-Gamma: gamma around the person's mean. A few orders are gifts that cost nothing."""
    value = people.spend_mean_fen[row] / spec.spend_p * draws.gamma(spec.spend_p, "value", key)
    fen = np.clip(np.round(value), 100, 600_000).astype(np.int64)
    return np.asarray(np.where(draws.chance(spec.gift_share, "gift", key), 0, fen))


def with_unpaid(
    spec: SimulationSpec, draws: Draws, row: Ints, key: Ints, at: Ints, channel: Ints, goods: Ints
) -> tuple[Ints, Ints, Ints, Ints, Ints, Flags]:
    """Add the attempts that were left unpaid: some minutes before a purchase, not at the till, not of gifts."""
    tried = draws.chance(spec.unpaid_share, "unpaid", key) & (channel != STORE) & (goods > 0)
    before = draws.whole(10 * _MINUTE, 6 * _HOUR, "unpaid_before", key)
    tried &= at - before >= at // DAY_SECONDS * DAY_SECONDS
    where = np.flatnonzero(tried)
    row = np.concatenate([row, row[where]])
    all_at = np.concatenate([at, (at - before)[where]])
    all_key = np.concatenate([key, key[where] + 1])
    unpaid = np.concatenate([np.zeros(len(key), dtype=bool), np.ones(len(where), dtype=bool)])
    order = np.lexsort((all_key, all_at, row))
    channel = np.concatenate([channel, channel[where]])
    goods = np.concatenate([goods, goods[where]])
    return row[order], all_key[order], all_at[order], channel[order], goods[order], unpaid[order]


def outcomes(spec: SimulationSpec, draws: Draws, row: Ints, key: Ints, at: Ints, channel: Ints, goods: Ints, unpaid: Flags) -> Orders:
    """Payment, shipping, completion, closing and refund of each order."""
    till = channel == STORE
    fate = draws.uniform("fate", key)
    gift = goods == 0
    full = ~unpaid & ~gift & (fate < spec.full_refund_share)
    partial = ~unpaid & ~gift & ~full & (fate < spec.full_refund_share + spec.partial_refund_share)
    before_shipping = full & ~till & draws.chance(0.4, "refund_before_shipping", key)
    shipping = np.where(till | gift | (goods >= 9_900), 0, np.where(channel == SHOPIFY, 1_000, 800))
    # Slow payers take hours, and some of them the night: yesterday's order comes again as paid.
    slow = draws.chance(0.08, "slow_payer", key)
    wait = np.where(slow, draws.whole(2 * _HOUR, 20 * _HOUR, "pay_slow", key), draws.whole(20, 900, "pay", key))
    paid_at = np.where(unpaid, NEVER, np.where(till, at, quiet_end(at + wait)))
    ship_after = draws.whole(4 * _HOUR, 40 * _HOUR, "ship", key)
    shipped_at = np.where(unpaid | till | before_shipping, NEVER, quiet_end(paid_at + ship_after))
    done_at = np.where(shipped_at < 0, NEVER, quiet_end(shipped_at + draws.whole(3, 10, "done", key) * DAY_SECONDS))
    closed_at = np.where(unpaid, quiet_end(at + draws.whole(_HOUR, 24 * _HOUR, "close", key)), NEVER)
    late = draws.whole(1, 18, "refund_days", key) * DAY_SECONDS + draws.whole(0, 6 * _HOUR, "refund_hour", key)
    refund_base = np.where(till, at, np.maximum(shipped_at, paid_at))
    refund_at = np.where(before_shipping, paid_at + draws.whole(600, 3 * _HOUR, "refund_soon", key), refund_base + late)
    refund_at = np.where(full | partial, quiet_end(refund_at), NEVER)
    part = np.maximum(100, np.round(goods * (0.1 + 0.6 * draws.uniform("refund_part", key)) / 100) * 100)
    refund = np.where(full, goods + shipping, np.where(partial, np.minimum(part, goods), 0)).astype(np.int64)
    return Orders(
        key=key,
        row=row,
        channel=channel,
        at=at,
        paid_at=paid_at,
        shipped_at=shipped_at,
        done_at=done_at,
        closed_at=closed_at,
        refund_at=refund_at,
        refund_fen=refund,
        goods_fen=goods,
        shipping_fen=shipping,
        is_full_refund=full,
        is_gift=gift,
    )


def draw_lines(draws: Draws, catalog: Catalog, people: People, orders: Orders) -> Lines:
    """Split each order's goods over one to four lines that add up to it exactly."""
    count = 1 + draws.pick([0.62, 0.24, 0.10, 0.04], "line_count", orders.key)
    count = np.where(orders.goods_fen < 2_000, 1, count)
    order = np.repeat(np.arange(len(orders)), count)
    first = np.cumsum(count) - count
    number = np.arange(len(order)) - first[order]
    weight = 0.3 + draws.uniform("line_weight", orders.key[order], number)
    total = np.add.reduceat(weight, first) if len(first) else weight
    paid = np.floor(orders.goods_fen[order] * weight / total[order]).astype(np.int64)
    rest = orders.goods_fen - (np.add.reduceat(paid, first) if len(first) else paid)
    paid[first] += rest
    quantity = 1 + draws.pick([0.86, 0.11, 0.03], "line_quantity", orders.key[order], number)
    # Several pieces only where they share the amount evenly, so that unit price times quantity is the line.
    quantity = np.where((paid < 2_000) | (paid % quantity != 0), 1, quantity)
    tier = catalog.cheapest_at_least(paid // quantity)
    tier = np.where(orders.is_gift[order], draws.whole(2, 12, "gift_tier", orders.key[order], number), tier)
    product = _categories(draws, people, orders, order, number) * TIERS + tier
    return Lines(order, number, product, quantity, catalog.ladder[tier] * quantity, paid)


def with_whole_returns(orders: Orders, lines: Lines) -> Orders:
    """A till takes whole lines back: a partial return in the store is the first line, of a single line all of it."""
    first, count = np.unique(lines.order, return_index=True, return_counts=True)[1:]
    partial = (orders.channel == STORE) & (orders.refund_at != NEVER) & ~orders.is_full_refund
    refund = np.where(partial, lines.paid_fen[first] if len(first) else 0, orders.refund_fen)
    return replace(orders, refund_fen=refund, is_full_refund=orders.is_full_refund | (partial & (count == 1)))


def _categories(draws: Draws, people: People, orders: Orders, order: Ints, number: Ints) -> Ints:
    """Half of what people buy is from the category they like best."""
    likes_women = draws.pick(WOMEN_WEIGHTS, "likes_w", people.index)
    likes_men = draws.pick(MEN_WEIGHTS, "likes_m", people.index)
    liked = np.where(people.male, likes_men, likes_women)[orders.row[order]]
    key = orders.key[order]
    other = draws.whole(0, len(CATEGORIES) - 1, "category", key, number)
    return np.asarray(np.where(draws.chance(0.5, "category_liked", key, number), liked, other))
