"""WeChat Pay's bill in its other variants, of the merchant behind the WeChat Store and Youzan's outlet: SUCCESS and REFUND.

They tell of the payments and refunds of those orders, under the numbers that the order exports name.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from pipelines.simulate.chunk import Chunk
from pipelines.simulate.draws import Ints
from pipelines.simulate.formats import wechatpay
from pipelines.simulate.formats.cells import Stamp, instant, money
from pipelines.simulate.formats.weixin_store import order_number, store_payments
from pipelines.simulate.payments import draw_payments
from pipelines.simulate.shops import WEIXIN_STORE, YOUZAN_OUTLET, draw_shop
from pipelines.simulate.versions import told_once

SUCCESS_HEADER = (
    "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,"
    "应结订单金额,代金券金额,商品名称,商户数据包,手续费,费率,订单金额,费率备注"
)
REFUND_HEADER = (
    "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,"
    "应结订单金额,代金券金额,退款申请时间,退款成功时间,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,"
    "商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注"
)
_MERCHANT = "1900009851"


def success_rows(chunk: Chunk) -> pl.DataFrame:
    """One row per payment."""
    return _moves(chunk).filter(~pl.col("is_refund"))


def refund_rows(chunk: Chunk) -> pl.DataFrame:
    """One row per refund."""
    return _moves(chunk).filter("is_refund")


def _moves(chunk: Chunk) -> pl.DataFrame:
    store, outlet = draw_shop(chunk, WEIXIN_STORE), draw_shop(chunk, YOUZAN_OUTLET)
    by_shop = [
        wechatpay.moves(store, _all(store), store_payments(store)).with_columns(number=order_number().cast(pl.String)),
        wechatpay.moves(outlet, _all(outlet), draw_payments(outlet, outlet.orders)).with_columns(
            number=pl.concat_str(pl.lit("YZ"), pl.col("serial").cast(pl.String).str.zfill(14))
        ),
    ]
    return told_once(chunk.world, pl.concat(by_shop), "at")


def _all(shop: Chunk) -> Ints:
    return np.arange(len(shop.orders), dtype=np.int64)


def success_files(delivered: pl.DataFrame, stamp: Stamp) -> dict[str, bytes]:
    """One bill a delivery."""
    frame = wechatpay.with_amounts(delivered.sort("at", "serial"))
    text = wechatpay.bill(SUCCESS_HEADER.split(","), frame, wechatpay.values(stamp, _MERCHANT, pl.col("number")), wechatpay.totals(frame))
    return {f"{_MERCHANT}Success{wechatpay.days(stamp)}.csv": text}


def refund_files(delivered: pl.DataFrame, stamp: Stamp) -> dict[str, bytes]:
    """One bill a delivery; the amounts of the payment stand beside the refund, and in no total."""
    frame = wechatpay.with_amounts(delivered.sort("at", "serial"))
    cells = wechatpay.values(stamp, _MERCHANT, pl.col("number")) | {
        "交易时间": instant("paid_at", stamp.epoch),
        "退款申请时间": instant("at", stamp.epoch),
        "退款成功时间": instant("at", stamp.epoch),
        "应结订单金额": money("total_fen"),
        "订单金额": money("total_fen"),
    }
    text = wechatpay.bill(REFUND_HEADER.split(","), frame, cells, wechatpay.totals(frame))
    return {f"{_MERCHANT}Refund{wechatpay.days(stamp)}.csv": text}
