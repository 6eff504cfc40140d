"""A list opened in a real spreadsheet program: every phone and id comes back as it was, and nothing in it is a formula.

LibreOffice is asked once, without a window, for all files of the test. Where it is not installed the test is skipped and says so.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path

import polars as pl
import pytest

from pipelines.publish.cells import text_cell
from tests.publish.shop import DAY, PEOPLE, build_marts, decided, made, publish_it, write

OFFICE = shutil.which("soffice") or shutil.which("libreoffice")
pytestmark = pytest.mark.skipif(OFFICE is None, reason="LibreOffice (soffice) is not installed: apt-get install libreoffice-calc-nogui")

_SPACES = {"table": "urn:oasis:names:tc:opendocument:xmlns:table:1.0", "text": "urn:oasis:names:tc:opendocument:xmlns:text:1.0"}
_FORMULA = f"{{{_SPACES['table']}}}formula"
_REPEATED = f"{{{_SPACES['table']}}}number-columns-repeated"

# what people and attackers put into names, and what spreadsheets make of ids
HOSTILE = [
    '=HYPERLINK("http://example.com","click")', "=1+1", "+1+1", "-1+1", "@SUM(A1:A9)", "＝1+1", "=cmd|' /C calc'!A0",
    "\t=1+1", " =1+1", "00086138", "1E5", "1/2", "2026-03-01", "12:30", "6222020200112233445", "0.10", "TRUE", "'quoted", "1,234", "100%",
    "{=1+1}", "王芳", "No, \"quoted\"", "￥128",
]  # fmt: skip


def _people() -> list[tuple[str, str | None, str | None, str | None, str]]:
    """One customer a hostile name, each with a phone of its own."""
    return [(f"c_{number:020d}", f"+86138{number:08d}", None, name, "exported") for number, name in enumerate(HOSTILE)] + [
        (name, phone, email, full_name, outcome) for name, phone, email, full_name, outcome in PEOPLE if name == "c_5"
    ]


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[list[tuple[str, bool]]]]:
    """Each file as LibreOffice has it: rows of cells, with their text and whether they hold a formula."""
    folder = tmp_path_factory.mktemp("office")
    run = made(folder)
    golden = {"first_seen_at": run.as_of_end_at, "source_record_count": 1, "channel_count": 1}
    people = _people()
    known = [dict(zip(("customer_id", "phone_e164", "email", "full_name"), person, strict=False)) for person in people]
    write(run.home, "golden_customers", "part-0.parquet", [golden | person for person in known])
    decided(run.home, DAY, people)
    build_marts(run.home, "insert into mart_marketing__customer_360 select customer_id, 200, -1.5, 0.1, '上海', null from (values "
                + ", ".join(f"('{name}')" for name, *_ in people if name != "c_5") + ") as people(customer_id)")  # fmt: skip
    publish_it(run)
    files = [run.home.segments(DAY) / "win_back" / name for name in ("list.csv", "removed.csv")]
    (folder / "bare.csv").write_bytes(b'"name","phone"\r\n"=1+1","13800138000"\r\n')  # what a list would be without its marks
    files.append(folder / "bare.csv")
    assert OFFICE is not None
    command = [OFFICE, f"-env:UserInstallation={(folder / 'profile').as_uri()}", "--headless", "--convert-to", "fods"]
    # what its dialog finds by itself and nobody sees without a window: commas, double quotes, UTF-8
    command += ["--infilter=CSV:44,34,76", "--outdir", str(folder / "out"), *map(str, files)]
    subprocess.run(command, check=True, capture_output=True, timeout=240)
    return {path.name: _cells(folder / "out" / f"{path.stem}.fods") for path in files}


def _cells(path: Path) -> list[list[tuple[str, bool]]]:
    """Rows of the first sheet, empty cells and rows at the ends left out."""
    rows = []
    for row in ET.parse(path).iterfind(".//table:table[1]/table:table-row", _SPACES):
        cells: list[tuple[str, bool]] = []
        for cell in row.iterfind("table:table-cell", _SPACES):
            text = "\n".join("".join(_shown(line)) for line in cell.iterfind("text:p", _SPACES))
            times = int(cell.get(_REPEATED, "1")) if text else 1
            cells += [(text, _FORMULA in cell.attrib)] * times
        if any(text for text, _ in cells):
            rows.append(cells)
    return rows


def _shown(line: ET.Element) -> list[str]:
    """Text with the blanks and tabs that the format writes as elements."""
    marks = {"s": " ", "tab": "\t", "line-break": "\n"}
    parts = [line.text or ""]
    for child in line:
        name = child.tag.rpartition("}")[2]
        parts += [marks.get(name, "".join(child.itertext())) * int(child.get(f"{{{_SPACES['text']}}}c", "1")), child.tail or ""]
    return parts


def _formulas(rows: list[list[tuple[str, bool]]]) -> list[str]:
    return [text for row in rows for text, is_formula in row if is_formula]


def test_no_cell_is_a_formula(opened: dict[str, list[list[tuple[str, bool]]]]) -> None:
    assert [len(opened[name]) for name in ("list.csv", "removed.csv")] == [len(HOSTILE) + 1, 1]
    assert _formulas(opened["list.csv"]) == _formulas(opened["removed.csv"]) == []
    assert _formulas(opened["bare.csv"]) == ["2"]


def test_every_phone_and_id_of_the_list_comes_back(opened: dict[str, list[list[tuple[str, bool]]]]) -> None:
    header, *rows = [[text for text, _ in row] for row in opened["list.csv"]]
    assert header[:4] == ["customer_id", "phone", "name", "arm"]
    assert [row[0] for row in rows] == [name for name, *_ in _people()[:-1]]
    assert [row[1].removeprefix("'") for row in rows] == [phone for _, phone, *_ in _people()[:-1]]
    cells = pl.DataFrame({"name": HOSTILE}).select(text_cell("name"))["name"]
    assert [_plain(row[2]) for row in rows] == [_plain(cell) for cell in cells]


def _plain(text: str) -> str:
    """Blanks at the ends and their kind are the program's business."""
    return re.sub(r"\s+", " ", text).strip()
