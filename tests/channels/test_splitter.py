from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.channels.blocks import CELL_END, RECORD_END, Shape
from pipelines.channels.contract import FooterSpec
from pipelines.channels.splitter import Lines, NeedsRewritingError, Splitter

Rows = list[list[str]]


def split(text: str | bytes, cells: int, *, block: int = 3, **shape: object) -> tuple[Rows, Lines]:
    """Records that go on and what became of the lines. Blocks of a few lines, so that records lie across their borders."""
    data = text.encode() if isinstance(text, str) else text
    data = data if data.endswith(b"\n") else data + b"\n"
    given_shape = {"separator": b",", "begins_with": b"", "is_lead_dropped": False, "is_quoted": True, "head_lines": 0, "footer": None}
    out: list[bytes] = []
    splitter = Splitter(Shape(cell_count=cells, **(given_shape | shape)), out.append)  # type: ignore[arg-type]
    lines = [line + b"\n" for line in data.split(b"\n")[:-1]]
    for position in range(0, len(lines), block):
        splitter.feed(b"".join(lines[position : position + block]))
    splitter.feed(b"", final=True)
    end = RECORD_END if given_shape["separator"] else b"\n"
    rows = [[cell.decode("utf-8", "replace") for cell in record.split(CELL_END)] for record in b"".join(out).split(end)[:-1]]
    found = splitter.lines
    assert found.total == len(lines)
    assert found.total == found.footer + found.blank + found.continuation + found.records + len(found.bad) + int(
        str(shape.get("head_lines", 0))
    )
    assert found.records == len(rows)
    return rows, found


CELL = st.text(st.sampled_from("ab\",\n ='围\t"), max_size=6)


@given(
    st.integers(1, 4).flatmap(lambda width: st.lists(st.lists(CELL, min_size=width, max_size=width), min_size=1, max_size=12)),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    st.integers(1, 6),
)
@settings(max_examples=400)
def test_what_a_csv_writer_wrote_is_read_back(table: Rows, line_end: str, quoting: int, block: int) -> None:
    file = io.StringIO()
    csv.writer(file, lineterminator=line_end, quoting=quoting).writerows(table)  # type: ignore[arg-type]
    rows, lines = split(file.getvalue(), len(table[0]), block=block)
    assert [row for row in rows if any(row)] == [row for row in table if any(row)]
    assert not lines.bad


@given(st.binary(max_size=200).map(lambda data: data.replace(b"\x1a", b"")), st.integers(1, 4), st.integers(1, 5), st.booleans())
@settings(max_examples=400)
def test_no_bytes_lose_a_line(data: bytes, cells: int, block: int, is_quoted: bool) -> None:
    """That the parts add up to the total is asserted by `split`, for this test and all others."""
    _, lines = split(data, cells, block=block, is_quoted=is_quoted)
    assert lines.total == data.count(b"\n") + (not data.endswith(b"\n"))


@given(st.lists(st.text(st.sampled_from('ab",\n='), max_size=12), max_size=12).map("\n".join), st.integers(1, 5))
@settings(max_examples=400)
def test_blocks_do_not_change_what_is_read(text: str, block: int) -> None:
    """Where quotes do not add up, how much is known of what follows decides which lines they cost."""
    whole, one = split(text, 2, block=1000)
    parts, many = split(text, 2, block=block)
    if not any("quote" in bad.reason for bad in (*one.bad, *many.bad)):
        assert (whole, one.bad) == (parts, many.bad)


def test_line_breaks_inside_cells_are_continuations() -> None:
    rows, lines = split('1,"a\nb\nc",2\n3,d,4\n', 3)
    assert rows == [["1", "a\nb\nc", "2"], ["3", "d", "4"]]
    assert (lines.continuation, lines.line_of(pytest.importorskip("numpy").arange(2)).tolist()) == (2, [1, 4])


def test_formula_text_is_a_quoted_cell() -> None:
    rows, _ = split('="4512345678901234567",梨,"=""4512""",="围巾, 两条",=""\n', 5)
    assert rows == [["4512345678901234567", "梨", '="4512"', "围巾, 两条", ""]]


def test_quote_in_the_middle_of_a_plain_cell_is_text() -> None:
    assert split('1,27" 显示器,x\n', 3)[0] == [["1", '27" 显示器', "x"]]


@pytest.mark.parametrize("broken", ['2,"open,x', '2,"a" b,x', '2,"a"b"c",x'])
def test_broken_quotes_cost_their_own_line_only(broken: str) -> None:
    rows, lines = split(f'1,a,x\n{broken}\n3,"c, c",x\n4,"d\nd",x\n', 3, block=100)
    assert rows == [["1", "a", "x"], ["3", "c, c", "x"], ["4", "d\nd", "x"]]
    assert [(bad.line, bad.line_count) for bad in lines.bad] == [(2, 1)]
    assert "quote" in lines.bad[0].reason


def test_file_full_of_stray_quotes_is_read_line_by_line() -> None:
    text = "".join(f'{number},"open,x\n{number},good,x\n' for number in range(200))
    rows, lines = split(text, 3, block=50)
    assert len(rows) + len(lines.bad) == 400
    assert len(rows) == 200


def test_short_long_and_empty_records() -> None:
    rows, lines = split("1,2,3\n1,2\n1,2,3,4\n\n,,\n1,2,3,\n  \n", 3)
    assert rows == [["1", "2", "3"], ["1", "2", "3"]], "a separator at the end of a row holds nothing"
    assert lines.blank == 2
    assert [(bad.line, bad.reason) for bad in lines.bad] == [
        (2, "has 2 cells where the header has 3"),
        (3, "has 4 cells where the header has 3"),
        (7, "has 1 cells where the header has 3"),
    ]


@pytest.mark.parametrize("byte", ["\x00", "\x1e", "\x1f", "\x1a"])
def test_record_with_a_control_byte_is_set_aside(byte: str) -> None:
    rows, lines = split(f"1,a{byte}\n2,b\n", 2)
    assert rows == [["2", "b"]]
    assert [bad.line for bad in lines.bad] == [1]


def test_backticks_and_commas_inside_cells() -> None:
    text = "`1,`围巾,红色,`2\r\n`3,`x,`4\r\nno mark,`x,`4\r\n总计,a\r\n`1,`2\r\n"
    shape = {"separator": b",`", "begins_with": b"`", "is_lead_dropped": True, "is_quoted": False}
    rows, lines = split(text, 3, block=2, footer=FooterSpec(begins="总计"), **shape)
    assert rows == [["1", "围巾,红色", "2"], ["3", "x", "4"]]
    assert (lines.footer, [bad.line for bad in lines.bad]) == (2, [3])
    assert lines.footer_text == "总计,a\r\n`1,`2\r\n".encode()


def test_totals_among_the_rows_are_footer_lines() -> None:
    rows, lines = split("a,1\nTotal: x,9\nb,2\nTotal: y,9\n", 2, footer=FooterSpec(begins="Total:", to_end=False))
    assert rows == [["a", "1"], ["b", "2"]]
    assert lines.footer == 2


def test_footer_word_inside_a_cell_is_no_footer() -> None:
    rows, lines = split('a,"x\nTotal: y"\nb,2\n', 2, footer=FooterSpec(begins="Total:", to_end=False))
    assert (len(rows), lines.footer) == (2, 0)


@pytest.mark.parametrize("text", ['1,"2"\n', "1,2\n\n3,4\n", "1\n", "1,2,\n", "1,2\x00\n"])
def test_text_that_cannot_be_scanned_as_it_is_says_so(text: str) -> None:
    splitter = Splitter(Shape(b",", b"", False, True, 2, 0, None), None)
    with pytest.raises(NeedsRewritingError):
        splitter.feed(text.encode())


def test_plain_text_is_scanned_as_it_is() -> None:
    splitter = Splitter(Shape(b",", b"", False, True, 2, 1, None), None)
    splitter.feed(b"h,h\n1,2\r\n3,4\r\n")
    splitter.feed(b"", final=True)
    assert (splitter.lines.records, splitter.lines.total, splitter.lines.offsets) == (2, 3, [2])
