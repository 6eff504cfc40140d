"""The pages on campaigns and roles say what the commands say, on the sample, in both languages.

`CDP_WRITE_PAGES=1` writes them anew instead of comparing.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from assets.project import ROOT
from tests.assets.cli.command import cdp
from tests.end_to_end.transcripts import blocks, commands, comparable, copy_for_downloads, replayed, translated

DOCS = ROOT / "docs"
PAGES = ("campaigns", "roles")


@pytest.fixture
def handed_out(sample_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to download into."""
    monkeypatch.setenv("CDP_HOME", str(copy_for_downloads(sample_home, tmp_path)))
    monkeypatch.setenv("LOGNAME", "li.wei")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", PAGES)
def test_page_says_what_the_commands_say(
    name: str, handed_out: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    english, chinese = DOCS / f"{name}.md", DOCS / f"{name}.zh-CN.md"
    page = english.read_text(encoding="utf-8")
    assert len(commands(page)) >= 4
    told = replayed(page, lambda *words: cdp(capsys, monkeypatch, *words))
    if os.environ.get("CDP_WRITE_PAGES"):
        english.write_text(told, encoding="utf-8")
        chinese.write_text(translated(chinese.read_text(encoding="utf-8"), told), encoding="utf-8")
    else:
        assert comparable(told) == comparable(page)


@pytest.mark.parametrize("name", PAGES)
def test_both_languages_show_the_same(name: str) -> None:
    english, chinese = ((DOCS / f"{name}{suffix}.md").read_text(encoding="utf-8") for suffix in ("", ".zh-CN"))
    assert blocks(english) == blocks(chinese) != []
