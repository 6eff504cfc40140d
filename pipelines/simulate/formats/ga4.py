"""Google Analytics 4 as BigQuery exports it: JSON lines, times in microseconds as texts, one of four values a parameter.

It saw the visits that Segment saw, with devices of its own and a share of people who did not consent and are nobody.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from pipelines.simulate import behavior
from pipelines.simulate.chunk import Chunk
from pipelines.simulate.draws import scramble
from pipelines.simulate.formats.cells import PERSON, RECORD, UTC_OFFSET, Stamp, json_objects, number, zipped
from pipelines.simulate.formats.shopify_orders import order_number
from pipelines.simulate.versions import told_once

_NAMES = {
    behavior.PAGE: "page_view",
    behavior.IDENTIFY: "login",
    behavior.VIEWED: "view_item",
    behavior.ADDED: "add_to_cart",
    behavior.CHECKOUT: "begin_checkout",
    behavior.COMPLETED: "purchase",
}
_WITHOUT_CONSENT = 0.08


def rows(chunk: Chunk) -> pl.DataFrame:
    """One row per event on the site; mails that were opened are not seen there."""
    events, draws = behavior.draw_events(chunk), chunk.world.draws
    on_site = np.flatnonzero(events.kind != behavior.OPENED)
    row, session, number, device = (values[on_site] for values in (events.row, events.session, events.number, events.device))
    order = events.order[on_site]
    has_order, position = order >= 0, np.maximum(order, 0)
    products, orders = chunk.world.catalog.frame, chunk.orders
    # A browser keeps a number and the second of its first visit.
    browser = pl.DataFrame({"n": scramble(device, 10**9, 77)})["n"].cast(pl.String) + ".1767225600"
    consents = ~draws.chance(_WITHOUT_CONSENT, "ga4_consent", chunk.people.index[row])
    key = orders.key[position] if len(orders) else position
    total = orders.total_fen[position] if len(orders) else position
    frame = pl.DataFrame(
        {
            PERSON: chunk.people.index[row],
            "kind": events.kind[on_site],
            "at": events.at[on_site],
            "micro": draws.whole(0, 999_999, "ga4_micro", session, number),
            "bundle": number,
            "visit": session,
            "user": pl.Series(np.where(consents, events.login[on_site], 0)),
            "browser": browser,
            "consents": consents,
            "sku": products["sku"].gather(events.product[on_site]),
            "category": products["category"].gather(events.product[on_site]),
            "price_fen": products["list_fen"].gather(events.product[on_site]),
            "quantity": events.quantity[on_site],
            "has_order": has_order,
            "order_id": key,
            "total_fen": total,
        }
    ).with_columns(order_number("order_id"))
    by_device = pl.when("consents").then(pl.format("ga4:anon/{}", "browser"))
    record = pl.when(pl.col("user") > 0).then(pl.format("ga4:{}", "user")).otherwise(by_device)
    return told_once(chunk.world, frame.with_columns(record.alias(RECORD)), "at")


def files(delivered: pl.DataFrame, stamp: Stamp) -> dict[str, bytes]:
    """One file a delivery."""
    utc = pl.col("at") + stamp.epoch - UTC_OFFSET
    kind, has_order = pl.col("kind"), pl.col("has_order")
    has_product = kind.is_in([behavior.VIEWED, behavior.ADDED, behavior.CHECKOUT])
    value = pl.when(has_order).then("total_fen").when(has_product).then(pl.col("price_fen") * pl.col("quantity"))
    is_whole = value % 100 == 0
    item = pl.struct(item_id="sku", item_category="category", price=number("price_fen"), quantity="quantity")
    frame = delivered.sort("at", "micro", "visit", "bundle").select(
        event_date=pl.from_epoch(pl.col("at") + stamp.epoch, time_unit="s").dt.strftime("%Y%m%d"),
        event_timestamp=(utc * 1_000_000 + pl.col("micro")).cast(pl.String),
        event_name=kind.replace_strict(_NAMES, return_dtype=pl.String),
        event_params=pl.concat_list(
            _parameter("currency", text=pl.lit("CNY")),
            # The same parameter is a whole number here and a fraction there.
            # A whole number here and a fraction there, as a tracker sends it.
            _parameter("value", whole=pl.when(is_whole).then(value // 100), fraction=pl.when(~is_whole).then(number(value))),
            _parameter("ga_session_id", whole=pl.col("visit") % 1_000_000),
        ),
        event_bundle_sequence_id=(pl.col("bundle") + 1).cast(pl.String),
        batch_event_index=pl.col("bundle"),
        user_id=pl.when(pl.col("user") > 0).then(pl.col("user").cast(pl.String)),
        user_pseudo_id=pl.when("consents").then("browser"),
        privacy_info=pl.struct(analytics_storage=pl.when("consents").then(pl.lit("Yes")).otherwise(pl.lit("No"))),
        device=pl.struct(category=pl.lit("mobile")),
        ecommerce=pl.struct(
            purchase_revenue=pl.when(has_order).then(number("total_fen")),
            transaction_id=pl.when(has_order).then(pl.col("order_id").cast(pl.String)).otherwise(pl.lit("(not set)")),
        ),
        items=pl.when(has_product).then(pl.concat_list(item)).otherwise(pl.lit([], dtype=pl.List(pl.Null))),
    )
    return {f"events_{stamp.compact}.json.gz": zipped(json_objects(frame))}


def _parameter(key: str, text: pl.Expr | None = None, whole: pl.Expr | None = None, fraction: pl.Expr | None = None) -> pl.Expr:
    nothing = pl.lit(None)
    return pl.struct(
        pl.lit(key).alias("key"),
        pl.struct(
            string_value=(nothing if text is None else text).cast(pl.String),
            int_value=(nothing if whole is None else whole).cast(pl.String),
            float_value=nothing.cast(pl.Float64),
            double_value=(nothing if fraction is None else fraction).cast(pl.Float64),
        ).alias("value"),
    )
