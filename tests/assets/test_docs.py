"""What people read: links lead somewhere, commands exist, both languages name the same, and nothing is decided twice."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from typer.main import get_command

from assets.cli.main import app
from assets.project import ROOT

PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
_FENCED = re.compile(r"```.*?```", re.S)


def commands() -> set[tuple[str, ...]]:
    """Every command: ("run",), ("tags", "list")."""
    found: set[tuple[str, ...]] = set()
    for name, command in get_command(app).commands.items():  # type: ignore[attr-defined]
        found |= {(name, inner) for inner in command.commands} if hasattr(command, "commands") else {(name,)}
    return found


def called(text: str) -> set[tuple[str, ...]]:
    """Commands that a text calls, in blocks and in `code`; of `cdp ledger show | verify` both."""
    known = {name for name, *_ in commands()}
    found: set[tuple[str, ...]] = set()
    for first, rest in re.findall(r"(?:^\$ |^|`|bin/)cdp ([a-z]+)((?: [a-z]+(?: \|(?= [a-z]))?)*)", text, re.M):
        if (first,) in commands() or first not in known:
            found.add((first,))
        else:
            inner = rest.split()
            found |= {(first, word) for place, word in enumerate(inner) if word != "|" and (place == 0 or inner[place - 1] == "|")}
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_files_and_commands_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    links = [link.partition("#")[0] for link in re.findall(r"\]\(([^)\s]+)\)", _FENCED.sub("", text)) if "://" not in link]
    assert [link for link in links if link and not (page.parent / link).exists()] == []
    assert called(text) - commands() == set()


def test_both_readmes_show_the_same_commands_and_tables() -> None:
    english, chinese = ((ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "README.zh-CN.md"))
    assert called(english) == called(chinese)
    assert len(called(english)) > 30
    named = [set(re.findall(r"`([a-z]+(?:_[a-z0-9]+)+)`", text)) for text in (english, chinese)]
    assert named[0] ^ named[1] == set()
    folders = [set(re.findall(r"^\| `(\S+)` \|", text, re.M)) for text in (english, chinese)]
    assert len(folders[0]) == len(folders[1]) > 10


def test_every_decision_stands_once_in_five_lines() -> None:
    text = (ROOT / "DECISIONS.md").read_text(encoding="utf-8")
    decisions = re.split(r"^## ", text, flags=re.M)[1:]
    assert [title for title, count in Counter(one.splitlines()[0] for one in decisions).items() if count > 1] == []
    parts = ["Question", "Choice", "Why", "Cost", "Revisit"]
    assert [one.splitlines()[0] for one in decisions if re.findall(r"^- \*\*(\w+)", one, re.M) != parts] == []
