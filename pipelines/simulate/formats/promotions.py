"""What promotion costs on Meta, Pinduoduo and JD. Summaries stand in the reports and are no cost of their own."""

from __future__ import annotations

import polars as pl

from pipelines.simulate.advertising import campaign_days
from pipelines.simulate.chunk import Chunk
from pipelines.simulate.formats.cells import BOM, DELIVERY, PERSON, RECORD, Stamp, csv_text, decoded, instant, laid_out, money, yuan
from pipelines.simulate.formats.workbooks import workbooks

_META = ["春季上新", "夏季清仓"]
_PDD = ["全站推广", "商品推广"]
_JD = ["快车一", "快车二", "快车三"]
META_HEADER = (
    "Reporting starts,Reporting ends,Day,Account name,Campaign name,Campaign ID,Ad set name,Amount spent (CNY),Impressions,Reach,Frequency,"
    "Link clicks,Clicks (all),Results,Purchases,Delivery"
)
PDD_HEADER = "日期,商品ID,商品名称,推广场景,推广名称,出价方式,分组,是否已删除,成交花费(元),交易额(元),实际投产比,总花费(元),曝光量,点击量"
JD_HEADER = "日期,跟单SKU ID,跟单SKU名称,SPU ID,展现数,点击数,点击率(%),花费,千次展现成本,平均点击成本"


def meta_rows(chunk: Chunk) -> pl.DataFrame:
    """One row per campaign and day, and the summary of each report, which has no campaign."""
    days = campaign_days(chunk, "meta", _META)
    summary = days.group_by(DELIVERY, PERSON, RECORD).agg(
        pl.lit(-1, dtype=pl.Int64).alias("campaign"), pl.col("at").min(), pl.col("clicks", "impressions", "cost_fen").sum()
    )
    return pl.concat([days, summary.select(days.columns)])


def pdd_rows(chunk: Chunk) -> pl.DataFrame:
    """One row per promotion and day."""
    return campaign_days(chunk, "pdd", _PDD)


def jd_rows(chunk: Chunk) -> pl.DataFrame:
    """One row per promoted article and delivery: the report adds up its days."""
    return (
        campaign_days(chunk, "jd", _JD)
        .group_by(DELIVERY, PERSON, RECORD, "campaign")
        .agg(pl.col("clicks", "impressions", "cost_fen").sum())
    )


def meta_files(delivered: pl.DataFrame, stamp: Stamp) -> dict[str, bytes]:
    """The currency is in a header; the first row is the summary of the report."""
    day = instant("at", stamp.epoch, "%Y-%m-%d")
    cells = {
        "Reporting starts": pl.lit(f"{stamp.first_day}"),
        "Reporting ends": pl.lit(f"{stamp.day}"),
        "Day": pl.when(pl.col("campaign") >= 0).then(day),
        "Account name": pl.lit("四季生活"),
        "Campaign name": pl.col("campaign").replace_strict(dict(enumerate(_META)), default=None, return_dtype=pl.String),
        "Campaign ID": pl.when(pl.col("campaign") >= 0).then((120_001 + pl.col("campaign")).cast(pl.String)),
        "Ad set name": pl.when(pl.col("campaign") >= 0).then(pl.lit("女 25+")),
        "Amount spent (CNY)": money("cost_fen"),
        "Impressions": pl.col("impressions").cast(pl.String),
        "Link clicks": (pl.col("clicks") * 9 // 10).cast(pl.String),
        "Clicks (all)": pl.col("clicks").cast(pl.String),
    }
    frame = delivered.sort(pl.col("campaign") >= 0, "at", "campaign").select(laid_out(META_HEADER.split(","), cells))
    return {f"meta_ads_{stamp.day}.csv": BOM + csv_text(META_HEADER, frame)}


def pdd_files(delivered: pl.DataFrame, stamp: Stamp) -> dict[str, bytes]:
    """A workbook under a note. The total is over the whole shop and more than its rows."""
    header = PDD_HEADER.split(",")
    cost = pl.col("cost_fen")
    cells = {
        "日期": instant("at", stamp.epoch, "%Y-%m-%d"),
        "商品ID": (600_000_000_001 + pl.col("campaign")).cast(pl.String),
        "商品名称": pl.lit("羊毛围巾"),
        "推广场景": decoded("campaign", _PDD),
        "推广名称": pl.lit("春季"),
        "出价方式": pl.lit("自动"),
        "分组": pl.lit("-"),
        "是否已删除": pl.lit("否"),
        "成交花费(元)": yuan(cost * 9 // 10),
        "交易额(元)": yuan(cost * 6),
        "实际投产比": pl.lit("6.00"),
        "总花费(元)": yuan("cost_fen"),
        "曝光量": pl.col("impressions"),
        "点击量": pl.col("clicks"),
    }
    whole = delivered.select(money(cost.sum() * 6 // 5).alias("cost"), pl.col("impressions", "clicks").sum().cast(pl.String)).row(0)
    total = ["总计", *["-"] * 8, "-", "-", *whole]
    frame = delivered.sort("at", "campaign").select(laid_out(header, cells))
    return workbooks(f"pdd_promo_{stamp.day}", header, frame, above=["以下数据仅供参考"], below=[total])


def jd_files(delivered: pl.DataFrame, stamp: Stamp) -> dict[str, bytes]:
    """A workbook: the days of the delivery as one range, ids as they come out of floats."""
    header = JD_HEADER.split(",")
    days = f"{stamp.compact}" if stamp.day == stamp.first_day else f"{stamp.first_day:%Y%m%d}~{stamp.compact}"
    cells = {
        "日期": pl.lit(days),
        "跟单SKU ID": (10_160_070_484_512 + pl.col("campaign")).cast(pl.String) + ".0",
        "跟单SKU名称": decoded("campaign", _JD),
        "SPU ID": pl.lit("1.0"),
        "展现数": pl.col("impressions"),
        "点击数": pl.col("clicks"),
        "花费": yuan("cost_fen"),
    }
    return workbooks(f"jd_promo_{stamp.day}", header, delivered.sort("campaign").select(laid_out(header, cells)))
