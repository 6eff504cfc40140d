"""The pages stand for themselves: no script, nothing loaded, hostile names harmless, figures as published, in both languages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest

from pipelines.reports import write_report
from tests.reports.shop import HOSTILE, database

Pages = Mapping[str, str]
METRICS = {"net_sales": {"en": "Net sales", "zh": "净销售额"}}


class _Read(HTMLParser):
    """Tags, attributes and texts as a browser would take them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.texts: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.texts.append(data.strip())


def written(folder: Path, *, is_empty: bool = False) -> dict[str, str]:
    folder.mkdir()
    write_report(database(folder.with_suffix(".duckdb"), is_empty=is_empty), folder, METRICS)
    return {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Pages:
    return written(tmp_path_factory.mktemp("report") / "pages")


def test_one_page_a_language_that_leads_to_the_other(pages: Pages) -> None:
    assert set(pages) == {"index.html", "index.zh.html"}
    assert ("href", "index.zh.html") in _Read(pages["index.html"]).attributes
    assert ("href", "index.html") in _Read(pages["index.zh.html"]).attributes
    assert "客户报告" in pages["index.zh.html"]
    assert not re.search("[一-鿿]", re.sub(r"中文|<style>.*?</style>", "", pages["index.html"], flags=re.S))


@pytest.mark.parametrize("name", ["index.html", "index.zh.html"])
def test_page_loads_and_runs_nothing(pages: Pages, name: str) -> None:
    read = _Read(pages[name])
    assert not {"script", "iframe", "img", "link", "object", "embed", "image", "use", "foreignobject"} & set(read.tags)
    assert not [attribute for attribute, _ in read.attributes if attribute.startswith("on")]
    places = {value for attribute, value in read.attributes if attribute in {"href", "src", "xlink:href", "action"}}
    assert {place for place in places if not place.startswith("#")} <= set(pages)
    assert "url(" not in pages[name].replace("url(#", "")


def test_hostile_name_is_a_text_in_table_and_chart(pages: Pages) -> None:
    assert HOSTILE in _Read(pages["index.html"]).texts
    assert "<script" not in pages["index.html"]
    drawn = re.findall(r"<text[^>]*>([^<]*)</text>", pages["index.html"])
    assert any("alert" in unescape(text) for text in drawn)


def test_back_test_shows_what_is_used_beside_what_came(pages: Pages) -> None:
    texts = _Read(pages["index.html"]).texts
    assert {"41.5", "77.2", "BG/NBD", "as much as before", "1.234 (deviance)", "0.125", "0.500"} <= set(texts)
    assert "as much as everybody" not in texts, "that was yesterday"
    assert "known on 2026-03-17" in " ".join(texts)
    assert "与前期持平" in _Read(pages["index.zh.html"]).texts


def test_needs_are_shown_with_what_came_true(pages: Pages) -> None:
    texts = _Read(pages["index.html"]).texts
    assert {"51.5 % (bought one of 3 candidates)", "4,321", "Every year", "same season of two years"} <= set(texts)
    assert "命中情况" in pages["index.zh.html"]


def test_figures_are_those_of_the_database(pages: Pages) -> None:
    texts = _Read(pages["index.html"]).texts
    assert "9,876,543.21 CNY" in texts and "1,234.50 in 2026-02" in texts
    assert "33.3 %*" in texts, "a provisional rate says so"
    assert "–" in texts, "a rate of nobody is not 0"


def test_same_database_gives_the_same_bytes(pages: Pages, tmp_path: Path) -> None:
    assert written(tmp_path / "again") == pages


def test_first_day_of_a_shop_has_a_report_without_pictures(tmp_path: Path) -> None:
    pages = written(tmp_path / "empty", is_empty=True)
    assert "Nothing to show yet." in pages["index.html"]
    assert "svg" not in _Read(pages["index.html"]).tags
