"""Open a delivered file: packing, contract, lines, cells, and when it was exported. After this it is ready to be planned with others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from polars.exceptions import PolarsError

from pipelines.channels.archive import Archived
from pipelines.channels.beside import in_order
from pipelines.channels.containers import Packing, UnreadableError, is_panic
from pipelines.channels.deliveries import Delivered
from pipelines.channels.exported import from_file_time, from_path, snapshot_at
from pipelines.channels.formats import Format
from pipelines.channels.inspection import Inspected, inspect, without_broken
from pipelines.channels.plan import Constants, cells, good, records
from pipelines.channels.recognition import Layout, recognize_columns
from pipelines.channels.scans import PIECE_BYTES, SOURCE_ROW, Scan, broken_json_lines, pieces, scan_parquet, scan_text
from pipelines.channels.splitter import Lines
from pipelines.channels.workbooks import sheet_text
from pipelines.contracts.config import Config

_PIECE_ROWS = 500_000  # of a Parquet file
_FEW_ROWS = 10_000  # that are typed whole in the time that one more plan takes


@dataclass(frozen=True, slots=True)
class Opened:
    """A file whose records can be read. What it writes in staging begins with the path `staging`."""

    file: Delivered
    archived: Archived
    staging: Path
    layout: Layout
    scan: Scan
    lines: Lines
    text: Inspected | None  # None for Parquet
    constants: Constants

    @property
    def format(self) -> Format:
        return self.layout.format

    @property
    def text_bytes(self) -> int:
        """Size of what is to be parsed."""
        source = self.archived.path if self.text is None else self.text.text
        return len(source) if isinstance(source, bytes) else source.stat().st_size

    def pieces(self) -> Iterator[Scan]:
        """The cells of the file in order, some at a time."""
        return _pieces(self.text, self.archived, self.format, self.lines)


def _pieces(text: Inspected | None, archived: Archived, item: Format, lines: Lines) -> Iterator[Scan]:
    if text is None:
        for first in range(0, lines.total, _PIECE_ROWS):
            yield _without(scan_parquet(archived.path, item.spec, first, _PIECE_ROWS), archived.redacted.rows)
    else:
        for piece in pieces(text, PIECE_BYTES):
            yield scan_text(text, piece)


def _without(scan: Scan, cut_out: Sequence[int]) -> Scan:
    """The rows of a Parquet file but those that are empty now, because somebody was forgotten."""
    if not cut_out:
        return scan
    return replace(scan, cells=scan.cells.filter(~pl.col(SOURCE_ROW).is_in(pl.Series(cut_out, dtype=pl.Int64).implode())))


def open_file(file: Delivered, packing: Packing, archived: Archived, formats: Sequence[Format], config: Config, staging: Path) -> Opened:
    """Raises UnreadableError with the reason to refuse the file."""
    if not archived.byte_count:
        raise UnreadableError("is empty")
    text = None
    if packing is Packing.PARQUET:
        layout, scan, lines = _open_parquet(archived, formats)
    else:
        path = file.path
        if packing is Packing.XLSX:
            sheet = staging.with_name(f"{staging.name}.sheet")
            path, packing = sheet_text(archived.path, sheet, config.channels.max_workbook_bytes), Packing.PLAIN
        text = inspect(path, packing, formats, staging, config.channels.max_unpacked_bytes)
        layout, scan, lines = text.layout, scan_text(text), text.lines
    spec = layout.format.spec
    currency = spec.currency_code or config.channels.default_currency
    exported_at = from_path(spec, file.name, config.business_time_zone)
    if exported_at is None:
        newest = _newest(_pieces(text, archived, layout.format, lines), layout.format)
        exported_at = newest or from_file_time(file.modified_ns)
    said_at = snapshot_at(exported_at, config.channels.export_grace_hours, config.business_time_zone)
    return Opened(file, archived, staging, layout, scan, lines, text, Constants(archived.load_id, exported_at, said_at, currency))


def _open_parquet(archived: Archived, formats: Sequence[Format]) -> tuple[Layout, Scan, Lines]:
    path, cut_out = archived.path, archived.redacted.rows
    try:
        schema = pl.read_parquet_schema(path)
        count = pq.read_metadata(path).num_rows
        layout = recognize_columns(list(schema), formats)
        return layout, _without(scan_parquet(path, layout.format.spec), cut_out), Lines(total=count, records=count - len(cut_out))
    except (PolarsError, pa.ArrowException, OSError, ValueError) as error:
        raise UnreadableError("is a damaged Parquet file") from error
    except BaseException as error:
        if not is_panic(error):
            raise
        raise UnreadableError("is a damaged Parquet file") from error


def _newest(scans: Iterable[Scan], item: Format) -> datetime | None:
    """Newest business time of the file, in a pass of its own: every row carries it. None in a file without times."""
    columns = [rule.column for rule in item.spec.exported_at if rule.column] or list(item.spec.business_times)
    if not columns:
        return None
    try:
        found = list(in_order(partial(_newest_of, item, columns), scans))
    except PolarsError:
        return None  # a broken JSON line: told when the file is read
    except BaseException as error:
        if not is_panic(error):
            raise
        return None
    return max((value for value in found if value is not None), default=None)


def _newest_of(item: Format, columns: Sequence[str], scan: Scan) -> datetime | None:
    """Newest time among the records of a piece that can be used.

    Of many records only the times are read; then it is asked whether one that has the newest of them can be used.
    """
    anything = Constants("", datetime(1970, 1, 1, tzinfo=UTC), datetime(1970, 1, 1, tzinfo=UTC), "XXX")
    raw = cells([scan], [anything])[0].collect()

    def newest_in(rows: pl.DataFrame) -> datetime | None:
        times = good(records(rows.lazy(), scan.natives, item), item, anything, ()).select(pl.col(name).max() for name in columns)
        values = [value for value in times.collect().row(0) if value is not None]
        return max(values, default=None)

    if raw.height > _FEW_ROWS and item.spec.fields.keys() >= {*columns}:  # a derived time may look at other records
        newest = pl.max_horizontal(columns)
        times = records(raw.lazy(), scan.natives, item).typed.select(SOURCE_ROW, newest.alias("newest"))
        latest = times.filter(pl.col("newest") == pl.col("newest").max()).collect()
        if latest.height:
            some = latest[SOURCE_ROW].head(_FEW_ROWS).implode()
            found = newest_in(raw.filter(pl.col(SOURCE_ROW).is_in(some)))
            if found == latest["newest"][0]:
                return found
    return newest_in(raw)


def without_broken_json(opened: Opened) -> Opened | None:
    """The file without the lines that the JSON parser refuses; None when it refuses none, or the file is no JSON."""
    if opened.text is None or not opened.format.spec.is_json:
        return None
    broken = broken_json_lines(opened.text)
    if not len(broken):
        return None
    text = without_broken(opened.text, broken, opened.staging.with_name(f"{opened.staging.name}.whole"))
    return replace(opened, text=text, lines=text.lines, scan=scan_text(text))
