"""Siss POS sale flow (`t_rm_saleflow`): 35 columns, space-padded cells, GB18030, gzip, one row a receipt line.

Sales are sell_way A, returns B on a receipt of their own. The only identity is the member card; cashiers type the
phone for an electronic receipt into `memo` now and then, and swipe one shared card for people who hold none.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from pipelines.simulate.chunk import Chunk
from pipelines.simulate.formats.cells import DELIVERY, PERSON, RECORD, Stamp, csv_text, gb18030, instant, money, zipped
from pipelines.simulate.names import WALK_IN_CARD
from pipelines.simulate.people import STORE
from pipelines.simulate.purchases import Orders
from pipelines.simulate.till import branch_number, draw_till, flow_number

HEADER = (
    "com_no,flow_id,flow_no,branch_no,item_no,item_subno,source_price,sale_price,cost_price,sale_qnty,sale_money,"
    "sell_way,oper_id,sale_man,sale_name,oper_date,shift_no,com_flag,spec_flag,pref_amt,in_price,acc_num,dec_rate,"
    "card_id,card_no,pro_id,clss_rate,brand_rate,sale_rate,sale_duty_rate,plan_no,serials_no,gift_msg,memo,main_sup"
)
_COLUMNS = HEADER.split(",")


def rows(chunk: Chunk) -> pl.DataFrame:
    """One row per line of a sale or a return. A partial return takes the first line back."""
    where = np.flatnonzero(chunk.orders.channel == STORE)
    of, mine = chunk.lines_of(where)
    lines, products = chunk.lines, chunk.world.catalog.frame
    sold = receipts(chunk, chunk.orders.take(where))[of].with_columns(
        pl.Series("line", lines.number[mine]),
        pl.Series("quantity", lines.quantity[mine]),
        pl.Series("list_fen", lines.list_fen[mine]),
        pl.Series("money_fen", lines.paid_fen[mine]),
        pl.Series("sku", products["sku"].gather(lines.product[mine])),
        pl.Series("cost_fen", products["cost_fen"].gather(lines.product[mine])),
    )
    is_back = (pl.col("refund_at") >= 0) & (pl.col("is_full") | (pl.col("line") == 0))
    back = sold.filter(is_back).with_columns(at="refund_at", is_return=True)
    both = pl.concat([sold.with_columns(is_return=False), back]).drop("refund_at", "is_full")
    delivery = chunk.world.calendar.delivery_at(both["at"].to_numpy())
    return both.with_columns(pl.Series(DELIVERY, delivery)).filter(pl.Series(delivery < len(chunk.world.calendar.days)))


def receipts(chunk: Chunk, orders: Orders) -> pl.DataFrame:
    """One row per receipt: card or none, phone in the memo or none. The walk-in card is nobody: it has no person."""
    people, till = chunk.people, draw_till(chunk, orders)
    frame = pl.DataFrame(
        {
            PERSON: people.index[orders.row],
            "serial": orders.serial,
            "branch": till.branch,
            "at": orders.at,
            "refund_at": orders.refund_at,
            "is_full": orders.is_full_refund,
            "card": people.card.gather(orders.row),
            "shows_card": till.shows_card,
            "walk_in": till.takes_walk_in_card,
            "memo": till.phones.typed,
            "writes_memo": till.writes_memo,
        }
    )
    frame = frame.with_columns(
        pl.when(~pl.col("walk_in")).then(PERSON).alias(PERSON),
        card=pl.when("shows_card").then("card").when("walk_in").then(pl.lit(WALK_IN_CARD)),
        memo=pl.when("writes_memo").then(pl.col("memo").cast(pl.String)),
    ).drop("shows_card", "walk_in", "writes_memo")
    return frame.with_columns(pl.format("siss:{}", "card").alias(RECORD))


def files(delivered: pl.DataFrame, stamp: Stamp) -> dict[str, bytes]:
    """One dump a delivery."""
    frame = delivered.sort("at", "serial", "is_return", "line").select(_cells(stamp))
    return {f"t_rm_saleflow_{stamp.compact}.csv.gz": zipped(gb18030(csv_text(HEADER, frame)))}


def _cells(stamp: Stamp) -> list[pl.Expr]:
    is_return = pl.col("is_return")
    # Versions of the till differ in the sign of a return: the even branches write it as a negative number.
    sign = pl.when(is_return & (pl.col("branch") % 2 == 0)).then(-1).otherwise(1)
    unit_list = pl.col("list_fen") // pl.col("quantity")
    unit_paid = pl.col("money_fen") // pl.col("quantity")
    values: dict[str, pl.Expr] = {
        "com_no": pl.lit("01"),
        "flow_id": pl.concat_str(
            pl.col("serial").cast(pl.String), (pl.col("line") + pl.when(is_return).then(5).otherwise(1)).cast(pl.String)
        ),
        "flow_no": flow_number(pl.when(is_return).then(pl.lit("R")).otherwise(pl.lit("S"))),
        "branch_no": padded(branch_number(), 6),
        "item_no": padded(pl.col("sku"), 20),
        "item_subno": padded(pl.col("sku"), 20),
        "source_price": money(unit_list),
        "sale_price": money(unit_paid),
        "cost_price": money("cost_fen"),
        "sale_qnty": (sign * pl.col("quantity")).cast(pl.String),
        "sale_money": money(sign * pl.col("money_fen")),
        "sell_way": pl.when(is_return).then(pl.lit("B")).otherwise(pl.lit("A")),
        "oper_id": pl.lit("1001"),
        "sale_man": pl.lit("9999  "),
        "oper_date": instant("at", stamp.epoch),
        "shift_no": pl.lit("1"),
        "com_flag": pl.lit("1"),
        "in_price": money("cost_fen"),
        "card_id": padded(pl.col("card").fill_null(""), 20),
        "memo": pl.col("memo"),
        "main_sup": pl.lit("000001"),
    }
    nothing = pl.lit(None, dtype=pl.String)
    return [values.get(name, nothing).alias(name) for name in _COLUMNS]


def padded(text: pl.Expr, width: int) -> pl.Expr:
    """As a column of fixed width gives it."""
    return text.str.pad_end(width)
