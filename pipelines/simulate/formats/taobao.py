"""Taobao orders, first generation (`ExportOrderList*.csv`): 41 columns, GB18030, one row an order and version."""

from __future__ import annotations

import numpy as np
import polars as pl

from pipelines.simulate import names
from pipelines.simulate.checkout import is_virtual, typed_names, typed_phones
from pipelines.simulate.chunk import Chunk
from pipelines.simulate.draws import Draws, Ints
from pipelines.simulate.formats.cells import (
    DELIVERY,
    PERSON,
    RECORD,
    Stamp,
    csv_text,
    decoded,
    gb18030,
    instant,
    laid_out,
    masked,
    money,
)
from pipelines.simulate.people import NEVER, TAOBAO
from pipelines.simulate.purchases import Orders
from pipelines.simulate.versions import has_happened, order_versions

# Some names end in a space in the real file.
HEADER = (
    "订单编号,买家会员名,买家支付宝账号,买家应付货款,买家应付邮费,买家支付积分,总金额,返点积分,买家实际支付金额,"
    "买家实际支付积分,订单状态,买家留言,收货人姓名,收货地址 ,运送方式,联系电话 ,联系手机,订单创建时间,订单付款时间 ,"
    "宝贝标题 ,宝贝种类 ,物流单号 ,物流公司,订单备注,宝贝总数量,店铺Id,店铺名称,订单关闭原因,卖家服务费,买家服务费,"
    "发票抬头,是否手机订单,分阶段订单信息,特权订金订单id,定金排名,修改后的sku,修改后的收货地址,异常信息,"
    "天猫卡券抵扣,集分宝抵扣,是否是O2O交易"
)
_COLUMNS = HEADER.split(",")
STATUS = ["等待买家付款", "买家已付款，等待卖家发货", "卖家已发货，等待买家确认", "交易成功", "交易关闭"]
_UNPAID, _PAID, _SHIPPED, _DONE, _CLOSED = range(5)


def rows(chunk: Chunk) -> pl.DataFrame:
    """One row per Taobao order and delivery that tells of it."""
    where = np.flatnonzero(chunk.orders.channel == TAOBAO)
    orders = chunk.orders.take(where)
    facts = _order_facts(chunk, orders).with_columns(chunk.titles_of(where).select("titles", "kinds", "pieces"))
    order, delivery = order_versions(chunk.world, orders)
    cut = chunk.world.calendar.cut(delivery)
    paid, shipped = has_happened(orders.paid_at[order], cut), has_happened(orders.shipped_at[order], cut)
    done = has_happened(orders.done_at[order], cut)
    refunded = has_happened(orders.refund_at[order], cut) & orders.is_full_refund[order]
    closed = has_happened(orders.closed_at[order], cut)
    status = np.select([closed | refunded, done, shipped, paid], [_CLOSED, _DONE, _SHIPPED, _PAID], _UNPAID)
    return facts[order].with_columns(
        pl.Series(DELIVERY, delivery),
        pl.Series("status", status),
        pl.Series("is_refunded", refunded),
        pl.Series("paid_at", np.where(paid, orders.paid_at[order], NEVER)),
        pl.Series("shipped", shipped),
    )


def order_numbers(draws: Draws, orders: Orders) -> Ints:
    """19 digits, in every shop of the platform."""
    return 3_000_000_000_000_000_000 + orders.serial * 100_000 + draws.whole(0, 99_999, "tail", orders.key)


def _order_facts(chunk: Chunk, orders: Orders) -> pl.DataFrame:
    """What does not change between the versions of an order."""
    world, people, row = chunk.world, chunk.people, orders.row
    phones = typed_phones(chunk, orders, TAOBAO)
    host = np.array(names.VIRTUAL_HOSTS)[world.draws.whole(0, len(names.VIRTUAL_HOSTS) - 1, "host", orders.key)]
    extension = world.draws.whole(1000, 9999, "extension", orders.key)
    nick = people.taobao_nick.gather(row)
    frame = pl.DataFrame(
        {
            PERSON: people.index[row],
            RECORD: "taobao:" + nick,
            "number": order_numbers(world.draws, orders),
            "nick": nick,
            "alipay": _alipay_accounts(chunk).gather(row),
            "goods_fen": orders.goods_fen,
            "shipping_fen": orders.shipping_fen,
            "total_fen": orders.total_fen,
            "name": typed_names(chunk, orders),
            "place": people.place[row],
            "address": people.address.gather(row),
            "phone": phones.typed,
            "hidden": is_virtual(chunk, orders),
            "host": host,
            "extension": extension,
            "at": orders.at,
            "half_comma": world.draws.chance(0.3, "half_comma", orders.key),
            "on_phone": world.draws.chance(0.88, "on_phone", orders.key),
        }
    )
    virtual = pl.format("{}-{}", "host", "extension")
    return frame.with_columns(phone=pl.when("hidden").then(virtual).otherwise(pl.col("phone").cast(pl.String))).drop(
        "hidden", "host", "extension"
    )


def _alipay_accounts(chunk: Chunk) -> pl.Series:
    """A phone, an e-mail or a masked phone. Whoever gave a number up or got a used one signs in by e-mail."""
    people, draws = chunk.people, chunk.world.draws
    kind = draws.uniform("alipay", people.index)
    moved = (people.released_at != NEVER) | (people.recycled_from != NEVER)
    frame = pl.DataFrame(
        {
            "phone": pl.Series(people.phone_main).cast(pl.String),
            "email": people.email,
            "masked": (kind >= 0.7) & ~moved,
            "by_phone": (kind < 0.45) & ~moved,
        }
    )
    return frame.select(a=pl.when("by_phone").then("phone").when("masked").then(masked("phone")).otherwise("email"))["a"]


def files(delivered: pl.DataFrame, stamp: Stamp) -> dict[str, bytes]:
    """One file a delivery. Every second day the order numbers stand bare as `="..."`, on the others quoted by CSV."""
    frame = delivered.sort("at", "number").select(laid_out(_COLUMNS, values(stamp)))
    text = csv_text(HEADER, frame, "\r\n")
    if stamp.day.toordinal() % 2:
        text = text.replace(b'"=""', b'="').replace(b'"""', b'"')
    return {f"ExportOrderList{stamp.compact}2355.csv": gb18030(text)}


def values(stamp: Stamp) -> dict[str, pl.Expr]:
    """The cells of an order by column; later generations have them too."""
    places = [f"{province} {city}" for city, province, _, _ in names.PLACES]
    zips = [code for *_, code in names.PLACES]
    wording = decoded("status", STATUS)
    status = pl.when("half_comma").then(wording.str.replace("，", ",")).otherwise(wording)
    is_closed = pl.col("status") == _CLOSED
    reason = pl.when(is_closed & pl.col("is_refunded")).then(pl.lit("退款")).when(is_closed).then(pl.lit("买家未付款"))
    number = pl.col("number").cast(pl.String)
    paid = pl.when(pl.col("paid_at") >= 0).then("total_fen").otherwise(0)
    tracking = pl.when("shipped").then(pl.concat_str(pl.lit("No:YT"), number.str.slice(6)))
    return {
        "订单编号": pl.format('="{}"', number),
        "买家会员名": pl.col("nick"),
        "买家支付宝账号": pl.col("alipay"),
        "买家应付货款": money("goods_fen"),
        "买家应付邮费": money("shipping_fen"),
        "买家支付积分": pl.lit("0"),
        "总金额": money("total_fen"),
        "返点积分": pl.lit("0"),
        "买家实际支付金额": money(paid),
        "买家实际支付积分": pl.lit("0"),
        "订单状态": status,
        "收货人姓名": pl.col("name"),
        "收货地址 ": pl.format("{} {}({})", decoded("place", places), "address", decoded("place", zips)),
        "运送方式": pl.lit("快递"),
        "联系手机": pl.concat_str(pl.lit("'"), "phone"),
        "订单创建时间": instant("at", stamp.epoch),
        "订单付款时间 ": instant("paid_at", stamp.epoch),
        "宝贝标题 ": pl.col("titles"),
        "宝贝种类 ": pl.col("kinds").cast(pl.String),
        "物流单号 ": tracking,
        "物流公司": pl.when("shipped").then(pl.lit("圆通速递")),
        "宝贝总数量": pl.col("pieces").cast(pl.String),
        "店铺Id": pl.lit("0"),
        "店铺名称": pl.lit("四季生活旗舰店"),
        "订单关闭原因": reason.otherwise(pl.lit("订单未关闭")),
        "卖家服务费": pl.lit("0元"),
        "买家服务费": pl.lit("0元"),
        "是否手机订单": pl.when("on_phone").then(pl.lit("手机订单")),
        "是否是O2O交易": pl.lit("否"),
    }
