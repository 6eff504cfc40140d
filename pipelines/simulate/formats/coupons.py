"""Coupons as plain CSV: English headers with member cards, used in the stores; Chinese ones with phones, used in the mini program.

A few of the phones went through a spreadsheet: `1.38001E+10` is no phone any more.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from pipelines.simulate.accounts import is_youzan_guest
from pipelines.simulate.chunk import Chunk
from pipelines.simulate.draws import Flags, Ints
from pipelines.simulate.formats import youzan_orders
from pipelines.simulate.formats.cells import BOM, DELIVERY, PERSON, RECORD, Stamp, csv_text, instant
from pipelines.simulate.people import NEVER, STORE, YOUZAN
from pipelines.simulate.spec import DAY_SECONDS
from pipelines.simulate.till import draw_till, flow_number

HEADER = "coupon_code,issued_at,redeemed_at,expires_at,campaign_no,order_no,member_id"
CHINESE_HEADER = "券码,发放时间,核销时间,过期时间,活动编号,订单号,手机号"
_VALID_DAYS = 30
_LOST_PHONE_SHARE = 0.03


def rows(chunk: Chunk) -> pl.DataFrame:
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


def files(delivered: pl.DataFrame, stamp: Stamp) -> dict[str, bytes]:
    """One file a delivery."""
    return {f"coupons_{stamp.compact}.csv": csv_text(HEADER, _cells(delivered, stamp, flow_number(pl.lit("S")), pl.col("card")))}


def chinese_rows(chunk: Chunk) -> pl.DataFrame:
    """One row per coupon of a phone and delivery in which it was issued or used. A phone that is lost is nobody."""
    people, draws = chunk.people, chunk.world.draws
    used = (chunk.orders.channel == YOUZAN) & ~is_youzan_guest(draws, chunk.orders)
    frame = _coupons(chunk, "phone", people.uses[:, YOUZAN], used)
    row = frame["row"].to_numpy()
    phone = pl.Series("phone", people.phone_at(row, YOUZAN, frame["issued_at"].to_numpy())).cast(pl.String)
    lost = pl.Series("lost", draws.chance(_LOST_PHONE_SHARE, "coupon_phone_lost", people.index[row]))
    record = pl.when(~pl.col("lost")).then(pl.format("coupons:{}", "phone"))
    return frame.with_columns(phone, lost).with_columns(record.alias(RECORD)).drop("row", "order")


def chinese_files(delivered: pl.DataFrame, stamp: Stamp) -> dict[str, bytes]:
    """One file a delivery."""
    phone = pl.col("phone")
    rounded = pl.concat_str(phone.str.slice(0, 1), pl.lit("."), phone.str.slice(1, 5), pl.lit("E+10"))
    holder = pl.when("lost").then(rounded).otherwise(phone)
    cells = _cells(delivered, stamp, youzan_orders.order_number(stamp.epoch), holder)
    return {f"优惠券_{stamp.day}.csv": BOM + csv_text(CHINESE_HEADER, cells)}


def _coupons(chunk: Chunk, kind: str, may_hold: Flags, may_use: Flags) -> pl.DataFrame:
    """A coupon for four in ten holders, some days after they came; used with their next order while it is valid, if at all."""
    people, draws, orders = chunk.people, chunk.world.draws, chunk.orders
    row = np.flatnonzero(may_hold & draws.chance(0.4, f"coupon_{kind}", people.index))
    index = people.index[row]
    issued = people.start_at[row] + draws.whole(0, 6, f"coupon_{kind}/day", index) * DAY_SECONDS + 9 * 3600
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


def _cells(delivered: pl.DataFrame, stamp: Stamp, order: pl.Expr, holder: pl.Expr) -> pl.DataFrame:
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
