"""WeChat Store: orders by article, in Excel; the amounts of the order on every row, the refunded amount on the article's own.

The buyer is not named: the number of the payment leads to the openid of the bill, and the receiver's phone is real, virtual or masked.
"""

from __future__ import annotations

import dataclasses

import numpy as np
import polars as pl

from pipelines.simulate import names
from pipelines.simulate.chunk import Chunk
from pipelines.simulate.formats.cells import RECORD, Stamp, decoded, instant, laid_out, masked, yuan
from pipelines.simulate.formats.workbooks import workbooks
from pipelines.simulate.payments import Payments, draw_payments, transaction_number
from pipelines.simulate.people import NEVER, YOUZAN
from pipelines.simulate.shops import CLOSED, WEIXIN_STORE, draw_shop, told_lines, told_orders

HEADER = (
    "订单号,订单下单时间,订单发货时间,订单确认收货时间,订单完成结算时间,订单状态,发货方式,收件人姓名,收件人地址,省,市,区,"
    "收件人手机,买家备注,商家备注,打标颜色,商品总价,订单实际支付金额,订单实际收款金额,订单运费,商品优惠,跨店优惠,商品改价,"
    "积分抵扣,支付方式,支付时间,交易单号,物流公司,快递单号,技术服务费,技术服务费（将以人气卡形式返还）,运费险预计投保费用,带货方式,"
    "带货账号类型,带货账号昵称,带货费用渠道,带货费用类型,带货费用,带货佣金率,礼物单号,商品名称,商品编码(平台),商品编码(自定义),"
    "SKU编码(自定义),商品属性,商品价格(单件),商品实际价格(单件),商品实际价格(总共),是否预售,商品数量,商品平台券优惠,"
    "商品平均运费,定制信息,定制预览图,商品发货,商品售后,商品已退款金额"
)
_COLUMNS = HEADER.split(",")
_STATUS = ["待付款", "待发货", "待收货", "已完成", "已取消"]
# The store's own app, the last of the retailer's.
_APP = len(names.WECHAT_APPIDS) - 1
_FIRST_PRODUCT = 10_000_000_000_000
_REAL, _VIRTUAL, _MASKED = range(3)


def store_payments(shop: Chunk) -> Payments:
    """What the store's buyers paid, all of it by WeChat; the bill and the order export tell of it with the same number."""
    drawn = draw_payments(shop, shop.orders)
    paid = (shop.orders.paid_at != NEVER) & (shop.orders.total_fen > 0)
    return dataclasses.replace(drawn, by_wechat=paid, app=np.full(len(paid), _APP, dtype=np.int64))


def order_number() -> pl.Expr:
    """19 digits, from `serial`."""
    return 3_700_000_000_000_007_368 + pl.col("serial") * 10_000


def rows(chunk: Chunk) -> pl.DataFrame:
    """One row per article of an order and delivery. An order that names neither payment nor a real phone belongs to nobody."""
    shop = draw_shop(chunk, WEIXIN_STORE)
    draws, people, orders = shop.world.draws, shop.people, shop.orders
    payments = store_payments(shop)
    told = told_orders(shop)
    order = told["order"].to_numpy()
    row = orders.row[order]
    host = np.array(names.VIRTUAL_HOSTS)[draws.whole(0, len(names.VIRTUAL_HOSTS) - 1, "host", orders.key)]
    facts = told.with_columns(
        order_number().alias("number"),
        pl.Series("phone_state", draws.pick([0.5, 0.3, 0.2], "store_phone", orders.key)[order]),
        pl.Series("phone", people.phone_at(row, YOUZAN, orders.at[order])).cast(pl.String),
        pl.Series("host", host[order]),
        pl.Series("extension", draws.whole(1000, 9999, "extension", orders.key)[order]),
        people.name[row].alias("name"),
        people.address[row].alias("address"),
        pl.Series("place", people.place[row]),
        pl.Series("by_wechat", payments.by_wechat[order]),
        pl.Series("transaction_head", payments.transaction_head[order]),
        pl.Series("transaction_tail", payments.transaction_tail[order]),
    )
    is_named = (pl.col("by_wechat") & (pl.col("paid_at") >= 0)) | (pl.col("phone_state") == _REAL)
    record = pl.when(is_named).then(pl.format("weixin_store:{}", "number"))
    return told_lines(shop, facts.with_columns(record.alias(RECORD))).drop("order")


def files(delivered: pl.DataFrame, stamp: Stamp) -> dict[str, bytes]:
    """One workbook a delivery."""
    is_paid, state = pl.col("paid_at") >= 0, pl.col("phone_state")
    phone = pl.col("phone")
    shown = (
        pl.when(state == _VIRTUAL).then(pl.format("{}-{}", "host", "extension")).when(state == _MASKED).then(masked(phone)).otherwise(phone)
    )
    is_back, listed = pl.col("line_refunded_fen") > 0, pl.col("list_fen")
    paid = yuan(pl.when(is_paid).then("total_fen").otherwise(0))
    cells = {
        "订单号": pl.col("number").cast(pl.String),
        "订单下单时间": instant("at", stamp.epoch),
        "订单发货时间": instant("shipped_at", stamp.epoch),
        "订单确认收货时间": instant("done_at", stamp.epoch),
        "订单状态": decoded("state", _STATUS),
        "发货方式": pl.lit("快递"),
        "收件人姓名": pl.col("name"),
        "收件人地址": pl.concat_str(decoded("place", [f"{province} {city} " for city, province, _, _ in names.PLACES]), "address"),
        "省": decoded("place", [province for _, province, _, _ in names.PLACES]),
        "市": decoded("place", [city for city, *_ in names.PLACES]),
        "区": pl.col("address").str.split(" ").list.get(0),
        "收件人手机": shown,
        "商品总价": yuan("goods_fen"),
        "订单实际支付金额": paid,
        "订单实际收款金额": paid,
        "订单运费": yuan("shipping_fen"),
        "支付方式": pl.when(is_paid).then(pl.lit("微信支付")),
        "支付时间": instant("paid_at", stamp.epoch),
        "交易单号": pl.when(is_paid & pl.col("by_wechat")).then(transaction_number(stamp.epoch)),
        "商品名称": pl.col("title"),
        "商品编码(平台)": (_FIRST_PRODUCT + pl.col("product")).cast(pl.String),
        "SKU编码(自定义)": pl.col("sku"),
        "商品价格(单件)": yuan(listed // pl.col("quantity")),
        "商品实际价格(单件)": yuan(pl.col("line_fen") // pl.col("quantity")),
        "商品实际价格(总共)": yuan("line_fen"),
        "是否预售": pl.lit("否"),
        "商品数量": pl.col("quantity"),
        "商品发货": pl.when(pl.col("shipped_at") >= 0).then(pl.lit("已发货")).otherwise(pl.lit("未发货")),
        "商品售后": pl.when(is_back).then(pl.lit("退款完成")).when(pl.col("state") == CLOSED).then(pl.lit("-")),
        "商品已退款金额": yuan("line_refunded_fen"),
    }
    frame = delivered.sort("at", "number", "line").select(laid_out(_COLUMNS, cells))
    return workbooks(f"weixin_store_orders_{stamp.day}", _COLUMNS, frame)
