"""Youzan orders: 60 columns, UTF-8 with BOM, the header 分销员 twice, one row an order and version."""

from __future__ import annotations

import numpy as np
import polars as pl

from pipelines.simulate import names
from pipelines.simulate.accounts import is_youzan_guest
from pipelines.simulate.checkout import typed_names, typed_phones
from pipelines.simulate.chunk import Chunk
from pipelines.simulate.draws import Ints
from pipelines.simulate.formats.cells import DELIVERY, PERSON, RECORD, Stamp, csv_text, decoded, instant, money
from pipelines.simulate.payments import draw_payments, transaction_number
from pipelines.simulate.people import NEVER, YOUZAN
from pipelines.simulate.purchases import Orders
from pipelines.simulate.versions import has_happened, order_versions

HEADER = (
    "订单号,销售渠道,归属店铺,订单类型,订单状态,推广方式,订单来源,订单创建时间,买家付款时间,交易成功时间,付款方式,支付流水号,"
    "商品金额合计,运费,店铺优惠合计,应收订单金额,订单实付金额,支付优惠合计,订单实收金额,订单抵用积分数,店铺优惠方式,"
    "支付优惠方式,全部商品名称,商品种类数,订单配送方式,同城送达时间/提货时间,收货人省份,收货人城市,收货人地区,"
    "详细收货地址/提货地址,收货人/提货人,收货人手机号/提货人手机号,买家备注,订单星级,买家昵称,买家是否会员,买家手机号,"
    "下单网点,收银员,分销员,销售导购,专属导购,订单退款状态,订单已退款金额,商家订单备注,桌号,挂账主体,挂账手机号,团长订单,"
    "订单风险标签,分销员,分销员手机号,分销员所属店铺,分销员所属团队,分销员所属分组,分销员等级,订单佣金类型,订单佣金金额,"
    "订单下级卖货提成类型,订单下级卖货提成金额"
)
_COLUMNS = HEADER.split(",")
STATUS = ["等待买家付款", "等待商家发货", "商家已发货", "交易完成", "交易关闭"]
_UNPAID, _PAID, _SHIPPED, _DONE, _CLOSED = range(5)
_BOM = "\ufeff".encode()


def order_number(epoch: int) -> pl.Expr:
    """E, the day of the order, a serial. From `at` and `serial`."""
    created = pl.from_epoch(pl.col("at") + epoch, time_unit="s").dt.strftime("E%Y%m%d")
    return pl.concat_str(created, pl.col("serial").cast(pl.String).str.zfill(14))


def rows(chunk: Chunk) -> pl.DataFrame:
    """One row per Youzan order and delivery that tells of it."""
    where = np.flatnonzero(chunk.orders.channel == YOUZAN)
    orders = chunk.orders.take(where)
    facts = _order_facts(chunk, orders, where)
    order, delivery = order_versions(chunk.world, orders)
    cut = chunk.world.calendar.cut(delivery)
    paid, shipped = has_happened(orders.paid_at[order], cut), has_happened(orders.shipped_at[order], cut)
    done, refunded = has_happened(orders.done_at[order], cut), has_happened(orders.refund_at[order], cut)
    closed = has_happened(orders.closed_at[order], cut) | (refunded & orders.is_full_refund[order])
    status = np.select([closed, done, shipped, paid], [_CLOSED, _DONE, _SHIPPED, _PAID], _UNPAID)
    return facts[order].with_columns(
        pl.Series(DELIVERY, delivery),
        pl.Series("status", status),
        pl.Series("paid_at", np.where(paid, orders.paid_at[order], NEVER)),
        pl.Series("done_at", np.where(done & ~closed, orders.done_at[order], NEVER)),
        pl.Series("refunded_fen", np.where(refunded, orders.refund_fen[order], 0)),
    )


def _order_facts(chunk: Chunk, orders: Orders, where: Ints) -> pl.DataFrame:
    """What does not change between the versions of an order. The buyer's phone is the login, never mistyped."""
    people, row, draws = chunk.people, orders.row, chunk.world.draws
    payments = draw_payments(chunk, orders)
    lines = chunk.titles_of(where)
    guest = is_youzan_guest(draws, orders)
    frame = pl.DataFrame(
        {
            PERSON: people.index[row],
            "serial": orders.serial,
            "guest": guest,
            "phone": pl.Series(people.phone_at(row, YOUZAN, orders.at)).cast(pl.String),
            "receiver_phone": typed_phones(chunk, orders, YOUZAN).typed,
            "receiver": typed_names(chunk, orders),
            "nick": people.youzan_nick.gather(row),
            "place": people.place[row],
            "address": people.address.gather(row),
            "goods_fen": orders.goods_fen,
            "shipping_fen": orders.shipping_fen,
            "total_fen": orders.total_fen,
            "at": orders.at,
            "by_wechat": payments.by_wechat,
            "transaction_head": payments.transaction_head,
            "transaction_tail": payments.transaction_tail,
            "titles": lines["titles"],
            "kinds": lines["kinds"],
        }
    )
    phone = pl.when(~pl.col("guest")).then("phone")
    return frame.with_columns(phone=phone, **{RECORD: pl.concat_str(pl.lit("youzan:"), phone)}).drop("guest")


def files(delivered: pl.DataFrame, stamp: Stamp) -> dict[str, bytes]:
    """One file a delivery."""
    return {f"youzan_order_{stamp.compact}.csv": text(delivered, stamp, order_number(stamp.epoch))}


def text(delivered: pl.DataFrame, stamp: Stamp, number: pl.Expr) -> bytes:
    """The file of a shop, whose orders have the numbers given."""
    frame = delivered.sort("at", "serial").select(_cells(stamp, number))
    return _BOM + csv_text(HEADER, frame)


def _cells(stamp: Stamp, number: pl.Expr) -> list[pl.Expr]:
    is_paid = pl.col("paid_at") >= 0
    by_wechat = pl.col("by_wechat")
    paid = pl.when(is_paid).then("total_fen").otherwise(0)
    refund_state = (
        pl.when(pl.col("refunded_fen") == 0)
        .then(None)
        .when(pl.col("refunded_fen") >= pl.col("total_fen"))
        .then(pl.lit("全额退款"))
        .otherwise(pl.lit("部分退款"))
    )
    values: dict[str, pl.Expr] = {
        "订单号": number,
        "销售渠道": pl.lit("微信小程序"),
        "归属店铺": pl.lit("四季生活"),
        "订单类型": pl.lit("普通订单"),
        "订单状态": decoded("status", STATUS),
        "订单来源": pl.lit("小程序"),
        "订单创建时间": instant("at", stamp.epoch),
        "买家付款时间": instant("paid_at", stamp.epoch),
        "交易成功时间": instant("done_at", stamp.epoch),
        "付款方式": pl.when(is_paid & by_wechat).then(pl.lit("微信支付")).when(is_paid).then(pl.lit("储值余额")),
        "支付流水号": pl.when(is_paid & by_wechat).then(transaction_number(stamp.epoch)),
        "商品金额合计": money("goods_fen"),
        "运费": money("shipping_fen"),
        "店铺优惠合计": pl.lit("0.00"),
        "应收订单金额": money("total_fen"),
        "订单实付金额": money(paid),
        "支付优惠合计": pl.lit("0.00"),
        "订单实收金额": money(paid),
        "订单抵用积分数": pl.lit("0"),
        "全部商品名称": pl.col("titles"),
        "商品种类数": pl.col("kinds").cast(pl.String),
        "订单配送方式": pl.lit("快递"),
        "收货人省份": decoded("place", [province for _, province, _, _ in names.PLACES]),
        "收货人城市": decoded("place", [city for city, *_ in names.PLACES]),
        "收货人地区": pl.col("address").str.split(" ").list.get(0),
        "详细收货地址/提货地址": pl.col("address"),
        "收货人/提货人": pl.col("receiver"),
        "收货人手机号/提货人手机号": pl.col("receiver_phone").cast(pl.String),
        "买家昵称": pl.col("nick"),
        "买家是否会员": pl.when(pl.col("phone").is_null()).then(pl.lit("否")).otherwise(pl.lit("是")),
        "买家手机号": pl.col("phone"),
        "订单退款状态": refund_state,
        "订单已退款金额": money("refunded_fen"),
        "订单风险标签": pl.lit("——"),
    }
    nothing = pl.lit(None, dtype=pl.String)
    return [values.get(name, nothing).alias(f"{position}") for position, name in enumerate(_COLUMNS)]
