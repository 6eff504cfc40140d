"""Lists of people: members of the loyalty program, readers of the newsletter, WeChat followers, WeCom contacts.

A delivery holds who is new, or left. Each list knows people by ids of its own; phones and e-mails lead from one to another.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from pipelines.simulate import names, outreach
from pipelines.simulate.chunk import Chunk
from pipelines.simulate.draws import Floats, Ints
from pipelines.simulate.formats.cells import (
    PERSON,
    RECORD,
    UTC_OFFSET,
    Stamp,
    csv_text,
    decoded,
    instant,
    json_array,
    laid_out,
)
from pipelines.simulate.formats.workbooks import workbook
from pipelines.simulate.payments import openids
from pipelines.simulate.people import NEVER, STORE, YOUZAN
from pipelines.simulate.seasons import quiet_end
from pipelines.simulate.spec import DAY_SECONDS
from pipelines.simulate.versions import told_once

MEMBER_HEADER = "member_id,phone,full_name,gender,birthday,province,city,registered_at,member_level,accepts_sms,accepts_email"
READER_HEADER = (
    "Email Address,First Name,Last Name,Favourite category,MEMBER_RATING,OPTIN_TIME,OPTIN_IP,CONFIRM_TIME,CONFIRM_IP,LATITUDE,LONGITUDE,"
    "GMTOFF,DSTOFF,TIMEZONE,CC,REGION,LAST_CHANGED,LEID,EUID,NOTES,TAGS"
)
LEAVER_HEADER = READER_HEADER.replace(",LEID", ",UNSUB_TIME,UNSUB_CAMPAIGN_TITLE,UNSUB_CAMPAIGN_ID,UNSUB_REASON,UNSUB_REASON_OTHER,LEID")
CONTACT_HEADER = "客户名称,描述,添加人,添加人账号,添加人所属部门,添加时间,来源,手机,企业,邮箱,地址,职务,电话,标签组1(等级)"
_CONTACT_COLUMNS = CONTACT_HEADER.split(",")
_APPID = names.WECHAT_APPIDS[0]
_STAFF = [("小王", "WangXiao"), ("小李", "LiXiao"), ("小陈", "ChenXiao")]
_SCENES = ["ADD_SCENE_QR_CODE", "ADD_SCENE_SEARCH", "ADD_SCENE_PAID"]
_ONE_PHONE, _NO_PHONE, _TWO_PHONES = range(3)


def member_rows(chunk: Chunk) -> pl.DataFrame:
    """One row per card of the loyalty program, on the day on which its holder joined."""
    people, draws = chunk.people, chunk.world.draws
    row = np.flatnonzero(people.has_card)
    index = people.index[row]
    joined = _day(people.start[row]) + draws.whole(9 * 3600, 20 * 3600, "member_hour", index)
    frame = pl.DataFrame(
        {
            PERSON: index,
            RECORD: "loyalty:" + people.card[row],
            "card": people.card[row],
            "phone": people.phone_at(row, STORE, joined),
            "name": people.name[row],
            "male": people.male[row],
            "birthday": people.birthday[row],
            "place": people.place[row],
            "joined_at": joined,
            "level": draws.pick([0.7, 0.2, 0.1], "member_level", index),
            # Yes, no, and nothing: who was never asked granted nothing.
            "sms": draws.pick([0.5, 0.2, 0.3], "member_sms", index),
            "mail": draws.pick([0.3, 0.2, 0.5], "member_mail", index),
        }
    )
    return told_once(chunk.world, frame, "joined_at")


def member_files(delivered: pl.DataFrame, stamp: Stamp) -> dict[str, bytes]:
    """One file a delivery."""
    answers = {0: "是", 1: "否"}
    frame = delivered.sort("joined_at", "card").select(
        "card",
        pl.concat_str(pl.lit("'"), "phone"),
        "name",
        pl.when("male").then(pl.lit("男")).otherwise(pl.lit("女")).alias("gender"),
        pl.col("birthday").dt.to_string("%Y-%m-%d"),
        decoded("place", [province for _, province, _, _ in names.PLACES]).alias("province"),
        decoded("place", [city for city, *_ in names.PLACES]).alias("city"),
        instant("joined_at", stamp.epoch),
        decoded("level", ["普通", "银卡", "金卡"]),
        *(pl.col(name).replace_strict(answers, default=None, return_dtype=pl.String) for name in ("sms", "mail")),
    )
    return {f"members_{stamp.compact}.csv": csv_text(MEMBER_HEADER, frame)}


def reader_rows(chunk: Chunk) -> pl.DataFrame:
    """One row per reader of the newsletter, when they signed up."""
    return told_once(chunk.world, _readers(chunk), "signed_up_at")


def leaver_rows(chunk: Chunk) -> pl.DataFrame:
    """One row per reader who unsubscribed, when they did."""
    return told_once(chunk.world, _readers(chunk), "left_at")


def _readers(chunk: Chunk) -> pl.DataFrame:
    """Holders of an account who wanted mails. A few confirmed nothing; one in ten leaves after a while."""
    people, draws, registered = chunk.people, chunk.world.draws, outreach.registered_at(chunk)
    row = np.flatnonzero((registered != NEVER) & draws.chance(0.65, "email_consent", people.index))
    index, at = people.index[row], registered[row]
    after = draws.whole(3, 60, "reader_stays", index) * DAY_SECONDS + draws.whole(0, 6 * 3600, "reader_leaves_hour", index)
    left = np.where(draws.chance(0.1, "reader_leaves", index), quiet_end(at + after), NEVER)
    euid = pl.Series(draws.hexadecimal(10, "euid", index)).cast(pl.String)
    return pl.DataFrame(
        {
            PERSON: index,
            RECORD: "mailchimp:" + euid,
            "euid": euid,
            "email": people.email[row],
            "name": people.name[row],
            "number": 200_000_000 + index,
            "unasked": draws.chance(0.1, "reader_unasked", index),
            "confirms": draws.chance(0.8, "reader_confirms", index),
            "host": draws.whole(1, 254, "mail_ip", index),
            "signed_up_at": at,
            "left_at": left,
        }
    )


def reader_files(delivered: pl.DataFrame, stamp: Stamp) -> dict[str, bytes]:
    """One file a delivery, of the subscribed."""
    frame = delivered.sort("signed_up_at", "euid").select(laid_out(READER_HEADER.split(","), _reader_cells(stamp)))
    return {f"subscribed_members_export_{stamp.day}.csv": csv_text(READER_HEADER, frame)}


def leaver_files(delivered: pl.DataFrame, stamp: Stamp) -> dict[str, bytes]:
    """One file a delivery, of the unsubscribed: the same columns, and when and why."""
    cells = _reader_cells(stamp) | {
        "UNSUB_TIME": instant("left_at", stamp.epoch - UTC_OFFSET),
        "UNSUB_REASON": pl.lit("NORMAL"),
        "LAST_CHANGED": instant("left_at", stamp.epoch - UTC_OFFSET),
    }
    frame = delivered.sort("left_at", "euid").select(laid_out(LEAVER_HEADER.split(","), cells))
    return {f"unsubscribed_members_export_{stamp.day}.csv": csv_text(LEAVER_HEADER, frame)}


def _reader_cells(stamp: Stamp) -> dict[str, pl.Expr]:
    at = instant("signed_up_at", stamp.epoch - UTC_OFFSET)
    asked = pl.when(~pl.col("unasked"))
    address = pl.format("203.0.113.{}", "host")
    return {
        "Email Address": pl.col("email"),
        "First Name": pl.col("name").str.slice(1),
        "Last Name": pl.col("name").str.slice(0, 1),
        "MEMBER_RATING": pl.lit("3"),
        "OPTIN_TIME": asked.then(at),
        "OPTIN_IP": asked.then(address),
        "CONFIRM_TIME": pl.when(~pl.col("unasked") & pl.col("confirms")).then(at),
        "CONFIRM_IP": pl.when(~pl.col("unasked") & pl.col("confirms")).then(address),
        "CC": pl.lit("cn"),
        "LAST_CHANGED": at,
        "LEID": pl.col("number").cast(pl.String),
        "EUID": pl.col("euid"),
        "TAGS": pl.lit('"VIP","Blog"'),
    }


def follower_rows(chunk: Chunk) -> pl.DataFrame:
    """One row per follower of the official account when they came, and one when they left, which says no more than the openid.

    Who comes and leaves between two deliveries is seen leaving only.
    """
    people, draws, calendar = chunk.people, chunk.world.draws, chunk.world.calendar
    row = np.flatnonzero(people.uses[:, YOUZAN] & draws.chance(0.45, "follows", people.index))
    index = people.index[row]
    came = _day(people.start[row]) + draws.whole(9 * 3600, 22 * 3600, "follow_hour", index)
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
    added = _day(people.start[row]) + draws.whole(9 * 3600, 21 * 3600, "wecom_hour", index)
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
    return {f"wecom_contacts_{stamp.day}.xlsx": workbook(_CONTACT_COLUMNS, frame)}


def _day(at: Floats) -> Ints:
    """The first second of the day on which a person first met the retailer."""
    return np.floor(at).astype(np.int64) * DAY_SECONDS
