"""Stripe charges of the web shop: the old export for the first half of the time, the unified one for the second.

A refund changes the row of its charge, however old; what was never paid is a charge that failed. Guests are known by their e-mail.
"""

from __future__ import annotations

import polars as pl

from pipelines.simulate.chunk import Chunk
from pipelines.simulate.formats.cells import RECORD, UTC_OFFSET, Stamp, csv_text, grouped, instant, laid_out, money
from pipelines.simulate.formats.woocommerce import is_guest
from pipelines.simulate.people import NEVER, SHOPIFY
from pipelines.simulate.shops import CLOSED, WOO, draw_shop, told_orders

OLD_HEADER = (
    "id,Description,Seller Message,Created (UTC),Amount,Amount Refunded,Currency,Converted Amount,Converted Amount Refunded,Fee,Tax,"
    "Converted Currency,Mode,Status,Statement Descriptor,Customer ID,Customer Description,Customer Email,Captured,Card ID,Card Last4,"
    "Card Brand,Card Funding,Invoice ID,Transfer,order_id (metadata)"
)
HEADER = (
    "id,Created date (UTC),Amount,Amount Refunded,Currency,Captured,Converted Amount,Converted Amount Refunded,Converted Currency,"
    "Decline Reason,Description,Fee,Refunded date (UTC),Statement Descriptor,Status,Seller Message,Taxes On Fee,Card ID,Card Brand,"
    "Customer ID,Customer Description,Customer Email,Customer Phone,Disputed Amount,Invoice ID,order_id (metadata)"
)
_OLD_COLUMNS = OLD_HEADER.split(",")
_COLUMNS = HEADER.split(",")


def rows(chunk: Chunk) -> pl.DataFrame:
    """One row per charge of the unified export and delivery that tells of it."""
    return _charges(chunk, is_old=False)


def old_rows(chunk: Chunk) -> pl.DataFrame:
    """One row per charge of the old export and delivery that tells of it."""
    return _charges(chunk, is_old=True)


def _charges(chunk: Chunk, *, is_old: bool) -> pl.DataFrame:
    """What was never paid is a charge that failed. Guests are known by their e-mail."""
    shop = draw_shop(chunk, WOO)
    draws, people, orders = shop.world.draws, shop.people, shop.orders
    told = told_orders(shop)
    order = told["order"].to_numpy()
    row = orders.row[order]
    customer = "cus_" + pl.Series(draws.hexadecimal(14, "stripe_customer", people.index)).cast(pl.String)
    email = people.email[row]
    guest = pl.Series(is_guest(draws, orders)[order])
    frame = told.with_columns(
        pl.Series("is_guest", guest),
        pl.Series("never_paid", orders.paid_at[order] == NEVER),
        ("ch_" + pl.Series(draws.hexadecimal(24, "stripe_charge", orders.key)).cast(pl.String))[order].alias("charge"),
        customer[row].alias("customer"),
        email.alias("email"),
        pl.Series("phone", people.phone_at(row, SHOPIFY, orders.at[order])).cast(pl.String),
        pl.Series("is_old", orders.at[order] < shop.world.spec.seconds // 2),
    ).with_columns(
        pl.when(~pl.col("is_guest")).then("customer").alias("customer"),
        pl.concat_str(pl.lit("stripe:"), pl.when("is_guest").then("email").otherwise("customer")).alias(RECORD),
    )
    is_charged = (pl.col("total_fen") > 0) & ((pl.col("paid_at") >= 0) | (pl.col("never_paid") & (pl.col("state") == CLOSED)))
    return frame.filter(is_charged & (pl.col("is_old") == is_old)).drop("order", "is_old", "is_guest")


def files(delivered: pl.DataFrame, stamp: Stamp) -> dict[str, bytes]:
    """One file a delivery."""
    cells = _cells(stamp, "Created date (UTC)") | {
        "Refunded date (UTC)": instant("refund_at", stamp.epoch - UTC_OFFSET),
        "Decline Reason": pl.when("never_paid").then(pl.lit("insufficient_funds")),
        "Customer Phone": pl.concat_str(pl.lit("'+86"), "phone"),
        "Disputed Amount": pl.lit("0.00"),
    }
    frame = delivered.sort("at", "serial").select(laid_out(_COLUMNS, cells))
    return {f"unified_payments-{stamp.day}.csv": csv_text(HEADER, frame, "\r\n")}


def old_files(delivered: pl.DataFrame, stamp: Stamp) -> dict[str, bytes]:
    """One file a delivery."""
    cells = _cells(stamp, "Created (UTC)") | {"Mode": pl.lit("Live"), "Card Last4": pl.lit("4242")}
    frame = delivered.sort("at", "serial").select(laid_out(_OLD_COLUMNS, cells))
    return {f"payments-{stamp.day}.csv": csv_text(OLD_HEADER, frame, "\r\n")}


def _cells(stamp: Stamp, created: str) -> dict[str, pl.Expr]:
    failed, refunded = pl.col("never_paid"), pl.col("refunded_fen")
    status = (
        pl.when(failed)
        .then(pl.lit("Failed"))
        .when(refunded >= pl.col("total_fen"))
        .then(pl.lit("Refunded"))
        .when(refunded > 0)
        .then(pl.lit("Partially Refunded"))
        .otherwise(pl.lit("Paid"))
    )
    utc = stamp.epoch - UTC_OFFSET
    fee = pl.when(failed).then(0).otherwise(pl.col("total_fen") * 29 // 1000 + 30)
    return {
        "id": pl.col("charge"),
        "Description": pl.format("Order {}, web shop", "serial"),
        created: pl.when(failed).then(instant("at", utc)).otherwise(instant("paid_at", utc)),
        "Amount": grouped("total_fen"),
        "Amount Refunded": grouped("refunded_fen"),
        "Currency": pl.lit("cny"),
        "Captured": pl.when(failed).then(pl.lit("false")).otherwise(pl.lit("true")),
        "Converted Amount": grouped("total_fen"),
        "Converted Amount Refunded": grouped("refunded_fen"),
        "Converted Currency": pl.lit("cny"),
        "Fee": money(fee),
        "Status": status,
        "Card Brand": pl.lit("Visa"),
        "Customer ID": pl.col("customer"),
        "Customer Email": pl.col("email"),
        "order_id (metadata)": pl.col("serial").cast(pl.String),
    }
