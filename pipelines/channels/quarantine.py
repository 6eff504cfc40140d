"""Records that were set aside, whole and with the reason: cut out of the delivered file in a pass of its own, only when there are any."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl

from pipelines.channels.containers import UnreadableError, opened
from pipelines.channels.execution import Results, Stop
from pipelines.channels.inspection import Inspected, plain_lines
from pipelines.channels.reading import Opened
from pipelines.channels.scans import SOURCE_ROW
from pipelines.contracts.channel_tables import CHANNEL_QUARANTINE

_MAX_LINES = 1000  # of one record
_MAX_RAW_BYTES = 1 << 28  # of all of them: they are held in memory


def quarantined_rows(opened: Opened, results: Results, stop: Stop) -> tuple[pl.DataFrame, tuple[int, ...]]:
    """Rows of CHANNEL_QUARANTINE, by line: records of the wrong shape, and records with a cell that cannot be used.

    Also the lines of those that are not kept, because a word of theirs names somebody who was forgotten.
    """
    bad, faulty = opened.lines.bad, results.faulty
    kinds = [results.faults[number - 1] for number in faulty["fault"].to_list()]
    rows = pl.DataFrame(
        {
            "_source_row": [record.line for record in bad] + faulty[SOURCE_ROW].to_list(),
            "reason": [f"record {record.reason}" for record in bad] + [f"cell {kind.reason}" for kind in kinds],
            "column_name": [None] * len(bad) + [kind.header for kind in kinds],
            "value": [None] * len(bad) + faulty["value"].to_list(),
        },
        schema={"_source_row": pl.Int64, "reason": pl.String, "column_name": pl.String, "value": pl.String},
    ).sort("_source_row")
    if not rows.height:
        return rows, ()
    lines = rows["_source_row"].to_list()
    if opened.text is None:
        raw = _parquet_records(opened.archived.path, lines)
    else:
        raw = _text_records(opened.text, lines, {record.line: record.line_count for record in bad})
    rows = rows.with_columns(
        format_name=pl.lit(opened.format.name),
        record_raw=pl.Series(raw, dtype=pl.String),
        _load_id=pl.lit(opened.archived.load_id),
    )
    rows = rows.select(pl.col(name).cast(dtype) for name, dtype in CHANNEL_QUARANTINE.schema.items())
    is_stopped = stop.tombstones.stopped_texts(rows["record_raw"])
    return rows.filter(~is_stopped), tuple(rows.filter(is_stopped)["_source_row"])


def _text_records(text: Inspected, wanted: Sequence[int], counts: dict[int, int]) -> list[str]:
    """The records that begin at these physical lines; one with an odd number of quotes goes on to the next line."""
    is_quoted = text.layout.format.spec.quoting == "rfc4180" and text.layout.format.spec.container == "delimited"
    found: list[str] = []
    size = 0
    position, first_line, rest = 0, 1, b""
    with opened(text.path, text.packing) as stream:
        for block in plain_lines(stream, text.layout):
            data = rest + block
            ends = np.flatnonzero(np.frombuffer(data, np.uint8) == 0x0A)
            rest = b""
            while position < len(wanted) and wanted[position] < first_line + len(ends):
                number = wanted[position] - first_line
                begin = int(ends[number - 1]) + 1 if number else 0
                record = record_at(data, ends, number, begin, counts.get(wanted[position]), is_quoted)
                if record is None and number:
                    break
                raw = record if record is not None else data[begin:]
                found.append(raw.decode("utf-8", "replace").rstrip("\r\n"))
                size += len(raw)
                if size > _MAX_RAW_BYTES:
                    what = f"holds more than {_MAX_RAW_BYTES} bytes of records that cannot be used"
                    raise UnreadableError(what, "check what was exported, and the contract", kind="refused")
                position += 1
            if position == len(wanted):
                return found
            if wanted[position] < first_line + len(ends):
                number = wanted[position] - first_line
                rest = data[int(ends[number - 1]) + 1 :]
                first_line = wanted[position]
            else:
                first_line += len(ends)
    return found + [""] * (len(wanted) - len(found))


def record_at(data: bytes, ends: np.ndarray, number: int, begin: int, count: int | None, is_quoted: bool) -> bytes | None:
    """The record from line `number` of the block, which begins at `begin`; None when it goes on in the next block.

    `count` of lines where it is known; else the record of a format that quotes ends where its quotes add up.
    """
    if count is not None:
        return data[begin : int(ends[number + count - 1])] if number + count - 1 < len(ends) else None
    for last in range(number, min(number + _MAX_LINES, len(ends))):
        record = data[begin : int(ends[last])]
        if not is_quoted or record.count(b'"') % 2 == 0:
            return record
    return None


def _parquet_records(path: Path, wanted: Sequence[int]) -> list[str]:
    frame = pl.scan_parquet(path, row_index_name="_index", glob=False).filter((pl.col("_index") + 1).is_in(pl.Series(wanted).implode()))
    rows = frame.sort("_index").drop("_index").collect(engine="streaming")
    return rows.select(pl.struct(pl.all().cast(pl.String)).struct.json_encode()).to_series().to_list()
