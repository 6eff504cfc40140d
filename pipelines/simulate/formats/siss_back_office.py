"""Siss back office: dumps of payments (`t_rm_payflow`) and members (`t_rm_vip_info`). Space-padded cells, GB18030, gzip.

Payments are those of the receipts in the sale flow: cash as handed over with change on a row of its own, else card or wallet.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from pipelines.simulate.chunk import Chunk
from pipelines.simulate.formats.cells import PERSON, RECORD, Stamp, csv_text, gb18030, instant, laid_out, money, zipped
from pipelines.simulate.formats.siss import padded, receipts
from pipelines.simulate.people import STORE
from pipelines.simulate.till import branch_number, flow_number
from pipelines.simulate.versions import told_once

PAYMENT_HEADER = (
    "com_no,flow_id,flow_no,sale_amount,branch_no,pay_way,sell_way,"
    "card_no,vip_no,coin_no,coin_rate,pay_amount,oper_date,oper_id,"
    "counter_no,sale_man,memo,voucher_no,remote_flag,shift_no,com_flag"
)
MEMBER_HEADER = (
    "card_id,card_no,card_type,vip_name,vip_sex,vip_add,vip_zip,vip_tel,"
    "vip_email,card_status,oper_id,oper_date,vip_start_date,vip_end_date,"
    "use_num,birthday,social_id,mobile,branch_no,memo,acc_num,"
    "residual_amt"
)
_PAYMENT_COLUMNS, _MEMBER_COLUMNS = PAYMENT_HEADER.split(","), MEMBER_HEADER.split(",")
_WAYS = ["RMB", "CRD", "WXP", "ZFB"]
_SALE, _RETURN, _CHANGE = "A", "B", "D"


def payment_rows(chunk: Chunk) -> pl.DataFrame:
    """One row per means of payment of a sale or a return, and one per change given back."""
    where = np.flatnonzero(chunk.orders.channel == STORE)
    orders = chunk.orders.take(where)
    frame = receipts(chunk, orders).with_columns(
        pl.Series("total_fen", orders.total_fen),
        pl.Series("refund_fen", orders.refund_fen),
        pl.Series("way", chunk.world.draws.pick([0.25, 0.2, 0.35, 0.2], "pay_way", orders.key)),
    )
    # Cash is handed over in notes of ten.
    in_notes = -(-pl.col("total_fen") // 1_000) * 1_000
    sold = frame.filter(pl.col("total_fen") > 0).with_columns(
        kind=pl.lit(_SALE), number=pl.lit(1), pay_fen=pl.when(pl.col("way") == 0).then(in_notes).otherwise("total_fen")
    )
    change = sold.filter(pl.col("pay_fen") > pl.col("total_fen")).with_columns(
        kind=pl.lit(_CHANGE), number=pl.lit(2), pay_fen=pl.col("pay_fen") - pl.col("total_fen")
    )
    back = frame.filter((pl.col("refund_at") >= 0) & (pl.col("refund_fen") > 0)).with_columns(
        kind=pl.lit(_RETURN), number=pl.lit(3), pay_fen=pl.col("refund_fen"), at=pl.col("refund_at")
    )
    return told_once(chunk.world, pl.concat([sold, change, back]).drop("refund_at", "is_full", "memo"), "at")


def payment_files(delivered: pl.DataFrame, stamp: Stamp) -> dict[str, bytes]:
    """One dump a delivery."""
    kind = pl.col("kind")
    way = pl.col("way").replace_strict(dict(enumerate(_WAYS)), return_dtype=pl.String)
    cells = {
        "com_no": pl.lit("01"),
        "flow_id": pl.concat_str(pl.col("serial").cast(pl.String), pl.col("number").cast(pl.String)),
        "flow_no": flow_number(pl.when(kind == _RETURN).then(pl.lit("R")).otherwise(pl.lit("S"))),
        "sale_amount": money("total_fen"),
        "branch_no": padded(branch_number(), 6),
        "pay_way": padded(pl.when(kind == _CHANGE).then(pl.lit("CHG")).otherwise(way), 4),
        "sell_way": kind,
        "vip_no": padded(pl.col("card").fill_null(""), 20),
        "coin_no": pl.lit("RMB"),
        "coin_rate": pl.lit("1.0000"),
        "pay_amount": pl.concat_str(money("pay_fen"), pl.lit("00")),
        "oper_date": pl.concat_str(instant("at", stamp.epoch), pl.lit(".000")),
        "oper_id": pl.lit("1001"),
        "shift_no": pl.lit("1"),
        "com_flag": pl.lit("1"),
    }
    frame = delivered.sort("at", "serial", "number").select(laid_out(_PAYMENT_COLUMNS, cells))
    return {f"t_rm_payflow_{stamp.compact}.csv.gz": zipped(gb18030(csv_text(PAYMENT_HEADER, frame, "\r\n")))}


def member_rows(chunk: Chunk) -> pl.DataFrame:
    """One row per card, in the delivery of the day on which it was given out."""
    people, draws = chunk.people, chunk.world.draws
    row = np.flatnonzero(people.has_card)
    index = people.index[row]
    given = people.start_at[row] + draws.whole(9 * 3600, 20 * 3600, "card_hour", index)
    card = people.card[row]
    frame = pl.DataFrame(
        {
            PERSON: index,
            RECORD: "siss:" + card,
            "card": card,
            "name": people.name[row],
            "male": people.male[row],
            "no_sex": draws.chance(0.2, "card_no_sex", index),
            "birthday": people.birthday[row],
            "no_birthday": draws.chance(0.4, "card_no_birthday", index),
            "address": people.address[row],
            "phone": pl.Series(people.phone_at(row, STORE, given)).cast(pl.String),
            # Typed into the field for landlines.
            "as_landline": draws.chance(0.1, "card_landline", index),
            "branch": people.place[row] % 12 + 1,
            "given_at": given,
        }
    )
    return told_once(chunk.world, frame, "given_at")


def member_files(delivered: pl.DataFrame, stamp: Stamp) -> dict[str, bytes]:
    """One dump a delivery."""
    sex = pl.when("no_sex").then(pl.lit("保密")).when("male").then(pl.lit("男")).otherwise(pl.lit("女"))
    birthday = pl.col("birthday").dt.to_string("%Y-%m-%d 00:00:00.000")
    cells = {
        "card_id": padded(pl.col("card"), 20),
        "card_no": padded(pl.col("card"), 20),
        "card_type": pl.lit("10"),
        "vip_name": padded(pl.col("name"), 12),
        "vip_sex": sex,
        "vip_add": pl.col("address"),
        "vip_tel": pl.when("as_landline").then("phone"),
        "card_status": pl.lit("0"),
        "oper_id": pl.lit("1001"),
        "vip_start_date": pl.concat_str(instant("given_at", stamp.epoch), pl.lit(".000")),
        "birthday": pl.when("no_birthday").then(pl.lit("1900-01-01 00:00:00.000")).otherwise(birthday),
        "mobile": pl.when(~pl.col("as_landline")).then("phone"),
        "branch_no": padded(branch_number(), 6),
        "acc_num": pl.lit("0.0000"),
        "residual_amt": pl.lit("0.0000"),
    }
    frame = delivered.sort("given_at", "card").select(laid_out(_MEMBER_COLUMNS, cells))
    return {f"t_rm_vip_info_{stamp.compact}.csv.gz": zipped(gb18030(csv_text(MEMBER_HEADER, frame, "\r\n")))}
