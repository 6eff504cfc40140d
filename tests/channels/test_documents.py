from __future__ import annotations

import gzip
import json
import random
from pathlib import Path
from typing import Any

import pytest

from pipelines.channels.containers import UnreadableError
from pipelines.channels.documents import first_records, record_lines
from tests.channels.lake import home_with, load, loads, rows

RECEIPT = '{"phone_number": "13800000001", "send_time": "2026-03-05 09:05:00", "report_time": null, "success": true, "biz_id": "%s"}'


def split(document: bytes, path: tuple[str, ...], size: int = 1 << 20) -> list[Any]:
    blocks = [document[begin : begin + size] for begin in range(0, len(document), size)]
    return [json.loads(line) for line in b"".join(record_lines(blocks, path)).decode().split("\n")[:-1]]


def anything(dice: random.Random, depth: int = 0) -> Any:
    kind = dice.randrange(8)
    if kind == 0 and depth < 4:
        return {dice.choice(["a", 'b"', "t[]", "\\", "}"]): anything(dice, depth + 1) for _ in range(dice.randrange(3))}
    if kind == 1 and depth < 4:
        return [anything(dice, depth + 1) for _ in range(dice.randrange(3))]
    return dice.choice([1, -2.5, None, True, "", "x", "y,", "[{", '\\"', "é\n", "\\\\", '陈𠮷"'])


@pytest.mark.parametrize("size", [1, 2, 3, 7, 4096])
def test_records_are_what_a_json_parser_finds(size: int) -> None:
    """Wherever blocks are cut, and whatever texts and keys look like brackets."""
    dice = random.Random(size)
    for _ in range(150):
        records = [anything(dice) for _ in range(dice.randrange(6))]
        documents: dict[tuple[str, ...], Any] = {
            (): records,
            ("t",): {"u": [anything(dice), {"t": [1]}], "t": records, "n": {"t": [1, 2]}},
            ("d", "r"): {"r": [7], "d": {"x": {"r": [3]}, "r": records, "q": [{"r": [4]}]}, "t": "r"},
        }
        for path, document in documents.items():
            text = json.dumps(document, indent=dice.choice([None, 1]), ensure_ascii=dice.random() < 0.5)
            assert split(text.encode(), path, size) == records


@pytest.mark.parametrize("text", ['[{"a": 1}, {"a": ', '[{"a": 1}', '[{"a": "1}]', '{"t": []'])
def test_document_that_ends_too_early_is_refused(text: str) -> None:
    with pytest.raises(UnreadableError, match="ends too early"):
        split(text.encode(), ())


def test_bracket_that_was_never_opened_is_refused() -> None:
    with pytest.raises(UnreadableError, match="never opened"):
        split(b'[{"a": 1}]]', ())


def test_endless_record_is_refused_before_it_fills_memory() -> None:
    block = b'"' + b"x" * (1 << 20) + b'",'
    with pytest.raises(UnreadableError, match="longer than 16 MB"):
        list(record_lines([b"[[", *[block] * 20], ()))


def test_half_a_head_gives_its_whole_records() -> None:
    assert first_records(b'[{"a": [1,2]}, {"a": 2}, {"a"', ()) == [b'{"a":[1,2]}', b'{"a":2}']


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("is_one_line", [True, False])
def test_document_is_loaded_in_any_dress(tmp_path: Path, encoding: str, is_one_line: bool) -> None:
    text = "[" + (", " if is_one_line else ",\r\n").join(RECEIPT % f"陈{number}" for number in range(3)) + "]"
    home = home_with(tmp_path, {"r.json": text.encode(encoding), "r.json.gz": gzip.compress(text.replace("陈", "梨").encode(encoding))})
    assert not load(home).problems
    assert {(row["line_count"], row["loaded_count"]) for row in loads(home).values()} == {(3, 3)}
    assert len(rows(home, "channel_sends")) == 6


def test_hostile_records_are_set_aside_and_the_others_loaded(tmp_path: Path) -> None:
    """A hundred thousand brackets, half a surrogate, bytes that are no text, a number beyond all."""
    deep = RECEIPT.replace('"success": true', '"success": true, "x": ' + "[" * 100_000 + "]" * 100_000) % "deep"
    wide = RECEIPT.replace('"success": true', '"success": true, "x": 1e999') % "wide"
    good = [RECEIPT % number for number in range(100)]
    half = [RECEIPT % escape for escape in ("\\ud83d", "\\uDE00\\ud83d", "\\u0000", "\\\\\\udc00")]
    whole = [RECEIPT % escape for escape in ("\\ud83d\\ude00", "\\\\ud83d", "\\u4e2d")]
    text = "[" + ",".join([*good, deep, wide, RECEIPT % "bad-byte", *half, *whole]) + "]"
    home = home_with(tmp_path, {"r.json": text.encode().replace(b"bad-byte", b"\xff\xfe")})
    assert not load(home).refused
    ledger = loads(home)["r.json"]
    assert (ledger["line_count"], ledger["loaded_count"], ledger["quarantined_count"]) == (110, 103, 7)
    assert "sms:😀/958604/1" in {row["send_key"] for row in rows(home, "channel_sends")}


def test_document_of_one_huge_nest_is_refused(tmp_path: Path) -> None:
    home = home_with(tmp_path, {"r.json": "[" * 300_000 + "]" * 300_000, "s.json": '{"a":' * 50_000 + "1" + "}" * 50_000})
    assert {problem.kind for problem in load(home).problems} == {"unknown_format"}
