"""How values become cells: money, instants, phones, and whole CSV files. No format is known here."""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from io import BytesIO

import polars as pl

# Column names that a format's rows share: who is told of in which delivery. Never written to a delivery.
DELIVERY, PERSON, RECORD = "delivery", "person", "source_record_key"
UTC_OFFSET = 8 * 3600


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


def csv_text(header: str, frame: pl.DataFrame, line_end: str = "\n") -> bytes:
    """Quote only where needed. The header is written as it is, so it may repeat a name as real exports do."""
    body = BytesIO()
    frame.write_csv(body, include_header=False, line_terminator=line_end)
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
