"""Square item details: 35 columns, day, time and zone in three cells, money with a sign before it, refunds under the sale's number."""

from __future__ import annotations

import numpy as np
import polars as pl

from pipelines.simulate.chunk import Chunk
from pipelines.simulate.formats.cells import PERSON, RECORD, Stamp, csv_text, grouped, instant, laid_out
from pipelines.simulate.shops import SQUARE, draw_shop
from pipelines.simulate.versions import told_once

HEADER = (
    "Date,Time,Time Zone,Category,Item,Qty,Price Point Name,SKU,Modifiers Applied,Gross Sales,Discounts,Net Sales,Tax,"
    "Transaction ID,Payment ID,Device Name,Notes,Details,Event Type,Location,Dining Option,Customer ID,Customer Name,"
    "Customer Reference ID,Unit,Count,GTIN,Itemization Type,Commission,Employee,Fulfillment Note,Channel,Token,Card Brand,PAN Suffix"
)
_COLUMNS = HEADER.split(",")


def rows(chunk: Chunk) -> pl.DataFrame:
    """One row per line of a sale or a refund."""
    shop = draw_shop(chunk, SQUARE)
    orders, draws, people = shop.orders, shop.world.draws, shop.people
    of, line = shop.lines_of(np.arange(len(orders), dtype=np.int64))
    customer = "SQ" + pl.Series(draws.hexadecimal(24, "square_customer", people.index)).cast(pl.String).str.to_uppercase()
    number = pl.Series(draws.hexadecimal(20, "square_transaction", orders.key)).cast(pl.String)
    products = shop.world.catalog.frame[["sku", "category", "title"]][shop.lines.product[line]]
    sold = pl.DataFrame(
        {
            PERSON: people.index[orders.row][of],
            "is_named": draws.chance(0.5, "square_named", orders.key)[of],
            "customer": customer[orders.row][of],
            "name": people.name[orders.row][of],
            "number": number[of],
            "at": orders.at[of],
            "refund_at": orders.refund_at[of],
            "is_full": orders.is_full_refund[of],
            "line": shop.lines.number[line],
            "quantity": shop.lines.quantity[line],
            "list_fen": shop.lines.list_fen[line],
            "line_fen": shop.lines.paid_fen[line],
        }
    ).hstack(products)
    sold = sold.with_columns(
        pl.when("is_named").then("customer").alias("customer"),
        pl.when("is_named").then("name").alias("name"),
        pl.when("is_named").then(pl.format("square:{}", "customer")).alias(RECORD),
    ).drop("is_named")
    is_back = (pl.col("refund_at") >= 0) & (pl.col("is_full") | (pl.col("line") == 0))
    back = sold.filter(is_back).with_columns(at="refund_at", is_return=True)
    both = pl.concat([sold.with_columns(is_return=pl.lit(False)), back]).drop("refund_at", "is_full")
    return told_once(shop.world, both, "at")


def files(delivered: pl.DataFrame, stamp: Stamp) -> dict[str, bytes]:
    """One file a delivery."""
    is_return = pl.col("is_return")
    sign = pl.when(is_return).then(-1).otherwise(1)
    cells = {
        "Date": instant("at", stamp.epoch, "%Y-%m-%d"),
        "Time": instant("at", stamp.epoch, "%H:%M:%S"),
        "Time Zone": pl.lit("Beijing"),
        "Category": pl.col("category"),
        "Item": pl.col("title"),
        "Qty": pl.concat_str((sign * pl.col("quantity")).cast(pl.String), pl.lit(".0")),
        "Price Point Name": pl.lit("Regular"),
        "SKU": pl.col("sku"),
        "Gross Sales": _signed(sign * pl.col("list_fen")),
        "Discounts": _signed(-sign * (pl.col("list_fen") - pl.col("line_fen"))),
        "Net Sales": _signed(sign * pl.col("line_fen")),
        "Tax": pl.lit("$0.00"),
        "Transaction ID": pl.col("number"),
        "Payment ID": pl.concat_str(pl.lit("pay"), "number"),
        "Event Type": pl.when(is_return).then(pl.lit("Refund")).otherwise(pl.lit("Payment")),
        "Location": pl.lit("快闪店"),
        "Customer ID": pl.col("customer"),
        "Customer Name": pl.col("name"),
        "Itemization Type": pl.lit("Physical Good"),
    }
    frame = delivered.sort("at", "number", "is_return", "line").select(laid_out(_COLUMNS, cells))
    return {f"items-{stamp.first_day}-{stamp.day}.csv": csv_text(HEADER, frame)}


def _signed(fen: pl.Expr) -> pl.Expr:
    """`$1,234.50`, `-$3.00`."""
    return pl.when(fen < 0).then(pl.concat_str(pl.lit("-$"), grouped(-fen))).otherwise(pl.concat_str(pl.lit("$"), grouped(fen)))
