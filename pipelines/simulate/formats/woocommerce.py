"""WooCommerce Analytics, orders of a web shop: customers by name only, all products in one cell, a negative row for a refund."""

from __future__ import annotations

import polars as pl

from pipelines.simulate.chunk import Chunk
from pipelines.simulate.draws import Draws, Flags
from pipelines.simulate.formats.cells import Stamp, csv_text, grouped, instant, laid_out, money, nobody
from pipelines.simulate.purchases import Orders
from pipelines.simulate.shops import CLOSED, DONE, UNPAID, WOO, draw_shop, told_orders

HEADER = "Date,Order #,N. Revenue (formatted),Status,Customer,Customer type,Product(s),Items sold,Coupon(s),N. Revenue,Attribution"
_COLUMNS = HEADER.split(",")


def is_guest(draws: Draws, orders: Orders) -> Flags:
    """Orders placed without an account."""
    return draws.chance(0.2, "woo_guest", orders.key)


def rows(chunk: Chunk) -> pl.DataFrame:
    """One row per order and delivery that tells of it, and one for what it was refunded by then. A name is nobody."""
    shop = draw_shop(chunk, WOO)
    told = told_orders(shop)
    order = told["order"].to_numpy()
    titles = shop.titles_of(order).select("titles", "kinds", "pieces")
    frame = told.hstack(titles).with_columns(
        *nobody(),
        shop.people.name[shop.orders.row[order]].alias("name"),
        is_refund=pl.lit(False),
        net_fen=pl.col("goods_fen"),
    )
    back = frame.filter(pl.col("refunded_fen") > 0).with_columns(
        is_refund=pl.lit(True), net_fen=-pl.col("refunded_fen"), at=pl.col("refund_at")
    )
    return pl.concat([frame, back]).drop("order")


def files(delivered: pl.DataFrame, stamp: Stamp) -> dict[str, bytes]:
    """One file a delivery."""
    state, is_refund = pl.col("state"), pl.col("is_refund")
    status = (
        pl.when((state == CLOSED) & (pl.col("refunded_fen") > 0))
        .then(pl.lit("refunded"))
        .when(state == CLOSED)
        .then(pl.lit("cancelled"))
        .when(state == UNPAID)
        .then(pl.lit("pending"))
        .when(state == DONE)
        .then(pl.lit("completed"))
        .otherwise(pl.lit("processing"))
    )
    net = pl.col("net_fen")
    formatted = pl.when(net < 0).then(pl.concat_str(pl.lit("-¥"), grouped(-net))).otherwise(pl.concat_str(pl.lit("¥"), grouped(net)))
    cells = {
        "Date": instant("at", stamp.epoch),
        "Order #": pl.col("serial").cast(pl.String),
        "N. Revenue (formatted)": formatted,
        "Status": status,
        "Customer": pl.col("name"),
        "Customer type": pl.lit("returning"),
        "Product(s)": pl.when(~is_refund).then(pl.col("titles").str.replace_all("，", ", ", literal=True)),
        "Items sold": pl.when(is_refund).then(pl.lit("0")).otherwise(pl.col("pieces").cast(pl.String)),
        "N. Revenue": money("net_fen"),
        "Attribution": pl.lit("Direct"),
    }
    frame = delivered.sort("at", "serial", "is_refund").select(laid_out(_COLUMNS, cells))
    return {f"orders-{stamp.day}.csv": csv_text(HEADER, frame)}
