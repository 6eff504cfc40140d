"""WeChat Pay merchant trade bill, variant ALL: 27 columns, backticks, no quoting, totals in the footer.

One row a payment and one a refund, on the business day on which it happened.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl

from pipelines.simulate.chunk import Chunk
from pipelines.simulate.draws import Ints
from pipelines.simulate.formats.cells import PERSON, RECORD, Stamp, instant, money
from pipelines.simulate.payments import Payments, appids, draw_payments, openids, transaction_number
from pipelines.simulate.people import YOUZAN
from pipelines.simulate.versions import told_once

HEADER = (
    "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,"
    "应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,"
    "手续费,费率,订单金额,申请退款金额,费率备注"
)
_COLUMNS = HEADER.split(",")
FOOTER = "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额"
_MERCHANT = "1900007291"
_BANKS = ["OTHERS", "CMB_DEBIT", "ICBC_DEBIT", "CCB_CREDIT", "ABC_DEBIT"]
_LINE_END = "\r\n"


def rows(chunk: Chunk) -> pl.DataFrame:
    """One row per payment and one per refund."""
    where = np.flatnonzero(chunk.orders.channel == YOUZAN)
    return told_once(chunk.world, moves(chunk, where, draw_payments(chunk, chunk.orders.take(where))), "at")


def moves(chunk: Chunk, where: Ints, payments: Payments) -> pl.DataFrame:
    """One row per payment and one per refund of the orders at the positions given, at any time."""
    orders = chunk.orders.take(where)
    app = appids(payments.app)
    openid = openids(chunk, orders.row, payments.app)
    frame = pl.DataFrame(
        {
            PERSON: chunk.people.index[orders.row],
            RECORD: "wechatpay:" + app + "/" + openid,
            "openid": openid,
            "appid": app,
            "serial": orders.serial,
            "transaction_head": payments.transaction_head,
            "transaction_tail": payments.transaction_tail,
            "bank": chunk.world.draws.pick([0.4, 0.2, 0.15, 0.15, 0.1], "bank", chunk.people.index[orders.row]),
            "title": chunk.titles_of(where)["first_title"],
            "with_comma": chunk.world.draws.chance(0.3, "title_comma", orders.key),
            "paid_at": orders.paid_at,
            "total_fen": orders.total_fen,
            "refund_fen": orders.refund_fen,
            "refund_at": orders.refund_at,
        }
    ).filter(payments.by_wechat)
    paid = frame.with_columns(at=pl.col("paid_at"), is_refund=False)
    back = frame.filter(pl.col("refund_at") >= 0).with_columns(at=pl.col("refund_at"), is_refund=True)
    return pl.concat([paid, back]).drop("refund_at")


def files(delivered: pl.DataFrame, stamp: Stamp) -> dict[str, bytes]:
    """One bill a delivery; of several days when deliveries are sparse, as the merchant platform offers it."""
    frame = with_amounts(delivered.sort("at", "serial", "is_refund"))
    number = pl.concat_str(pl.lit("YZ"), pl.col("serial").cast(pl.String).str.zfill(14))
    return {f"{_MERCHANT}All{days(stamp)}.csv": bill(_COLUMNS, frame, values(stamp, _MERCHANT, number), totals(frame))}


def days(stamp: Stamp) -> str:
    """The day of the bill, or its first and last."""
    return f"{stamp.day}" if stamp.day == stamp.first_day else f"{stamp.first_day}_{stamp.day}"


def with_amounts(frame: pl.DataFrame) -> pl.DataFrame:
    """What was settled, paid back and kept as a fee, as the totals add them up."""
    return frame.with_columns(
        settled=pl.when("is_refund").then(0).otherwise("total_fen"),
        refund=pl.when("is_refund").then("refund_fen").otherwise(0),
        # Fee in hundred-thousandths of a yuan: 0.60 % of a fen is 6 of them; given back with a refund.
        fee=pl.when("is_refund").then(-6 * pl.col("refund_fen")).otherwise(6 * pl.col("total_fen")),
    )


def bill(columns: Sequence[str], frame: pl.DataFrame, cells: Mapping[str, pl.Expr], sums: str) -> bytes:
    """A bill of any variant: header, rows, header of the totals, totals."""
    behind_tick = [pl.concat_str(pl.lit("`"), cells.get(name, pl.lit(""))) for name in columns]
    lines = frame.select(line=pl.concat_str(behind_tick, separator=","))["line"]
    body = _LINE_END.join([",".join(columns), *lines.to_list(), FOOTER, sums]) + _LINE_END
    return "\ufeff".encode() + body.encode()


def totals(frame: pl.DataFrame) -> str:
    """The line of totals."""
    settled = money("settled")
    sums = frame.select(pl.col("settled", "refund", "fee").sum()).select(
        settled, money("refund").alias("refund"), _five_places("fee").alias("fee")
    )
    settled_text, refund_text, fee_text = sums.row(0)
    cells = [str(len(frame)), settled_text, refund_text, "0.00", fee_text, settled_text, refund_text]
    return ",".join(f"`{cell}" for cell in cells)


def _five_places(column: str) -> pl.Expr:
    amount = pl.col(column).cast(pl.Decimal(24, 5)) / 100_000
    return amount.cast(pl.Decimal(24, 5)).cast(pl.String)


def values(stamp: Stamp, merchant: str, order_number: pl.Expr) -> dict[str, pl.Expr]:
    """The cells of a payment or refund by column."""
    is_refund = pl.col("is_refund")
    serial = pl.col("serial").cast(pl.String).str.zfill(14)
    comma = pl.when("with_comma").then(pl.lit(",包邮")).otherwise(pl.lit(""))
    bank = pl.col("bank").replace_strict(old=list(range(len(_BANKS))), new=_BANKS, return_dtype=pl.String)
    refund_date = pl.from_epoch(pl.col("at") + stamp.epoch, time_unit="s").dt.strftime("%Y%m%d")
    return {
        "交易时间": instant("at", stamp.epoch),
        "公众账号ID": pl.col("appid"),
        "商户号": pl.lit(merchant),
        "特约商户号": pl.lit("0"),
        "微信订单号": transaction_number(stamp.epoch),
        "商户订单号": order_number,
        "用户标识": pl.col("openid"),
        "交易类型": pl.lit("JSAPI"),
        "交易状态": pl.when(is_refund).then(pl.lit("REFUND")).otherwise(pl.lit("SUCCESS")),
        "付款银行": bank,
        "货币种类": pl.lit("CNY"),
        "应结订单金额": money("settled"),
        "代金券金额": pl.lit("0.00"),
        "微信退款单号": pl.when(is_refund).then(pl.concat_str(pl.lit("50300"), refund_date, serial)).otherwise(pl.lit("0")),
        "商户退款单号": pl.when(is_refund).then(pl.concat_str(pl.lit("TK"), serial)).otherwise(pl.lit("0")),
        "退款金额": money("refund"),
        "充值券退款金额": pl.lit("0.00"),
        "退款类型": pl.when(is_refund).then(pl.lit("ORIGINAL")).otherwise(pl.lit("")),
        "退款状态": pl.when(is_refund).then(pl.lit("SUCCESS")).otherwise(pl.lit("")),
        "商品名称": pl.concat_str("title", comma),
        "手续费": _five_places("fee"),
        "费率": pl.lit("0.60%"),
        "订单金额": money("settled"),
        "申请退款金额": money("refund"),
    }
