"""Every text is there in both languages, none is left over, and numbers are written as people read them."""

from __future__ import annotations

import ast
import re
from decimal import Decimal
from pathlib import Path

import pytest
import yaml

from pipelines import reports
from pipelines.reports.wording import LANGUAGES, Words, measured, share

FOLDER = Path(reports.__file__).parent
TEXTS: dict[str, dict[str, str]] = yaml.safe_load((FOLDER / "wording.yaml").read_text(encoding="utf-8"))


def test_every_text_has_both_languages_with_the_same_places_for_values() -> None:
    assert {key for key, texts in TEXTS.items() if set(texts) != set(LANGUAGES)} == set()
    places = {key: [set(re.findall(r"{(\w+)}", str(texts[language]))) for language in LANGUAGES] for key, texts in TEXTS.items()}
    assert {key for key, (english, chinese) in places.items() if english != chinese} == set()


def test_no_text_is_left_over() -> None:
    code = "\n".join(path.read_text(encoding="utf-8") for path in FOLDER.rglob("*") if path.suffix in {".py", ".html"})
    constants = {
        node.value
        for path in FOLDER.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    made = {f"by_{kind}" for kind in ("class", "stage")} | {f"{grain}_table" for grain in ("week", "month")}
    made |= {f"{name}_by_{dimension}" for name in ("sales", "aov") for dimension in ("channel", "rfm_tier")}
    known = constants | set(re.findall(r'words\("(\w+)"', code)) | made
    assert {key for key in TEXTS if "/" not in key and key.removesuffix("_note") not in known and key not in known} == set()


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (Decimal("0.333333"), "rate", "33.3 %"),
        (Decimal("1234567.891"), "CNY", "1,234,567.89"),
        (Decimal(12), "customers", "12"),
        (None, "rate", "–"),
        (None, "CNY", "–"),
    ],
)
def test_values_are_written_in_their_unit(value: Decimal | None, unit: str, text: str) -> None:
    assert measured(value, unit) == text


def test_share_of_nothing_is_unknown_and_not_zero() -> None:
    assert (share(None), share(0.0)) == ("–", "0.0 %")


def test_value_without_a_text_is_shown_as_it_is() -> None:
    assert Words("zh", {}).value("channel", "taobao") == "taobao"
    assert Words("zh", {}).value("tier", "lapsed") == "流失"


def test_unknown_key_is_a_fault() -> None:
    with pytest.raises(KeyError):
        Words("en", {})("no_such_text")
