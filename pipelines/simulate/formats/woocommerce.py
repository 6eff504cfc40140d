"""A web shop on WooCommerce: its Analytics export, Stripe's two exports of its payments, and its RudderStack events.

The order export names customers by name only; Stripe and the events know ids and e-mails. Charges of the first half of the time are in
the old export, later ones in the unified: shops change over, and an old refund still changes an old row.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from pipelines.simulate.behavior import anonymous_ids
from pipelines.simulate.chunk import Chunk
from pipelines.simulate.draws import Draws, Flags
from pipelines.simulate.formats.cells import (
    PERSON,
    RECORD,
    UTC_OFFSET,
    Stamp,
    csv_text,
    grouped,
    instant,
    json_objects,
    laid_out,
    money,
    nobody,
    number,
    zipped,
)
from pipelines.simulate.people import NEVER, SHOPIFY
from pipelines.simulate.purchases import Orders
from pipelines.simulate.shops import CLOSED, DONE, UNPAID, WOO, draw_shop, told_orders
from pipelines.simulate.versions import told_once

HEADER = "Date,Order #,N. Revenue (formatted),Status,Customer,Customer type,Product(s),Items sold,Coupon(s),N. Revenue,Attribution"
OLD_CHARGE_HEADER = (
    "id,Description,Seller Message,Created (UTC),Amount,Amount Refunded,Currency,Converted Amount,Converted Amount Refunded,Fee,Tax,"
    "Converted Currency,Mode,Status,Statement Descriptor,Customer ID,Customer Description,Customer Email,Captured,Card ID,Card Last4,"
    "Card Brand,Card Funding,Invoice ID,Transfer,order_id (metadata)"
)
CHARGE_HEADER = (
    "id,Created date (UTC),Amount,Amount Refunded,Currency,Captured,Converted Amount,Converted Amount Refunded,Converted Currency,"
    "Decline Reason,Description,Fee,Refunded date (UTC),Statement Descriptor,Status,Seller Message,Taxes On Fee,Card ID,Card Brand,"
    "Customer ID,Customer Description,Customer Email,Customer Phone,Disputed Amount,Invoice ID,order_id (metadata)"
)
_COLUMNS, _OLD_COLUMNS, _CHARGE_COLUMNS = HEADER.split(","), OLD_CHARGE_HEADER.split(","), CHARGE_HEADER.split(",")
_VIEWED, _COMPLETED = "Product Viewed", "Order Completed"


def _is_guest(draws: Draws, orders: Orders) -> Flags:
    """Orders placed without an account."""
    return draws.chance(0.2, "woo_guest", orders.key)


def order_rows(chunk: Chunk) -> pl.DataFrame:
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


def order_files(delivered: pl.DataFrame, stamp: Stamp) -> dict[str, bytes]:
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


def charge_rows(chunk: Chunk) -> pl.DataFrame:
    """One row per charge of the unified export and delivery that tells of it."""
    return _charges(chunk, is_old=False)


def old_charge_rows(chunk: Chunk) -> pl.DataFrame:
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
    guest = pl.Series(_is_guest(draws, orders)[order])
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


def charge_files(delivered: pl.DataFrame, stamp: Stamp) -> dict[str, bytes]:
    """One file a delivery."""
    cells = _charge_cells(stamp, "Created date (UTC)") | {
        "Refunded date (UTC)": instant("refund_at", stamp.epoch - UTC_OFFSET),
        "Decline Reason": pl.when("never_paid").then(pl.lit("insufficient_funds")),
        "Customer Phone": pl.concat_str(pl.lit("'+86"), "phone"),
        "Disputed Amount": pl.lit("0.00"),
    }
    frame = delivered.sort("at", "serial").select(laid_out(_CHARGE_COLUMNS, cells))
    return {f"unified_payments-{stamp.day}.csv": csv_text(CHARGE_HEADER, frame, "\r\n")}


def old_charge_files(delivered: pl.DataFrame, stamp: Stamp) -> dict[str, bytes]:
    """One file a delivery."""
    cells = _charge_cells(stamp, "Created (UTC)") | {"Mode": pl.lit("Live"), "Card Last4": pl.lit("4242")}
    frame = delivered.sort("at", "serial").select(laid_out(_OLD_COLUMNS, cells))
    return {f"payments-{stamp.day}.csv": csv_text(OLD_CHARGE_HEADER, frame, "\r\n")}


def _charge_cells(stamp: Stamp, created: str) -> dict[str, pl.Expr]:
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


def event_rows(chunk: Chunk) -> pl.DataFrame:
    """One row per message: an article looked at some minutes before each paid order, and the order. Guests are devices."""
    shop = draw_shop(chunk, WOO)
    draws, people, orders = shop.world.draws, shop.people, shop.orders
    order = np.flatnonzero(orders.paid_at != NEVER)
    row, key = orders.row[order], orders.key[order]
    _, line = shop.lines_of(order)
    first = line[shop.lines.number[line] == 0]
    # Other devices than those of the first web shop, whose numbers begin at 0.
    device = anonymous_ids(draws, -1 - people.index[row])
    guest = pl.Series(_is_guest(draws, orders)[order])
    facts = pl.DataFrame(
        {
            PERSON: people.index[row],
            "is_guest": guest,
            "user": pl.select(pl.format("w{}", pl.Series(10**9 + people.index[row]))).to_series(),
            "device": device,
            "email": people.email[row],
            "phone": pl.Series(people.phone_at(row, SHOPIFY, orders.at[order])).cast(pl.String),
            "message": pl.Series(draws.hexadecimal(20, "rudder_message", key)).cast(pl.String),
            "serial": orders.serial[order],
            "total_fen": orders.total_fen[order],
            "sku": shop.world.catalog.frame["sku"].gather(shop.lines.product[first]),
            "price_fen": shop.lines.list_fen[first] // shop.lines.quantity[first],
        }
    )
    record = pl.when("is_guest").then(pl.format("segment:anon/{}", "device")).otherwise(pl.format("segment:{}", "user"))
    facts = facts.with_columns(record.alias(RECORD))
    before = np.maximum(orders.at[order] - draws.whole(60, 900, "rudder_before", key), orders.at[order] // 86_400 * 86_400)
    both = [
        facts.with_columns(pl.lit(_VIEWED).alias("event"), pl.Series("at", before)),
        facts.with_columns(pl.lit(_COMPLETED).alias("event"), pl.Series("at", orders.paid_at[order])),
    ]
    return told_once(shop.world, pl.concat(both), "at")


def event_files(delivered: pl.DataFrame, stamp: Stamp) -> dict[str, bytes]:
    """One gzipped file of JSON lines a delivery. RudderStack repeats a person's traits in the context of every message."""
    moment = pl.concat_str(instant("at", stamp.epoch - UTC_OFFSET, "%Y-%m-%dT%H:%M:%S"), pl.lit(".123456Z"))
    is_guest, is_order = pl.col("is_guest"), pl.col("event") == _COMPLETED
    known = pl.when(~is_guest)
    frame = delivered.sort("at", "message", "event").select(
        messageId=pl.concat_str("message", pl.when(is_order).then(pl.lit("-2")).otherwise(pl.lit("-1"))),
        type=pl.lit("track"),
        event="event",
        channel=pl.lit("web"),
        anonymousId="device",
        userId=known.then("user"),
        properties=pl.struct(
            order_id=pl.when(is_order).then(pl.col("serial").cast(pl.String)),
            total=pl.when(is_order).then(number("total_fen")),
            product_id=pl.when(~is_order).then("sku"),
            price=pl.when(~is_order).then(number("price_fen")),
            quantity=pl.when(~is_order).then(1),
            currency=pl.lit("CNY"),
        ),
        context=pl.struct(
            traits=pl.struct(email=known.then("email"), phone=known.then(pl.concat_str(pl.lit("+86"), "phone"))),
            library=pl.struct(name=pl.lit("RudderLabs JavaScript SDK")),
        ),
        originalTimestamp=moment,
        sentAt=moment,
        receivedAt=moment,
        timestamp=moment,
    )
    return {f"rudderstack_events_{stamp.day}.jsonl.gz": zipped(json_objects(frame))}
