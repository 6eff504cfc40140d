"""Google Ads campaign reports by day, in three dialects: CSV, tabs in UTF-16 for Excel, German. Totals stand below the rows."""

from __future__ import annotations

import polars as pl

from pipelines.simulate.advertising import campaign_days
from pipelines.simulate.chunk import Chunk
from pipelines.simulate.formats.cells import BOM, Stamp, csv_text, decoded, grouped, instant, laid_out

# Accounts share no campaign: one that were in two exports would be one cost told twice.
_CAMPAIGNS = ["品牌词", "春季上新, 女装", "再营销"]
_TAB_CAMPAIGNS = ["购物广告", "视频广告"]
_GERMAN_CAMPAIGNS = ["Marke", "Frühling"]


def rows(chunk: Chunk) -> pl.DataFrame:
    """One row per campaign and day of the account that is exported as CSV."""
    return campaign_days(chunk, "google", _CAMPAIGNS)


def tab_rows(chunk: Chunk) -> pl.DataFrame:
    """One row per campaign and day of the account that is exported for Excel."""
    return campaign_days(chunk, "google_tab", _TAB_CAMPAIGNS)


def german_rows(chunk: Chunk) -> pl.DataFrame:
    """One row per campaign and day of the account that speaks German."""
    return campaign_days(chunk, "google_de", _GERMAN_CAMPAIGNS)


def files(delivered: pl.DataFrame, stamp: Stamp) -> dict[str, bytes]:
    """Comma separated, with commas between thousands and `--` for nothing."""
    text = _text(delivered, stamp, _CAMPAIGNS, f'"{stamp.first_day:%B} {stamp.first_day.day}, {stamp.first_day:%Y} - {_long(stamp)}"')
    return {f"google_ads_{stamp.day}.csv": BOM + text.encode()}


def tab_files(delivered: pl.DataFrame, stamp: Stamp) -> dict[str, bytes]:
    """The same for Excel: tabs, UTF-16 with a mark."""
    text = _text(delivered, stamp, _TAB_CAMPAIGNS, f"{stamp.first_day} - {stamp.day}", separator="\t")
    return {f"google_ads_excel_{stamp.day}.csv": b"\xff\xfe" + text.encode("utf-16-le")}


def _long(stamp: Stamp) -> str:
    return f"{stamp.day:%B} {stamp.day.day}, {stamp.day:%Y}"


def _text(delivered: pl.DataFrame, stamp: Stamp, names: list[str], period: str, separator: str = ",") -> str:
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


def german_files(delivered: pl.DataFrame, stamp: Stamp) -> dict[str, bytes]:
    """Continental numbers, totals that begin with Gesamt."""
    header = "Kampagne,Währungscode,Tag,Impr.,Klicks,Kosten"
    frame = delivered.sort("at", "campaign").select(
        decoded("campaign", _GERMAN_CAMPAIGNS).alias("a"),
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
