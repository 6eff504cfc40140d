"""Klaviyo campaign reports: 24 columns, under older names in the first half of the time and newer ones in the second."""

from __future__ import annotations

import polars as pl

from pipelines.simulate.advertising import campaign_mails
from pipelines.simulate.chunk import Chunk
from pipelines.simulate.formats.cells import Stamp, csv_text, instant, laid_out

_NAMES = ["双周刊", "会员日", "上新提醒"]
HEADER = (
    "Campaign Name,Tags,Subject,List,Send Time,Send Weekday,Total Recipients,Unique Placed Order,Placed Order Rate,Revenue,Unique Opens,"
    "Open Rate,Total Opens,Unique Clicks,Click Rate,Total Clicks,Unsubscribes,Spam Complaints,Spam Complaints Rate,Successful Deliveries,"
    "Bounces,Bounce Rate,Campaign ID,Campaign Channel"
)
NEW_HEADER = (
    "Campaign name,Tags,Subject,List,Send time,Send weekday,Total recipients,Count of unique conversions,Placed Order Rate,"
    "Conversion value,Unique opens,Open rate,Total opens,Unique clicks,Click rate,Total clicks,Unsubscribes,Spam complaints,"
    "Spam complaints rate,Successful deliveries,Bounces,Bounce rate,Campaign ID,Campaign channel"
)


def rows(chunk: Chunk) -> pl.DataFrame:
    """One row per campaign of the first half of the time: the report had its older names then."""
    return campaign_mails(chunk, lambda day, days: 2 * day < days)


def new_rows(chunk: Chunk) -> pl.DataFrame:
    """One row per campaign of the second half."""
    return campaign_mails(chunk, lambda day, days: 2 * day >= days)


def files(delivered: pl.DataFrame, stamp: Stamp) -> dict[str, bytes]:
    """One report a delivery."""
    header = HEADER.split(",")
    frame = delivered.sort("at").select(laid_out(header, _mail_cells(stamp, header)))
    return {f"klaviyo_campaigns_{stamp.day}.csv": csv_text(HEADER, frame)}


def new_files(delivered: pl.DataFrame, stamp: Stamp) -> dict[str, bytes]:
    """One report a delivery; rates are fractions there."""
    header = NEW_HEADER.split(",")
    ten_thousandths = (pl.col("opened") * 10_000 // pl.col("sent")).cast(pl.String).str.zfill(4)
    cells = _mail_cells(stamp, header) | {"Open rate": pl.concat_str(pl.lit("0."), ten_thousandths)}
    frame = delivered.sort("at").select(laid_out(header, cells))
    return {f"klaviyo_campaigns_{stamp.day}_new.csv": csv_text(NEW_HEADER, frame)}


def _mail_cells(stamp: Stamp, header: list[str]) -> dict[str, pl.Expr]:
    """By the names that both generations have; where these differ in capitals only, by the name that the header has."""
    name = pl.concat_str(
        (pl.col("number") % len(_NAMES)).replace_strict(dict(enumerate(_NAMES)), return_dtype=pl.String),
        pl.col("number"),
        separator=" ",
    )
    cells = {
        "campaign name": name,
        "send time": instant("at", stamp.epoch),
        "total recipients": pl.col("sent").cast(pl.String),
        "unique opens": pl.col("opened").cast(pl.String),
        "open rate": pl.concat_str((pl.col("opened") * 100 // pl.col("sent")).cast(pl.String), pl.lit(".0%")),
        "unique clicks": (pl.col("opened") // 8).cast(pl.String),
        "unsubscribes": (pl.col("sent") // 400).cast(pl.String),
        "campaign id": pl.format("01HX{}", pl.col("number").cast(pl.String).str.zfill(6)),
        "campaign channel": pl.lit("email"),
    }
    return {column: cells[column.lower()] for column in header if column.lower() in cells}
