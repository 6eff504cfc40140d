"""Who registers when, and what an account looks like at the end of each delivery that tells of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipelines.simulate.checkout import uses_second_account
from pipelines.simulate.chunk import Chunk
from pipelines.simulate.draws import Draws, Flags, Ints
from pipelines.simulate.people import NEVER, SHOPIFY, YOUZAN
from pipelines.simulate.purchases import Orders
from pipelines.simulate.seasons import quiet_end
from pipelines.simulate.spec import DAY_SECONDS


@dataclass(frozen=True)
class Accounts:
    """One entry an account of the chunk: its person row, when it registered, and the orders placed with it.

    `order_account` and `order` pair each account with the positions of its orders among the chunk's orders.
    """

    row: Ints
    registered_at: Ints
    changed_at: Ints
    order_account: Ints
    order: Ints


@dataclass(frozen=True)
class Snapshots:
    """One entry an account and delivery that tells of it, with totals as they stood then. Money in fen."""

    account: Ints
    delivery: Ints
    order_count: Ints
    paid_fen: Ints
    refunded_fen: Ints
    refund_count: Ints
    last_paid_at: Ints


def is_youzan_guest(draws: Draws, orders: Orders) -> Flags:
    """Orders placed without a login: the export names no buyer phone."""
    return draws.chance(0.03, "youzan_guest", orders.key)


def youzan_accounts(chunk: Chunk) -> Accounts:
    """One account per Youzan user that registers before the end."""
    orders = chunk.orders
    mine = np.flatnonzero((orders.channel == YOUZAN) & ~is_youzan_guest(chunk.world.draws, orders))
    rows = np.flatnonzero(chunk.people.uses[:, YOUZAN])
    return _accounts(chunk, "youzan", rows, mine, lag_days=20.0)


def shopify_accounts(chunk: Chunk) -> tuple[Accounts, Accounts]:
    """First and second accounts. Guests have none."""
    orders, people = chunk.orders, chunk.people
    second = uses_second_account(chunk.world.draws, people, orders)
    placed = (orders.channel == SHOPIFY) & people.has_account[orders.row]
    first_rows, second_rows = np.flatnonzero(people.has_account), np.flatnonzero(people.has_second_account)
    first = _accounts(chunk, "shopify", first_rows, np.flatnonzero(placed & ~second), lag_days=20.0)
    return first, _accounts(chunk, "shopify_2", second_rows, np.flatnonzero(placed & second), lag_days=90.0)


def _accounts(chunk: Chunk, stream: str, rows: Ints, orders_of: Ints, lag_days: float) -> Accounts:
    draws, people, orders = chunk.world.draws, chunk.people, chunk.orders
    index = people.index[rows]
    waits = draws.chance(0.5, f"{stream}/waits", index)
    lag = np.where(waits, draws.exponential(lag_days, f"{stream}/lag", index), 0.0)
    day = np.floor(people.start[rows] + lag).astype(np.int64)
    registered = day * DAY_SECONDS + chunk.world.seasons.second_of_day(draws.uniform(f"{stream}/hour", index))
    first_order = np.full(len(people), np.iinfo(np.int64).max)
    np.minimum.at(first_order, orders.row[orders_of], orders.at[orders_of])
    before = first_order[rows] - draws.whole(60, 1800, f"{stream}/before", index)
    # Never before the day of the order: an account is told of with its first order at the latest.
    before = np.maximum(before, first_order[rows] // DAY_SECONDS * DAY_SECONDS)
    registered = np.minimum(registered, before)
    seen = registered < chunk.world.spec.seconds
    rows, index, registered = rows[seen], index[seen], registered[seen]
    changes = draws.chance(0.04, f"{stream}/changes", index)
    after = draws.uniform(f"{stream}/change_at", index) * (chunk.world.spec.seconds - registered)
    changed = np.where(changes, quiet_end(registered + after.astype(np.int64)), NEVER)
    account_of_row = np.full(len(people), -1, dtype=np.int64)
    account_of_row[rows] = np.arange(len(rows))
    return Accounts(rows, registered, changed, account_of_row[orders.row[orders_of]], orders_of)


def snapshots(chunk: Chunk, accounts: Accounts) -> Snapshots:
    """When an account is new, changes, or buys or is refunded, the delivery of that day tells of it."""
    calendar, orders = chunk.world.calendar, chunk.orders.take(accounts.order)
    width = len(calendar.days) + 1
    count = np.arange(len(accounts.row), dtype=np.int64)
    owner = accounts.order_account
    paid_cell = owner * width + calendar.delivery_at(orders.paid_at)
    refund_cell = owner * width + calendar.delivery_at(orders.refund_at)
    cells = np.unique(
        np.concatenate(
            [
                count * width + calendar.delivery_at(accounts.registered_at),
                count * width + calendar.delivery_at(accounts.changed_at),
                paid_cell,
                refund_cell,
            ]
        )
    )
    cells = cells[cells % width < width - 1]

    def running(of: Ints, value: Ints) -> Ints:
        """Sum of an account's values up to each cell."""
        known = of % width < width - 1
        here = np.searchsorted(cells, of[known])
        added = np.zeros(len(cells), dtype=np.int64)
        np.add.at(added, here, value[known])
        total = np.cumsum(added)
        first = np.searchsorted(cells, cells // width * width)
        return np.asarray(total - (total[first] - added[first]))

    last_paid = np.full(len(cells), NEVER, dtype=np.int64)
    known = paid_cell % width < width - 1
    np.maximum.at(last_paid, np.searchsorted(cells, paid_cell[known]), orders.paid_at[known])
    # Carry the last payment forward within an account: a later account starts above every earlier one.
    lift = cells // width * (2 * chunk.world.spec.seconds)
    last_paid = np.maximum.accumulate(last_paid + lift) - lift
    one = np.ones(len(orders), dtype=np.int64)
    return Snapshots(
        account=cells // width,
        delivery=cells % width,
        order_count=running(paid_cell, one),
        paid_fen=running(paid_cell, orders.total_fen),
        refunded_fen=running(refund_cell, orders.refund_fen),
        refund_count=running(refund_cell, one),
        last_paid_at=np.maximum(last_paid, NEVER),
    )
