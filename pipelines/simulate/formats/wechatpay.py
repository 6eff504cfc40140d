"""WeChat Pay merchant trade bill, variant ALL: 27 columns, backticks, no quoting, totals in the footer.

One row a payment and one a refund, on the business day on which it happened.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from pipelines.simulate.chunk import Chunk
from pipelines.simulate.formats.cells import DELIVERY, PERSON, RECORD, Stamp, instant, money
from pipelines.simulate.payments import appids, draw_payments, openids, transaction_number
from pipelines.simulate.people import YOUZAN

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
    orders = chunk.orders.take(where)
    payments = draw_payments(chunk, orders)
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
    both = pl.concat([paid, back]).drop("refund_at")
    delivery = chunk.world.calendar.delivery_at(both["at"].to_numpy())
    return both.with_columns(pl.Series(DELIVERY, delivery)).filter(pl.Series(delivery < len(chunk.world.calendar.days)))


def files(delivered: pl.DataFrame, stamp: Stamp) -> dict[str, bytes]:
    """One bill a delivery; of several days when deliveries are sparse, as the merchant platform offers it."""
    frame = delivered.sort("at", "serial", "is_refund").with_columns(
        settled=pl.when("is_refund").then(0).otherwise("total_fen"),
        refund=pl.when("is_refund").then("refund_fen").otherwise(0),
        # Fee in hundred-thousandths of a yuan: 0.60 % of a fen is 6 of them; given back with a refund.
        fee=pl.when("is_refund").then(-6 * pl.col("refund_fen")).otherwise(6 * pl.col("total_fen")),
    )
    lines = frame.select(line=pl.concat_str(_cells(stamp), separator=","))["line"]
    body = _LINE_END.join([HEADER, *lines.to_list(), FOOTER, _totals(frame)]) + _LINE_END
    days = f"{stamp.day}" if stamp.day == stamp.first_day else f"{stamp.first_day}_{stamp.day}"
    return {f"{_MERCHANT}All{days}.csv": "\ufeff".encode() + body.encode()}


def _totals(frame: pl.DataFrame) -> str:
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


def _cells(stamp: Stamp) -> list[pl.Expr]:
    is_refund = pl.col("is_refund")
    serial = pl.col("serial").cast(pl.String).str.zfill(14)
    comma = pl.when("with_comma").then(pl.lit(",包邮")).otherwise(pl.lit(""))
    bank = pl.col("bank").replace_strict(old=list(range(len(_BANKS))), new=_BANKS, return_dtype=pl.String)
    refund_date = pl.from_epoch(pl.col("at") + stamp.epoch, time_unit="s").dt.strftime("%Y%m%d")
    values: dict[str, pl.Expr] = {
        "交易时间": instant("at", stamp.epoch),
        "公众账号ID": pl.col("appid"),
        "商户号": pl.lit(_MERCHANT),
        "特约商户号": pl.lit("0"),
        "微信订单号": transaction_number(stamp.epoch),
        "商户订单号": pl.concat_str(pl.lit("YZ"), serial),
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
    return [pl.concat_str(pl.lit("`"), values.get(name, pl.lit(""))) for name in _COLUMNS]
