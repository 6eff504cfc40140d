"""Alipay's bill: a zip archive with names in GBK, details and their summary by shop, `#` lines around, tabs behind texts, no quoting.

It holds what the buyers of Taobao's outlet and of the Tmall shop paid and got back: numbers and amounts are those of the orders there.
"""

from __future__ import annotations

import polars as pl

from pipelines.simulate.chunk import Chunk
from pipelines.simulate.formats.cells import Stamp, csv_text, gb18030, instant, laid_out, masked, money, nobody
from pipelines.simulate.formats.taobao import order_numbers
from pipelines.simulate.formats.workbooks import archive
from pipelines.simulate.shops import TAOBAO_OUTLET, TMALL, draw_shop, money_moves

HEADER = (
    "支付宝交易号,商户订单号,业务类型,商品名称,创建时间,完成时间,门店编号,门店名称,操作员,终端号,对方账户,订单金额（元）,"
    "商家实收（元）,支付宝红包（元）,集分宝（元）,支付宝优惠（元）,商家优惠（元）,券核销金额（元）,券名称,商家红包消费金额（元）,"
    "卡消费金额（元）,退款批次号/请求号,服务费（元）,分润（元）,备注"
)
SUMMARY_HEADER = (
    "门店编号,门店名称,交易订单总笔数,退款订单总笔数,订单金额（元）,商家实收（元）,支付宝优惠（元）,商家优惠（元）,卡消费金额（元）,"
    "服务费（元）,分润（元）,实收净额（元）"
)
_COLUMNS = HEADER.split(",")
_ACCOUNT = "20880017290036410156"
_SHOPS = {"TB02": "四季生活特卖店", "TM01": "四季生活天猫店"}
_LINE_END = "\r\n"


def payment_number(epoch: int) -> pl.Expr:
    """28 digits: the day of payment, Alipay's mark, a serial. From `paid_at` and `serial`; the shop's order export names it too."""
    paid = pl.from_epoch(pl.col("paid_at") + epoch, time_unit="s").dt.strftime("%Y%m%d")
    return pl.concat_str(paid, pl.lit("2200"), pl.col("serial").cast(pl.String).str.zfill(16))


def payment_detail(epoch: int) -> pl.Expr:
    """How the order export tells of a payment, from `total_fen` as well."""
    return pl.format("支付方式：支付宝，支付单号：{}，金额：{}；", payment_number(epoch), money("total_fen"))


def rows(chunk: Chunk) -> pl.DataFrame:
    """One row per payment and per refund. The account is masked: nobody is known by it."""
    return pl.concat([_moves(chunk, "TB02"), _moves(chunk, "TM01")])


def _moves(chunk: Chunk, store: str) -> pl.DataFrame:
    shop = draw_shop(chunk, TAOBAO_OUTLET if store == "TB02" else TMALL)
    moves, people = money_moves(shop), shop.people
    order = moves["order"].to_numpy()
    row = shop.orders.row[order]
    facts = pl.DataFrame(
        {
            "number": pl.Series(order_numbers(shop.world.draws, shop.orders)[order]).cast(pl.String),
            "title": shop.titles_of(order)["first_title"],
            "given": people.name.gather(row).str.slice(-1),
            "phone": pl.Series(people.phone_main[row]).cast(pl.String),
            "email": people.email.gather(row),
            "by_email": shop.world.draws.chance(0.3, "alipay_by_email", people.index[row]),
        }
    )
    by_phone = pl.format("*{}({})", "given", masked("phone"))
    by_email = pl.format("{}***@{}", pl.col("email").str.slice(0, 3), pl.col("email").str.split("@").list.get(1))
    account = facts.select("number", "title", account=pl.when("by_email").then(by_email).otherwise(by_phone))
    return moves.hstack(account).with_columns(*nobody(), pl.lit(store).alias("store")).drop("order")


def files(delivered: pl.DataFrame, stamp: Stamp) -> dict[str, bytes]:
    """One archive a delivery, for the days since the delivery before."""
    sign = pl.when("is_refund").then(-1).otherwise(1)
    frame = delivered.sort("at", "serial", "is_refund").with_columns(
        signed=sign * pl.col("amount_fen"), fee=-sign * (pl.col("amount_fen") * 6 // 1000)
    )
    members = {
        f"{_ACCOUNT}_{stamp.compact}_业务明细.csv": _details(frame, stamp),
        f"{_ACCOUNT}_{stamp.compact}_业务明细(汇总).csv": _summary(frame, stamp),
    }
    return {f"{_ACCOUNT}_{stamp.compact}.csv.zip": archive(members)}


def _details(frame: pl.DataFrame, stamp: Stamp) -> bytes:
    lines = frame.select(pl.concat_str(_cells(stamp), separator=",").str.join(_LINE_END)).item()
    paid, back = frame.filter(~pl.col("is_refund")), frame.filter("is_refund")
    below = [
        "#-----------------------------------------业务明细列表结束------------------------------------",
        f"#交易合计：{len(paid)}笔，商家实收共{_sum(paid)}元，商家优惠共0.00元",
        f"#退款合计：{len(back)}笔，商家实收退款共{_sum(back)}元，商家优惠退款共0.00元",
        f"#导出时间：[{stamp.day:%Y年%m月%d日} 23:55:00]",
    ]
    return gb18030((_LINE_END.join([*_above("明细", stamp), HEADER, lines, *below]) + _LINE_END).encode())


def _summary(frame: pl.DataFrame, stamp: Stamp) -> bytes:
    paid = ~pl.col("is_refund")
    by_store = frame.group_by("store").agg(
        paid.sum().alias("payments"), pl.col("is_refund").sum().alias("refunds"), pl.col("signed").sum(), pl.col("fee").sum()
    )
    whole = by_store.select(pl.lit("合计").alias("store"), pl.exclude("store").sum())
    zero, tab = pl.lit("0.00\t"), pl.lit("\t")
    table = pl.concat([by_store.sort("store"), whole]).select(
        pl.concat_str("store", tab).alias("a"),
        pl.concat_str(pl.col("store").replace_strict(_SHOPS, default=""), tab).alias("b"),
        *(pl.concat_str(name, tab).alias(name) for name in ("payments", "refunds")),
        *(pl.concat_str(money("signed"), tab).alias(name) for name in ("c", "d")),
        *(zero.alias(name) for name in ("e", "f", "g")),
        pl.concat_str(money("fee"), tab).alias("h"),
        zero.alias("i"),
        pl.concat_str(money(pl.col("signed") + pl.col("fee")), tab).alias("j"),
    )
    above = _LINE_END.join(_above("汇总", stamp)) + _LINE_END
    return gb18030((above + csv_text(SUMMARY_HEADER, table, _LINE_END).decode() + f"#----业务汇总列表结束----{_LINE_END}").encode())


def _above(what: str, stamp: Stamp) -> list[str]:
    return [
        f"#支付宝业务{what}查询",
        f"#账号：[{_ACCOUNT}]",
        f"#起始日期：[{stamp.first_day:%Y年%m月%d日} 00:00:00]   终止日期：[{stamp.day:%Y年%m月%d日} 23:59:59]",
        f"#-----------------------------------------业务{what}列表----------------------------------------",
    ]


def _sum(frame: pl.DataFrame) -> str:
    return str(frame.select(pl.col("signed").sum()).select(money("signed")).item())


def _cells(stamp: Stamp) -> list[pl.Expr]:
    is_refund, tab = pl.col("is_refund"), pl.lit("\t")
    empty = pl.lit("")
    request = pl.when(is_refund).then(pl.concat_str(pl.lit("RF"), pl.col("serial").cast(pl.String).str.zfill(14))).otherwise(empty)
    values = {name: pl.lit("0.00") for name in _COLUMNS if name.endswith("（元）")} | {
        "支付宝交易号": pl.concat_str(payment_number(stamp.epoch), tab),
        "商户订单号": pl.concat_str(pl.lit("T200P"), pl.col("number"), tab),
        "业务类型": pl.when(is_refund).then(pl.lit("退款\t")).otherwise(pl.lit("交易\t")),
        "商品名称": pl.col("title"),
        "创建时间": instant("paid_at", stamp.epoch),
        "完成时间": instant("at", stamp.epoch),
        "门店编号": pl.concat_str("store", tab),
        "门店名称": pl.concat_str(pl.col("store").replace_strict(_SHOPS), tab),
        "对方账户": pl.concat_str("account", tab),
        "订单金额（元）": money("signed"),
        "商家实收（元）": money("signed"),
        "退款批次号/请求号": pl.concat_str(request, tab),
        "服务费（元）": money("fee"),
    }
    return [cell.fill_null("") for cell in laid_out(_COLUMNS, values)]
