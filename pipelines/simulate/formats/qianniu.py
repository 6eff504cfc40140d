"""Taobao's third generation, the order and item reports of Qianniu: Excel, of a Tmall shop, without anybody's name.

Amounts are numbers there and ids texts. Orders belong to nobody; only the number of the payment leads on, to Alipay's bill.
"""

from __future__ import annotations

import polars as pl

from pipelines.simulate.chunk import Chunk
from pipelines.simulate.formats.alipay import payment_detail, payment_number
from pipelines.simulate.formats.cells import Stamp, decoded, instant, laid_out, money, nobody, yuan
from pipelines.simulate.formats.taobao import STATUS, order_numbers
from pipelines.simulate.formats.workbooks import workbooks
from pipelines.simulate.shops import CLOSED, TMALL, draw_shop, told_lines, told_orders

ORDER_HEADER = (
    "订单编号,支付单号,支付详情,买家应付货款,买家应付邮费,总金额,买家实付金额,订单状态,订单创建时间,订单付款时间,商品标题,"
    "宝贝种类,宝贝总数量,店铺Id,店铺名称,订单关闭原因,卖家服务费,退款金额,是否主动赔付,主动赔付金额,主动赔付出账时间,"
    "商品属性SKU,C2B小额收款,发货时间,确认收货时间,确认收货打款金额,含应开票给个人红包,总金额(旧版),物流单号,物流公司,"
    "商家备注,商家编码"
)
ITEM_HEADER = (
    "子订单编号,主订单编号,商品标题,商品价格,购买数量,外部系统编号,商品属性,套餐信息,订单状态,商家编码,支付单号,买家应付货款,"
    "买家实付金额,退款状态,退款金额,订单创建时间,订单付款时间,商品ID,商家备注"
)
_ORDER_COLUMNS, _ITEM_COLUMNS = ORDER_HEADER.split(","), ITEM_HEADER.split(",")
_FIRST_PRODUCT = 600_000_000_000


def order_rows(chunk: Chunk) -> pl.DataFrame:
    """One row per order and delivery that tells of it."""
    shop, told = _told(chunk)
    titles = shop.titles_of(told["order"].to_numpy()).select("titles", "kinds", "pieces")
    return told.hstack(titles).drop("order")


def item_rows(chunk: Chunk) -> pl.DataFrame:
    """One row per article of an order and delivery that tells of it."""
    shop, told = _told(chunk)
    return told_lines(shop, told).drop("order")


def _told(chunk: Chunk) -> tuple[Chunk, pl.DataFrame]:
    shop = draw_shop(chunk, TMALL)
    told = told_orders(shop)
    number = pl.Series(order_numbers(shop.world.draws, shop.orders)[told["order"].to_numpy()])
    return shop, told.with_columns(*nobody(), number=number)


def order_files(delivered: pl.DataFrame, stamp: Stamp) -> dict[str, bytes]:
    """One workbook a delivery."""
    is_paid, is_shipped = pl.col("paid_at") >= 0, pl.col("shipped_at") >= 0
    refunded = pl.col("refunded_fen")
    reason = pl.when((pl.col("state") == CLOSED) & (refunded > 0)).then(pl.lit("退款"))
    cells = {
        "订单编号": pl.col("number").cast(pl.String),
        "支付单号": _payment(stamp),
        "支付详情": pl.when(is_paid).then(payment_detail(stamp.epoch)),
        "买家应付货款": yuan("goods_fen"),
        "买家应付邮费": yuan("shipping_fen"),
        "总金额": yuan("total_fen"),
        "买家实付金额": yuan(pl.when(is_paid).then("total_fen").otherwise(0)),
        "订单状态": decoded("state", STATUS),
        "订单创建时间": instant("at", stamp.epoch),
        "订单付款时间": instant("paid_at", stamp.epoch),
        "商品标题": pl.col("titles"),
        "宝贝种类": pl.col("kinds"),
        "宝贝总数量": pl.col("pieces"),
        "店铺Id": pl.lit("0"),
        "店铺名称": pl.lit("四季生活天猫店"),
        "订单关闭原因": reason.when(pl.col("state") == CLOSED).then(pl.lit("买家未付款")).otherwise(pl.lit("订单未关闭")),
        "退款金额": yuan("refunded_fen"),
        "发货时间": instant("shipped_at", stamp.epoch).fill_null("--"),
        "确认收货时间": instant("done_at", stamp.epoch).fill_null("--"),
        "确认收货打款金额": yuan(pl.when(pl.col("done_at") >= 0).then(pl.col("total_fen") - refunded).otherwise(0)),
        "物流公司": pl.when(is_shipped).then(pl.lit("圆通速递")),
    }
    frame = delivered.sort("at", "number").select(laid_out(_ORDER_COLUMNS, cells))
    return workbooks(f"ExportOrderTmallList{stamp.compact}2355", _ORDER_COLUMNS, frame)


def item_files(delivered: pl.DataFrame, stamp: Stamp) -> dict[str, bytes]:
    """One workbook a delivery."""
    is_back = pl.col("line_refunded_fen") > 0
    # Text in a column of numbers, as the platform writes it where nobody asked for money.
    refund = pl.when(is_back).then(money("line_refunded_fen")).otherwise(pl.lit("无退款申请"))
    cells = {
        "子订单编号": (pl.col("number") + 1 + pl.col("line")).cast(pl.String),
        "主订单编号": pl.col("number").cast(pl.String),
        "商品标题": pl.col("title"),
        "商品价格": yuan(pl.col("list_fen") // pl.col("quantity")),
        "购买数量": pl.col("quantity"),
        "订单状态": decoded("state", STATUS),
        "商家编码": pl.col("sku"),
        "支付单号": _payment(stamp),
        "买家应付货款": yuan("line_fen"),
        "买家实付金额": yuan(pl.when(pl.col("paid_at") >= 0).then("line_fen").otherwise(0)),
        "退款状态": pl.when(is_back).then(pl.lit("退款成功")).otherwise(pl.lit("没有申请退款")),
        "退款金额": refund,
        "订单创建时间": instant("at", stamp.epoch),
        "订单付款时间": instant("paid_at", stamp.epoch),
        "商品ID": (_FIRST_PRODUCT + pl.col("product")).cast(pl.String),
    }
    frame = delivered.sort("at", "number", "line").select(laid_out(_ITEM_COLUMNS, cells))
    return workbooks(f"ExportOrderItemList{stamp.compact}2355", _ITEM_COLUMNS, frame)


def _payment(stamp: Stamp) -> pl.Expr:
    return pl.when((pl.col("paid_at") >= 0) & (pl.col("total_fen") > 0)).then(payment_number(stamp.epoch))
