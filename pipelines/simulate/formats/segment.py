"""Segment events: gzipped JSON lines, UTC, logins as Shopify customer ids, now and then a message delivered twice."""

from __future__ import annotations

import numpy as np
import polars as pl

from pipelines.simulate import behavior
from pipelines.simulate.chunk import Chunk
from pipelines.simulate.formats.cells import DELIVERY, PERSON, RECORD, UTC_OFFSET, Stamp, instant, json_lines, money, zipped
from pipelines.simulate.formats.shopify_orders import order_number

_TRACKED = {
    behavior.VIEWED: "Product Viewed",
    behavior.ADDED: "Product Added",
    behavior.CHECKOUT: "Checkout Started",
    behavior.COMPLETED: "Order Completed",
    behavior.OPENED: "Email Opened",
}
_TWICE_SHARE = 0.003


def rows(chunk: Chunk) -> pl.DataFrame:
    """One row per event; a message that was delivered twice has two."""
    events = behavior.draw_events(chunk)
    delivery = chunk.world.calendar.delivery_at(events.at)
    seen = np.flatnonzero(delivery < len(chunk.world.calendar.days))
    events = behavior.Events(*(values[seen] for values in vars(events).values()))
    draws, people = chunk.world.draws, chunk.people
    devices, which = np.unique(events.device, return_inverse=True)
    products = chunk.world.catalog.frame
    is_campaign = events.kind == behavior.OPENED
    product = np.where(is_campaign, 0, events.product)
    frame = pl.DataFrame(
        {
            DELIVERY: delivery[seen],
            PERSON: people.index[events.row],
            "kind": events.kind,
            "at": events.at,
            "milli": draws.whole(0, 999, "milli", events.session, events.number),
            "message": pl.Series(draws.hexadecimal(16, "message", events.session, events.number)).cast(pl.String),
            "device": behavior.anonymous_ids(draws, devices).gather(which),
            "login": events.login,
            "email": people.email.gather(events.row),
            "email_second": people.email_second.gather(events.row),
            "by_second": events.login == people.shopify_id_second[events.row],
            "campaign": np.where(is_campaign, events.product, -1),
            "sku": products["sku"].gather(product),
            "category": products["category"].gather(product),
            "price_fen": products["list_fen"].gather(product),
            "quantity": events.quantity,
            "order": events.order,
        }
    )
    twice = draws.chance(_TWICE_SHARE, "twice", events.session, events.number)
    frame = (
        _with_orders(chunk, frame)
        .with_columns(
            email=pl.when(pl.col("kind") == behavior.IDENTIFY).then(pl.when("by_second").then("email_second").otherwise("email")),
        )
        .drop("email_second", "by_second")
    )
    record = pl.when(pl.col("login") > 0).then(pl.format("segment:{}", "login"))
    frame = frame.with_columns(**{RECORD: record.otherwise(pl.format("segment:anon/{}", "device"))})
    return pl.concat([frame, frame.filter(pl.Series(twice))])


def _with_orders(chunk: Chunk, frame: pl.DataFrame) -> pl.DataFrame:
    """Replace the position of a completed order by its Id, its total and its products as JSON."""
    completed = frame["order"].filter(frame["order"] >= 0).to_numpy()
    which, line = chunk.lines_of(completed)
    catalog = chunk.world.catalog.frame
    lines = pl.DataFrame(
        {
            "order": completed[which],
            "sku": catalog["sku"].gather(chunk.lines.product[line]),
            "price_fen": catalog["list_fen"].gather(chunk.lines.product[line]),
            "quantity": chunk.lines.quantity[line],
        }
    )
    one = pl.format('{{"product_id":"{}","price":{},"quantity":{}}}', "sku", money("price_fen"), "quantity")
    joined = lines.group_by("order", maintain_order=True).agg(products=one.str.join(","))
    orders = pl.DataFrame(
        {
            "order": completed,
            "order_id": chunk.orders.key[completed],
            "total_fen": chunk.orders.total_fen[completed],
        }
    ).with_columns(order_id=order_number("order_id"))
    facts = orders.join(joined, on="order", how="left", maintain_order="left")
    return frame.join(facts, on="order", how="left", maintain_order="left").drop("order")


def files(delivered: pl.DataFrame, stamp: Stamp) -> dict[str, bytes]:
    """One file a delivery, by time. Each kind of message is formatted on its own rows only."""
    parts = delivered.with_columns(_common(stamp)).partition_by("kind", as_dict=True)
    lines = [
        part.select("at", "milli", "message", line=pl.concat_str(pl.lit(_HEADS[kind]), "envelope", _body(kind)))
        for (kind,), part in sorted(parts.items())
    ]
    in_time = pl.concat(lines).sort("at", "milli", "message", maintain_order=True)
    return {f"segment_events_{stamp.compact}.jsonl.gz": zipped(json_lines(in_time.select("line")))}


_HEADS = {
    behavior.PAGE: '{"type":"page","name":"首页",',
    behavior.IDENTIFY: '{"type":"identify",',
} | {kind: f'{{"type":"track","event":"{event}",' for kind, event in _TRACKED.items()}


def _common(stamp: Stamp) -> pl.Expr:
    """The fields of every message. A mail program that opens an e-mail has no device of the shop's."""
    seconds = instant("at", stamp.epoch - UTC_OFFSET, "%Y-%m-%dT%H:%M:%S")
    moment = pl.format("{}.{}Z", seconds, pl.col("milli").cast(pl.String).str.zfill(3))
    by_mail = pl.col("kind") == behavior.OPENED
    device = pl.when(by_mail).then(pl.lit("")).otherwise(pl.format('"anonymousId":"{}",', "device"))
    user = pl.when(pl.col("login") > 0).then(pl.format('"userId":"{}",', "login")).otherwise(pl.lit(""))
    return pl.format(
        '"messageId":"ajs-{}",{}{}"originalTimestamp":"{}","timestamp":"{}","receivedAt":"{}",',
        "message",
        device,
        user,
        moment,
        moment,
        moment,
    ).alias("envelope")


def _body(kind: int) -> pl.Expr:
    """Properties or traits of one kind of message, and the end of the line."""
    web = ',"context":{{"library":{{"name":"analytics.js","version":"4.1.0"}}}}}}'
    if kind == behavior.PAGE:
        page = '"properties":{{"path":"/","url":"https://shop.example.cn/"}}' + web
        return pl.lit(page.replace("{{", "{").replace("}}", "}"))
    if kind == behavior.IDENTIFY:
        return pl.format('"traits":{{"email":"{}"}}' + web, "email")
    if kind == behavior.OPENED:
        mail = ',"context":{{"library":{{"name":"mail"}}}}}}'
        return pl.format('"properties":{{"campaign_id":"C{}","campaign_name":"双周刊 {}"}}' + mail, "campaign", "campaign")
    if kind == behavior.COMPLETED:
        total = money("total_fen")
        text = '"properties":{{"order_id":"{}","total":{},"revenue":{},"currency":"CNY","products":[{}]}}'
        return pl.format(text + web, "order_id", total, total, "products")
    if kind == behavior.CHECKOUT:
        value = money(pl.col("price_fen") * pl.col("quantity"))
        text = '"properties":{{"value":{},"currency":"CNY","products":[{{"product_id":"{}","quantity":{}}}]}}'
        return pl.format(text + web, value, "sku", "quantity")
    text = '"properties":{{"product_id":"{}","sku":"{}","category":"{}","price":{},"quantity":{},"currency":"CNY"}}'
    return pl.format(text + web, "sku", "sku", "category", money("price_fen"), "quantity")
