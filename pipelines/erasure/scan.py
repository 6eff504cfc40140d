"""Look for words of a person in every file of a home, unpacked. Finds; clears nothing."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pipelines.contracts.contents import UnopenedError, unpacked

_ENCODINGS = ("utf-8", "gb18030", "utf-16-le", "utf-16-be")


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
    needles = list(_needles(traces))
    for folder, names, files in os.walk(root):
        names.sort()
        for name in sorted(files):
            path = Path(folder) / name
            if path.is_file() and not path.is_symlink():
                yield _scan_file(path, path.relative_to(root).as_posix(), needles)


def _scan_file(path: Path, name: str, needles: list[tuple[bytes, re.Pattern[bytes] | None]]) -> Scanned:
    size, seen, problem = path.stat().st_size, 0, None
    holds = _holds(os.fsencode(path.name), needles)
    try:
        for block in unpacked(path):
            seen += len(block)
            holds = holds or _holds(block, needles)
    except UnopenedError as error:
        problem = str(error)
    return Scanned(name, size, seen, holds, problem)


def _holds(block: bytes, needles: list[tuple[bytes, re.Pattern[bytes] | None]]) -> bool:
    return any(needle in block and (whole is None or whole.search(block) is not None) for needle, whole in needles)


def _needles(traces: Iterable[str]) -> Iterator[tuple[bytes, re.Pattern[bytes] | None]]:
    """Each spelling as bytes, with the pattern that tells a whole word of ASCII from a part of one."""
    found: dict[bytes, re.Pattern[bytes] | None] = {}
    for trace in traces:
        spellings = {trace, json.dumps(trace)[1:-1], *(f"{prefix}{trace}" for prefix in ("86", "0086") if re.fullmatch(r"1\d{10}", trace))}
        for spelling in spellings:
            for encoding in _ENCODINGS:
                needle = spelling.encode(encoding, "ignore")
                if needle:
                    found[needle] = _whole(needle) if needle.isascii() and b"\0" not in needle else None
    yield from found.items()


def _whole(needle: bytes) -> re.Pattern[bytes]:
    return re.compile(rb"(?<![0-9A-Za-z])" + re.escape(needle) + rb"(?![0-9A-Za-z])")
