"""Parcels as plain CSV: English headers for the parcels of Shopify orders, Chinese ones for those of Youzan orders. One parcel an order."""

from __future__ import annotations

import numpy as np
import polars as pl

from pipelines.simulate.chunk import Chunk
from pipelines.simulate.formats import shopify_orders, youzan_orders
from pipelines.simulate.formats.cells import BOM, DELIVERY, Stamp, csv_text, instant, nobody
from pipelines.simulate.people import NEVER, SHOPIFY, YOUZAN

HEADER = "order_no,parcel_no,carrier,status,shipped_at,delivered_at"
CHINESE_HEADER = "订单号,运单号,快递公司,物流状态,发货时间,签收时间"


def rows(chunk: Chunk) -> pl.DataFrame:
    """One row per parcel of a Shopify order and delivery in which it left or arrived."""
    return _parcels(chunk, SHOPIFY)


def files(delivered: pl.DataFrame, stamp: Stamp) -> dict[str, bytes]:
    """One file a delivery."""
    cells = _cells(delivered, stamp, shopify_orders.order_name(), "SF", ("shipped", "delivered"))
    return {f"shipments_{stamp.compact}.csv": csv_text(HEADER, cells)}


def chinese_rows(chunk: Chunk) -> pl.DataFrame:
    """The same for Youzan orders."""
    return _parcels(chunk, YOUZAN)


def chinese_files(delivered: pl.DataFrame, stamp: Stamp) -> dict[str, bytes]:
    """One file a delivery."""
    cells = _cells(delivered, stamp, youzan_orders.order_number(stamp.epoch), "YT", ("运输中", "已签收"))
    return {f"物流_{stamp.day}.csv": BOM + csv_text(CHINESE_HEADER, cells)}


def _parcels(chunk: Chunk, channel: int) -> pl.DataFrame:
    """A parcel is told of when it leaves, and again when it arrives on a day of another delivery."""
    orders = chunk.orders.take(np.flatnonzero((chunk.orders.channel == channel) & (chunk.orders.shipped_at != NEVER)))
    calendar = chunk.world.calendar
    frame = pl.DataFrame(
        {
            "key": orders.key,
            "serial": orders.serial,
            "at": orders.at,
            "shipped_at": orders.shipped_at,
            "delivered_at": orders.done_at,
            "left": calendar.delivery_at(orders.shipped_at),
            "arrived": calendar.delivery_at(orders.done_at),
        }
    )
    is_early = pl.col("left") < pl.col("arrived")
    on_the_way = frame.filter(is_early).with_columns(pl.lit(NEVER, dtype=pl.Int64).alias("delivered_at"), pl.col("left").alias(DELIVERY))
    there = frame.with_columns(pl.col("arrived").alias(DELIVERY))
    told = pl.concat([on_the_way, there]).filter(pl.col(DELIVERY) < len(calendar.days))
    return told.drop("left", "arrived").with_columns(*nobody())


def _cells(delivered: pl.DataFrame, stamp: Stamp, order: pl.Expr, carrier: str, words: tuple[str, str]) -> pl.DataFrame:
    return delivered.sort("serial", "delivered_at").select(
        order.alias("order"),
        pl.format(f"{carrier}{{}}", pl.col("serial").cast(pl.String).str.zfill(13)).alias("parcel"),
        pl.lit(carrier).alias("carrier"),
        pl.when(pl.col("delivered_at") >= 0).then(pl.lit(words[1])).otherwise(pl.lit(words[0])).alias("status"),
        instant("shipped_at", stamp.epoch),
        instant("delivered_at", stamp.epoch),
    )
