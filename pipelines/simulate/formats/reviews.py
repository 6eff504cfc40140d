"""Reviews as plain CSV: English headers for the web shop, Chinese ones for the mini program."""

from __future__ import annotations

import numpy as np
import polars as pl

from pipelines.simulate.accounts import is_youzan_guest
from pipelines.simulate.chunk import Chunk
from pipelines.simulate.draws import Ints
from pipelines.simulate.formats import youzan_orders
from pipelines.simulate.formats.cells import BOM, PERSON, RECORD, Stamp, csv_text, instant
from pipelines.simulate.people import NEVER, SHOPIFY, YOUZAN
from pipelines.simulate.seasons import quiet_end
from pipelines.simulate.versions import told_once

HEADER = "review_id,review_type,score,reviewed_at,order_no,product_id,email,comment"
CHINESE_HEADER = "评价编号,评价类型,评分,评价时间,订单号,商品编码,手机号,评价内容"


def rows(chunk: Chunk) -> pl.DataFrame:
    """One row per review of an order of the web shop."""
    orders, row = _reviewed(chunk, SHOPIFY)
    email = chunk.people.email[row]
    frame = orders.with_columns(email.alias("email"), ("reviews:" + email).alias(RECORD))
    return told_once(chunk.world, frame, "reviewed_at")


def files(delivered: pl.DataFrame, stamp: Stamp) -> dict[str, bytes]:
    """One file a delivery; what people wrote spans lines."""
    kind = pl.when("of_service").then(pl.lit("service")).otherwise(pl.lit("product"))
    cells = _cells(delivered, stamp, kind, pl.format("#{}", pl.col("key") + 1_000), pl.col("email"))
    return {f"reviews_{stamp.compact}.csv": csv_text(HEADER, cells)}


def chinese_rows(chunk: Chunk) -> pl.DataFrame:
    """One row per review of an order of the mini program."""
    orders, row = _reviewed(chunk, YOUZAN)
    phone = pl.Series(chunk.people.phone_at(row, YOUZAN, orders["at"].to_numpy())).cast(pl.String)
    frame = orders.with_columns(phone.alias("phone"), ("reviews:" + phone).alias(RECORD))
    return told_once(chunk.world, frame, "reviewed_at")


def chinese_files(delivered: pl.DataFrame, stamp: Stamp) -> dict[str, bytes]:
    """One file a delivery."""
    kind = pl.when("of_service").then(pl.lit("服务")).otherwise(pl.lit("商品"))
    cells = _cells(delivered, stamp, kind, youzan_orders.order_number(stamp.epoch), pl.col("phone"))
    return {f"评价_{stamp.day}.csv": BOM + csv_text(CHINESE_HEADER, cells)}


def _reviewed(chunk: Chunk, channel: int) -> tuple[pl.DataFrame, Ints]:
    """The orders of a channel that are reviewed, some days after they came, and who placed them."""
    draws, orders = chunk.world.draws, chunk.orders
    writes = (orders.channel == channel) & (orders.done_at != NEVER) & draws.chance(0.2, "review", orders.key)
    if channel == YOUZAN:
        writes &= ~is_youzan_guest(draws, orders)
    order = np.flatnonzero(writes)
    key = orders.key[order]
    _, line = chunk.lines_of(order)
    first = line[chunk.lines.number[line] == 0]
    frame = pl.DataFrame(
        {
            PERSON: chunk.people.index[orders.row[order]],
            "key": key,
            "serial": orders.serial[order],
            "at": orders.at[order],
            "reviewed_at": quiet_end(orders.done_at[order] + draws.whole(1, 72, "review_after", key) * 3600),
            "of_service": draws.chance(0.2, "review_of_service", key),
            "score": 1 + draws.pick([0.05, 0.05, 0.1, 0.25, 0.55], "review_score", key),
            "sku": chunk.world.catalog.frame["sku"].gather(chunk.lines.product[first]),
        }
    )
    return frame, orders.row[order]


def _cells(delivered: pl.DataFrame, stamp: Stamp, kind: pl.Expr, order: pl.Expr, writer: pl.Expr) -> pl.DataFrame:
    return delivered.sort("reviewed_at", "key").select(
        pl.format("R{}", "serial").alias("number"),
        kind.alias("kind"),
        pl.col("score").cast(pl.String),
        instant("reviewed_at", stamp.epoch),
        order.alias("order"),
        pl.when(~pl.col("of_service")).then("sku").alias("sku"),
        writer.alias("writer"),
        pl.when(pl.col("score") == 5).then(pl.lit("很好，\n下次再来")).alias("text"),
    )
