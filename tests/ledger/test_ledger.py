"""The ledger of exports: no row can be changed, dropped, added or moved without being told, and a crash loses none that left."""

from __future__ import annotations

import hashlib
import json
import os
import random
import stat
import threading
from pathlib import Path
from typing import Any

import pytest

from pipelines.contracts.errors import CdpError
from pipelines.contracts.home import Home
from pipelines.contracts.storage import write_json
from pipelines.ledger import Entry, Head, append, published_entries, read_rows, verify
from tests.publish.shop import DAY, made, publish_it


def entry(number: int, **changes: Any) -> Entry:
    plain: dict[str, Any] = {
        "kind": "download",
        "role": "sales_north",
        "what": f"segment:s{number}",
        "as_of": "2026-03-10",
        "sha256": f"{number:064x}",
    }
    return Entry(
        **plain | {"row_count": number, "columns": ("customer_id", "phone"), "by": "王芳\u2028\n", "at": "2026-03-11T01:02:03Z"} | changes
    )


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home whose ledger has nine rows, the sixth noted by a run."""
    home = Home(tmp_path)
    for number in (1, 2, 3):
        append(home, [entry(number)])
    noted = append(home, [entry(number, kind="publish", role="run", by=None, at=None) for number in (4, 5, 6)])
    write_json(home.runs / "2026-03-10-abc.json", {"ledger": noted.as_record()})
    for number in (7, 8, 9):
        append(home, [entry(number)])
    return home


def book(home: Home) -> Path:
    return home.ledger / "exports.jsonl"


def lines(home: Home) -> list[bytes]:
    return book(home).read_bytes().splitlines(keepends=True)


def test_rows_are_chained_as_anybody_can_check_with_sha256(home: Home) -> None:
    """The rule in plain words: SHA-256 of the JSON with sorted keys, without blanks, without `hash`."""
    previous = "0" * 64
    for number, line in enumerate(lines(home), 1):
        record = json.loads(line)
        sealed = record.pop("hash")
        assert (record["sequence"], record["previous"]) == (number, previous)
        assert hashlib.sha256(json.dumps(record, sort_keys=True, separators=(",", ":")).encode()).hexdigest() == sealed
        previous = sealed
    verdict = verify(home)
    assert verdict.problems == () and (verdict.row_count, verdict.head.hash, verdict.anchor_count) == (9, previous, 2)
    assert next(row.entry for row in read_rows(home)) == entry(1)


def test_ledger_is_private(home: Home) -> None:
    assert {stat.S_IMODE(path.stat().st_mode) for path in (book(home), home.ledger / "head.json")} == {0o600}
    assert stat.S_IMODE(home.ledger.stat().st_mode) == 0o700


def test_without_a_ledger_there_is_nothing_to_doubt(tmp_path: Path) -> None:
    assert verify(Home(tmp_path)).problems == ()
    assert append(Home(tmp_path), []) == Head()


def test_every_changed_byte_is_found(home: Home) -> None:
    content = book(home).read_bytes()
    draw = random.Random(1)
    for place in draw.sample(range(len(content)), 150):
        other = draw.choice([byte for byte in b'0af,"{ \n' if byte != content[place]])
        book(home).write_bytes(content[:place] + bytes([other]) + content[place + 1 :])
        assert verify(home).problems, place
    book(home).write_bytes(content)
    assert verify(home).problems == ()


def resealed(home: Home, changed: list[dict[str, Any]]) -> None:
    """What somebody who knows the rule would write: every hash anew from the first change on."""
    previous, written = "0" * 64, []
    for number, record in enumerate(changed, 1):
        record |= {"sequence": number, "previous": previous}
        record.pop("hash", None)
        previous = hashlib.sha256(json.dumps(record, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
        written.append(json.dumps(record | {"hash": previous}, sort_keys=True, separators=(",", ":")).encode() + b"\n")
    book(home).write_bytes(b"".join(written))
    write_json(home.ledger / "head.json", {"sequence": len(written), "hash": previous})


@pytest.mark.parametrize("dropped", range(9))
def test_a_missing_row_is_found(home: Home, dropped: int) -> None:
    kept = lines(home)
    del kept[dropped]
    book(home).write_bytes(b"".join(kept))
    [problem, *_] = verify(home).problems
    wanted = f"line {dropped + 1}: row {dropped + 2} does not follow row {dropped}: 1 missing"
    assert problem == (wanted if dropped < 8 else "row 9, noted in head.json, is missing")


def test_added_moved_and_doubled_rows_are_found(home: Home) -> None:
    rows = lines(home)
    for changed in (
        [*rows[:4], rows[5], rows[4], *rows[6:]],
        [*rows[:4], rows[3], *rows[4:]],
        [rows[8], *rows[:8]],
        [*rows, rows[8]],
    ):
        book(home).write_bytes(b"".join(changed))
        assert any("does not follow" in problem for problem in verify(home).problems)


@pytest.mark.parametrize("change", ["earlier row", "missing row", "new row", "cut off"])
def test_a_chain_written_anew_is_found_by_what_a_run_has_noted(home: Home, change: str) -> None:
    records = [json.loads(line) for line in lines(home)]
    if change == "earlier row":
        records[2]["row_count"] = 1
    elif change == "missing row":
        del records[1]
    elif change == "new row":
        records.insert(0, dict(records[0]))
    else:
        del records[4:]
    resealed(home, records)
    assert any("noted in runs/2026-03-10-abc.json" in problem for problem in verify(home).problems)


def test_after_the_last_run_only_a_note_tells_and_it_does(home: Home) -> None:
    noted = verify(home).head
    records = [json.loads(line) for line in lines(home)]
    records[8]["row_count"] = 1
    resealed(home, records)
    assert verify(home).problems == ()  # nothing in the home knows better
    assert verify(home, noted).problems == ("row 9 is not the one noted in your note: it was written anew",)


def test_rows_that_are_cut_off_are_told_for_ever(home: Home) -> None:
    book(home).write_bytes(b"".join(lines(home)[:7]))
    assert verify(home).problems == ("row 9, noted in head.json, is missing",)
    append(home, [entry(10)])
    append(home, [entry(11)])
    assert verify(home).problems == ("line 8: row 9 was noted and is not there; the last row is 7",)


@pytest.mark.parametrize("part", [1, 40, -1])
def test_a_half_written_last_line_is_told_and_set_aside(home: Home, part: int) -> None:
    whole = book(home).read_bytes()
    torn = lines(home)[0][:part]
    book(home).write_bytes(whole + torn)
    assert verify(home).problems == (f"the last line is half-written ({len(torn)} bytes): a crash; the next row sets it aside",)
    head = append(home, [entry(10)])
    assert (head.sequence, verify(home).problems) == (10, ())
    assert book(home).read_bytes().startswith(whole) and (home.ledger / "unfinished-1").read_bytes() == torn


def test_a_crash_before_the_head_was_noted_is_no_fault(home: Home) -> None:
    old = (home.ledger / "head.json").read_bytes()
    append(home, [entry(10)])
    (home.ledger / "head.json").write_bytes(old)
    assert verify(home).problems == ()
    assert append(home, [entry(11)]).sequence == 11
    assert verify(home).problems == ()


def test_a_full_disk_leaves_the_file_as_it_was(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    before, write = book(home).read_bytes(), os.write

    def filling(handle: int, content: bytes) -> int:
        if len(content) > 100:
            return write(handle, content[:100])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", filling)
    with pytest.raises(CdpError, match="No space left on device"):
        append(home, [entry(10), entry(11)])
    monkeypatch.undo()
    assert book(home).read_bytes() == before and verify(home).problems == ()


def test_two_at_once_are_two_rows(home: Home) -> None:
    crowd = [threading.Thread(target=lambda number=number: append(home, [entry(number)])) for number in range(20, 40)]
    for one in crowd:
        one.start()
    for one in crowd:
        one.join()
    verdict = verify(home)
    assert (verdict.problems, verdict.row_count) == ((), 29)


def test_a_publication_is_a_row_for_each_file_but_manifests(tmp_path: Path) -> None:
    run = made(tmp_path)
    report = publish_it(run)
    found = {one.what: one for one in published_entries(run.home, DAY, "r1", report.files)}
    folder = f"published/segments/{DAY}"
    lists = {f"{folder}/{segment}/{name}.csv" for segment in ("win_back", "thanks") for name in ("list", "added", "removed")}
    assert set(found) == lists | {f"published/reports/{DAY}/index.html", "published/analytics.duckdb"}
    listed = found[f"{folder}/win_back/list.csv"]
    assert (listed.row_count, listed.columns and listed.columns[:2], listed.run_id) == (3, ("customer_id", "phone"), "r1")
    assert listed.sha256 == hashlib.sha256((run.home.root / listed.what).read_bytes()).hexdigest()
    gone = found[f"{folder}/win_back/removed.csv"]
    assert (gone.row_count, gone.columns, found["published/analytics.duckdb"].columns) == (0, None, None)
    append(run.home, list(found.values()))
    # nobody is in it
    told = book(run.home).read_text(encoding="utf-8")
    assert not any(word in told for word in ("c_1", "138000", "example.com", "\\u738b"))
