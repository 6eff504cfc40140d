"""The transcripts of the marketers' pages are what the command prints on the sample; the two languages show the same ones.

`CDP_WRITE_PAGES=1` writes them anew instead of comparing.
"""

from __future__ import annotations

import os
import re
import shlex
from functools import cache
from pathlib import Path

import pytest
from typer.testing import CliRunner

from assets.cli.main import app
from pipelines.contracts.errors import CdpError
from tests.end_to_end.conftest import ROOT

PAGES = [ROOT / "docs" / "marketers.md", ROOT / "docs" / "marketers.zh-CN.md"]
_FILE = re.compile(r"```yaml\n# (\w+\.yaml)\n(.*?)```", re.S)
_TRANSCRIPT = re.compile(r"```console\n(.*?)```", re.S)
# a run is named after the code that made it: the only word of a transcript that changes with every commit
_RUN = re.compile(r"\b(\d{4}-\d\d-\d\d)-[0-9a-f]{12}\b")


@pytest.fixture(scope="module")
def shop(sample_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder like the project's, with the home of the sample as `data/home`."""
    folder = tmp_path_factory.mktemp("shop")
    (folder / "data").mkdir()
    (folder / "data" / "home").symlink_to(sample_home)
    return folder


@cache
def printed(line: str) -> str:
    """What the command line prints, errors included."""
    result = CliRunner().invoke(app, shlex.split(line)[1:], catch_exceptions=True)
    error = result.exception
    if error is not None and not isinstance(error, CdpError | SystemExit):
        raise error
    told = f"cdp: {error}\n" if isinstance(error, CdpError) else ""
    return _RUN.sub(r"\1-0123456789ab", result.stdout + told)


def rerun(transcript: str) -> str:
    """The transcript with the same commands and what they print today."""
    lines = [line for line in transcript.splitlines() if line.startswith("$ ")]
    return "\n".join(f"{line}\n{printed(line[2:])}" for line in lines)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_transcripts_are_what_the_command_prints(page: Path, shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(shop)
    monkeypatch.setenv("CDP_HOME", "data/home")
    text = page.read_text(encoding="utf-8")
    for name, content in _FILE.findall(text):
        (shop / name).write_text(content, encoding="utf-8")
    written = _TRANSCRIPT.sub(lambda found: f"```console\n{rerun(found[1])}```", text)
    assert str((shop / "data" / "home").resolve()) not in written
    if os.environ.get("CDP_WRITE_PAGES"):
        page.write_text(written, encoding="utf-8")
    assert written == text or os.environ.get("CDP_WRITE_PAGES")


def test_both_languages_show_the_same_transcripts() -> None:
    texts = [page.read_text(encoding="utf-8") for page in PAGES]
    assert _TRANSCRIPT.findall(texts[0]) == _TRANSCRIPT.findall(texts[1])
    assert [name for name, _ in _FILE.findall(texts[0])] == [name for name, _ in _FILE.findall(texts[1])]
    commands = {
        " ".join(line.split()[1:4]) for block in _TRANSCRIPT.findall(texts[0]) for line in block.splitlines() if line.startswith("$ ")
    }
    wanted = ("cdp segments list", "cdp segments show", "cdp segments preview", "cdp segments check", "cdp segments publish")
    assert set(wanted) <= commands
    assert all(any(command.startswith(f"cdp {word} ") for command in commands) for word in ("why", "trace", "replay"))
