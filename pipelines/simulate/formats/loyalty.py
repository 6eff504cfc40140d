"""Loyalty ledger: a plain CSV, one row a booking of points on a member card, with the phone known for the card."""

from __future__ import annotations

import numpy as np
import polars as pl

from pipelines.simulate import outreach
from pipelines.simulate.chunk import Chunk
from pipelines.simulate.formats.cells import DELIVERY, PERSON, RECORD, Stamp, csv_text, instant
from pipelines.simulate.formats.youzan_orders import order_number
from pipelines.simulate.people import STORE
from pipelines.simulate.till import draw_till, flow_number

HEADER = "member_id,phone,points_delta,reason,occurred_at,order_no"
_REASONS = {outreach.PURCHASE: "消费积分", outreach.TAKEN_BACK: "退款扣回", outreach.REDEEMED: "积分兑换"}


def rows(chunk: Chunk) -> pl.DataFrame:
    """One row per booking."""
    points, people, orders = outreach.draw_points(chunk), chunk.people, chunk.orders
    of = np.maximum(points.order, 0)
    card = people.card.gather(points.row)
    frame = pl.DataFrame(
        {
            DELIVERY: chunk.world.calendar.delivery_at(points.at),
            PERSON: people.index[points.row],
            RECORD: "loyalty:" + card,
            "card": card,
            "phone": people.phone_at(points.row, STORE, points.at),
            "delta": points.delta,
            "reason": points.reason,
            "booked_at": points.at,
            "has_order": points.order >= 0,
            "in_store": orders.channel[of] == STORE,
            "branch": draw_till(chunk, orders.take(of)).branch,
            "serial": orders.serial[of],
            "at": orders.at[of],
        }
    )
    return frame.filter(pl.col(DELIVERY) < len(chunk.world.calendar.days))


def files(delivered: pl.DataFrame, stamp: Stamp) -> dict[str, bytes]:
    """One file a delivery."""
    order = pl.when("in_store").then(flow_number(pl.lit("S"))).otherwise(order_number(stamp.epoch))
    frame = delivered.sort("booked_at", "card", "reason", "serial").select(
        "card",
        "phone",
        "delta",
        pl.col("reason").replace_strict(_REASONS, return_dtype=pl.String),
        instant("booked_at", stamp.epoch),
        pl.when("has_order").then(order).alias("order"),
    )
    return {f"loyalty_points_{stamp.compact}.csv": csv_text(HEADER, frame)}
