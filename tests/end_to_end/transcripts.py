"""Pages with transcripts: blocks of `console` with `$ cdp ...` lines, and below each what the command says."""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path

Call = Callable[..., tuple[int, str, str]]

_BLOCK = re.compile(r"(```console\n)(.*?)(```)", re.S)
# what no two homes have alike: digests of databases and of rows of the ledger, the time of a download, how much was published before it
_HASH, _TIME = re.compile(r"(?<![_0-9a-f])[0-9a-f]{12,64}\b"), re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_ROW = re.compile(r"(?<=ledger row )\d+|(?<=head )\d+(?=:)|\d+ rows(?=, held)|^ *\d+(?=  <time>)", re.M)


def blocks(page: str) -> list[str]:
    """Every block of the page, in order."""
    return [block[1] for block in _BLOCK.findall(page)]


def commands(page: str) -> list[str]:
    """Every command of the page, in order."""
    return [line.removeprefix("$ ") for block in blocks(page) for line in block.splitlines() if line.startswith("$ ")]


def replayed(page: str, call: Call) -> str:
    """The page with what its commands say now; `call` takes the words after `cdp`, gives exit code, stdout and stderr."""

    def answer(block: re.Match[str]) -> str:
        told = []
        for line in block[2].splitlines():
            if line.startswith("$ "):
                _, out, err = call(*shlex.split(line)[2:])
                told.append(f"{line}\n{out}{err}")
        return block[1] + "".join(told) + block[3]

    return _BLOCK.sub(answer, page)


def translated(page: str, told: str) -> str:
    """The same page in another language, with the blocks of `told`."""
    anew = iter(blocks(told))
    return _BLOCK.sub(lambda block: block[1] + next(anew) + block[3], page)


def comparable(page: str) -> str:
    """The page without what differs from home to home."""
    return _ROW.sub("<n>", _TIME.sub("<time>", _HASH.sub("<hash>", page)))


def copy_for_downloads(home: Path, folder: Path) -> Path:
    """A home with what downloads need of this one: they write its ledger."""
    for name in ("published", "ledger", "runs"):
        shutil.copytree(home / name, folder / "home" / name)
    shutil.copyfile(home / "cdp.yaml", folder / "home" / "cdp.yaml")
    return folder / "home"
