"""Pinduoduo: the order export (23 columns that the merchant picked), the account detail, and the promotion report.

An order has one article and no buyer. The account detail books what the buyer paid, what the platform adds, fees and refunds, a line each,
under a preamble of four lines.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from pipelines.simulate.chunk import Chunk
from pipelines.simulate.draws import Draws, Ints
from pipelines.simulate.formats.cells import BOM, NOTHING, Stamp, csv_text, decoded, gb18030, grouped, instant, laid_out, money, nobody
from pipelines.simulate.purchases import Orders
from pipelines.simulate.shops import CLOSED, PAID, PINDUODUO, SHIPPED, UNPAID, draw_shop, money_moves, told_lines, told_orders

ORDER_HEADER = (
    "商品,订单号,订单状态,商品总价(元),邮费(元),店铺优惠折扣(元),平台优惠折扣(元),多多支付立减金额(元),用户实付金额(元),"
    "商家实收金额(元),商品数量(件),发货时间,确认收货时间,商品id,商品规格,样式ID,商家编码-规格维度,商家编码-商品维度,"
    "商家备注,售后状态,快递单号,快递公司,订单成交时间"
)
MONEY_HEADER = "商户订单号,发生时间,收入金额（+元）,支出金额（-元）,账务类型,备注,业务描述"
_ORDER_COLUMNS = ORDER_HEADER.split(",")
_FIRST_PRODUCT = 600_000_000_000
# Account type, business, whether it is income.
_BUSINESS = [
    ("交易收入", "0010002|交易收入-订单收入", True),
    ("退款", "0020002|交易退款-订单退款", False),
    ("优惠券结算", "0010004|优惠券结算-平台优惠补贴", True),
    ("技术服务费", "0030002|技术服务费-基础技术服务费", False),
    ("营销费用", "0060001|营销费用-多多进宝", False),
]
_INCOME, _BACK, _SUBSIDY, _FEE, _PROMOTION = range(5)


def order_rows(chunk: Chunk) -> pl.DataFrame:
    """One row per order and delivery that tells of it."""
    shop = draw_shop(chunk, PINDUODUO)
    draws, key = shop.world.draws, shop.orders.key
    told = told_orders(shop)
    order = told["order"].to_numpy()
    facts = told.with_columns(
        *nobody(),
        pl.Series("subsidy_fen", _subsidy(draws, shop.orders)[order]),
        pl.Series("comma", draws.chance(0.3, "pdd_comma", key)[order]),
        # A share of the orders has lost its time: the day is in the number.
        pl.Series("timeless", draws.chance(0.02, "pdd_timeless", key)[order]),
    )
    return told_lines(shop, facts).drop("order", "line", "line_refunded_fen")


def _subsidy(draws: Draws, orders: Orders) -> Ints:
    """What the platform pays towards a few of the orders."""
    some = draws.chance(0.12, "pdd_subsidy", orders.key) & (orders.goods_fen >= 2_000)
    return np.where(some, orders.goods_fen // 2_000 * 100, 0)


def _number(epoch: int, at: str) -> pl.Expr:
    """The day of the order and 15 digits."""
    day = pl.from_epoch(pl.col(at) + epoch, time_unit="s").dt.strftime("%y%m%d")
    return pl.concat_str(day, pl.lit("-"), pl.col("serial").cast(pl.String).str.zfill(15))


def order_files(delivered: pl.DataFrame, stamp: Stamp) -> dict[str, bytes]:
    """One file a delivery."""
    state, refunded = pl.col("state"), pl.col("refunded_fen") > 0
    back = (
        pl.when(pl.col("done_at") >= 0)
        .then(pl.lit("已收货，退款成功"))
        .when(pl.col("shipped_at") >= 0)
        .then(pl.lit("已发货，退款成功"))
        .otherwise(pl.lit("未发货，退款成功"))
    )
    wording = (
        pl.when((state == CLOSED) & refunded)
        .then(back)
        .when(state == CLOSED)
        .then(pl.lit("已取消"))
        .when(state == UNPAID)
        .then(pl.lit("待支付"))
        .when(state == PAID)
        .then(pl.lit("待发货"))
        .when(state == SHIPPED)
        .then(pl.lit("已发货，待签收"))
        .otherwise(pl.lit("已收货"))
    )
    aftersale = pl.when(refunded).then(pl.lit("退款成功")).otherwise(pl.lit("无售后或售后取消"))
    listed = pl.col("list_fen")
    cells = {
        "商品": pl.concat_str("title", pl.lit(", 包邮")),
        "订单号": _number(stamp.epoch, "at"),
        "订单状态": pl.when("comma").then(wording.str.replace("，", ",")).otherwise(wording),
        "商品总价(元)": grouped(listed + pl.col("subsidy_fen")),
        "邮费(元)": money("shipping_fen"),
        "店铺优惠折扣(元)": money(listed - pl.col("goods_fen")),
        "平台优惠折扣(元)": money("subsidy_fen"),
        "多多支付立减金额(元)": pl.lit("0.00"),
        "用户实付金额(元)": money("total_fen"),
        "商家实收金额(元)": money(pl.col("total_fen") + pl.col("subsidy_fen")),
        "商品数量(件)": pl.col("quantity").cast(pl.String),
        "发货时间": instant("shipped_at", stamp.epoch),
        "确认收货时间": instant("done_at", stamp.epoch),
        "商品id": pl.concat_str((_FIRST_PRODUCT + pl.col("product")).cast(pl.String), pl.lit(".0")),
        "商家编码-规格维度": pl.col("sku"),
        "售后状态": pl.when(state == UNPAID).then(pl.lit("-")).otherwise(aftersale),
        "快递公司": pl.when(pl.col("shipped_at") >= 0).then(pl.lit("圆通快递")),
        "订单成交时间": pl.when(~pl.col("timeless")).then(instant("paid_at", stamp.epoch)),
    }
    # The merchant picks columns and their order, and picks them otherwise the next time.
    columns = _ORDER_COLUMNS if stamp.day.toordinal() % 2 else _ORDER_COLUMNS[::-1]
    frame = delivered.sort("at", "serial").select(laid_out(columns, cells))
    return {f"pdd_orders_{stamp.day}.csv": BOM + csv_text(",".join(columns), frame)}


def money_rows(chunk: Chunk) -> pl.DataFrame:
    """One row per booking: payment, subsidy, service fee and commission of promoted orders, refund."""
    shop = draw_shop(chunk, PINDUODUO)
    moves = money_moves(shop)
    order = moves["order"].to_numpy()
    facts = moves.with_columns(
        *nobody(),
        pl.Series("subsidy_fen", _subsidy(shop.world.draws, shop.orders)[order]),
        pl.Series("is_promoted", shop.world.draws.chance(0.15, "pdd_promoted", shop.orders.key)[order]),
    ).drop("order")
    paid = facts.filter(~pl.col("is_refund"))
    total = pl.col("total_fen")
    bookings = [
        (paid, _INCOME, pl.col("amount_fen")),
        (facts.filter("is_refund"), _BACK, pl.col("amount_fen")),
        (paid.filter(pl.col("subsidy_fen") > 0), _SUBSIDY, pl.col("subsidy_fen")),
        (paid.filter(total >= 200), _FEE, total * 6 // 1000),
        (paid.filter(pl.col("is_promoted") & (total >= 200)), _PROMOTION, total // 10),
    ]
    return pl.concat([frame.with_columns(pl.lit(kind).alias("kind"), booked_fen=amount) for frame, kind, amount in bookings])


def money_files(delivered: pl.DataFrame, stamp: Stamp) -> dict[str, bytes]:
    """One file a delivery, in GB18030; sums below the rows."""
    types, names, incomes = (list(column) for column in zip(*_BUSINESS, strict=True))
    is_income = pl.col("kind").is_in([kind for kind, income in enumerate(incomes) if income])
    amount = grouped("booked_fen")
    frame = delivered.sort("at", "serial", "kind").select(
        _number(stamp.epoch, "ordered_at").alias("number"),
        instant("at", stamp.epoch),
        pl.when(is_income).then(amount).otherwise(pl.lit("0.00")).alias("income"),
        pl.when(is_income).then(pl.lit("0.00")).otherwise(pl.concat_str(pl.lit("-"), amount)).alias("expense"),
        decoded("kind", types).alias("type"),
        NOTHING.alias("note"),
        decoded("kind", names).alias("business"),
    )
    period = f"起始时间：{stamp.first_day} 00:00:00  终止时间：{stamp.day} 23:59:59"
    above = f"拼多多店铺账务明细查询\r\n\r\n{period}\r\n----交易记录明细列表----\r\n"
    sums = delivered.select(
        income=pl.col("booked_fen").filter(is_income).sum(), expense=pl.col("booked_fen").filter(~is_income).sum()
    ).select(income=money("income"), expense=money("expense"))
    below = f"----交易记录明细列表结束----\r\n合计,,{sums['income'][0]},-{sums['expense'][0]},,,\r\n"
    text = above.encode() + csv_text(MONEY_HEADER, frame, "\r\n") + below.encode()
    return {f"pdd_settlement_{stamp.day}.csv": gb18030(text)}
