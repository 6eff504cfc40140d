"""JD: orders by article (30 columns and a trailing comma) and the settlement detail (Excel under a note).

The amounts of an order stand on every row of it, and a bracket before a status says that it was taken back. The settlement bills goods
money and commission in the night after the money moved; goods that came back are money that goes out.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from pipelines.simulate import names
from pipelines.simulate.chunk import Chunk
from pipelines.simulate.draws import scramble
from pipelines.simulate.formats.cells import NOTHING, RECORD, Stamp, csv_text, gb18030, instant, laid_out, masked, money, nobody, yuan
from pipelines.simulate.formats.workbooks import workbooks
from pipelines.simulate.people import SHOPIFY
from pipelines.simulate.shops import CLOSED, DONE, JD, PAID, SHIPPED, draw_shop, money_moves, told_lines, told_orders

ORDER_HEADER = (
    "订单号,商品ID,商品名称,订购数量,支付方式,下单时间,京东价,订单金额,结算金额,余额支付,应付金额,订单状态,订单类型,下单帐号,"
    "客户姓名,客户地址,联系电话,订单备注,发票类型,发票抬头,发票内容,商家备注,商家备注等级（等级1-5为由高到低）,运费金额,"
    "付款确认时间,增值税发票,货号,订单完成时间,订单来源,订单渠道"
)
MONEY_HEADER = (
    "订单编号,父单号,订单状态,订单下单时间,订单完成时间,售后服务单号,售后退款时间,商品编号,商品名称,商品数量,扣点类型,佣金比例,"
    "费用名称,应结金额,币种,收支方向,结算状态,预计结算时间,账单生成时间,到账时间,商户订单号,资金动账备注"
)
_ORDER_COLUMNS, _MONEY_COLUMNS = ORDER_HEADER.split(","), MONEY_HEADER.split(",")
_FIRST_PRODUCT = 10_099_900_000_000
_BILLED_AFTER = 3_600


def order_rows(chunk: Chunk) -> pl.DataFrame:
    """One row per article of an order and delivery that tells of it. The buyer is known by the pin."""
    shop = draw_shop(chunk, JD)
    draws, people, orders = shop.world.draws, shop.people, shop.orders
    told = told_orders(shop)
    order = told["order"].to_numpy()
    row = orders.row[order]
    pin = "jd_" + pl.Series(scramble(people.index, 10**9, 987654321)).cast(pl.String)
    phone = pl.Series(people.phone_at(row, SHOPIFY, orders.at[order])).cast(pl.String)
    facts = told.with_columns(
        pin[row].alias("pin"),
        ("jd:" + pin[row]).alias(RECORD),
        people.name[row].alias("name"),
        people.address[row].alias("address"),
        phone.alias("phone"),
        pl.Series("place", people.place[row]),
        pl.Series("masked", draws.chance(0.3, "jd_masked", orders.key)[order]),
        pl.Series("balance_fen", np.where(draws.chance(0.1, "jd_balance", orders.key), orders.total_fen // 5, 0)[order]),
        pl.Series("by_float", draws.chance(0.2, "jd_float", orders.key)[order]),
        pl.Series("held", draws.chance(0.03, "jd_held", orders.key)[order]),
    )
    return told_lines(shop, facts).drop("order", "line_refunded_fen")


def _number() -> pl.Expr:
    return (300_000_000_000_000 + pl.col("serial")).cast(pl.String)


def order_files(delivered: pl.DataFrame, stamp: Stamp) -> dict[str, bytes]:
    """One file a delivery, in GB18030."""
    state, total = pl.col("state"), pl.col("total_fen")
    taken_back = (
        pl.when(pl.col("refunded_fen") == 0)
        .then(pl.lit("已取消"))
        .when(pl.col("shipped_at") >= 0)
        .then(pl.lit("(删除)等待确认收货"))
        .otherwise(pl.lit("(删除)等待出库"))
    )
    status = (
        pl.when(state == CLOSED)
        .then(taken_back)
        .when(state == DONE)
        .then(pl.lit("完成"))
        .when((state == SHIPPED) & pl.col("held"))
        .then(pl.lit("(锁定)等待确认收货"))
        .when(state == SHIPPED)
        .then(pl.lit("等待确认收货"))
        .when(state == PAID)
        .then(pl.lit("等待出库"))
        .otherwise(pl.lit("等待付款"))
    )
    phone = pl.col("phone")
    product = (_FIRST_PRODUCT + pl.col("product")).cast(pl.String)
    places = [f"{province}{city}" for city, province, _, _ in names.PLACES]
    cells = {
        "订单号": _number(),
        "商品ID": pl.when("by_float").then(pl.concat_str(product, pl.lit(".0"))).otherwise(product),
        "商品名称": pl.col("title"),
        "订购数量": pl.col("quantity").cast(pl.String),
        "支付方式": pl.lit("在线支付"),
        "下单时间": instant("at", stamp.epoch),
        "京东价": money(pl.col("line_fen") // pl.col("quantity")),
        "订单金额": money("goods_fen"),
        "结算金额": money("goods_fen"),
        "余额支付": money("balance_fen"),
        "应付金额": money(total - pl.col("balance_fen")),
        "订单状态": status,
        "订单类型": pl.lit("一般订单"),
        "下单帐号": pl.col("pin"),
        "客户姓名": pl.when("masked").then(pl.concat_str(pl.col("name").str.slice(0, 1), pl.lit("**"))).otherwise("name"),
        "客户地址": pl.concat_str(pl.col("place").replace_strict(dict(enumerate(places)), return_dtype=pl.String), "address"),
        "联系电话": pl.when("masked").then(masked(phone)).otherwise(phone),
        "运费金额": money("shipping_fen"),
        "付款确认时间": instant("paid_at", stamp.epoch),
        "货号": pl.col("sku"),
        "订单完成时间": instant("done_at", stamp.epoch),
        "订单来源": pl.lit("京东商城"),
        "订单渠道": pl.lit("APP"),
    }
    frame = delivered.sort("at", "serial", "line").select(*laid_out(_ORDER_COLUMNS, cells), NOTHING.alias("trailing"))
    return {f"jd_orders_{stamp.day}.csv": gb18030(csv_text(ORDER_HEADER + ",", frame))}


def money_rows(chunk: Chunk) -> pl.DataFrame:
    """One row per article and fee: goods money of a payment or a refund, commission of a payment."""
    shop = draw_shop(chunk, JD)
    moves = money_moves(shop, billed_after=_BILLED_AFTER).with_columns(
        *nobody(),
        pl.col("refund_fen").alias("refunded_fen"),
        pl.lit(0, dtype=pl.Int64).alias("shipping_fen"),
    )
    lines = told_lines(shop, moves).drop("order")
    amount = pl.when("is_refund").then("line_refunded_fen").otherwise("line_fen")
    goods = lines.with_columns(fee=pl.lit("货款"), amount_fen=amount).filter(pl.col("amount_fen") > 0)
    commission = lines.filter(~pl.col("is_refund") & (pl.col("line_fen") >= 100))
    return pl.concat([goods, commission.with_columns(fee=pl.lit("佣金"), amount_fen=-(pl.col("line_fen") // 20))])


def money_files(delivered: pl.DataFrame, stamp: Stamp) -> dict[str, bytes]:
    """One workbook a delivery."""
    is_refund, is_fee = pl.col("is_refund"), pl.col("fee") == "佣金"
    signed = pl.when(is_refund).then(-pl.col("amount_fen")).otherwise("amount_fen")
    case = pl.concat_str(pl.lit("15"), pl.col("serial").cast(pl.String).str.zfill(13))
    cells = {
        "订单编号": _number(),
        "父单号": pl.lit("0"),
        "订单状态": pl.lit("完成"),
        "订单下单时间": instant("ordered_at", stamp.epoch),
        "售后服务单号": pl.when(is_refund).then(case),
        "售后退款时间": pl.when(is_refund).then(instant("at", stamp.epoch)),
        "商品编号": (_FIRST_PRODUCT + pl.col("product")).cast(pl.String),
        "商品名称": pl.col("title"),
        "商品数量": pl.col("quantity"),
        "扣点类型": pl.lit("普通扣点"),
        "佣金比例": pl.when(is_fee).then(pl.lit("5%")),
        "费用名称": pl.col("fee"),
        "应结金额": yuan(signed),
        "币种": pl.lit("CNY"),
        "收支方向": pl.when(is_refund | is_fee).then(pl.lit("支出")).otherwise(pl.lit("收入")),
        "结算状态": pl.lit("已结算"),
        "账单生成时间": instant("billed_at", stamp.epoch),
        "商户订单号": _number(),
    }
    frame = delivered.sort("billed_at", "serial", "is_refund", "line", "fee").select(laid_out(_MONEY_COLUMNS, cells))
    return workbooks(f"jd_settlement_{stamp.day}", _MONEY_COLUMNS, frame, above=["说明：本表按账单生成时间导出"])
