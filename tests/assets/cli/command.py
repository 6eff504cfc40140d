"""The `cdp` command, called in this process as a shell would."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from assets.cli import main as command


def cdp(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *words: str | Path) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of one command."""
    monkeypatch.setattr(sys, "argv", ["cdp", *map(str, words)])
    with pytest.raises(SystemExit) as ended:
        command.main()
    told = capsys.readouterr()
    return int(ended.value.code or 0), told.out, told.err
