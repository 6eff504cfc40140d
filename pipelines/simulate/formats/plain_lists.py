"""Plain lists of no tool in particular: coupons, reviews, stock, each with English and with Chinese headers.

English coupons belong to member cards and are used in the stores, Chinese ones to phones and in the mini program; reviews are of the web
shop and of the mini program. A few phones of the Chinese coupons went through a spreadsheet: `1.38001E+10` is no phone any more.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from pipelines.simulate.accounts import is_youzan_guest
from pipelines.simulate.catalog import TIERS
from pipelines.simulate.chunk import Chunk
from pipelines.simulate.draws import Flags, Ints
from pipelines.simulate.formats import youzan_orders
from pipelines.simulate.formats.cells import BOM, DELIVERY, PERSON, RECORD, Stamp, csv_text, instant, nobody
from pipelines.simulate.people import NEVER, SHOPIFY, STORE, YOUZAN
from pipelines.simulate.seasons import quiet_end
from pipelines.simulate.spec import DAY_SECONDS
from pipelines.simulate.till import draw_till, flow_number
from pipelines.simulate.versions import told_once

COUPON_HEADER = "coupon_code,issued_at,redeemed_at,expires_at,campaign_no,order_no,member_id"
COUPON_HEADER_ZH = "券码,发放时间,核销时间,过期时间,活动编号,订单号,手机号"
REVIEW_HEADER = "review_id,review_type,score,reviewed_at,order_no,product_id,email,comment"
REVIEW_HEADER_ZH = "评价编号,评价类型,评分,评价时间,订单号,商品编码,手机号,评价内容"
STOCK_HEADER = "product_id,store_id,counted_on,quantity"
STOCK_HEADER_ZH = "商品编码,仓库编码,盘点日期,库存数量"
_VALID_DAYS = 30
_LOST_PHONE_SHARE = 0.03


def coupon_rows(chunk: Chunk) -> pl.DataFrame:
    """One row per coupon of a card and delivery in which it was issued or used."""
    people = chunk.people
    used = chunk.orders.channel == STORE
    frame = _coupons(chunk, "card", people.has_card, used)
    orders = chunk.orders.take(np.maximum(frame["order"].to_numpy(), 0)) if len(chunk.orders) else chunk.orders
    card = people.card[frame["row"].to_numpy()]
    return frame.with_columns(
        card.alias("card"),
        ("coupons:" + card).alias(RECORD),
        pl.Series("branch", draw_till(chunk, orders).branch if len(chunk.orders) else frame["order"]),
    ).drop("row", "order")


def coupon_files(delivered: pl.DataFrame, stamp: Stamp) -> dict[str, bytes]:
    """One file a delivery."""
    return {
        f"coupons_{stamp.compact}.csv": csv_text(COUPON_HEADER, _coupon_cells(delivered, stamp, flow_number(pl.lit("S")), pl.col("card")))
    }


def chinese_coupon_rows(chunk: Chunk) -> pl.DataFrame:
    """One row per coupon of a phone and delivery in which it was issued or used. A phone that is lost is nobody."""
    people, draws = chunk.people, chunk.world.draws
    used = (chunk.orders.channel == YOUZAN) & ~is_youzan_guest(draws, chunk.orders)
    frame = _coupons(chunk, "phone", people.uses[:, YOUZAN], used)
    row = frame["row"].to_numpy()
    phone = pl.Series("phone", people.phone_at(row, YOUZAN, frame["issued_at"].to_numpy())).cast(pl.String)
    lost = pl.Series("lost", draws.chance(_LOST_PHONE_SHARE, "coupon_phone_lost", people.index[row]))
    record = pl.when(~pl.col("lost")).then(pl.format("coupons:{}", "phone"))
    return frame.with_columns(phone, lost).with_columns(record.alias(RECORD)).drop("row", "order")


def chinese_coupon_files(delivered: pl.DataFrame, stamp: Stamp) -> dict[str, bytes]:
    """One file a delivery."""
    phone = pl.col("phone")
    rounded = pl.concat_str(phone.str.slice(0, 1), pl.lit("."), phone.str.slice(1, 5), pl.lit("E+10"))
    holder = pl.when("lost").then(rounded).otherwise(phone)
    cells = _coupon_cells(delivered, stamp, youzan_orders.order_number(stamp.epoch), holder)
    return {f"优惠券_{stamp.day}.csv": BOM + csv_text(COUPON_HEADER_ZH, cells)}


def _coupons(chunk: Chunk, kind: str, may_hold: Flags, may_use: Flags) -> pl.DataFrame:
    """A coupon for four in ten holders, some days after they came; used with their next order while it is valid, if at all."""
    people, draws, orders = chunk.people, chunk.world.draws, chunk.orders
    row = np.flatnonzero(may_hold & draws.chance(0.4, f"coupon_{kind}", people.index))
    index = people.index[row]
    day = np.floor(people.start[row]).astype(np.int64) + draws.whole(0, 6, f"coupon_{kind}/day", index)
    issued = day * DAY_SECONDS + 9 * 3600
    order = _next_order(chunk, row, issued, may_use)
    order = np.where(draws.chance(0.7, f"coupon_{kind}/used", index), order, NEVER)
    found = np.maximum(order, 0)
    has_order = order != NEVER
    at = orders.at[found] if len(orders) else issued
    frame = pl.DataFrame(
        {
            PERSON: index,
            "row": row,
            "order": order,
            "code": f"{kind[:2].upper()}" + pl.Series(10**9 + index).cast(pl.String),
            "issued_at": issued,
            "used_at": np.where(has_order, at, NEVER),
            "has_order": has_order,
            "serial": orders.serial[found] if len(orders) else issued,
            "at": at,
        }
    )
    calendar = chunk.world.calendar
    at_issue, at_use = calendar.delivery_at(issued), calendar.delivery_at(frame["used_at"].to_numpy())
    apart = pl.Series(at_issue != at_use)
    first = frame.with_columns(pl.Series(DELIVERY, at_issue), used_at=pl.lit(NEVER, dtype=pl.Int64)).filter(apart)
    second = frame.with_columns(pl.Series(DELIVERY, at_use))
    return pl.concat([first.select(second.columns), second]).filter(pl.col(DELIVERY) < len(calendar.days))


def _next_order(chunk: Chunk, row: Ints, issued: Ints, may_use: Flags) -> Ints:
    """Position of the first order of each row that was paid within the days of validity, NEVER without one."""
    orders = chunk.orders
    issued_to = np.full(len(chunk.people), np.iinfo(np.int64).max // 2)
    issued_to[row] = issued
    since = orders.at - issued_to[orders.row]
    fits = np.flatnonzero(may_use & (orders.paid_at != NEVER) & (since > 0) & (since < _VALID_DAYS * DAY_SECONDS))
    holders, first = np.unique(orders.row[fits], return_index=True)
    found = np.full(len(chunk.people), NEVER, dtype=np.int64)
    found[holders] = fits[first]
    return found[row]


def _coupon_cells(delivered: pl.DataFrame, stamp: Stamp, order: pl.Expr, holder: pl.Expr) -> pl.DataFrame:
    is_used = pl.col("used_at") >= 0
    return delivered.sort("issued_at", "code").select(
        "code",
        instant("issued_at", stamp.epoch),
        instant("used_at", stamp.epoch),
        pl.from_epoch(pl.col("issued_at") + stamp.epoch + _VALID_DAYS * DAY_SECONDS, time_unit="s")
        .dt.strftime("%Y-%m-%d %H:%M:%S")
        .alias("expires"),
        pl.lit("C1").alias("campaign"),
        pl.when(is_used).then(order).alias("order"),
        holder.alias("holder"),
    )


def review_rows(chunk: Chunk) -> pl.DataFrame:
    """One row per review of an order of the web shop."""
    orders, row = _reviewed(chunk, SHOPIFY)
    email = chunk.people.email[row]
    frame = orders.with_columns(email.alias("email"), ("reviews:" + email).alias(RECORD))
    return told_once(chunk.world, frame, "reviewed_at")


def review_files(delivered: pl.DataFrame, stamp: Stamp) -> dict[str, bytes]:
    """One file a delivery; what people wrote spans lines."""
    kind = pl.when("of_service").then(pl.lit("service")).otherwise(pl.lit("product"))
    cells = _review_cells(delivered, stamp, kind, pl.format("#{}", pl.col("key") + 1_000), pl.col("email"))
    return {f"reviews_{stamp.compact}.csv": csv_text(REVIEW_HEADER, cells)}


def chinese_review_rows(chunk: Chunk) -> pl.DataFrame:
    """One row per review of an order of the mini program."""
    orders, row = _reviewed(chunk, YOUZAN)
    phone = pl.Series(chunk.people.phone_at(row, YOUZAN, orders["at"].to_numpy())).cast(pl.String)
    frame = orders.with_columns(phone.alias("phone"), ("reviews:" + phone).alias(RECORD))
    return told_once(chunk.world, frame, "reviewed_at")


def chinese_review_files(delivered: pl.DataFrame, stamp: Stamp) -> dict[str, bytes]:
    """One file a delivery."""
    kind = pl.when("of_service").then(pl.lit("服务")).otherwise(pl.lit("商品"))
    cells = _review_cells(delivered, stamp, kind, youzan_orders.order_number(stamp.epoch), pl.col("phone"))
    return {f"评价_{stamp.day}.csv": BOM + csv_text(REVIEW_HEADER_ZH, cells)}


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


def _review_cells(delivered: pl.DataFrame, stamp: Stamp, kind: pl.Expr, order: pl.Expr, writer: pl.Expr) -> pl.DataFrame:
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


def stock_rows(chunk: Chunk) -> pl.DataFrame:
    """One row per product, store and place on the last day of each delivery; some goods were sold before they were booked in."""
    return _counted(chunk, stores=3, every=20, stream="stock")


def stock_files(delivered: pl.DataFrame, stamp: Stamp) -> dict[str, bytes]:
    """One file a delivery."""
    store = pl.col("store").cast(pl.String).str.zfill(4)
    return {f"stock_{stamp.compact}.csv": csv_text(STOCK_HEADER, _stock_cells(delivered, store, f"{stamp.day}"))}


def chinese_stock_rows(chunk: Chunk) -> pl.DataFrame:
    """The same for the warehouses."""
    return _counted(chunk, stores=2, every=40, stream="stock_zh")


def chinese_stock_files(delivered: pl.DataFrame, stamp: Stamp) -> dict[str, bytes]:
    """One file a delivery."""
    return {
        f"库存_{stamp.day}.csv": BOM
        + csv_text(STOCK_HEADER_ZH, _stock_cells(delivered, pl.format("W{}", "store"), f"{stamp.day:%Y/%m/%d}"))
    }


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


def _stock_cells(delivered: pl.DataFrame, store: pl.Expr, day: str) -> pl.DataFrame:
    quantity = pl.col("quantity").cast(pl.String).str.replace(r"^(\d)(\d{3})$", "${1},${2}")
    return delivered.sort("store", "sku", "quantity").select("sku", store.alias("store"), pl.lit(day).alias("day"), quantity)
