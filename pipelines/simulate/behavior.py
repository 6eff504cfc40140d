"""What people do on the web shop: sessions that end in an order, in a cart left behind, or in nothing.

One row an event. Which of them carry a login, and how they are written down, is left to the format.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from pipelines.simulate import outreach
from pipelines.simulate.catalog import CATEGORIES, TIERS
from pipelines.simulate.checkout import uses_second_account
from pipelines.simulate.chunk import Chunk
from pipelines.simulate.draws import Draws, Flags, Floats, Ints
from pipelines.simulate.people import NEVER, SHOPIFY, People
from pipelines.simulate.purchases import ORDER_SLOTS
from pipelines.simulate.seasons import quiet_end
from pipelines.simulate.spec import DAY_SECONDS

PAGE, IDENTIFY, VIEWED, ADDED, CHECKOUT, COMPLETED, OPENED = range(7)
_NO_ORDER = -1


@dataclass(frozen=True)
class Events:
    """One row an event. `session` names the visit, `login` is a Shopify customer id or 0, `order` a position or -1."""

    row: Ints
    session: Ints
    number: Ints
    kind: Ints
    at: Ints
    login: Ints
    device: Ints
    product: Ints
    quantity: Ints
    order: Ints


@dataclass(frozen=True)
class _Sessions:
    """One row a visit. `key` is unique; counts say how many events of each kind it holds."""

    row: Ints
    key: Ints
    at: Ints
    login: Ints
    views: Ints
    adds: Ints
    checkouts: Ints
    order: Ints
    completed_at: Ints


def draw_events(chunk: Chunk) -> Events:
    """All events of the chunk: visits without an order, visits with one, and opened e-mails."""
    visits = _expanded(chunk, _joined(_browsing(chunk), _ordering(chunk), _closing(chunk)))
    opened = _opened(chunk)
    return Events(*(np.concatenate(pair) for pair in zip(vars(visits).values(), vars(opened).values(), strict=True)))


def active_until(chunk: Chunk) -> Floats:
    """Per person: the day on which interest in the shop ends, some weeks after the last order."""
    people, orders = chunk.people, chunk.orders
    last = np.full(len(people), -1.0)
    np.maximum.at(last, orders.row, orders.at / DAY_SECONDS)
    base = np.where(last >= 0, last, people.start)
    return np.asarray(np.minimum(base + chunk.world.draws.exponential(35.0, "interest", people.index), chunk.world.spec.days))


def _browsing(chunk: Chunk) -> _Sessions:
    world, people = chunk.world, chunk.people
    draws, spec = world.draws, world.spec
    registered = outreach.registered_at(chunk)
    on_web = people.uses[:, SHOPIFY] | people.is_visitor
    rate = draws.gamma(spec.sessions_shape, "session_rate", people.index) * spec.sessions_per_month / spec.sessions_shape
    span = np.maximum(active_until(chunk) - people.start, 0.0)
    count = np.where(on_web, draws.poisson(rate * span / 30.0, "sessions", people.index), 0)
    row = np.repeat(np.arange(len(people)), count)
    number = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
    key = people.index[row] * ORDER_SLOTS * 2 + number % ORDER_SLOTS
    day = np.floor(people.start[row] + draws.uniform("session_day", key) * span[row]).astype(np.int64)
    at = np.minimum(day, spec.days - 1) * DAY_SECONDS + world.seasons.second_of_day(draws.uniform("session_hour", key))
    known = (registered[row] != NEVER) & (at >= registered[row])
    login = np.where(known & draws.chance(0.55, "logs_in", key), people.shopify_id[row], 0)
    views = draws.geometric(np.full(len(key), 0.35), "views", key)
    adds = (draws.chance(0.28, "adds", key)).astype(np.int64)
    checkouts = adds * draws.chance(0.4, "checks_out", key)
    none = np.full(len(key), _NO_ORDER, dtype=np.int64)
    return _Sessions(row, key, at, login, np.minimum(views, 12), adds, checkouts, none, none)


def _ordering(chunk: Chunk) -> _Sessions:
    """A visit for each Shopify order, begun some minutes before it."""
    world, people = chunk.world, chunk.people
    position = np.flatnonzero(chunk.orders.channel == SHOPIFY)
    orders = chunk.orders.take(position)
    key = orders.key + (orders.key // ORDER_SLOTS) * ORDER_SLOTS + ORDER_SLOTS
    begun = np.maximum(orders.at - world.draws.whole(240, 1500, "visit_before", key), orders.at // DAY_SECONDS * DAY_SECONDS)
    second = uses_second_account(world.draws, people, orders)
    account = np.where(second, people.shopify_id_second[orders.row], people.shopify_id[orders.row])
    login = np.where(people.has_account[orders.row], account, 0)
    views = 1 + world.draws.whole(0, 3, "visit_views", key)
    one = np.ones(len(orders), dtype=np.int64)
    return _Sessions(orders.row, key, begun, login, views, one, one, position, orders.paid_at)


def _closing(chunk: Chunk) -> _Sessions:
    """Visits of the last three days that leave a cart behind, so that a small simulation ends with some."""
    world, people, registered = chunk.world, chunk.people, outreach.registered_at(chunk)
    leaves = world.draws.chance(world.spec.closing_cart_share, "closing_cart", people.index)
    row = np.flatnonzero(leaves & (registered != NEVER) & (registered < (world.spec.days - 3) * DAY_SECONDS))
    index = people.index[row]
    day = world.spec.days - 1 - world.draws.whole(0, 2, "closing_day", index)
    at = day * DAY_SECONDS + world.draws.whole(9 * 3600, 21 * 3600, "closing_hour", index)
    key = index * ORDER_SLOTS * 2 + 2 * ORDER_SLOTS - 2
    one = np.ones(len(row), dtype=np.int64)
    checks_out = one * world.draws.chance(0.5, "closing_checkout", index)
    return _Sessions(row, key, at, people.shopify_id[row], 2 * one, one, checks_out, -one, -one)


def _joined(*parts: _Sessions) -> _Sessions:
    return _Sessions(*(np.concatenate(columns) for columns in zip(*(vars(part).values() for part in parts), strict=True)))


def _expanded(chunk: Chunk, sessions: _Sessions) -> Events:
    """Page, login, views, cart, checkout, order: in this order, some seconds apart."""
    draws = chunk.world.draws
    completes = (sessions.completed_at != NEVER).astype(np.int64) * (sessions.order != _NO_ORDER)
    identifies = ((sessions.login > 0) & draws.chance(0.5, "identifies", sessions.key)).astype(np.int64)
    blocks = [np.ones_like(sessions.views), identifies, sessions.views, sessions.adds, sessions.checkouts, completes]
    bounds = np.cumsum(np.column_stack(blocks), axis=1)
    count = bounds[:, -1]
    session = np.repeat(np.arange(len(count)), count)
    number = np.arange(len(session)) - np.repeat(np.cumsum(count) - count, count)
    kind = (number[:, None] >= bounds[session]).sum(axis=1)
    key = sessions.key[session]
    step = draws.whole(5, 75, "pause", key, number)
    first = np.cumsum(count) - count
    walked = np.cumsum(step)
    at = sessions.at[session] + walked - walked[first][session]
    order = sessions.order[session]
    has_order = order != _NO_ORDER
    # The order itself fixes the time of its checkout and completion; browsing before it must not run past it.
    ordered = np.where(has_order, chunk.orders.at[order], at)
    at = np.where(has_order, np.minimum(at, ordered - 90), at)
    at = np.where(has_order & (kind == CHECKOUT), ordered - 45, at)
    at = np.where(has_order & (kind == COMPLETED), sessions.completed_at[session], quiet_end(at))
    product, quantity = _products(chunk, key, number, kind, order)
    login = _login(sessions, session, kind, identifies)
    row = sessions.row[session]
    return Events(
        row,
        key,
        number,
        kind,
        np.maximum(at, sessions.at[session] // DAY_SECONDS * DAY_SECONDS),
        login,
        _device(chunk, row, key),
        product,
        quantity,
        np.where(kind == COMPLETED, order, _NO_ORDER),
    )


def _login(sessions: _Sessions, session: Ints, kind: Ints, identifies: Ints) -> Ints:
    """A visit in which somebody signs in begins without a login: its first page names the device only."""
    before = (identifies[session] > 0) & (kind == PAGE)
    return np.asarray(np.where(before, 0, sessions.login[session]))


def _device(chunk: Chunk, row: Ints, key: Ints) -> Ints:
    """Three of four visits come from the first device. Some come from the tablet of the family."""
    people, draws = chunk.people, chunk.world.draws
    own = people.index[row] * 2 + draws.chance(0.25, "device", key)
    return np.asarray(np.where(shares_device(people)[row] & draws.chance(0.3, "tablet", key), people.family_owner[row] * 2, own))


def shares_device(people: People) -> Flags:
    """Family members who sit down at the owner's first device now and then."""
    return np.asarray(people.family_member & people.uses[:, SHOPIFY])


def anonymous_ids(draws: Draws, devices: Ints) -> pl.Series:
    """The id that the shop's script keeps on a device: a UUID."""
    frame = pl.DataFrame({"hex": pl.Series(draws.hexadecimal(32, "anonymous", devices)).cast(pl.String)})
    cuts = ((0, 8), (8, 4), (12, 4), (16, 4), (20, 12))
    return frame.select(pl.concat_str([pl.col("hex").str.slice(*cut) for cut in cuts], separator="-")).to_series()


def _products(chunk: Chunk, key: Ints, number: Ints, kind: Ints, order: Ints) -> tuple[Ints, Ints]:
    """What is looked at: anything; what is put in the cart before an order: its first line."""
    draws = chunk.world.draws
    category = draws.whole(0, len(CATEGORIES) - 1, "view_category", key)
    tier = draws.whole(6, 26, "view_tier", key, number)
    product = category * TIERS + tier
    line = np.searchsorted(chunk.lines.order, np.maximum(order, 0))
    line = np.minimum(line, max(len(chunk.lines.order) - 1, 0))
    bought = (order != _NO_ORDER) & (kind >= ADDED)
    if not bought.any():
        return product, np.ones_like(product)
    return np.where(bought, chunk.lines.product[line], product), np.where(bought, chunk.lines.quantity[line], 1)


def _opened(chunk: Chunk) -> Events:
    """Campaign e-mails that were opened. Their product is the campaign's number, their device is nobody's."""
    mails, people = outreach.draw_mails(chunk), chunk.people
    opened = np.flatnonzero(mails.opened_at != NEVER)
    row, campaign = mails.row[opened], mails.campaign[opened]
    zero = np.zeros(len(row), dtype=np.int64)
    return Events(
        row=row,
        session=people.index[row] * ORDER_SLOTS * 2 + 2 * ORDER_SLOTS - 1,
        number=campaign,
        kind=zero + OPENED,
        at=mails.opened_at[opened],
        login=people.shopify_id[row],
        device=people.index[row] * 2,
        product=campaign,
        quantity=zero + 1,
        order=zero + _NO_ORDER,
    )
