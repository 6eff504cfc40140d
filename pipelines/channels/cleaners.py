"""Cleaners by name: how the protection around a cell is taken off. Each is text in, text out, and knows no format."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import polars as pl

from pipelines.contracts.channel_tables import YEARLESS

Cleaner = Callable[[pl.Expr], pl.Expr]

# space, tab, line ends, no-break space, ideographic space, zero-width space, byte order mark
_SPACES = " \t\r\n\u00a0\u3000\u200b\ufeff"


def _where_any(marks: str, clean: Cleaner) -> Cleaner:
    """`clean`, which changes only cells with one of the marks, where there are such: to look for a character takes a tenth of the time."""

    def batch(cells: pl.Series) -> pl.Series:
        if not any(cells.str.contains(mark, literal=True).any() for mark in marks):
            return cells
        return cells.rename("cell").to_frame().select(clean(pl.col("cell"))).to_series()

    return lambda cell: cell.map_batches(batch, return_dtype=pl.String(), is_elementwise=True)


def strip(cell: pl.Expr) -> pl.Expr:
    """Outer spaces of every kind: fixed-width columns, tabs that keep a spreadsheet from counting."""
    return cell.str.strip_chars(_SPACES)


def formula_text(cell: pl.Expr) -> pl.Expr:
    """`="4512"` -> `4512`: how exports keep a spreadsheet from rounding an id."""
    inner = cell.str.strip_prefix('="').str.strip_suffix('"')
    return pl.when(cell.str.starts_with('="')).then(inner).otherwise(cell)


def apostrophe(cell: pl.Expr) -> pl.Expr:
    """`'0086138` -> `0086138`: the same, typed."""
    return cell.str.strip_prefix("'")


def backtick(cell: pl.Expr) -> pl.Expr:
    """`` `0.00 `` -> `0.00`: the same, in payment bills."""
    return cell.str.strip_prefix("`")


def suffix_yuan(cell: pl.Expr) -> pl.Expr:
    """`5.20元` -> `5.20`."""
    return cell.str.strip_suffix("元")


def prefix_yuan(cell: pl.Expr) -> pl.Expr:
    """`¥12.00`, `-￥3` -> `12.00`, `-3`; any other sign stays, and is refused as a number: where all is in yuan a dollar is a mistake."""
    return _where_any("¥￥", lambda text: text.str.replace(r"^([+-]?)[¥￥]\s*", "${1}"))(cell)


def currency_symbol(cell: pl.Expr) -> pl.Expr:
    """`¥12.00`, `-$3.00` -> `12.00`, `-3.00`."""
    return _where_any("¥￥$€£", lambda text: text.str.replace(r"^([+-]?)[¥￥$€£]\s*", "${1}"))(cell)


def thousands(cell: pl.Expr) -> pl.Expr:
    """`1,280.00`, `1，280.00` -> `1280.00`. Only commas between groups of three digits; `1,5` stays and is refused as a number."""
    return _where_any(",，", _ungrouped)(cell)


def _ungrouped(cell: pl.Expr) -> pl.Expr:
    is_grouped = cell.str.contains(r"^[^\d]*\d{1,3}([,，]\d{3})+(\.\d*)?[^\d]*$")
    return pl.when(is_grouped).then(cell.str.replace_all(r"[,，]", "")).otherwise(cell)


def decimal_comma(cell: pl.Expr) -> pl.Expr:
    """`1.234,56`, `1 234,56`, `12,5` -> `1234.56`, `12.5`: continental numbers. What has no comma stays, `1.234` included."""
    is_continental = cell.str.contains(r"^[+-]?\d{1,3}([. \u{a0}\u{202f}]?\d{3})*,\d+$")
    whole = cell.str.replace_all(r"[. \u{a0}\u{202f}]", "").str.replace(",", ".", literal=True)
    return pl.when(is_continental).then(whole).otherwise(cell)


def continental_thousands(cell: pl.Expr) -> pl.Expr:
    """`12.800`, `12 800` -> `12800`: whole numbers of a continental export, where a dot can only part thousands."""
    is_grouped = cell.str.contains(r"^[+-]?\d{1,3}([. \u{a0}\u{202f}]\d{3})+$")
    return pl.when(is_grouped).then(cell.str.replace_all(r"[. \u{a0}\u{202f}]", "")).otherwise(cell)


def range_start(cell: pl.Expr) -> pl.Expr:
    """`20260501~20260531` -> `20260501`: reports over several days. A single day stays."""
    return cell.str.replace(r"^([^~～至]*?)\s*[~～至].*$", "${1}")


def range_end(cell: pl.Expr) -> pl.Expr:
    """`20260501~20260531` -> `20260531`."""
    return cell.str.replace(r"^.*[~～至]\s*([^~～至]*)$", "${1}")


def day_or_nothing(cell: pl.Expr) -> pl.Expr:
    """`1990-02-03T00:00:00Z` -> `1990-02-03`; what is no day of 1900 to 2099 -> nothing: for values not worth a record."""
    day = pl.when(cell.str.contains(r"^(19|20)\d\d-")).then(cell.str.slice(0, 10)).str.to_date("%Y-%m-%d", strict=False, cache=False)
    return day.cast(pl.String)


def yearless_birthday(cell: pl.Expr) -> pl.Expr:
    """`--05-12`, `5/12`, `5月12日`, and `1604-05-12`, `0000-05-12` of programs that must write a year -> `1904-05-12`.

    1904 stands for "no year": a leap year in which nobody alive was born. Month before day, as everywhere here; all else stays.
    """
    said = r"^(?:--|(?:0000|0001|1604)[-/])?(\d{1,2})[-/月]?(\d{1,2})日?(?:[ T]00:00.*)?$"
    month, day = (cell.str.extract(said, place).str.zfill(2) for place in (1, 2))
    is_said = cell.str.contains(r"^(--\d{4}|(--|(0000|0001|1604)[-/])?\d{1,2}[-/月]\d{1,2}日?([ T]00:00.*)?)$")
    return pl.when(~is_said).then(cell).otherwise(pl.lit(f"{YEARLESS}-") + month + pl.lit("-") + day)


def full_width_comma(cell: pl.Expr) -> pl.Expr:
    """`买家已付款,等待` -> `买家已付款，等待`: exports write both, vocabularies list one."""
    return cell.str.replace_all(",", "，", literal=True)


def full_width_digits(cell: pl.Expr) -> pl.Expr:
    """`１３８` -> `138`, with every other full-width form (NFKC)."""
    return cell.str.normalize("NFKC")


def whole_number(cell: pl.Expr) -> pl.Expr:
    """`17850.0` -> `17850`: a number that passed through a float column. Up to 15 digits, beyond which floats lose some."""
    return cell.str.replace(r"^(-?\d{1,15})\.0+$", "${1}")


def percent(cell: pl.Expr) -> pl.Expr:
    """`0.60%` -> `0.006`; without the sign the cell stays."""
    number = cell.str.strip_suffix("%").cast(pl.Decimal(38, 12), strict=False) / pl.lit(100).cast(pl.Decimal(38, 12))
    return pl.when(cell.str.ends_with("%")).then(number.cast(pl.String)).otherwise(cell)


def excel_time(cell: pl.Expr) -> pl.Expr:
    """`46188.5` -> `2026-06-15 12:00:00`: a time whose cell lost its format, in days since 1899-12-30. What else there is stays."""
    is_serial = cell.str.contains(r"^[2-7]\d{4}(\.\d+)?$")  # from 1954 to 2119
    seconds = ((cell.cast(pl.Float64, strict=False) - 25_569) * 86_400).round().cast(pl.Int64, strict=False)
    return pl.when(is_serial).then(pl.from_epoch(seconds, "s").dt.strftime("%Y-%m-%d %H:%M:%S")).otherwise(cell)


def numbered_day(cell: pl.Expr) -> pl.Expr:
    """`260603-000000000012345` -> `260603`: a number that begins with the day it was given; others stay, and are refused as a day."""
    return cell.str.replace(r"^(\d{6})-\d{15}$", "${1}")


def numbered_time(cell: pl.Expr) -> pl.Expr:
    """`E20260305090500000001` -> `20260305090500`: the same with the second in which the number was given."""
    return cell.str.replace(r"^E(\d{14})\d{6,10}$", "${1}")


def platform_order(cell: pl.Expr) -> pl.Expr:
    """`T200P4512345678901234567` -> `4512345678901234567`: how Alipay writes the number of a Taobao order. Others stay."""
    return cell.str.replace(r"^T\d{1,4}P(\d{10,20})$", "${1}")


def lower(cell: pl.Expr) -> pl.Expr:
    """Lower case."""
    return cell.str.to_lowercase()


def single_spaces(cell: pl.Expr) -> pl.Expr:
    """Runs of spaces, and tabs and line breaks, become one space."""
    return cell.str.replace_all(r"\s\s+|[\t\r\n]", " ")


CLEANERS: Mapping[str, Cleaner] = {
    cleaner.__name__: cleaner
    for cleaner in (
        strip,
        formula_text,
        apostrophe,
        backtick,
        suffix_yuan,
        prefix_yuan,
        currency_symbol,
        thousands,
        decimal_comma,
        continental_thousands,
        range_start,
        range_end,
        day_or_nothing,
        yearless_birthday,
        full_width_comma,
        full_width_digits,
        whole_number,
        percent,
        excel_time,
        numbered_day,
        numbered_time,
        platform_order,
        lower,
        single_spaces,
    )
}
