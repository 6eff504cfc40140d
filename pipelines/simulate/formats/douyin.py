"""Douyin shop: orders by sub-order and after-sale cases. CSV with a mark, ids behind a tab in quotes, people as ciphertext.

Orders belong to nobody. Some orders of several articles stand in one row, joined by semicolons. Cases tell of what sub-orders were paid
back, of exchanges, and of requests that were withdrawn.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from pipelines.simulate import names
from pipelines.simulate.chunk import Chunk
from pipelines.simulate.formats.cells import BOM, DELIVERY, Stamp, csv_text, decoded, grouped, instant, laid_out, money, nobody
from pipelines.simulate.people import NEVER
from pipelines.simulate.seasons import quiet_end
from pipelines.simulate.shops import CLOSED, DOUYIN, draw_shop, told_lines, told_orders

ORDER_HEADER = (
    "主订单编号,子订单编号,支付方式,选购商品,货号,商品ID,商家编码,商品数量,商品金额,订单提交时间,支付完成时间,订单完成时间,"
    "承诺发货时间,预约发货时间,买家留言,旗帜颜色,商家备注,APP渠道,订单状态,取消原因,售后状态,订单类型,发货时间,车型,"
    "是否是以旧换新,换新额外补贴,换新额外补贴发放状态,订单应付金额,运费,优惠总金额,平台优惠,商家优惠,达人优惠,商家改价,支付优惠,"
    "手续费,红包抵扣,降价类优惠,平台实际承担优惠金额,商家实际承担优惠金额,达人实际承担优惠金额,收件人,收件人手机号,省,市,区,街道,"
    "详细地址,是否修改过地址,快递信息,序列号,达人ID,达人昵称,拼团订单团编号,商品单价是否含税,税费,鲁班落地页ID,所属门店ID,"
    "流量来源,仓库ID,仓库名称,是否安心购,广告渠道,流量类型,流量体裁,流量渠道,发货主体,发货主体明细,教育优惠,预计送达时间,"
    "是否平台仓自流转,是否是渠道商品,预约送达时间,建议发货时间（起）,建议发货时间（止）"
)
CASE_HEADER = (
    "售后单号,订单号,商品单号,商品名称,商品ID,应付金额（元）,商品运费（元）,支付优惠（元）,商品税费（元）,商品发货状态,售后类型,"
    "退商品金额（元）,退运费金额（元）,退支付优惠（元）,退税费金额（元）,售后状态,售后申请时间,退款方式,是否已上传退款凭证,售后原因,"
    "售后原因标签,退货物流单号,退货异常,退货发货时间,退货物流公司,自动处理截止时间,同意售后申请时间,商家退款时间,用户到账时间,"
    "售后关闭时间,商家退货地址,商家退货联系人姓名,商家退货联系人电话,仲裁状态,纠纷责任方,是否极速退款,是否拒签后退款,发货物流单号,"
    "发货物流状态,换货物流单号,退货物流状态,售后完结时间,订单备注,用户售后说明,售后备注,操作人,协商记录,换货商品信息,商家编码,"
    "门店名称"
)
_ORDER_COLUMNS, _CASE_COLUMNS = ORDER_HEADER.split(","), CASE_HEADER.split(",")
_STATUS = ["待支付", "待发货", "已发货", "已完成", "已关闭"]
_METHODS = ["微信支付", "支付宝", "抖音支付"]
_FIRST_PRODUCT = 3_500_000_000_000_001_000
_REFUND, _EXCHANGE, _WITHDRAWN = range(3)
_HOUR = 3600


def order_rows(chunk: Chunk) -> pl.DataFrame:
    """One row per sub-order (or order whose articles stand in one row) and delivery that tells of it."""
    shop = draw_shop(chunk, DOUYIN)
    draws, key = shop.world.draws, shop.orders.key
    told = told_orders(shop)
    order = told["order"].to_numpy()
    cipher = [pl.Series(draws.base64url(12, f"cipher_{what}", key)).cast(pl.String)[order] for what in ("name", "phone", "address")]
    facts = told.with_columns(
        *nobody(),
        _number(),
        pl.Series("merged", draws.chance(0.15, "merged", key)[order]),
        pl.Series("method", draws.whole(0, 2, "douyin_method", key)[order]),
        pl.Series("place", shop.people.place[shop.orders.row[order]]),
        *(text.alias(name) for text, name in zip(cipher, ("receiver", "phone", "address"), strict=True)),
    ).with_row_index("version")
    lines = told_lines(shop, facts).with_columns(suborder=_suborder(), product_id=_product())
    return _merged(lines).drop("order", "version", "line_refunded_fen", "product")


def _merged(lines: pl.DataFrame) -> pl.DataFrame:
    """Join the lines of the orders that are exported in one row: texts by semicolons, quantity and amounts in sums."""
    joined = ("suborder", "product_id", "title", "sku")
    summed = ("quantity", "list_fen", "line_fen")
    together = lines.filter("merged").group_by("version", maintain_order=True)
    others = [name for name in lines.columns if name not in (*joined, *summed, "version")]
    whole = together.agg(*(pl.col(name).str.join(";") for name in joined), *(pl.col(name).sum() for name in summed), pl.col(others).first())
    return pl.concat([lines.filter(~pl.col("merged")), whole.select(lines.columns)])


def _number() -> pl.Expr:
    return (6_900_000_000_000_004_211 + pl.col("serial") * 10_000).alias("number")


def _suborder() -> pl.Expr:
    return (pl.col("number") + 1 + pl.col("line")).cast(pl.String)


def _product() -> pl.Expr:
    return (_FIRST_PRODUCT + pl.col("product")).cast(pl.String)


def order_files(delivered: pl.DataFrame, stamp: Stamp) -> dict[str, bytes]:
    """One file a delivery, every cell of text in quotes. Where visitors came from is known on the next day only."""
    is_paid, is_first = pl.col("paid_at") >= 0, pl.col("line") == 0
    freight = pl.when(is_first).then("shipping_fen").otherwise(0)
    discount = pl.col("list_fen") - pl.col("line_fen")
    is_back = (pl.col("refunded_fen") > 0) & (pl.col("is_full") | is_first)
    today = (pl.col("at") + stamp.epoch) // 86_400 == (stamp.day.toordinal() - 719_163)
    cells = {
        "主订单编号": _behind_tab(pl.col("number").cast(pl.String)),
        "子订单编号": _behind_tab(pl.col("suborder")),
        "支付方式": pl.when(is_paid).then(decoded("method", _METHODS)),
        "选购商品": _behind_tab(pl.col("title")),
        "商品ID": _behind_tab(pl.col("product_id")),
        "商家编码": _behind_tab(pl.col("sku")),
        "商品数量": pl.col("quantity").cast(pl.String),
        "商品金额": grouped(pl.col("list_fen") // pl.col("quantity")),
        "订单提交时间": instant("at", stamp.epoch),
        "支付完成时间": instant("paid_at", stamp.epoch),
        "订单完成时间": instant("done_at", stamp.epoch),
        "APP渠道": pl.lit("抖音"),
        "订单状态": decoded("state", _STATUS),
        "取消原因": pl.when((pl.col("state") == CLOSED) & ~is_back).then(pl.lit("超时未支付")),
        "售后状态": pl.when(is_back).then(pl.lit("退款成功")),
        "订单类型": pl.lit("普通订单"),
        "发货时间": instant("shipped_at", stamp.epoch),
        "订单应付金额": grouped(pl.col("line_fen") + freight),
        "运费": money(freight),
        "优惠总金额": grouped(discount),
        "商家优惠": grouped(discount),
        "收件人": pl.format("##{}##", "receiver"),
        "收件人手机号": pl.format("$${}$$", "phone"),
        "省": decoded("place", [province for _, province, _, _ in names.PLACES]),
        "市": decoded("place", [city for city, *_ in names.PLACES]),
        "详细地址": pl.format("##{}##", "address"),
        "流量体裁": pl.when(today).then(pl.lit("数据将于第二天更新")).otherwise(pl.lit("直播")),
    }
    frame = delivered.sort("at", "number", "line").select(_dashed(laid_out(_ORDER_COLUMNS, cells)))
    # The mark is glued to a quote, which then does not begin the cell for a careless reader.
    header = ",".join(f'"{name}"' for name in _ORDER_COLUMNS)
    return {f"douyin_orders_{stamp.day}.csv": BOM + csv_text(header, frame, "\r\n", quote_style="always")}


def case_rows(chunk: Chunk) -> pl.DataFrame:
    """One row per case and delivery in which it was opened or ended."""
    shop = draw_shop(chunk, DOUYIN)
    orders, draws, calendar = shop.orders, shop.world.draws, shop.world.calendar
    refunded = orders.refund_at != NEVER
    asked = draws.uniform("case", orders.key)
    shipped = orders.shipped_at != NEVER
    kind = np.select([refunded, shipped & (asked < 0.03), shipped & (asked < 0.06)], [_REFUND, _EXCHANGE, _WITHDRAWN], NEVER)
    order = np.flatnonzero(kind != NEVER)
    key, kind = orders.key[order], kind[order]
    ended = np.where(
        kind == _REFUND, orders.refund_at[order], quiet_end(orders.shipped_at[order] + draws.whole(2, 12, "case_days", key) * 86_400)
    )
    # Never before the payment.
    opened = np.maximum(ended - draws.whole(1, 40, "case_hours", key) * _HOUR, orders.paid_at[order] + 60)
    opened = np.minimum(quiet_end(opened), ended)
    which, line = shop.lines_of(order)
    first_only = (kind[which] != _REFUND) | ~orders.is_full_refund[order][which]
    kept = np.flatnonzero(~first_only | (shop.lines.number[line] == 0))
    which, line = which[kept], line[kept]
    at = order[which]
    is_first = shop.lines.number[line] == 0
    paid = shop.lines.paid_fen[line]
    goods = np.where((kind[which] == _REFUND) & ~orders.is_full_refund[at], orders.refund_fen[at], paid)
    products = shop.world.catalog.frame[["product", "title", "sku"]][shop.lines.product[line]]
    frame = pl.DataFrame(
        {
            "serial": orders.serial[at],
            "line": shop.lines.number[line],
            "kind": kind[which],
            "opened_at": opened[which],
            "ended_at": ended[which],
            "shipped": shipped[at],
            "paid_fen": paid,
            "freight_fen": np.where(is_first, orders.shipping_fen[at], 0),
            "goods_fen": np.where(kind[which] == _EXCHANGE, 0, goods),
            "back_fen": np.where(is_first & orders.is_full_refund[at] & (kind[which] == _REFUND), orders.shipping_fen[at], 0),
            "reason": draws.whole(0, len(_REASONS) - 1, "case_reason", orders.key[at]),
        }
    ).hstack(products)
    frame = frame.with_columns(*nobody(), _number())
    opening, ending = calendar.delivery_at(frame["opened_at"].to_numpy()), calendar.delivery_at(frame["ended_at"].to_numpy())
    both = pl.concat(
        [
            frame.with_columns(pl.Series(DELIVERY, opening), has_ended=pl.lit(False)).filter(pl.Series(opening < ending)),
            frame.with_columns(pl.Series(DELIVERY, ending), has_ended=pl.lit(True)),
        ]
    )
    return both.filter(pl.col(DELIVERY) < len(calendar.days))


_REASONS = ["不想要了", "质量问题", "尺码不合适", "发错货"]


def case_files(delivered: pl.DataFrame, stamp: Stamp) -> dict[str, bytes]:
    """One file a delivery; ids behind an apostrophe, and either comma in a status."""
    ended, kind = pl.col("has_ended"), pl.col("kind")
    over = pl.when(kind == _EXCHANGE).then(pl.lit("换货成功")).when(kind == _WITHDRAWN).then(pl.lit("售后关闭"))
    comma = pl.when(pl.col("line") == 0).then(pl.lit("同意退款，退款成功")).otherwise(pl.lit("同意退款,退款成功"))
    is_paid_back = ended & (kind == _REFUND)
    done = pl.when(is_paid_back).then(instant("ended_at", stamp.epoch))
    cells = {
        "售后单号": pl.concat_str(pl.lit("'"), (pl.col("number") + 200_000_000_000_000_000 + pl.col("line")).cast(pl.String)),
        "订单号": pl.concat_str(pl.lit("'"), pl.col("number").cast(pl.String)),
        "商品单号": pl.concat_str(pl.lit("'"), _suborder()),
        "商品名称": pl.col("title"),
        "商品ID": pl.concat_str(pl.lit("'"), _product()),
        "应付金额（元）": grouped(pl.col("paid_fen") + pl.col("freight_fen")),
        "商品运费（元）": money("freight_fen"),
        "商品发货状态": pl.when("shipped").then(pl.lit("已发货")).otherwise(pl.lit("未发货")),
        "售后类型": pl.when(kind == _EXCHANGE)
        .then(pl.lit("换货"))
        .when(pl.col("shipped"))
        .then(pl.lit("退货退款"))
        .otherwise(pl.lit("未发货仅退款")),
        "退商品金额（元）": grouped("goods_fen"),
        "退运费金额（元）": money("back_fen"),
        "售后状态": pl.when(ended).then(over.otherwise(comma)).otherwise(pl.lit("待商家处理")),
        "售后申请时间": instant("opened_at", stamp.epoch),
        "退款方式": pl.when(is_paid_back).then(pl.lit("原路退回")),
        "售后原因": decoded("reason", _REASONS),
        "商家退款时间": done,
        "用户到账时间": done,
        "售后关闭时间": pl.when(ended & (kind == _WITHDRAWN)).then(instant("ended_at", stamp.epoch)),
        "售后完结时间": pl.when(ended).then(instant("ended_at", stamp.epoch)),
        "商家编码": pl.col("sku"),
    }
    frame = delivered.sort("opened_at", "number", "line").select(_dashed(laid_out(_CASE_COLUMNS, cells)))
    return {f"douyin_aftersales_{stamp.day}.csv": BOM + csv_text(CASE_HEADER, frame, "\r\n")}


def _behind_tab(text: pl.Expr) -> pl.Expr:
    return pl.concat_str(pl.lit("\t"), text)


def _dashed(cells: list[pl.Expr]) -> list[pl.Expr]:
    return [cell.fill_null("-") for cell in cells]
