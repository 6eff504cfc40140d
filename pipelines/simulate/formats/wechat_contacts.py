"""Followers of the WeChat official account, as a tool dumps them, and the customers whom staff added in WeCom."""

from __future__ import annotations

import numpy as np
import polars as pl

from pipelines.simulate import names
from pipelines.simulate.chunk import Chunk
from pipelines.simulate.formats.cells import PERSON, RECORD, UTC_OFFSET, Stamp, decoded, instant, json_array, laid_out
from pipelines.simulate.formats.workbooks import workbooks
from pipelines.simulate.payments import openids
from pipelines.simulate.people import NEVER, STORE, YOUZAN
from pipelines.simulate.spec import DAY_SECONDS
from pipelines.simulate.versions import told_once

CONTACT_HEADER = "客户名称,描述,添加人,添加人账号,添加人所属部门,添加时间,来源,手机,企业,邮箱,地址,职务,电话,标签组1(等级)"
_CONTACT_COLUMNS = CONTACT_HEADER.split(",")
_APPID = names.WECHAT_APPIDS[0]
_STAFF = [("小王", "WangXiao"), ("小李", "LiXiao"), ("小陈", "ChenXiao")]
_SCENES = ["ADD_SCENE_QR_CODE", "ADD_SCENE_SEARCH", "ADD_SCENE_PAID"]
_ONE_PHONE, _, _TWO_PHONES = range(3)


def follower_rows(chunk: Chunk) -> pl.DataFrame:
    """One row per follower of the official account when they came, and one when they left, which says no more than the openid.

    Who comes and leaves between two deliveries is seen leaving only.
    """
    people, draws, calendar = chunk.people, chunk.world.draws, chunk.world.calendar
    row = np.flatnonzero(people.uses[:, YOUZAN] & draws.chance(0.45, "follows", people.index))
    index = people.index[row]
    came = people.start_at[row] + draws.whole(9 * 3600, 22 * 3600, "follow_hour", index)
    left = np.where(draws.chance(0.15, "unfollows", index), came + draws.whole(1, 40, "unfollow_days", index) * DAY_SECONDS, NEVER)
    openid = openids(chunk, row, np.zeros_like(row))
    frame = pl.DataFrame(
        {
            PERSON: index,
            RECORD: f"wechat:{_APPID}/" + openid,
            "openid": openid,
            "unionid": "o6_" + pl.Series(draws.base64url(25, "unionid", index)).cast(pl.String),
            "scene": draws.whole(0, 2, "follow_scene", index),
            "came_at": came,
            "left_at": left,
        }
    )
    stays = pl.Series(calendar.delivery_at(came) != calendar.delivery_at(left))
    here = told_once(chunk.world, frame.filter(stays).with_columns(follows=pl.lit(True)), "came_at")
    gone = told_once(chunk.world, frame.with_columns(follows=pl.lit(False)), "left_at")
    return pl.concat([here, gone])


def follower_files(delivered: pl.DataFrame, stamp: Stamp) -> dict[str, bytes]:
    """One dump a delivery, by a tool that adds the app to each follower. Nicknames are empty since December 2021."""
    here = pl.when("follows")
    frame = delivered.sort("openid", "follows").select(
        subscribe=pl.col("follows").cast(pl.Int64),
        openid="openid",
        appid=pl.lit(_APPID),
        nickname=here.then(pl.lit("")),
        language=here.then(pl.lit("zh_CN")),
        subscribe_time=here.then(pl.col("came_at") + stamp.epoch - UTC_OFFSET),
        unionid=here.then("unionid"),
        remark=here.then(pl.lit("")),
        groupid=here.then(0),
        tagid_list=pl.lit([2, 128]),
        subscribe_scene=here.then(decoded("scene", _SCENES)),
    )
    return {f"wxmp_followers_{stamp.compact}.json": b'{"user_info_list":' + json_array(frame) + b"}\n"}


def contact_rows(chunk: Chunk) -> pl.DataFrame:
    """One row per customer whom a member of staff added. Staff note a phone, two in one cell, or none."""
    people, draws, world = chunk.people, chunk.world.draws, chunk.world
    row = np.flatnonzero((people.uses[:, YOUZAN] | people.uses[:, STORE]) & draws.chance(0.25, "wecom", people.index))
    index = people.index[row]
    added = people.start_at[row] + draws.whole(9 * 3600, 21 * 3600, "wecom_hour", index)
    frame = pl.DataFrame(
        {
            PERSON: index,
            "nick": people.youzan_nick[row],
            "phone": pl.Series(people.phone_at(row, YOUZAN, added)).cast(pl.String),
            "second": pl.Series(people.phone_main[row]).cast(pl.String),
            "noted": draws.pick([0.6, 0.35, 0.05], "wecom_phone", index),
            "staff": draws.whole(0, len(_STAFF) - 1, "wecom_staff", index),
            "added_at": added,
        }
    )
    # Without a phone a contact is known by who added it and when, in UTC.
    moment = instant("added_at", world.epoch - UTC_OFFSET, "%Y-%m-%d %H:%M:%S.000000+00:00")
    unnamed = pl.format("wecom:{}/{}/{}", decoded("staff", [account for _, account in _STAFF]), moment, "nick")
    record = pl.when(pl.col("noted") == _ONE_PHONE).then(pl.format("wecom:{}", "phone")).otherwise(unnamed)
    return told_once(world, frame.with_columns(record.alias(RECORD)), "added_at")


def contact_files(delivered: pl.DataFrame, stamp: Stamp) -> dict[str, bytes]:
    """One workbook a delivery."""
    noted = pl.col("noted")
    phone = pl.when(noted == _ONE_PHONE).then("phone").when(noted == _TWO_PHONES).then(pl.format("{};{}", "phone", "second"))
    cells = {
        "客户名称": pl.col("nick"),
        "添加人": decoded("staff", [name for name, _ in _STAFF]),
        "添加人账号": decoded("staff", [account for _, account in _STAFF]),
        "添加人所属部门": pl.lit("门店"),
        "添加时间": instant("added_at", stamp.epoch),
        "来源": pl.lit("扫描二维码"),
        "手机": phone,
        "标签组1(等级)": pl.lit("普通"),
    }
    frame = delivered.sort("added_at", "nick").select(laid_out(_CONTACT_COLUMNS, cells))
    return workbooks(f"wecom_contacts_{stamp.day}", _CONTACT_COLUMNS, frame)
