"""Youzan customers: 34 columns and a trailing comma, some phones masked, one phone on two rows in families.

A delivery holds the customers that are new or changed.
"""

from __future__ import annotations

import polars as pl

from pipelines.simulate import names
from pipelines.simulate.accounts import snapshots, youzan_accounts
from pipelines.simulate.chunk import Chunk
from pipelines.simulate.formats.cells import DELIVERY, PERSON, RECORD, Stamp, csv_text, decoded, instant, money
from pipelines.simulate.people import YOUZAN

HEADER = (
    "客户姓名,客户昵称,客户手机号,客户生日,客户性别,标签,是否会员,成长值,免费等级,付费等级,权益卡,客户积分,客户储值余额,消费次数,"
    "消费金额,累计退款金额,累计退款订单数,笔单价,上次消费时间,分销员,导购员,企微好友,来源渠道,来源方式,成为客户时间,成为会员时间,"
    "成为会员店铺,公众号,公众号关注时间,最近浏览时间,微信地域,所属区域,指定时间消费次数,指定时间消费金额"
)
_COLUMNS = HEADER.split(",")
_BOM = "\ufeff".encode()


def rows(chunk: Chunk) -> pl.DataFrame:
    """One row per account and delivery that tells of it."""
    people, draws = chunk.people, chunk.world.draws
    accounts = youzan_accounts(chunk)
    states = snapshots(chunk, accounts)
    row = accounts.row[states.account]
    index = people.index[row]
    phone = people.phone_at(row, YOUZAN, chunk.world.calendar.cut(states.delivery) - 1)
    frame = pl.DataFrame(
        {
            DELIVERY: states.delivery,
            PERSON: index,
            "phone": pl.Series(phone).cast(pl.String),
            "is_masked": draws.chance(chunk.world.spec.masked_phone_share, "masked", index),
            "name": people.name.gather(row),
            "no_name": draws.chance(0.15, "youzan_no_name", index),
            "nick": people.youzan_nick.gather(row),
            "birthday": people.birthday.gather(row),
            "no_birthday": draws.chance(0.3, "youzan_no_birthday", index),
            "male": people.male[row],
            "no_gender": draws.chance(0.2, "youzan_no_gender", index),
            "imported": draws.chance(0.1, "youzan_imported", index),
            "place": people.place[row],
            "registered_at": accounts.registered_at[states.account],
            "order_count": states.order_count,
            "paid_fen": states.paid_fen,
            "refunded_fen": states.refunded_fen,
            "refund_count": states.refund_count,
            "last_paid_at": states.last_paid_at,
        }
    )
    masked = pl.concat_str(pl.col("phone").str.slice(0, 3), pl.lit("******"), pl.col("phone").str.slice(9))
    return frame.with_columns(
        **{RECORD: pl.when(~pl.col("is_masked")).then(pl.concat_str(pl.lit("youzan:"), "phone"))},
        phone=pl.when("is_masked").then(masked).otherwise("phone"),
        name=pl.when(~pl.col("no_name")).then("name"),
        birthday=pl.when(~pl.col("no_birthday")).then("birthday"),
    ).drop("is_masked", "no_name", "no_birthday")


def files(delivered: pl.DataFrame, stamp: Stamp) -> dict[str, bytes]:
    """One file a delivery."""
    frame = delivered.sort("registered_at", "phone", "nick", "name").select(_cells(stamp))
    return {f"youzan_customer_{stamp.compact}.csv": _BOM + csv_text(HEADER + ",", frame)}


def _cells(stamp: Stamp) -> list[pl.Expr]:
    count = pl.col("order_count")
    net = pl.col("paid_fen") - pl.col("refunded_fen")
    mean = pl.when(count > 0).then(pl.col("paid_fen") // pl.max_horizontal(count, pl.lit(1))).otherwise(0)
    gender = pl.when(pl.col("male")).then(pl.lit("男")).otherwise(pl.lit("女"))
    level = pl.when(net >= 800_000).then(pl.lit("VIP3")).when(net >= 200_000).then(pl.lit("VIP2"))
    values: dict[str, pl.Expr] = {
        "客户姓名": pl.col("name"),
        "客户昵称": pl.col("nick"),
        "客户手机号": pl.col("phone"),
        "客户生日": pl.col("birthday").dt.to_string("%Y-%m-%d"),
        "客户性别": pl.when("no_gender").then(pl.lit("未知")).otherwise(gender),
        "是否会员": pl.lit("是"),
        "成长值": (net // 100).cast(pl.String),
        "免费等级": level.otherwise(pl.lit("VIP1")),
        "客户积分": (net // 100).cast(pl.String),
        "客户储值余额": pl.lit("0.00"),
        "消费次数": count.cast(pl.String),
        "消费金额": money("paid_fen"),
        "累计退款金额": money("refunded_fen"),
        "累计退款订单数": pl.col("refund_count").cast(pl.String),
        "笔单价": money(mean),
        "上次消费时间": instant("last_paid_at", stamp.epoch),
        "来源渠道": pl.lit("微信小程序"),
        "来源方式": pl.when("imported").then(pl.lit("外部导入")).otherwise(pl.lit("登录创建客户")),
        "成为客户时间": instant("registered_at", stamp.epoch),
        "成为会员时间": instant("registered_at", stamp.epoch),
        "成为会员店铺": pl.lit("四季生活"),
        "微信地域": decoded("place", [city for city, *_ in names.PLACES]),
        "指定时间消费次数": pl.lit("0"),
        "指定时间消费金额": pl.lit("0.00"),
    }
    nothing = pl.lit(None, dtype=pl.String)
    return [*(values.get(name, nothing).alias(name) for name in _COLUMNS), nothing.alias("")]
