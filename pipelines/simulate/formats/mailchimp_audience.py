"""Mailchimp audience: who signed up for the newsletter, and who left. Merge fields of the shop stand between name and rating."""

from __future__ import annotations

import numpy as np
import polars as pl

from pipelines.simulate import outreach
from pipelines.simulate.chunk import Chunk
from pipelines.simulate.formats.cells import PERSON, RECORD, UTC_OFFSET, Stamp, csv_text, instant, laid_out
from pipelines.simulate.people import NEVER
from pipelines.simulate.seasons import quiet_end
from pipelines.simulate.spec import DAY_SECONDS
from pipelines.simulate.versions import told_once

READER_HEADER = (
    "Email Address,First Name,Last Name,Favourite category,MEMBER_RATING,OPTIN_TIME,OPTIN_IP,CONFIRM_TIME,CONFIRM_IP,LATITUDE,LONGITUDE,"
    "GMTOFF,DSTOFF,TIMEZONE,CC,REGION,LAST_CHANGED,LEID,EUID,NOTES,TAGS"
)
LEAVER_HEADER = READER_HEADER.replace(",LEID", ",UNSUB_TIME,UNSUB_CAMPAIGN_TITLE,UNSUB_CAMPAIGN_ID,UNSUB_REASON,UNSUB_REASON_OTHER,LEID")


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
