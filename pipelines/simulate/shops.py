"""Further shops of the retailer: marketplaces, tills and a web shop beside the four channels that people are drawn with.

Their orders come from streams and keys of their own, so no shop changes a draw of another; the same people place them. Each is a chunk
with other orders, so whatever tells of a chunk tells of a shop. Nothing is mistyped there: those traps are planted in the four channels.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
import polars as pl

from pipelines.simulate.catalog import TIERS
from pipelines.simulate.chunk import Chunk, World
from pipelines.simulate.draws import Flags, Ints
from pipelines.simulate.formats.cells import DELIVERY, PERSON
from pipelines.simulate.people import CHANNELS, NEVER, SHOPIFY, STORE, TAOBAO, YOUZAN, People
from pipelines.simulate.purchases import ORDER_SLOTS, Lines, Orders, draw_lines, order_values, outcomes, with_unpaid, with_whole_returns
from pipelines.simulate.spec import DAY_SECONDS
from pipelines.simulate.versions import has_happened, order_versions

# People are counted below this number, so the orders of a shop never share a key with those of another.
_PEOPLE = 50_000_000
# Orders beyond the first, against those that the same person places in the four channels together.
_RATE = 0.5
_ELSEWHERE = len(CHANNELS)


@dataclass(frozen=True)
class Shop:
    """`share`: of the buyers who order there. `channel`: whose customs hold (a till is paid at once, a platform knows a nick)."""

    number: int
    share: float
    channel: int = _ELSEWHERE
    ships_free: bool = False
    # One article an order, and refunds of the whole order only: Pinduoduo's export can tell no other.
    one_article: bool = False


TAOBAO_OUTLET = Shop(1, 0.15, TAOBAO)
TMALL = Shop(2, 0.25)
DOUYIN = Shop(3, 0.25)
PINDUODUO = Shop(4, 0.25, one_article=True)
# Freight is billed apart from the goods there, so orders without it are what a settlement can be compared with.
JD = Shop(5, 0.20, ships_free=True)
WEIXIN_STORE = Shop(6, 0.20)
YOUZAN_OUTLET = Shop(7, 0.12, YOUZAN)
POSPAL = Shop(8, 0.12, STORE)
SQUARE = Shop(9, 0.10, STORE)
WOO = Shop(10, 0.15, SHOPIFY, ships_free=True)

# What had become of an order when it was told of.
UNPAID, PAID, SHIPPED, DONE, CLOSED = range(5)


def draw_shop(chunk: Chunk, shop: Shop) -> Chunk:
    """The people of the chunk with their orders in one further shop. A partial refund concerns the first line only."""
    spec = dataclasses.replace(chunk.world.spec, placeholder_share=0.0, typo_phone_share=0.0, typo_name_share=0.0)
    world = dataclasses.replace(chunk.world, spec=spec)
    draws, people = world.draws, chunk.people
    row, number, day = _order_days(world, people, shop)
    key = (people.index[row] + shop.number * _PEOPLE) * ORDER_SLOTS + 2 * number
    at = day * DAY_SECONDS + world.seasons.second_of_day(draws.uniform("hour", key))
    channel = np.full(len(row), shop.channel, dtype=np.int64)
    goods = order_values(spec, draws, people, row, key)
    orders = outcomes(spec, draws, *with_unpaid(spec, draws, row, key, at, channel, goods))
    if shop.ships_free:
        orders = dataclasses.replace(
            orders, shipping_fen=np.zeros_like(orders.goods_fen), refund_fen=np.minimum(orders.refund_fen, orders.goods_fen)
        )
    lines = draw_lines(draws, world.catalog, people, orders)
    if shop.one_article:
        return Chunk(world, people, _refunded_whole(orders), _one_article(world, orders, lines))
    return Chunk(world, people, with_whole_returns(_refunded_by_line(orders, lines), lines), lines)


def _order_days(world: World, people: People, shop: Shop) -> tuple[Ints, Ints, Ints]:
    """Person row, order number (0, 1, ...) and business day of each order, by person and time."""
    draws, seasons, stream = world.draws, world.seasons, f"shop_{shop.number}"
    first = seasons.operational(people.start)
    exposure = np.maximum(seasons.length - first, 0.0)
    buys = people.is_buyer & (exposure > 0) & draws.chance(shop.share, f"{stream}/buys", people.index)
    repeats = draws.poisson(_RATE * people.rate_per_day * exposure, f"{stream}/repeats", people.index)
    count = np.where(buys, np.minimum(1 + repeats, ORDER_SLOTS // 2 - 1), 0)
    row = np.repeat(np.arange(len(people)), count)
    number = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
    u = np.sort(row + draws.uniform(f"{stream}/when", people.index[row], number)) - row  # sorts within each person
    return row, number, seasons.business_day(first[row] + u * exposure[row])


def _one_article(world: World, orders: Orders, lines: Lines) -> Lines:
    """One piece of one article, which costs what the order does."""
    liked = lines.product[lines.number == 0] // TIERS
    tier = world.catalog.cheapest_at_least(orders.goods_fen)
    position, one = np.arange(len(orders), dtype=np.int64), np.ones(len(orders), dtype=np.int64)
    list_fen = np.maximum(world.catalog.ladder[tier], orders.goods_fen)
    return Lines(position, 0 * one, liked * TIERS + tier, one, list_fen, orders.goods_fen)


def _refunded_whole(orders: Orders) -> Orders:
    back = orders.refund_at != NEVER
    return dataclasses.replace(orders, refund_fen=np.where(back, orders.total_fen, 0), is_full_refund=back)


def _refunded_by_line(orders: Orders, lines: Lines) -> Orders:
    first = lines.paid_fen[lines.number == 0]
    part = np.where(orders.is_full_refund, orders.refund_fen, np.minimum(orders.refund_fen, first))
    return dataclasses.replace(orders, refund_fen=part)


def told_orders(shop: Chunk) -> pl.DataFrame:
    """One row per order and delivery that tells of it, with what had happened by then.

    `order` is the order's position in the shop, `state` one of the five above; instants that are still to come are NEVER, as is the
    completion of an order that was closed. Money in fen; `refunded_fen` is what had been paid back.
    """
    orders = shop.orders
    order, delivery = order_versions(shop.world, orders)
    cut = shop.world.calendar.cut(delivery)

    def so_far(at: Ints, rules_out: Flags | None = None) -> Ints:
        known = has_happened(at[order], cut)
        return np.where(known if rules_out is None else known & ~rules_out, at[order], NEVER)

    refunded = has_happened(orders.refund_at[order], cut)
    closed = has_happened(orders.closed_at[order], cut) | (refunded & orders.is_full_refund[order])
    paid, shipped, done = so_far(orders.paid_at), so_far(orders.shipped_at), so_far(orders.done_at, closed)
    state = np.select([closed, done >= 0, shipped >= 0, paid >= 0], [CLOSED, DONE, SHIPPED, PAID], UNPAID)
    return pl.DataFrame(
        {
            DELIVERY: delivery,
            PERSON: shop.people.index[orders.row[order]],
            "order": order,
            "serial": orders.serial[order],
            "state": state,
            "at": orders.at[order],
            "paid_at": paid,
            "shipped_at": shipped,
            "done_at": done,
            "goods_fen": orders.goods_fen[order],
            "shipping_fen": orders.shipping_fen[order],
            "total_fen": orders.total_fen[order],
            "refund_at": np.where(refunded, orders.refund_at[order], NEVER),
            "refunded_fen": np.where(refunded, orders.refund_fen[order], 0),
            "is_full": orders.is_full_refund[order],
        }
    )


def told_lines(shop: Chunk, told: pl.DataFrame) -> pl.DataFrame:
    """One row per line of each told order, its facts repeated; `line_refunded_fen` adds up to what the order was refunded."""
    version, line = shop.lines_of(told["order"].to_numpy())
    lines, products = shop.lines, shop.world.catalog.frame
    repeated = told[version].with_columns(
        pl.Series("line", lines.number[line]),
        pl.Series("quantity", lines.quantity[line]),
        pl.Series("list_fen", lines.list_fen[line]),
        pl.Series("line_fen", lines.paid_fen[line]),
        *products[["product", "sku", "title"]][lines.product[line]].get_columns(),
    )
    is_first = pl.col("line") == 0
    freight = pl.when(is_first).then("shipping_fen").otherwise(0)
    part = pl.when("is_full").then(pl.col("line_fen") + freight).when(is_first).then("refunded_fen").otherwise(0)
    return repeated.with_columns(line_refunded_fen=pl.when(pl.col("refunded_fen") > 0).then(part).otherwise(0))


def money_moves(shop: Chunk, billed_after: int = 0) -> pl.DataFrame:
    """One row per payment and per refund of the shop, told by the delivery of its time; what costs nothing moves nothing.

    With `billed_after` a move is told, at `billed_at`, by the bill of the night that follows it, that many seconds after midnight.
    """
    orders, calendar = shop.orders, shop.world.calendar
    position = np.arange(len(orders), dtype=np.int64)
    order = np.concatenate([position, position])
    is_refund = np.repeat(np.array([False, True]), len(orders))
    at = np.concatenate([orders.paid_at, orders.refund_at])
    amount = np.concatenate([orders.total_fen, orders.refund_fen])
    billed = (at // DAY_SECONDS + 1) * DAY_SECONDS + billed_after if billed_after else at
    delivery = calendar.delivery_at(np.where(at == NEVER, NEVER, billed))
    seen = np.flatnonzero((delivery < len(calendar.days)) & (amount > 0))
    order = order[seen]
    return pl.DataFrame(
        {
            DELIVERY: delivery[seen],
            PERSON: shop.people.index[orders.row[order]],
            "order": order,
            "serial": orders.serial[order],
            "is_refund": is_refund[seen],
            "at": at[seen],
            "billed_at": billed[seen],
            "amount_fen": amount[seen],
            "ordered_at": orders.at[order],
            "paid_at": orders.paid_at[order],
            "refund_at": orders.refund_at[order],
            "total_fen": orders.total_fen[order],
            "refund_fen": orders.refund_fen[order],
            "is_full": orders.is_full_refund[order],
        }
    )
