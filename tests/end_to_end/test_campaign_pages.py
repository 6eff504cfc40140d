"""The pages on campaigns and roles say what the commands say, on the sample, in both languages."""

from __future__ import annotations

from pathlib import Path

import pytest

from assets.project import ROOT
from tests.assets.cli.command import cdp
from tests.end_to_end.transcripts import blocks, commands, comparable, copy_for_downloads, replayed

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
    page = (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8")
    assert len(commands(page)) >= 4
    assert comparable(replayed(page, lambda *words: cdp(capsys, monkeypatch, *words))) == comparable(page)


@pytest.mark.parametrize("name", PAGES)
def test_both_languages_show_the_same_commands(name: str) -> None:
    english, chinese = ((ROOT / "docs" / f"{name}{suffix}.md").read_text(encoding="utf-8") for suffix in ("", ".zh-CN"))
    assert blocks(english) == blocks(chinese) != []
