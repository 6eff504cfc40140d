"""What advertising costs, by campaign and day: Google Ads in three dialects, Meta, Pinduoduo's and JD's promotion. And Klaviyo's campaigns.

Nobody is told of, so each report is drawn once, with the first people. Totals stand below the rows and are no cost of their own.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import polars as pl

from pipelines.simulate.chunk import Chunk
from pipelines.simulate.draws import Flags, Ints
from pipelines.simulate.formats.cells import (
    BOM,
    DELIVERY,
    PERSON,
    RECORD,
    Stamp,
    csv_text,
    decoded,
    grouped,
    instant,
    laid_out,
    money,
    nobody,
)
from pipelines.simulate.formats.workbooks import workbook
from pipelines.simulate.spec import DAY_SECONDS
from pipelines.simulate.versions import told_once

# Accounts share no campaign: one that were in two exports would be one cost told twice.
_GOOGLE = ["品牌词", "春季上新, 女装", "再营销"]
_GOOGLE_TAB = ["购物广告", "视频广告"]
_GOOGLE_DE = ["Marke", "Frühling"]
_META = ["春季上新", "夏季清仓"]
_PDD = ["全站推广", "商品推广"]
_JD = ["快车一", "快车二", "快车三"]
_KLAVIYO = ["双周刊", "会员日", "上新提醒"]

META_HEADER = (
    "Reporting starts,Reporting ends,Day,Account name,Campaign name,Campaign ID,Ad set name,Amount spent (CNY),Impressions,Reach,Frequency,"
    "Link clicks,Clicks (all),Results,Purchases,Delivery"
)
PDD_HEADER = "日期,商品ID,商品名称,推广场景,推广名称,出价方式,分组,是否已删除,成交花费(元),交易额(元),实际投产比,总花费(元),曝光量,点击量"
JD_HEADER = "日期,跟单SKU ID,跟单SKU名称,SPU ID,展现数,点击数,点击率(%),花费,千次展现成本,平均点击成本"
KLAVIYO_HEADER = (
    "Campaign Name,Tags,Subject,List,Send Time,Send Weekday,Total Recipients,Unique Placed Order,Placed Order Rate,Revenue,Unique Opens,"
    "Open Rate,Total Opens,Unique Clicks,Click Rate,Total Clicks,Unsubscribes,Spam Complaints,Spam Complaints Rate,Successful Deliveries,"
    "Bounces,Bounce Rate,Campaign ID,Campaign Channel"
)
NEW_KLAVIYO_HEADER = (
    "Campaign name,Tags,Subject,List,Send time,Send weekday,Total recipients,Count of unique conversions,Placed Order Rate,"
    "Conversion value,Unique opens,Open rate,Total opens,Unique clicks,Click rate,Total clicks,Unsubscribes,Spam complaints,"
    "Spam complaints rate,Successful deliveries,Bounces,Bounce rate,Campaign ID,Campaign channel"
)
_MAIL_EVERY_DAYS = 4


def google_rows(chunk: Chunk) -> pl.DataFrame:
    """One row per campaign and day of the account that is exported as CSV."""
    return _days(chunk, "google", _GOOGLE)


def google_tab_rows(chunk: Chunk) -> pl.DataFrame:
    """One row per campaign and day of the account that is exported for Excel."""
    return _days(chunk, "google_tab", _GOOGLE_TAB)


def google_german_rows(chunk: Chunk) -> pl.DataFrame:
    """One row per campaign and day of the account that speaks German."""
    return _days(chunk, "google_de", _GOOGLE_DE)


def meta_rows(chunk: Chunk) -> pl.DataFrame:
    """One row per campaign and day, and the summary of each report, which has no campaign."""
    days = _days(chunk, "meta", _META)
    summary = days.group_by(DELIVERY, PERSON, RECORD).agg(
        pl.lit(-1, dtype=pl.Int64).alias("campaign"), pl.col("at").min(), pl.col("clicks", "impressions", "cost_fen").sum()
    )
    return pl.concat([days, summary.select(days.columns)])


def pdd_rows(chunk: Chunk) -> pl.DataFrame:
    """One row per promotion and day."""
    return _days(chunk, "pdd", _PDD)


def jd_rows(chunk: Chunk) -> pl.DataFrame:
    """One row per promoted article and delivery: the report adds up its days."""
    return _days(chunk, "jd", _JD).group_by(DELIVERY, PERSON, RECORD, "campaign").agg(pl.col("clicks", "impressions", "cost_fen").sum())


def _days(chunk: Chunk, account: str, campaigns: list[str]) -> pl.DataFrame:
    world, draws = chunk.world, chunk.world.draws
    days = np.arange(world.spec.days, dtype=np.int64)
    campaign = np.repeat(np.arange(len(campaigns), dtype=np.int64), len(days))
    day = np.tile(days, len(campaigns))
    clicks = draws.whole(20, 900, f"{account}/clicks", campaign, day)
    frame = pl.DataFrame(
        {
            "campaign": campaign,
            "at": day * DAY_SECONDS,
            "clicks": clicks,
            "impressions": clicks * draws.whole(12, 60, f"{account}/shown", campaign, day),
            "cost_fen": clicks * draws.whole(30, 240, f"{account}/price", campaign, day),
        }
    )
    return _once(chunk, told_once(world, frame, "at"))


def _once(chunk: Chunk, frame: pl.DataFrame) -> pl.DataFrame:
    """All of it in the first chunk, nothing in the others."""
    return (frame if int(chunk.people.index[0]) == 0 else frame.clear()).with_columns(*nobody())


def google_files(delivered: pl.DataFrame, stamp: Stamp) -> dict[str, bytes]:
    """Comma separated, with commas between thousands and `--` for nothing."""
    text = _google_text(delivered, stamp, _GOOGLE, f'"{stamp.first_day:%B} {stamp.first_day.day}, {stamp.first_day:%Y} - {_long(stamp)}"')
    return {f"google_ads_{stamp.day}.csv": BOM + text.encode()}


def google_tab_files(delivered: pl.DataFrame, stamp: Stamp) -> dict[str, bytes]:
    """The same for Excel: tabs, UTF-16 with a mark."""
    text = _google_text(delivered, stamp, _GOOGLE_TAB, f"{stamp.first_day} - {stamp.day}", separator="\t")
    return {f"google_ads_excel_{stamp.day}.csv": b"\xff\xfe" + text.encode("utf-16-le")}


def _long(stamp: Stamp) -> str:
    return f"{stamp.day:%B} {stamp.day.day}, {stamp.day:%Y}"


def _google_text(delivered: pl.DataFrame, stamp: Stamp, names: list[str], period: str, separator: str = ",") -> str:
    header = ["Campaign status", "Campaign", "Budget", "Currency code", "Day", "Impr.", "Interactions", "Cost", "Conversions"]
    cells = {
        "Campaign status": pl.lit("Enabled"),
        "Campaign": decoded("campaign", names),
        "Budget": pl.lit(" --"),
        "Currency code": pl.lit("CNY"),
        "Day": instant("at", stamp.epoch, "%Y-%m-%d"),
        "Impr.": _thousands("impressions"),
        "Interactions": _thousands("clicks"),
        "Cost": grouped("cost_fen"),
        "Conversions": pl.lit("--"),
    }
    frame = delivered.sort("at", "campaign").select(laid_out(header, cells))
    sums = delivered.select(pl.col("impressions", "clicks", "cost_fen").sum()).select(
        _thousands("impressions"), _thousands("clicks"), grouped("cost_fen")
    )
    totals = pl.DataFrame(
        [[name, "--", "--", "CNY", "--", *sums.row(0), "--"] for name in ("Total: Account", "Total: Campaigns, all")],
        schema=header,
        orient="row",
    )
    body = pl.concat([frame.rename(dict(zip(frame.columns, header, strict=True))), totals]).write_csv(separator=separator)
    return f"Campaign report\n{period}\n{body}"


def google_german_files(delivered: pl.DataFrame, stamp: Stamp) -> dict[str, bytes]:
    """Continental numbers, totals that begin with Gesamt."""
    header = "Kampagne,Währungscode,Tag,Impr.,Klicks,Kosten"
    frame = delivered.sort("at", "campaign").select(
        decoded("campaign", _GOOGLE_DE).alias("a"),
        pl.lit("EUR").alias("b"),
        instant("at", stamp.epoch, "%d.%m.%Y").alias("c"),
        _continental(_thousands("impressions")).alias("d"),
        _continental(_thousands("clicks")).alias("e"),
        _continental(grouped("cost_fen")).alias("f"),
    )
    total = _continental(grouped(pl.col("cost_fen").sum()))
    cost = delivered.select(total).item()
    above = f"Kampagnenbericht\n{stamp.first_day:%d.%m.%Y} - {stamp.day:%d.%m.%Y}\n"
    below = f'Gesamt: Konto,EUR,--,--,--,"{cost}"\n'
    return {f"google_ads_de_{stamp.day}.csv": (above + csv_text(header, frame).decode() + below).encode()}


def _continental(number: pl.Expr) -> pl.Expr:
    """`1,804.50` as `1.804,50`."""
    return number.str.replace_all(",", "\0", literal=True).str.replace_all(".", ",", literal=True).str.replace_all("\0", ".", literal=True)


def _thousands(name: str) -> pl.Expr:
    return (
        pl.col(name)
        .cast(pl.String)
        .str.replace(r"^(\d{1,3})(\d{3})$", "${1},${2}")
        .str.replace(r"^(\d{1,3})(\d{3})(\d{3})$", "${1},${2},${3}")
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
        "成交花费(元)": money(cost * 9 // 10).cast(pl.Decimal(18, 2)),
        "交易额(元)": money(cost * 6).cast(pl.Decimal(18, 2)),
        "实际投产比": pl.lit("6.00"),
        "总花费(元)": money("cost_fen").cast(pl.Decimal(18, 2)),
        "曝光量": pl.col("impressions"),
        "点击量": pl.col("clicks"),
    }
    whole = delivered.select(money(cost.sum() * 6 // 5).alias("cost"), pl.col("impressions", "clicks").sum().cast(pl.String)).row(0)
    total = ["总计", *["-"] * 8, "-", "-", *whole]
    frame = delivered.sort("at", "campaign").select(laid_out(header, cells))
    return {f"pdd_promo_{stamp.day}.xlsx": workbook(header, frame, above=["以下数据仅供参考"], below=[total])}


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
        "花费": money("cost_fen").cast(pl.Decimal(18, 2)),
    }
    return {f"jd_promo_{stamp.day}.xlsx": workbook(header, delivered.sort("campaign").select(laid_out(header, cells)))}


def klaviyo_rows(chunk: Chunk) -> pl.DataFrame:
    """One row per campaign of the first half of the time: the report had its older names then."""
    return _mails(chunk, lambda day, days: 2 * day < days)


def new_klaviyo_rows(chunk: Chunk) -> pl.DataFrame:
    """One row per campaign of the second half."""
    return _mails(chunk, lambda day, days: 2 * day >= days)


def _mails(chunk: Chunk, is_told: Callable[[Ints, int], Flags]) -> pl.DataFrame:
    world = chunk.world
    day = np.arange(1, world.spec.days, _MAIL_EVERY_DAYS, dtype=np.int64)
    day = day[is_told(day, world.spec.days)]
    sent = world.draws.whole(300, 5_000, "klaviyo_sent", day)
    frame = pl.DataFrame(
        {
            "at": day * DAY_SECONDS + 10 * 3600,
            "number": day,
            "sent": sent,
            "opened": sent * world.draws.whole(15, 35, "klaviyo_opened", day) // 100,
        }
    )
    return _once(chunk, told_once(world, frame, "at"))


def klaviyo_files(delivered: pl.DataFrame, stamp: Stamp) -> dict[str, bytes]:
    """One report a delivery."""
    header = KLAVIYO_HEADER.split(",")
    frame = delivered.sort("at").select(laid_out(header, _mail_cells(stamp, header)))
    return {f"klaviyo_campaigns_{stamp.day}.csv": csv_text(KLAVIYO_HEADER, frame)}


def new_klaviyo_files(delivered: pl.DataFrame, stamp: Stamp) -> dict[str, bytes]:
    """One report a delivery; rates are fractions there."""
    header = NEW_KLAVIYO_HEADER.split(",")
    ten_thousandths = (pl.col("opened") * 10_000 // pl.col("sent")).cast(pl.String).str.zfill(4)
    cells = _mail_cells(stamp, header) | {"Open rate": pl.concat_str(pl.lit("0."), ten_thousandths)}
    frame = delivered.sort("at").select(laid_out(header, cells))
    return {f"klaviyo_campaigns_{stamp.day}_new.csv": csv_text(NEW_KLAVIYO_HEADER, frame)}


def _mail_cells(stamp: Stamp, header: list[str]) -> dict[str, pl.Expr]:
    """By the names that both generations have; where these differ in capitals only, by the name that the header has."""
    name = pl.concat_str(
        (pl.col("number") % len(_KLAVIYO)).replace_strict(dict(enumerate(_KLAVIYO)), return_dtype=pl.String),
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
