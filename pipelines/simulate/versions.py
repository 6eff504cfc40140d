"""Which deliveries tell of an order: the day it was made, and again the days on which its status changed."""

from __future__ import annotations

import numpy as np
import polars as pl

from pipelines.simulate.chunk import World
from pipelines.simulate.draws import Flags, Ints
from pipelines.simulate.formats.cells import DELIVERY
from pipelines.simulate.purchases import Orders


def order_versions(world: World, orders: Orders) -> tuple[Ints, Ints]:
    """Order position and delivery of each version, by order and delivery; one version an order and delivery.

    Creation, payment, closing and refunds are always told. Shipping and completion are told for a share of the orders
    only: shops export by hand, and not every change is worth an export to them.
    """
    told = world.draws.chance(world.spec.status_redelivery_share, "told", orders.key)
    changes = [
        orders.at,
        orders.paid_at,
        orders.closed_at,
        orders.refund_at,
        np.where(told, orders.shipped_at, -1),
        np.where(told, orders.done_at, -1),
    ]
    width = len(world.calendar.days) + 1
    position = np.arange(len(orders), dtype=np.int64)
    cells = np.concatenate([position * width + world.calendar.delivery_at(change) for change in changes])
    cells = np.unique(cells)
    delivery = cells % width
    seen = delivery < width - 1
    return cells[seen] // width, delivery[seen]


def told_once(world: World, rows: pl.DataFrame, at: str) -> pl.DataFrame:
    """The rows whose instant is within the time simulated, with the delivery that tells of it."""
    delivery = world.calendar.delivery_at(rows[at].to_numpy())
    return rows.with_columns(pl.Series(DELIVERY, delivery)).filter(pl.Series(delivery < len(world.calendar.days)))


def has_happened(at: Ints, cut: Ints) -> Flags:
    """Whether an instant lies before the end of a delivery. Absent instants never do."""
    return np.asarray((at >= 0) & (at < cut))
