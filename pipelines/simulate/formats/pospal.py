"""Pospal tickets: the JSON that its programming interface returns, a ticket with its items, ids of 19 digits.

A return is a ticket of its own. Cashiers make a few tickets invalid; they stay in the export.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from pipelines.simulate.chunk import Chunk
from pipelines.simulate.draws import scramble
from pipelines.simulate.formats.cells import PERSON, RECORD, Stamp, instant, json_array, number
from pipelines.simulate.people import NEVER
from pipelines.simulate.shops import POSPAL, draw_shop
from pipelines.simulate.versions import told_once

_FIRST_PRODUCT = 1_234_567_890_123_450_001
_CODES = ["payCode_1", "payCode_3", "payCode_11", "payCode_13"]


def rows(chunk: Chunk) -> pl.DataFrame:
    """One row per ticket, with its items."""
    shop = draw_shop(chunk, POSPAL)
    orders, draws, people = shop.orders, shop.world.draws, shop.people
    position = np.arange(len(orders), dtype=np.int64)
    of, line = shop.lines_of(position)
    member = np.where(
        draws.chance(0.7, "pospal_member", orders.key), 1_100_000_000_000_000_007 + scramble(people.index[orders.row], 10**9, 5) * 10**7, 0
    )
    products = shop.world.catalog.frame
    sold = pl.DataFrame(
        {
            PERSON: people.index[orders.row][of],
            "serial": orders.serial[of],
            "member": member[of],
            "at": orders.at[of],
            "refund_at": orders.refund_at[of],
            "is_full": orders.is_full_refund[of],
            "invalid": (draws.chance(0.02, "pospal_invalid", orders.key) & (orders.refund_at == NEVER)).astype(np.int64)[of],
            "code": draws.pick([0.3, 0.2, 0.3, 0.2], "pospal_way", orders.key)[of],
            "line": shop.lines.number[line],
            "quantity": shop.lines.quantity[line],
            "list_fen": shop.lines.list_fen[line],
            "line_fen": shop.lines.paid_fen[line],
            "title": products["title"].gather(shop.lines.product[line]),
            "product": shop.lines.product[line],
        }
    )
    is_named = pl.col("member") > 0
    sold = sold.with_columns(pl.when(is_named).then(pl.format("pospal:{}", "member")).alias(RECORD))
    is_back = (pl.col("refund_at") >= 0) & (pl.col("is_full") | (pl.col("line") == 0))
    back = sold.filter(is_back).with_columns(at="refund_at", is_return=True)
    both = pl.concat([sold.with_columns(is_return=pl.lit(False)), back]).drop("refund_at", "is_full")
    return told_once(shop.world, _tickets(both), "at")


def _tickets(items: pl.DataFrame) -> pl.DataFrame:
    """The items of a sale or a return in one row."""
    item = pl.struct(
        name="title",
        buyPrice=number(pl.col("list_fen") * 42 // 100),
        sellPrice=number(pl.col("list_fen") // pl.col("quantity")),
        quantity=pl.col("quantity").cast(pl.Float64),
        discount=pl.lit(100.0),
        totalAmount=number("line_fen"),
        productUid=_FIRST_PRODUCT + pl.col("product"),
    )
    by_ticket = items.group_by(PERSON, RECORD, "at", "serial", "is_return", maintain_order=True)
    total = number(pl.col("line_fen").sum())
    return by_ticket.agg(
        pl.col("member", "invalid").first(),
        totalAmount=total,
        payments=pl.concat_list(
            pl.struct(code=pl.col("code").first().replace_strict(dict(enumerate(_CODES)), return_dtype=pl.String), amount=total)
        ),
        items=item,
    )


def files(delivered: pl.DataFrame, stamp: Stamp) -> dict[str, bytes]:
    """One answer of the interface a delivery, with all tickets in it."""
    tickets = delivered.sort("at", "serial", "is_return").select(
        cashierUid=pl.lit(99),
        customerUid="member",
        # Digits only: the second, the serial, and which of the two.
        sn=pl.concat_str(
            instant("at", stamp.epoch, "%Y%m%d%H%M%S"),
            pl.col("serial").cast(pl.String),
            pl.when("is_return").then(pl.lit("2")).otherwise(pl.lit("1")),
        ),
        datetime=instant("at", stamp.epoch),
        totalAmount="totalAmount",
        discount=pl.lit(100.0),
        rounding=pl.lit(0.0),
        ticketType=pl.when("is_return").then(pl.lit("SELL_RETURN")).otherwise(pl.lit("SELL")),
        invalid="invalid",
        payments="payments",
        items="items",
    )
    cursor = '{"parameterType":"LAST_RESULT_MAX_ID","parameterValue":"7"}'
    head = f'{{"status":"success","messages":[],"data":{{"postBackParameter":{cursor},"result":'
    return {f"pospal_tickets_{stamp.compact}.json": head.encode() + json_array(tickets) + b',"pageSize":100}}\n'}
