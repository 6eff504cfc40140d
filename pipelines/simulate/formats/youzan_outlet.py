"""Youzan's outlet: its orders, and the items of these orders. Order numbers hold the second, which is all the item list has of a time.

The order list is written as that of the first shop, whose numbers are of an older make.
"""

from __future__ import annotations

import polars as pl

from pipelines.simulate import names
from pipelines.simulate.chunk import Chunk
from pipelines.simulate.formats import youzan_orders
from pipelines.simulate.formats.cells import BOM, Stamp, csv_text, decoded, grouped, instant, laid_out, money, nobody
from pipelines.simulate.shops import YOUZAN_OUTLET, draw_shop, told_lines, told_orders

ITEM_HEADER = (
    "订单号,外部订单号,订单商品状态,交易成功时间,商品名称,商品类型,商品目录,商品规格,规格编码,商品编码,商品单价,商品优惠方式,"
    "商品优惠后价格,商品数量,商品金额小计,店铺优惠（分摊）,商品实际成交金额,商品抵用积分数,商品留言,收货人/提货人,"
    "收货人手机号/提货人手机号,收货人省份,收货人城市,收货人地区,详细收货地址/提货地址,买家备注,商品发货状态,商品发货方式,"
    "商品发货物流公司,商品发货物流单号,发货员工,商品发货时间,商品退款状态,商品已退款金额,商家订单备注,周期购信息"
)
_ITEM_COLUMNS = ITEM_HEADER.split(",")


def _number(epoch: int) -> pl.Expr:
    """E, the second of the order, and the last nine digits of the serial, which tell the orders of a second apart."""
    created = pl.from_epoch(pl.col("at") + epoch, time_unit="s").dt.strftime("E%Y%m%d%H%M%S")
    return pl.concat_str(created, (pl.col("serial") % 10**9).cast(pl.String).str.zfill(9))


def order_rows(chunk: Chunk) -> pl.DataFrame:
    """One row per order and delivery that tells of it."""
    return youzan_orders.rows(draw_shop(chunk, YOUZAN_OUTLET))


def order_files(delivered: pl.DataFrame, stamp: Stamp) -> dict[str, bytes]:
    """One file a delivery."""
    return {f"youzan_outlet_order_{stamp.compact}.csv": youzan_orders.text(delivered, stamp, _number(stamp.epoch))}


def item_rows(chunk: Chunk) -> pl.DataFrame:
    """One row per article of an order and delivery that tells of it. The receiver stands there, and the buyer does not."""
    shop = draw_shop(chunk, YOUZAN_OUTLET)
    told = told_orders(shop)
    row = shop.orders.row[told["order"].to_numpy()]
    people = shop.people
    receiver = (people.name[row].alias("name"), people.address[row].alias("address"), pl.Series("place", people.place[row]))
    return told_lines(shop, told.with_columns(*nobody(), *receiver)).drop("order", "product")


def item_files(delivered: pl.DataFrame, stamp: Stamp) -> dict[str, bytes]:
    """One file a delivery."""
    listed, quantity = pl.col("list_fen"), pl.col("quantity")
    is_shipped, is_back = pl.col("shipped_at") >= 0, pl.col("line_refunded_fen") > 0
    cells = {
        "订单号": _number(stamp.epoch),
        "订单商品状态": decoded("state", youzan_orders.STATUS),
        "交易成功时间": instant("done_at", stamp.epoch),
        "商品名称": pl.col("title"),
        "商品类型": pl.lit("实物商品"),
        "规格编码": pl.col("sku"),
        "商品编码": pl.col("sku"),
        "商品单价": grouped(listed // quantity),
        "商品优惠后价格": grouped(pl.col("line_fen") // quantity),
        "商品数量": quantity.cast(pl.String),
        "商品金额小计": grouped(listed),
        "店铺优惠（分摊）": money(listed - pl.col("line_fen")),
        "商品实际成交金额": grouped("line_fen"),
        "收货人/提货人": pl.col("name"),
        "收货人省份": decoded("place", [province for _, province, _, _ in names.PLACES]),
        "收货人城市": decoded("place", [city for city, *_ in names.PLACES]),
        "详细收货地址/提货地址": pl.col("address"),
        "商品发货状态": pl.when(is_shipped).then(pl.lit("已发货")).otherwise(pl.lit("未发货")),
        "商品发货方式": pl.when(is_shipped).then(pl.lit("快递")),
        "商品发货时间": instant("shipped_at", stamp.epoch),
        "商品退款状态": pl.when(is_back).then(pl.lit("退款成功")).otherwise(pl.lit("——")),
        "商品已退款金额": money("line_refunded_fen"),
    }
    frame = delivered.sort("at", "serial", "line").select(laid_out(_ITEM_COLUMNS, cells))
    return {f"youzan_outlet_item_{stamp.compact}.csv": BOM + csv_text(ITEM_HEADER, frame)}
