"""Chinese texts of tables: they say what the English ones say as far as a program can tell, and none is left out in silence."""

from __future__ import annotations

import re

import pytest

from pipelines.contracts.errors import ConfigurationError
from pipelines.contracts.tables import Personal
from pipelines.metrics.chinese import in_chinese, read_chinese
from pipelines.metrics.definitions import read_metrics
from pipelines.metrics.dictionary import DescribedColumn, DescribedTable, all_names

_CODE = re.compile(r"`[^`]+`")


def table(grain: str, description: str) -> DescribedTable:
    return DescribedTable("t", grain, (DescribedColumn("c", "string", description, Personal.NONE.value),))


def test_every_translation_is_chinese_and_keeps_code_as_it_is() -> None:
    texts = read_chinese()
    assert [english for english, chinese in texts.items() if not re.search("[\u4e00-\u9fff]", chinese)] == []
    assert {
        english: chinese for english, chinese in texts.items() if sorted(_CODE.findall(english)) != sorted(_CODE.findall(chinese))
    } == {}


def test_null_is_told_where_the_english_text_tells_it() -> None:
    texts = read_chinese()
    assert {
        english: chinese for english, chinese in texts.items() if bool(re.search(r"\bnull\b", english, re.I)) != ("为空" in chinese)
    } == {}


def test_figures_are_the_same_in_both() -> None:
    figures = re.compile(r"\d+")
    differing = {
        english: chinese
        for english, chinese in read_chinese().items()
        if set(figures.findall(_CODE.sub("", english))) - set(figures.findall(chinese))
    }
    assert differing == {}


def test_a_text_without_a_translation_is_named() -> None:
    with pytest.raises(ConfigurationError, match=r"no Chinese for: Another text\. .*add a line for each text"):
        in_chinese(read_metrics().values(), [], [table("One row.", "Another text.")], {"One row.": "一行。"})


def test_texts_are_found_however_their_lines_are_broken_and_metrics_are_named_in_chinese() -> None:
    metrics = list(read_metrics().values())
    _, [found] = in_chinese(metrics, [], [table("One\n row.", all_names(metrics, "en"))], {"One row.": "一行。"})
    assert found.grain == "一行。"
    assert found.columns[0].description == all_names(metrics, "zh") != all_names(metrics, "en")
