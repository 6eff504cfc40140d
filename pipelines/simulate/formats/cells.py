"""How values become cells: money, instants, phones, and whole CSV files. No format is known here."""

from __future__ import annotations

import gzip
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from io import BytesIO
from typing import Literal

import polars as pl

# Column names that a format's rows share: who is told of in which delivery. Never written to a delivery.
DELIVERY, PERSON, RECORD = "delivery", "person", "source_record_key"
UTC_OFFSET = 8 * 3600
BOM = "\ufeff".encode()
NOTHING = pl.lit(None, dtype=pl.String)


@dataclass(frozen=True)
class Stamp:
    """The delivery that a file belongs to: its first and last business day and second 0 on the business clock."""

    first_day: date
    day: date
    epoch: int

    @property
    def compact(self) -> str:
        """The day as `20260301`."""
        return f"{self.day:%Y%m%d}"


def money(fen: str | pl.Expr) -> pl.Expr:
    """Yuan with two decimals, exact."""
    column = pl.col(fen) if isinstance(fen, str) else fen
    return (column.cast(pl.Decimal(18, 2)) / 100).cast(pl.Decimal(18, 2)).cast(pl.String)


def instant(seconds: str, epoch: int, pattern: str = "%Y-%m-%d %H:%M:%S") -> pl.Expr:
    """Seconds of the simulation as local time; null when absent."""
    column = pl.col(seconds)
    moment = pl.from_epoch(pl.when(column >= 0).then(column + epoch), time_unit="s")
    return moment.dt.strftime(pattern)


def decoded(code: str, texts: Sequence[str]) -> pl.Expr:
    """The text of a small code."""
    return pl.col(code).replace_strict(old=list(range(len(texts))), new=list(texts), return_dtype=pl.String)


def csv_text(header: str, frame: pl.DataFrame, line_end: str = "\n", quote_style: Literal["necessary", "always"] = "necessary") -> bytes:
    """CSV. The header is written as it is, so it may repeat a name as real exports do."""
    body = BytesIO()
    frame.write_csv(body, include_header=False, line_terminator=line_end, quote_style=quote_style)
    return (header + line_end).encode() + body.getvalue()


def json_lines(lines: pl.DataFrame) -> bytes:
    """One column of ready JSON texts, one a line."""
    body = BytesIO()
    lines.write_csv(body, include_header=False, quote_style="never")
    return body.getvalue()


def gb18030(text: bytes) -> bytes:
    """From UTF-8 to the encoding of Chinese desktop programs, rare characters included."""
    return text.decode().encode("gb18030")


def zipped(text: bytes, level: int = 1) -> bytes:
    """Gzip without a clock in its header, so the same rows are the same bytes."""
    return gzip.compress(text, compresslevel=level, mtime=0)


def yuan(fen: str | pl.Expr) -> pl.Expr:
    """Yuan as a number of two places, for the cells of a workbook: a text there could not be added up."""
    return money(fen).cast(pl.Decimal(18, 2))


def masked(phone: str | pl.Expr) -> pl.Expr:
    """`138****1234`, as platforms show a phone."""
    column = pl.col(phone) if isinstance(phone, str) else phone
    return pl.concat_str(column.str.slice(0, 3), pl.lit("****"), column.str.slice(7))


def number(fen: str | pl.Expr) -> pl.Expr:
    """Yuan as JSON numbers have it. Not by division: Polars multiplies by 0.01 for speed, and 319.9 comes out as 319.90000000000003."""
    return money(fen).cast(pl.Float64)


def grouped(fen: str | pl.Expr) -> pl.Expr:
    """Yuan with a comma between thousands: `1,258.00`. Nothing sold here costs a million."""
    return money(fen).str.replace(r"^(-?\d{1,3})(\d{3}\.)", "${1},${2}")


def laid_out(columns: Sequence[str], values: Mapping[str, pl.Expr]) -> list[pl.Expr]:
    """The cells of a row in the order of the header; columns without a value stay empty. Raises KeyError for a value without a column."""
    unknown = values.keys() - set(columns)
    if unknown:
        raise KeyError(f"no column {sorted(unknown)}")
    return [values.get(name, NOTHING).alias(str(position)) for position, name in enumerate(columns)]


def json_objects(frame: pl.DataFrame) -> bytes:
    """One object a row and line, nested as the columns are."""
    body = BytesIO()
    frame.write_ndjson(body)
    return body.getvalue()


def json_array(frame: pl.DataFrame) -> bytes:
    """The same objects as one array in one line, as interfaces answer."""
    return b"[" + json_objects(frame).rstrip(b"\n").replace(b"\n", b",") + b"]"


def nobody() -> list[pl.Expr]:
    """The columns that name person and record, for exports without either."""
    return [pl.lit(None, dtype=pl.Int64).alias(PERSON), pl.lit(None, dtype=pl.String).alias(RECORD)]
