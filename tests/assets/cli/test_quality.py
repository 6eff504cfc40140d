"""`cdp quality` as a command: text for people, JSON for machines, a page that stands for itself and shows nobody's data."""

from __future__ import annotations

import json
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path

import polars as pl
import pytest

from assets.cli.quality_page import page
from pipelines.contracts.run import write_run_tables
from pipelines.identity import resolve_identity
from pipelines.identity.quality_report import Measured, Moved, Quality, quality_of
from tests.assets.cli.command import cdp
from tests.identity.lake import DAY, SmallLake

PHONE = "13712345670"


class Page(HTMLParser):
    """Tags, their attributes and the text of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts += [data.strip()] if data.strip() else []


@pytest.fixture
def lake(tmp_path: Path) -> SmallLake:
    """Two days; on the second a:1 and b:2, who are two people, are one customer."""
    (tmp_path / "home").mkdir()
    lake = SmallLake(tmp_path / "home")
    lake.add_points([("youzan:a1", "phone", PHONE), ("shopify:b2", "email", "b@shop.example")])
    for days in (0, 1):
        run = lake.run(DAY + timedelta(days=days))
        write_run_tables(run)
        resolve_identity(run)
        lake.add_points([("shopify:b2", "phone", PHONE)])
    (tmp_path / "truth").mkdir()
    rows = {"source_record_key": ["youzan:a1", "shopify:b2"], "person_id": ["P1", "P2"]}
    pl.DataFrame(rows).write_parquet(tmp_path / "truth" / "source_records.parquet")
    return lake


def test_measures_are_text_for_people(lake: SmallLake, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    truth = lake.root.parent / "truth"
    code, out, err = cdp(capsys, monkeypatch, "quality", "--home", lake.root, "--truth", truth)
    assert (code, err) == (0, "")
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert lines[0] == "How people were told apart as of 2026-05-02, beside 2026-05-01"
    customer = lake.customers()["youzan:a1"]
    for line in (
        "2 1 +1",
        "1 0 -2",
        "Against the truth: 2 records with a right answer",
        "pairs 0.00000 1.00000 0.00000",
        "1 customer of several people, the worst first; | between two people",
        f"{customer}: 2 people, 2 records, 1 wrong pair: youzan:a*** | shopify:b***",
    ):
        assert line in lines, out


def test_keys_are_in_clear_only_when_asked_for(
    lake: SmallLake, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("quality", "--home", lake.root, "--truth", lake.root.parent / "truth", "--json")
    code, out, err = cdp(capsys, monkeypatch, *words)
    told = json.loads(out)
    assert (code, err, told["truth"]["worst"][0]["source_record_keys"]) == (0, "", [["youzan:a***"], ["shopify:b***"]])
    assert (told["truth"]["f1"], told["as_of"]) == (0.0, "2026-05-02")
    code, out, err = cdp(capsys, monkeypatch, *words, "--clear")
    assert json.loads(out)["truth"]["worst"][0]["source_record_keys"] == [["youzan:a1"], ["shopify:b2"]]
    assert "personal data in clear" in err


def test_page_stands_for_itself_and_shows_nobody(
    lake: SmallLake, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    out = lake.root.parent / "new" / "who.html"
    words = ("quality", "--home", lake.root, "--truth", lake.root.parent / "truth", "--clear", "--out", out)
    code, _, _ = cdp(capsys, monkeypatch, *words)
    text = out.read_text(encoding="utf-8")
    found = Page(text)
    assert code == 0
    assert not {"script", "link", "img", "iframe"} & {tag for tag, _ in found.tags}
    assert not any(name in {"src", "href"} or name.startswith("on") for _, attributes in found.tags for name in attributes)
    assert "://" not in text and "url(" not in text
    for personal in ("a1", "b2", PHONE, "shop.example", lake.customers()["youzan:a1"]):
        assert personal not in " ".join(found.texts)
    for title in ("Customers by source records", "Phones by names", "Refused links by type", "Changed customers by day"):
        assert title in found.texts


def test_bars_are_as_long_as_what_they_count(lake: SmallLake) -> None:
    rows = [Measured("customers_by_source_records", item, count, None, None) for item, count in (("1", 400), ("2", 100), ("over 50", 1))]
    moved = [Moved(DAY, 5, 10), Moved(DAY + timedelta(days=1), 20, 10)]
    found = Page(page(Quality(DAY, None, rows, moved), None))
    bars = [(attributes["class"], int(attributes["width"] or 0)) for tag, attributes in found.tags if tag == "rect"]
    full = bars[0][1]
    assert bars == [("bar", full), ("bar", full // 4), ("bar", 1), ("bar", full // 4), ("over", full)]
    assert [attributes["x1"] for tag, attributes in found.tags if tag == "line"] == [str(150 + full // 2)] * 2


def test_page_of_a_hostile_item_is_only_text(lake: SmallLake) -> None:
    rows = [Measured("refused_links", "<script>alert(1)</script>", 1, None, None)]
    found = Page(page(Quality(DAY, None, rows, []), None))
    assert "script" not in {tag for tag, _ in found.tags}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--as-of", "2026-04-01"), "nothing was measured on 2026-04-01"),
        (("--truth", "nowhere"), "no truth can be read"),
        (("--out", "."), "the page cannot be written"),
    ],
)
def test_wrong_use_is_one_line(
    lake: SmallLake,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    words: tuple[str, str],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, err = cdp(capsys, monkeypatch, "quality", "--home", lake.root, *words)
    assert (code, out) == (2, "")
    assert message in err and err.count("\n") == 1


def test_day_of_an_earlier_run_is_shown_alone(lake: SmallLake) -> None:
    quality = quality_of(lake.run(DAY + timedelta(days=1)), DAY)
    assert quality.before_on is None
    assert "2026-05-02" not in page(quality, None)
