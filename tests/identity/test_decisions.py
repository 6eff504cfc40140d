"""What people decided: read whole or refused by line, never in contradiction with itself, extended without losing a byte."""

from __future__ import annotations

import errno
import random
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import networkx as nx
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.contracts.config import Config
from pipelines.contracts.errors import ConfigurationError
from pipelines.contracts.home import Home
from pipelines.contracts.run import Run
from pipelines.identity.decisions import COLUMNS, FILE_NAME, add_decisions, on_unknown_records, read_decisions

HEADER = "decision,left_source_record_key,right_source_record_key,author,reason,decided_on,expires_on"
DAY = date(2026, 5, 1)
PHONE = "13712345670"


def run(folder: Path, as_of: date = DAY) -> Run:
    return Run(as_of, Config(), Home(folder / "home"), folder)


def write(folder: Path, *lines: str, header: str = HEADER) -> Path:
    path = folder / FILE_NAME
    path.write_bytes("\n".join((header, *lines, "")).encode())
    return path


def line(
    decision: str, left: str, right: str, decided: str = "2026-01-01", expires: str = "", author: str = "ann", reason: str = "r"
) -> str:
    return f"{decision}_link,{left},{right},{author},{reason},{decided},{expires}"


def row(decision: str, left: str, right: str, **other: Any) -> dict[str, Any]:
    given = {"author": "ann", "reason": "asked by telephone", "decided_on": DAY, "expires_on": None} | other
    return {"decision": f"{decision}_link", "left_source_record_key": left, "right_source_record_key": right} | given


def rows(*listed: dict[str, Any]) -> pl.DataFrame:
    texts = dict.fromkeys(COLUMNS[:5], pl.String())
    return pl.DataFrame(listed, schema={**texts, "decided_on": pl.Date(), "expires_on": pl.Date()})


def refusal(folder: Path, as_of: date = DAY) -> ConfigurationError:
    with pytest.raises(ConfigurationError) as caught:
        read_decisions(run(folder, as_of))
    assert caught.value.exit_code == 2
    assert FILE_NAME in caught.value.where
    assert caught.value.do
    return caught.value


def effective(run: Run) -> list[str]:
    return read_decisions(run).filter("is_effective")["decision"].to_list()


def test_no_file_decides_nothing(tmp_path: Path) -> None:
    decisions = read_decisions(run(tmp_path))
    assert decisions.height == 0
    assert decisions.columns == ["line", *COLUMNS, "is_effective"]
    assert [str(decisions.schema[name]) for name in ("line", "decided_on", "is_effective")] == ["Int64", "Date", "Boolean"]


def test_row_is_read_with_its_line_and_the_smaller_key_left(tmp_path: Path) -> None:
    write(tmp_path, line("must", "b:2", "a:1"), "", line("cannot", "a:1", "c:3", expires="2026-06-01", reason='"two, really"'))
    assert read_decisions(run(tmp_path)).rows() == [
        (2, "must_link", "a:1", "b:2", "ann", "r", date(2026, 1, 1), None, True),
        (4, "cannot_link", "a:1", "c:3", "ann", "two, really", date(2026, 1, 1), date(2026, 6, 1), True),
    ]


@pytest.mark.parametrize(
    ("as_of", "is_effective"),
    [("2026-04-30", False), ("2026-05-01", True), ("2026-05-09", True), ("2026-05-10", False), ("2027-01-01", False)],
)
def test_decision_holds_from_its_day_until_the_day_it_expires(tmp_path: Path, as_of: str, is_effective: bool) -> None:
    write(tmp_path, line("must", "a:1", "b:2", decided="2026-05-01", expires="2026-05-10"))
    assert read_decisions(run(tmp_path, date.fromisoformat(as_of)))["is_effective"].to_list() == [is_effective]


@pytest.mark.parametrize("content", [HEADER, "\ufeff" + HEADER + "\r\n", HEADER + "\n\n,,,,,,\n", HEADER.replace(",", " , ")])
def test_header_alone_decides_nothing_in_any_dress(tmp_path: Path, content: str) -> None:
    """A byte order mark and empty rows are what a spreadsheet leaves behind."""
    (tmp_path / FILE_NAME).write_bytes(content.encode())
    assert read_decisions(run(tmp_path)).height == 0


@pytest.mark.parametrize("header", ["", HEADER + ",note", HEADER.replace("author,", ""), HEADER.upper(), HEADER.replace(",", ";")])
def test_another_header_is_refused(tmp_path: Path, header: str) -> None:
    write(tmp_path, header=header)
    error = refusal(tmp_path)
    assert error.what == "has another header"
    assert HEADER in error.do


@pytest.mark.parametrize(
    ("wrong", "what"),
    [
        ("should_link,a:1,b:2,ann,r,2026-01-01,", "decision is none of must_link, cannot_link"),
        (",a:1,b:2,ann,r,2026-01-01,", "decision is none of must_link, cannot_link"),
        (line("must", "", "b:2"), "left_source_record_key is not <channel>:<native id>"),
        (line("must", "a:1", "2"), "right_source_record_key is not <channel>:<native id>"),
        (line("must", "a:1", "b:"), "right_source_record_key is not <channel>:<native id>"),
        (line("must", "=cmd|'/c calc'!A1:x", "b:2"), "left_source_record_key is not <channel>:<native id>"),
        (line("must", "a:1", "a:1"), "left and right are the same record"),
        (line("must", "a:1", " a:1 "), "left and right are the same record"),
        (line("must", "a:1", "b:2", author=""), "author is missing"),
        (line("must", "a:1", "b:2", author="\u200b\u202e "), "author is missing"),
        (line("must", "a:1", "b:2", reason="-"), "reason is missing"),
        (line("must", "a:1", "b:2", decided=""), "decided_on is no date like 2026-01-31"),
        (line("must", "a:1", "b:2", decided="2026/1/5"), "decided_on is no date like 2026-01-31"),
        (line("must", "a:1", "b:2", decided="2026-1-5"), "decided_on is no date like 2026-01-31"),
        (line("must", "a:1", "b:2", decided="2026-02-30"), "decided_on is no date like 2026-01-31"),
        (line("must", "a:1", "b:2", expires="never"), "expires_on is no date like 2026-01-31"),
        (line("must", "a:1", "b:2", expires="2025-12-31"), "expires_on is before decided_on"),
        ("must_link,a:1,b:2,ann,r,2026-01-01", "6 cells where the header has 7"),
        (line("must", "a:1", "b:2") + ",more", "8 cells where the header has 7"),
        (line("must", "a:1", "b:2", reason='"open'), "cannot be read as CSV: unexpected end of data"),
        (line("must", "a:1", "b:2", reason='"quoted"twice'), "cannot be read as CSV: ',' expected after '\"'"),
    ],
)
def test_row_that_cannot_be_understood_is_refused_by_its_line(tmp_path: Path, wrong: str, what: str) -> None:
    write(tmp_path, line("must", "x:1", "y:2"), line("cannot", "x:1", "z:3", reason='"in two\nlines"'), wrong)
    error = refusal(tmp_path)
    assert (error.what, error.where.rpartition(", ")[2]) == (what, "line 5")


def test_decision_that_has_expired_must_be_readable_all_the_same(tmp_path: Path) -> None:
    write(tmp_path, line("must", "a:1", "b:2", author="", expires="2026-01-02"))
    assert refusal(tmp_path).what == "author is missing"


def test_errors_never_quote_a_key(tmp_path: Path) -> None:
    """Keys hold phones, and messages end in logs."""
    key = f"youzan:{PHONE}"
    for wrong in (
        [line("must", key, key)],
        [line("must", PHONE, "a:1")],
        [line("must", key, "a:1"), line("cannot", "a:1", key)],
        [line("must", key, f'"{PHONE}"{PHONE}')],
        [line("must", key, f'"{PHONE}')],
        [f"must_link,{key}"],
    ):
        write(tmp_path, *wrong)
        assert PHONE not in str(refusal(tmp_path))


def test_file_in_another_encoding_is_told(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_bytes(f"{HEADER}\n{line('must', 'a:1', 'b:2', author='李')}\n".encode("gbk"))
    error = refusal(tmp_path)
    assert (error.what, error.do) == ("is not UTF-8", "save it as CSV UTF-8")


def test_must_and_cannot_on_one_pair_contradict(tmp_path: Path) -> None:
    write(tmp_path, line("must", "a:1", "b:2"), line("cannot", "b:2", "a:1"))
    error = refusal(tmp_path)
    assert error.where.endswith(", line 3")
    assert error.what == "says cannot_link where line 2 says must_link of the same two"


@pytest.mark.parametrize("length", [2, 3, 40])
def test_cannot_within_a_chain_of_musts_contradicts(tmp_path: Path, length: int) -> None:
    """The lines of the chain are named, and no other line of the component."""
    chain = [line("must", f"a:{n}", f"a:{n + 1}") for n in range(length)]
    aside = [line("must", "a:0", "z:0"), line("must", "y:0", "z:0")]
    write(tmp_path, *aside, *chain, line("cannot", f"a:{length}", "a:0"))
    error = refusal(tmp_path)
    lines = [str(n) for n in range(4, length + 4)]
    assert error.where.endswith(f", line {length + 4}")
    assert error.what == (f"says cannot_link where lines {', '.join(lines[:-1])} and {lines[-1]} together say that the two are one person")


def test_circle_of_musts_is_no_contradiction(tmp_path: Path) -> None:
    write(tmp_path, line("must", "a:1", "a:2"), line("must", "a:2", "a:3"), line("must", "a:3", "a:1"), line("cannot", "a:1", "b:1"))
    assert read_decisions(run(tmp_path)).height == 4


def test_contradiction_counts_only_among_decisions_that_hold(tmp_path: Path) -> None:
    """Whoever learns better ends the old decision on the day that the new one begins."""
    write(tmp_path, line("must", "a:1", "b:2", expires="2026-03-01"), line("cannot", "a:1", "b:2", decided="2026-03-01"))
    days = ("2025-12-31", "2026-02-28", "2026-03-01", "2027-01-01")
    holding = [effective(run(tmp_path, date.fromisoformat(as_of))) for as_of in days]
    assert holding == [[], ["must_link"], ["cannot_link"], ["cannot_link"]]
    write(tmp_path, line("must", "a:1", "b:2", expires="2026-03-02"), line("cannot", "a:1", "b:2", decided="2026-03-01"))
    assert effective(run(tmp_path, date(2026, 2, 28))) == ["must_link"]
    assert "of the same two" in refusal(tmp_path, date(2026, 3, 1)).what
    assert effective(run(tmp_path, date(2026, 3, 2))) == ["cannot_link"]


@pytest.mark.parametrize("seed", range(30))
def test_contradictions_are_those_that_a_graph_library_finds_in_any_order(tmp_path: Path, seed: int) -> None:
    draw = random.Random(seed)
    lines = [
        line(draw.choices(("must", "cannot"), (4, 1))[0], *(f"{key}:{n}" for n, key in zip(draw.sample(range(30), 2), "ab", strict=True)))
        for _ in range(draw.randint(5, 25))
    ]
    pairs = {word: [cells.split(",")[1:3] for cells in lines if cells.startswith(word)] for word in ("must", "cannot")}
    graph = nx.Graph(pairs["must"])
    graph.add_nodes_from(key for pair in pairs["cannot"] for key in pair)
    expected = any(nx.has_path(graph, left, right) for left, right in pairs["cannot"])
    found = []
    for _ in range(3):
        draw.shuffle(lines)
        write(tmp_path, *lines)
        try:
            found.append(frozenset(read_decisions(run(tmp_path)).drop("line").rows()))
        except ConfigurationError:
            found.append(frozenset())
    assert set(found) == {frozenset()} if expected else len(set(found)) == 1 and found[0]


@pytest.mark.parametrize(
    "key",
    ["taobao:\u202e\u200f李", "taobao:a\0b", "taobao:=1+1", "taobao:'; drop table records; --", "taobao:" + "k" * 1_000_000, "taobao:a\rb"],
    ids=["right to left", "nul", "formula", "sql", "1 MB", "carriage return"],
)
def test_hostile_key_is_kept_as_it_is(tmp_path: Path, key: str) -> None:
    """Channels deliver such ids, and a decision must be able to name every record."""
    assert add_decisions(tmp_path, rows(row("cannot", "a:1", key))) == 1
    [read] = read_decisions(run(tmp_path)).rows(named=True)
    assert (read["left_source_record_key"], read["right_source_record_key"]) == ("a:1", key)


def test_effective_decisions_on_unknown_records_are_told_apart(tmp_path: Path) -> None:
    write(
        tmp_path,
        line("must", "a:1", "b:2"),
        line("must", "a:1", "b:9"),
        line("cannot", "a:8", "b:9"),
        line("must", "a:8", "b:2", expires="2026-02-01"),
    )
    known = pl.DataFrame({"source_record_key": ["a:1", "b:2", "c:3"]})
    decisions = read_decisions(run(tmp_path))
    assert on_unknown_records(decisions, known)["line"].to_list() == [3, 4]
    assert on_unknown_records(decisions, known.lazy())["line"].to_list() == [3, 4]
    assert on_unknown_records(decisions, known.clear())["line"].to_list() == [2, 3, 4]


def test_rows_are_added_behind_what_a_person_wrote_and_no_byte_of_it_changes(tmp_path: Path) -> None:
    written = "\ufeff" + HEADER + "\r\n\r\n" + line("must", " b:2", "a:1", reason='"said\r\nso"') + "\r\n,,,,,,"
    path = tmp_path / FILE_NAME
    path.write_bytes(written.encode())
    path.chmod(0o640)
    assert add_decisions(tmp_path, rows(row("cannot", "z:1", "a:1", reason='a, "b"'))) == 1
    assert path.read_bytes() == f'{written}\r\ncannot_link,a:1,z:1,ann,"a, ""b""",2026-05-01,\r\n'.encode()
    assert path.stat().st_mode & 0o777 == 0o640
    assert read_decisions(run(tmp_path))["line"].to_list() == [3, 6]


def test_file_is_made_with_its_header(tmp_path: Path) -> None:
    folder = tmp_path / "own" / "reference"
    assert add_decisions(folder, rows(row("must", "b:2", "a:1", expires_on=date(2026, 6, 1)))) == 1
    assert (folder / FILE_NAME).read_text() == f"{HEADER}\nmust_link,a:1,b:2,ann,asked by telephone,2026-05-01,2026-06-01\n"
    assert [path.name for path in folder.iterdir()] == [FILE_NAME]


def test_row_that_is_there_is_not_written_again(tmp_path: Path) -> None:
    first, second = row("must", "a:1", "b:2"), row("must", "b:2", "a:1")
    assert add_decisions(tmp_path, rows(first, second)) == 1
    content = (tmp_path / FILE_NAME).read_bytes()
    assert add_decisions(tmp_path, rows(second)) == 0
    assert (tmp_path / FILE_NAME).read_bytes() == content
    assert add_decisions(tmp_path, rows(second | {"author": "bob"})) == 1


def test_rows_added_at_the_same_time_are_all_kept(tmp_path: Path) -> None:
    write(tmp_path, line("must", "a:1", "b:2"))
    with ThreadPoolExecutor(8) as pool:
        counts = list(pool.map(lambda n: add_decisions(tmp_path, rows(row("cannot", f"c:{n}", f"d:{n}"))), range(40)))
    assert counts == [1] * 40
    assert sorted(read_decisions(run(tmp_path))["left_source_record_key"]) == sorted(["a:1", *(f"c:{n}" for n in range(40))])


def test_file_that_cannot_be_written_is_told_and_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path, line("must", "a:1", "b:2"))
    before = path.read_bytes()

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("pipelines.contracts.storage.sync_file", full)
    with pytest.raises(ConfigurationError, match="cannot be written: No space left on device"):
        add_decisions(tmp_path, rows(row("must", "a:1", "c:3")))
    assert path.read_bytes() == before
    assert [found.name for found in tmp_path.iterdir()] == [FILE_NAME]


def test_link_to_the_file_stays_a_link(tmp_path: Path) -> None:
    """Reference rows are reviewed like code: the folder may point into a checkout."""
    (tmp_path / "checkout").mkdir()
    (tmp_path / "reference").mkdir()
    target = write(tmp_path / "checkout", line("must", "a:1", "b:2"))
    (tmp_path / "reference" / FILE_NAME).symlink_to(target)
    add_decisions(tmp_path / "reference", rows(row("must", "a:1", "c:3")))
    assert (tmp_path / "reference" / FILE_NAME).is_symlink()
    assert len(target.read_text().splitlines()) == 3


@pytest.mark.parametrize(
    "added",
    [
        [row("cannot", "a:1", "c:3")],
        [row("cannot", "b:2", "d:4"), row("must", "d:4", "c:3")],
        [row("cannot", "a:1", "c:3", decided_on=DAY + timedelta(days=400))],
        [row("cannot", "a:1", "c:3", decided_on=date(2025, 1, 1))],
        [row("cannot", "e:5", "f:6"), row("must", "e:5", "f:6")],
    ],
)
def test_contradiction_on_any_day_writes_nothing(tmp_path: Path, added: list[dict[str, Any]]) -> None:
    path = write(tmp_path, line("must", "a:1", "b:2"), line("must", "b:2", "c:3"))
    before = path.read_bytes()
    with pytest.raises(ConfigurationError, match=r"line \d \(not written\): says cannot_link where line"):
        add_decisions(tmp_path, rows(*added))
    assert path.read_bytes() == before


def test_decision_may_follow_one_that_ends(tmp_path: Path) -> None:
    write(tmp_path, line("must", "a:1", "b:2", expires=DAY.isoformat()))
    assert add_decisions(tmp_path, rows(row("cannot", "a:1", "b:2"))) == 1


@pytest.mark.parametrize(
    ("added", "what"),
    [
        (row("must", "a:1", "a:1"), "left and right are the same record"),
        (row("must", "a:1", "b:2", author=" "), "author is missing"),
        (row("must", "a:1", "b:2", reason=None), "reason is missing"),
        (row("must", "a:1", "b:2", decided_on=None), "decided_on is no date"),
        (row("must", "a:1", PHONE), "right_source_record_key is not <channel>:<native id>"),
        (row("must", "a:1", "b:2", author="=HYPERLINK(1)"), "author begins like a formula"),
        (row("must", "a:1", "b:2", reason="@SUM(1+1)"), "reason begins like a formula"),
    ],
)
def test_new_row_that_cannot_be_understood_writes_nothing(tmp_path: Path, added: dict[str, Any], what: str) -> None:
    with pytest.raises(ConfigurationError, match=what) as caught:
        add_decisions(tmp_path, rows(added))
    assert PHONE not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_added_to_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    path = write(tmp_path, "must_link,a:1")
    before = path.read_bytes()
    with pytest.raises(ConfigurationError, match="line 2: 2 cells"):
        add_decisions(tmp_path, rows(row("must", "a:1", "b:2")))
    assert path.read_bytes() == before


_text = st.text(st.characters(codec="utf-8"), max_size=20)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(_text, _text, st.dates(date(1900, 1, 1), date(2100, 1, 1))), max_size=5, unique_by=lambda drawn: drawn[0].strip())
)
def test_whatever_is_added_is_read_back(tmp_path_factory: pytest.TempPathFactory, drawn: list[tuple[str, str, date]]) -> None:
    folder = tmp_path_factory.mktemp("reference")
    added = rows(*(row("must", f"a:x{key}x", f"b:x{key}x", reason=f"r{text}", decided_on=day) for key, text, day in drawn))
    for one in range(added.height):
        add_decisions(folder, added[one])
    read = read_decisions(run(folder))
    assert read["left_source_record_key"].to_list() == added["left_source_record_key"].to_list()
    assert read["decided_on"].to_list() == added["decided_on"].to_list()
    assert [text[:1] for text in read["reason"]] == ["r"] * len(drawn)
