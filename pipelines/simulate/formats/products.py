"""The merchant's list of products as plain CSV, as the head office exports it: once, with what a piece costs."""

from __future__ import annotations

import polars as pl

from pipelines.simulate.chunk import Chunk
from pipelines.simulate.formats.cells import Stamp, csv_text, nobody
from pipelines.simulate.versions import told_once

HEADER = "product_id,product_name,brand,category,unit_cost"
_BRANDS = ("自有品牌", "棉语", "山止", "北岸", "小满")


def rows(chunk: Chunk) -> pl.DataFrame:
    """One row per product, told by the first delivery."""
    catalog = chunk.world.catalog.frame.with_columns(pl.lit(0, pl.Int64).alias("at"))
    # goods of nobody, so only the first people carry them
    return told_once(chunk.world, catalog if int(chunk.people.index[0]) == 0 else catalog.clear(), "at").with_columns(*nobody())


def files(delivered: pl.DataFrame, stamp: Stamp) -> dict[str, bytes]:
    """One file a delivery."""
    brand = (pl.col("product") * 7 // 3 % len(_BRANDS)).replace_strict(dict(enumerate(_BRANDS)), return_dtype=pl.String)
    cells = delivered.sort("product").select("sku", "title", brand.alias("brand"), "category", (pl.col("cost_fen") / 100).round(2))
    return {f"products_{stamp.compact}.csv": csv_text(HEADER, cells)}
