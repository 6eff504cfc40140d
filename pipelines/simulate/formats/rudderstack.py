"""RudderStack events of the web shop: an article that was looked at, and the order. A person's traits stand in every message."""

from __future__ import annotations

import numpy as np
import polars as pl

from pipelines.simulate.behavior import anonymous_ids
from pipelines.simulate.chunk import Chunk
from pipelines.simulate.formats.cells import PERSON, RECORD, UTC_OFFSET, Stamp, instant, json_objects, number, zipped
from pipelines.simulate.formats.woocommerce import is_guest
from pipelines.simulate.people import NEVER, SHOPIFY
from pipelines.simulate.shops import WOO, draw_shop
from pipelines.simulate.versions import told_once

_VIEWED = "Product Viewed"
_COMPLETED = "Order Completed"


def rows(chunk: Chunk) -> pl.DataFrame:
    """One row per message: an article looked at some minutes before each paid order, and the order. Guests are devices."""
    shop = draw_shop(chunk, WOO)
    draws, people, orders = shop.world.draws, shop.people, shop.orders
    order = np.flatnonzero(orders.paid_at != NEVER)
    row, key = orders.row[order], orders.key[order]
    _, line = shop.lines_of(order)
    first = line[shop.lines.number[line] == 0]
    # Other devices than those of the first web shop, whose numbers begin at 0.
    device = anonymous_ids(draws, -1 - people.index[row])
    guest = pl.Series(is_guest(draws, orders)[order])
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


def files(delivered: pl.DataFrame, stamp: Stamp) -> dict[str, bytes]:
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
