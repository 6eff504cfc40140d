"""Shopify orders: 79 columns, one row a line item, order fields on the first row of an order only, CNY."""

from __future__ import annotations

import numpy as np
import polars as pl

from pipelines.simulate import names
from pipelines.simulate.checkout import leaves_no_phone, typed_emails, typed_names, typed_phones
from pipelines.simulate.chunk import Chunk
from pipelines.simulate.formats.cells import DELIVERY, PERSON, RECORD, Stamp, csv_text, decoded, instant, money
from pipelines.simulate.people import NEVER, SHOPIFY
from pipelines.simulate.purchases import Orders
from pipelines.simulate.versions import has_happened, order_versions

HEADER = (
    "Name,Email,Financial Status,Paid at,Fulfillment Status,Fulfilled at,Accepts Marketing,Currency,Subtotal,Shipping,"
    "Taxes,Total,Discount Code,Discount Amount,Shipping Method,Created at,Lineitem quantity,Lineitem name,"
    "Lineitem price,Lineitem compare at price,Lineitem sku,Lineitem requires shipping,Lineitem taxable,"
    "Lineitem fulfillment status,Billing Name,Billing Street,Billing Address1,Billing Address2,Billing Company,"
    "Billing City,Billing Zip,Billing Province,Billing Country,Billing Phone,Shipping Name,Shipping Street,"
    "Shipping Address1,Shipping Address2,Shipping Company,Shipping City,Shipping Zip,Shipping Province,"
    "Shipping Country,Shipping Phone,Notes,Note Attributes,Cancelled at,Payment Method,Payment Reference,"
    "Refunded Amount,Vendor,Outstanding Balance,Employee,Location,Device ID,Id,Tags,Risk Level,Source,"
    "Lineitem discount,Tax 1 Name,Tax 1 Value,Tax 2 Name,Tax 2 Value,Tax 3 Name,Tax 3 Value,Tax 4 Name,Tax 4 Value,"
    "Tax 5 Name,Tax 5 Value,Phone,Receipt Number,Duties,Billing Province Name,Shipping Province Name,Payment ID,"
    "Payment Terms Name,Next Payment Due At,Payment References"
)
_COLUMNS = HEADER.split(",")
# What stands on every row of an order; all else stands on its first row.
_EVERY_ROW = {"Name", "Email", "Created at"}
_OFFSET = "%Y-%m-%d %H:%M:%S +0800"


def order_number(key: str = "key") -> pl.Expr:
    """The order's Id without its apostrophe; events name orders by it."""
    return pl.col(key) + 5_000_000_000_000


def order_name() -> pl.Expr:
    """The number that buyers see."""
    return pl.format("#{}", pl.col("key") + 1_000)


def rows(chunk: Chunk) -> pl.DataFrame:
    """One row per line of an order and delivery that tells of it."""
    where = np.flatnonzero(chunk.orders.channel == SHOPIFY)
    orders = chunk.orders.take(where)
    order, delivery = order_versions(chunk.world, orders)
    cut = chunk.world.calendar.cut(delivery)
    paid, refunded = has_happened(orders.paid_at[order], cut), has_happened(orders.refund_at[order], cut)
    versions = _order_facts(chunk, orders)[order].with_columns(
        pl.Series(DELIVERY, delivery),
        pl.Series("paid_at", np.where(paid, orders.paid_at[order], NEVER)),
        pl.Series("closed_at", np.where(has_happened(orders.closed_at[order], cut), orders.closed_at[order], NEVER)),
        pl.Series("shipped_at", np.where(has_happened(orders.shipped_at[order], cut), orders.shipped_at[order], NEVER)),
        pl.Series("refunded_fen", np.where(refunded, orders.refund_fen[order], 0)),
    )
    version, line = chunk.lines_of(where[order])
    return versions[version].with_columns(
        pl.Series("line", chunk.lines.number[line]),
        pl.Series("product", chunk.lines.product[line]),
        pl.Series("quantity", chunk.lines.quantity[line]),
        pl.Series("list_fen", chunk.lines.list_fen[line]),
        pl.Series("line_fen", chunk.lines.paid_fen[line]),
        chunk.world.catalog.frame["sku"].gather(chunk.lines.product[line]),
        chunk.world.catalog.frame["title"].gather(chunk.lines.product[line]),
    )


def _order_facts(chunk: Chunk, orders: Orders) -> pl.DataFrame:
    """What does not change between the versions of an order."""
    people, row, draws = chunk.people, orders.row, chunk.world.draws
    typed, plain = typed_emails(chunk, orders)
    list_fen = np.bincount(chunk.lines.order, weights=chunk.lines.list_fen, minlength=len(chunk.orders))
    mine = np.flatnonzero(chunk.orders.channel == SHOPIFY)
    return pl.DataFrame(
        {
            PERSON: people.index[row],
            RECORD: "shopify:" + plain,
            "key": orders.key,
            "email": typed,
            "phone": typed_phones(chunk, orders, SHOPIFY).typed,
            "plus": draws.chance(0.7, "plus", orders.key),
            "no_phone": leaves_no_phone(draws, orders),
            "name": typed_names(chunk, orders),
            "place": people.place[row],
            "address": people.address.gather(row),
            "accepts": draws.chance(0.65, "email_consent", people.index[row]),
            "goods_fen": orders.goods_fen,
            "shipping_fen": orders.shipping_fen,
            "total_fen": orders.total_fen,
            "discount_fen": list_fen[mine].astype(np.int64) - orders.goods_fen,
            "at": orders.at,
        }
    )


def files(delivered: pl.DataFrame, stamp: Stamp) -> dict[str, bytes]:
    """One file a delivery, newest order first as the shop lists them."""
    frame = delivered.sort("at", "key", "line", descending=[True, True, False]).select(_cells(stamp))
    return {f"orders_export_{stamp.compact}.csv": csv_text(HEADER, frame)}


def _financial_status() -> pl.Expr:
    refunded = pl.col("refunded_fen")
    return (
        pl.when(pl.col("closed_at") >= 0)
        .then(pl.lit("voided"))
        .when(pl.col("paid_at") < 0)
        .then(pl.lit("pending"))
        .when((refunded > 0) & (refunded >= pl.col("total_fen")))
        .then(pl.lit("refunded"))
        .when(refunded > 0)
        .then(pl.lit("partially_refunded"))
        .otherwise(pl.lit("paid"))
    )


def _address_cells(kind: str, phone: pl.Expr) -> dict[str, pl.Expr]:
    city = decoded("place", [city for city, *_ in names.PLACES])
    return {
        f"{kind} Name": pl.col("name"),
        f"{kind} Street": pl.col("address"),
        f"{kind} Address1": pl.col("address"),
        f"{kind} City": city,
        f"{kind} Zip": decoded("place", ["'" + code for *_, code in names.PLACES]),
        f"{kind} Province": decoded("place", [code for _, _, code, _ in names.PLACES]),
        f"{kind} Country": pl.lit("CN"),
        f"{kind} Phone": phone,
        f"{kind} Province Name": decoded("place", [province for _, province, _, _ in names.PLACES]),
    }


def _cells(stamp: Stamp) -> list[pl.Expr]:
    digits = pl.when("plus").then(pl.format("'+86{}", "phone")).otherwise(pl.format("'{}", "phone"))
    phone = pl.when(~pl.col("no_phone")).then(digits)
    is_paid, is_shipped = pl.col("paid_at") >= 0, pl.col("shipped_at") >= 0
    shipped = pl.when(is_shipped).then(pl.lit("fulfilled"))
    values: dict[str, pl.Expr] = {
        "Name": order_name(),
        "Email": pl.col("email"),
        "Financial Status": _financial_status(),
        "Paid at": instant("paid_at", stamp.epoch, _OFFSET),
        "Fulfillment Status": shipped.otherwise(pl.lit("unfulfilled")),
        "Fulfilled at": instant("shipped_at", stamp.epoch, _OFFSET),
        "Accepts Marketing": pl.when("accepts").then(pl.lit("yes")).otherwise(pl.lit("no")),
        "Currency": pl.lit("CNY"),
        "Subtotal": money("goods_fen"),
        "Shipping": money("shipping_fen"),
        "Taxes": pl.lit("0.00"),
        "Total": money("total_fen"),
        "Discount Amount": money("discount_fen"),
        "Shipping Method": pl.lit("Standard"),
        "Created at": instant("at", stamp.epoch, _OFFSET),
        "Cancelled at": instant("closed_at", stamp.epoch, _OFFSET),
        "Payment Method": pl.when(is_paid).then(pl.lit("Alipay")),
        "Refunded Amount": money("refunded_fen"),
        "Outstanding Balance": money(pl.when(is_paid).then(0).otherwise("total_fen")),
        "Id": pl.format("'{}", order_number()),
        "Risk Level": pl.lit("Low"),
        "Source": pl.lit("web"),
        "Phone": phone,
    }
    values |= _address_cells("Billing", phone) | _address_cells("Shipping", phone)
    lines: dict[str, pl.Expr] = {
        "Lineitem quantity": pl.col("quantity").cast(pl.String),
        "Lineitem name": pl.col("title"),
        "Lineitem price": money(pl.col("list_fen") // pl.col("quantity")),
        "Lineitem sku": pl.col("sku"),
        "Lineitem requires shipping": pl.lit("true"),
        "Lineitem taxable": pl.lit("false"),
        "Lineitem fulfillment status": shipped.otherwise(pl.lit("pending")),
        "Lineitem discount": pl.lit("0.00"),
        "Vendor": pl.lit("四季生活"),
    }
    nothing = pl.lit(None, dtype=pl.String)
    is_first = pl.col("line") == 0
    out = []
    for name in _COLUMNS:
        cell = lines.get(name)
        if cell is None and name in values:
            cell = values[name] if name in _EVERY_ROW else pl.when(is_first).then(values[name])
        out.append((nothing if cell is None else cell).alias(name))
    return out
