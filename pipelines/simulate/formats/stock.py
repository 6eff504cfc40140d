"""Stock as plain CSV: English headers for the stores, Chinese ones for the warehouses. Two places of one store are two rows."""

from __future__ import annotations

import numpy as np
import polars as pl

from pipelines.simulate.catalog import TIERS
from pipelines.simulate.chunk import Chunk
from pipelines.simulate.formats.cells import BOM, Stamp, csv_text, nobody
from pipelines.simulate.spec import DAY_SECONDS
from pipelines.simulate.versions import told_once

HEADER = "product_id,store_id,counted_on,quantity"
CHINESE_HEADER = "商品编码,仓库编码,盘点日期,库存数量"


def rows(chunk: Chunk) -> pl.DataFrame:
    """One row per product, store and place on the last day of each delivery; some goods were sold before they were booked in."""
    return _counted(chunk, stores=3, every=20, stream="stock")


def files(delivered: pl.DataFrame, stamp: Stamp) -> dict[str, bytes]:
    """One file a delivery."""
    store = pl.col("store").cast(pl.String).str.zfill(4)
    return {f"stock_{stamp.compact}.csv": csv_text(HEADER, _cells(delivered, store, f"{stamp.day}"))}


def chinese_rows(chunk: Chunk) -> pl.DataFrame:
    """The same for the warehouses."""
    return _counted(chunk, stores=2, every=40, stream="stock_zh")


def chinese_files(delivered: pl.DataFrame, stamp: Stamp) -> dict[str, bytes]:
    """One file a delivery."""
    return {f"库存_{stamp.day}.csv": BOM + csv_text(CHINESE_HEADER, _cells(delivered, pl.format("W{}", "store"), f"{stamp.day:%Y/%m/%d}"))}


def _counted(chunk: Chunk, stores: int, every: int, stream: str) -> pl.DataFrame:
    """Goods of nobody, so only the first people carry them; two places a product in the first store."""
    world = chunk.world
    products = world.catalog.frame["product"].to_numpy()[TIERS // 2 :: every]
    days = world.calendar.days
    store, product, day = (part.ravel() for part in np.meshgrid(np.arange(stores + 1), products, days, indexing="ij"))
    frame = pl.DataFrame(
        {
            "store": np.maximum(store, 1),
            "sku": world.catalog.frame["sku"].gather(product),
            "at": day * DAY_SECONDS,
            "quantity": world.draws.whole(-3, 1_500, stream, store, product, day),
        }
    )
    return told_once(world, frame if int(chunk.people.index[0]) == 0 else frame.clear(), "at").with_columns(*nobody())


def _cells(delivered: pl.DataFrame, store: pl.Expr, day: str) -> pl.DataFrame:
    quantity = pl.col("quantity").cast(pl.String).str.replace(r"^(\d)(\d{3})$", "${1},${2}")
    return delivered.sort("store", "sku", "quantity").select("sku", store.alias("store"), pl.lit(day).alias("day"), quantity)
