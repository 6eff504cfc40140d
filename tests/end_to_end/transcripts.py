"""Pages with transcripts: blocks of `console` with `$ cdp ...` lines, and below each what the command says.

After a change of what commands say, on a home of one run on the sample:
`python -m tests.end_to_end.transcripts HOME docs/campaigns.md docs/roles.md` writes the pages anew, with those in Chinese beside them.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
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


def comparable(page: str) -> str:
    """The page without what differs from home to home."""
    return _ROW.sub("<n>", _TIME.sub("<time>", _HASH.sub("<hash>", page)))


def copy_for_downloads(home: Path, folder: Path) -> Path:
    """A home with what downloads need of this one: they write its ledger."""
    for name in ("published", "ledger", "runs"):
        shutil.copytree(home / name, folder / "home" / name)
    return folder / "home"


def _rewrite(home: Path, page: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        variables = {"CDP_HOME": str(copy_for_downloads(home, Path(folder))), "LOGNAME": "li.wei", "PYTHONPATH": str(Path.cwd())}
        program = [sys.executable, "-c", "from assets.cli.main import main; main()"]

        def call(*words: str) -> tuple[int, str, str]:
            ended = subprocess.run([*program, *words], cwd=folder, env=os.environ | variables, capture_output=True, text=True)
            return ended.returncode, ended.stdout, ended.stderr

        text = replayed(page.read_text(encoding="utf-8"), call)
    page.write_text(text, encoding="utf-8")
    chinese, told = page.with_name(f"{page.stem}.zh-CN.md"), iter(blocks(text))
    translated = _BLOCK.sub(lambda block: block[1] + next(told) + block[3], chinese.read_text(encoding="utf-8"))
    chinese.write_text(translated, encoding="utf-8")


if __name__ == "__main__":
    for name in sys.argv[2:]:
        _rewrite(Path(sys.argv[1]), Path(name))
