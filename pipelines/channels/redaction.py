"""Cut people out of the archive's copy of a file. The load keeps its id, and every other record its line.

A text becomes UTF-8 with blank lines where the records stood; so does a workbook, whose sheet is kept as text, and a JSON document, of
which each record is kept on a line of its own. In a Parquet file the cells of the rows become null. The copy as delivered goes when the
manifest names the new one.
"""

from __future__ import annotations

import codecs
import gzip
import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa

from pipelines.channels.archive import LOAD_ID_DIGITS, Redacted, compressed
from pipelines.channels.containers import opened as opened_file
from pipelines.channels.inspection import Inspected, plain_lines
from pipelines.channels.loads import Load, manifests_folder, read_manifests, write_manifest
from pipelines.channels.quarantine import record_at
from pipelines.channels.reading import Opened
from pipelines.contracts.channel_tables import CHANNEL_QUARANTINE
from pipelines.contracts.contents import UnopenedError, unpacked
from pipelines.contracts.home import Home
from pipelines.contracts.needles import Needle, holds_any, masked_bytes, spellings
from pipelines.contracts.storage import replacing, sync_file
from pipelines.contracts.tombstones import Tombstones

_DIGITS = 8
_BLOCK_BYTES = 1 << 20


def redacted_copy(opened: Opened, rows: Collection[int], folder: Path, beside: Path) -> tuple[str, Redacted]:
    """Write the copy of a file without the records that begin at these source rows; return its name and what became of it.

    `rows` are all that were ever cut out of the file. `beside` is a free path on the same disk.
    """
    before = opened.archived.redacted
    new = sorted({*rows} - {*before.rows})
    if opened.text is None:
        suffix, blank_lines = "parquet", 0
        index = pl.col("_index") + 1
        frame = pl.scan_parquet(opened.archived.path, row_index_name="_index", glob=False)
        cells = [pl.when(~index.is_in(new)).then(pl.col(name)).alias(name) for name in frame.collect_schema().names() if name != "_index"]
        frame.select(cells).sink_parquet(beside)
        with beside.open("rb") as source:
            digest = hashlib.file_digest(source, "sha256").hexdigest()
    else:
        suffix, blank_lines, sha256 = "zst", before.blank_lines, hashlib.sha256()
        with beside.open("wb") as target:
            for block, blanked in _with_blanks(opened.text, new, {record.line: record.line_count for record in opened.lines.bad}):
                sha256.update(block)
                target.write(compressed(block))
                blank_lines += blanked
        digest = sha256.hexdigest()
    sync_file(beside)
    path = folder / f"{opened.archived.sha256}.{digest[:_DIGITS]}.{suffix}"
    beside.replace(path)
    return path.name, Redacted(digest, tuple(sorted(rows)), blank_lines)


def mask_in_copies(home: Home, words: Collection[str]) -> tuple[int, int]:
    """Put stars in the place of these words in every copy that still holds one: in columns that nobody reads, and in files of others.

    Return in how many, and how many copies were removed because they are no text. Rows in quarantine are masked as well.
    """
    needles, loads = spellings(words), read_manifests(home)
    masked = removed = 0
    for load in list(loads.values()):
        path = home.lake / "files" / load.archive_path
        if load.is_copy_dropped or not path.is_file() or not _holds(path, needles):
            continue
        if path.suffix in (".zst", ".gz"):
            before = load.redacted or Redacted()
            name, digest = _masked_copy(path, load.sha256, needles)
            loads[load.load_id] = replace(load, archive_path=name, redacted=replace(before, sha256=digest))
            masked += 1
        else:
            loads[load.load_id] = replace(load, is_copy_dropped=True)
            removed += 1
        write_manifest(home, loads[load.load_id])
    for part in sorted(home.table(CHANNEL_QUARANTINE.name).glob("load=*/*.parquet")):
        rows = pl.read_parquet(part, memory_map=False)
        kept = rows.with_columns(pl.col("value", "record_raw").str.replace_many(sorted(words), ["***"] * len(words)))
        if not kept.equals(rows):
            with replacing(part) as beside:
                kept.write_parquet(beside)
    drop_unknown_copies(home, loads)
    return masked, removed


def _holds(path: Path, needles: Sequence[Needle]) -> bool:
    try:
        return any(holds_any(block, needles) for block in unpacked(path))
    except UnopenedError:
        return False


def _masked_copy(path: Path, sha256: str, needles: Sequence[Needle]) -> tuple[str, str]:
    """Write the text of a copy with stars beside it; return its name and digest."""
    beside, digest, rest = path.with_name(f".{path.name}.new"), hashlib.sha256(), b""
    with gzip.open(path) if path.suffix == ".gz" else pa.CompressedInputStream(str(path), "zstd") as source, beside.open("wb") as target:
        while block := source.read(_BLOCK_BYTES):
            block = rest + block
            end = block.rfind(b"\n") + 1
            rest = block[end:]
            if end:
                text = masked_bytes(block[:end], needles)
                digest.update(text)
                target.write(compressed(text))
        text = masked_bytes(rest, needles)
        digest.update(text)
        target.write(compressed(text))
    sync_file(beside)
    name = f"{sha256}.{digest.hexdigest()[:_DIGITS]}.zst"
    beside.replace(path.with_name(name))
    return name, digest.hexdigest()


def drop_unknown_copies(home: Home, loads: Mapping[str, Load]) -> None:
    """Remove every copy that no manifest names: those that others took the place of, and those of a run that was killed."""
    known = {load.archive_path for load in loads.values() if not load.is_copy_dropped}
    # a manifest that a power cut left empty names nothing: the file may be nowhere else
    unread = {path.stem for path in manifests_folder(home).glob("*.json")} - set(loads)
    for path in (home.lake / "files").glob("*"):
        if path.name not in known and path.name[:LOAD_ID_DIGITS] not in unread:
            path.unlink()


def _with_blanks(text: Inspected, wanted: list[int], counts: Mapping[int, int]) -> Iterator[tuple[bytes, int]]:
    """The text in UTF-8 with its mark, block by block, and how many lines of each became blank."""
    spec = text.layout.format.spec
    is_quoted = spec.quoting == "rfc4180" and spec.container == "delimited"
    yield codecs.BOM_UTF8, 0  # with it the text is taken for UTF-8 whatever else its format comes in
    position, first_line, rest = 0, 1, b""
    with opened_file(text.path, text.packing) as stream:
        for block in plain_lines(stream, text.layout):
            data, rest = rest + block, b""
            ends = np.flatnonzero(np.frombuffer(data, np.uint8) == 0x0A)
            parts, done, blanked, lines = [], 0, 0, len(ends)
            while position < len(wanted) and wanted[position] < first_line + len(ends):
                number = wanted[position] - first_line
                begin = int(ends[number - 1]) + 1 if number else 0
                record = record_at(data, ends, number, begin, counts.get(wanted[position]), is_quoted)
                if record is None:
                    rest, lines = data[begin:], number
                    break
                count = record.count(b"\n") + 1
                parts += [data[done:begin], b"\n" * count]
                done, blanked = begin + len(record) + 1, blanked + count
                position += 1
            parts.append(data[done : len(data) - len(rest)])
            first_line += lines
            yield b"".join(parts), blanked
    if rest:  # a quote that is never closed: everything that it holds goes
        yield b"\n" * rest.count(b"\n"), rest.count(b"\n")


def names_somebody(path: Path, stop: Tombstones) -> bool:
    """Does a word of a file that follows no contract have a tombstone?"""
    try:
        for block in unpacked(path):
            for encoding in ("utf-8", "gb18030", "utf-16"):
                if stop.stopped_texts(pl.Series([block.decode(encoding, "ignore")])).any():
                    return True
    except UnopenedError:
        pass  # its bytes were looked at as they are
    return False
