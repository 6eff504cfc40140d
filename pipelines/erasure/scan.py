"""Look for words of a person in every file of a home, unpacked. Finds; clears nothing."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipelines.contracts.contents import UnopenedError, unpacked
from pipelines.contracts.needles import Needle, holds_any, spellings


@dataclass(frozen=True, slots=True)
class Scanned:
    """One file. `unpacked_byte_count`: what was looked at, overlaps of blocks included. `problem`: why only packed bytes could be."""

    path: str
    byte_count: int
    unpacked_byte_count: int
    holds: bool
    problem: str | None


def scan(root: Path, traces: Iterable[str]) -> Iterator[Scanned]:
    """Every file below `root`, in order of their paths; links are not followed, and what goes away meanwhile is left."""
    needles = spellings(traces)
    for folder, names, files in os.walk(root):
        names.sort()
        for name in sorted(files):
            path = Path(folder) / name
            if path.is_file() and not path.is_symlink():
                yield _scan_file(path, path.relative_to(root).as_posix(), needles)


def _scan_file(path: Path, name: str, needles: Sequence[Needle]) -> Scanned:
    size, seen, problem = path.stat().st_size, 0, None
    holds = holds_any(os.fsencode(path.name), needles)
    try:
        for block in unpacked(path):
            seen += len(block)
            holds = holds or holds_any(block, needles)
    except UnopenedError as error:
        problem = str(error)
    return Scanned(name, size, seen, holds, problem)
