"""A scan finds a word in any packing and encoding, as a word and not as a part of another."""

from __future__ import annotations

import gzip
import json
import sqlite3
from pathlib import Path

import duckdb
import polars as pl
import pyarrow as pa
import pytest

from pipelines.contracts.contents import UnopenedError, unpacked
from pipelines.erasure.scan import scan
from tests.channels import archives

PHONE, NAME = "13655551234", "皇甫植字"


def holding(root: Path, *words: str) -> list[str]:
    return [item.path for item in scan(root, words or (PHONE, NAME)) if item.holds]


def test_words_are_found_in_every_packing(tmp_path: Path) -> None:
    text = f"a,{NAME},b\n".encode()
    (tmp_path / "plain.csv").write_bytes(text)
    (tmp_path / "gb.csv").write_bytes(f"a,{NAME}".encode("gb18030"))
    (tmp_path / "utf16.csv").write_bytes(f"a,{NAME}".encode("utf-16"))
    (tmp_path / "escaped.json").write_text(json.dumps({"name": NAME}), encoding="utf-8")
    (tmp_path / "packed.csv.gz").write_bytes(gzip.compress(text))
    (tmp_path / "packed.zst").write_bytes(bytes(pa.Codec("zstd").compress(text, asbytes=True)))
    (tmp_path / "inner.zip").write_bytes(archives.zipped({"deep.gz": gzip.compress(text)}))
    (tmp_path / "book.xlsx").write_bytes(archives.workbook(Sheet1=[["x", NAME]]))
    pl.DataFrame({"n": [1, 2], "name": [None, NAME], "names": [[], [NAME]]}).write_parquet(tmp_path / "table.parquet")
    with duckdb.connect(str(tmp_path / "base.duckdb")) as database:
        database.execute("create table people as select 1 as n, $1 as name", [NAME])
    with sqlite3.connect(tmp_path / "base.sqlite") as lite:
        lite.execute("create table people (name text)")
        lite.execute("insert into people values (?)", [NAME])
    lite.close()
    names = sorted(path.name for path in tmp_path.iterdir())
    assert holding(tmp_path) == names
    assert len(names) == 11
    assert holding(tmp_path, "皇甫无人") == []


@pytest.mark.parametrize(
    ("text", "is_held"),
    [
        (f"x{PHONE}", False),
        (f"{PHONE}9", False),
        (f"+86{PHONE}", True),
        (f"0086{PHONE}", True),
        (f'"{PHONE}"', True),
        (f"电话{PHONE}号", True),
    ],
)
def test_part_of_another_word_is_not_found(tmp_path: Path, text: str, is_held: bool) -> None:
    (tmp_path / "a.txt").write_text(text, encoding="utf-8")
    assert bool(holding(tmp_path)) is is_held


def test_word_across_two_blocks_and_in_a_file_name_is_found(tmp_path: Path) -> None:
    (tmp_path / "long.txt").write_bytes(b"x" * ((1 << 22) - 4) + b"," + PHONE.encode() + b"," + b"y" * 100)
    (tmp_path / f"{PHONE}.txt").write_bytes(b"")
    assert holding(tmp_path) == [f"{PHONE}.txt", "long.txt"]


def test_damaged_file_is_told_and_its_bytes_are_looked_at(tmp_path: Path) -> None:
    (tmp_path / "a.gz").write_bytes(b"\x1f\x8b" + f" {PHONE} ".encode())
    (tmp_path / "b.parquet").write_bytes(b"PAR1" + b"nothing")
    found = {item.path: item for item in scan(tmp_path, [PHONE])}
    assert (found["a.gz"].holds, found["b.parquet"].holds) == (True, False)
    assert all(item.problem for item in found.values())
    with pytest.raises(UnopenedError):
        list(unpacked(tmp_path / "b.parquet"))
