"""Which export of a format has other columns than those before it: a new header generation, told before it does harm.

Header sets are kept once each under their hash: thousands of loads share a few. Order of columns says nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pipelines.contracts.home import Home
from pipelines.contracts.masking import scrubbed

_DIGITS = 16
_MAX_NAMES, _MAX_CHARACTERS = 1000, 100  # of a header set as it is kept: to be shown, the hash holds all of it
_SHOWN = 12


@dataclass(frozen=True, slots=True)
class HeaderSet:
    """The columns of a file, sorted. `is_open`: of JSON, whose keys come and go with every record."""

    names: tuple[str, ...]
    is_open: bool


@dataclass(frozen=True, slots=True)
class Headed:
    """A load as this module sees it. `missing`: columns that its contract would read and that it lacks."""

    load_id: str
    format_name: str
    exported_at: datetime
    header_hash: str
    missing: str | None


def keep_headers(home: Home, names: Iterable[str], *, is_open: bool) -> str:
    """Keep a header set once and return its hash. Written again when a power cut left half of it."""
    ordered = sorted({name for name in names if name})
    digest = hashlib.sha256("\n".join([str(is_open), *ordered]).encode("utf-8", "replace")).hexdigest()[:_DIGITS]
    path = _path(home, digest)
    if read_headers(home, digest) is None:
        path.parent.mkdir(parents=True, exist_ok=True)
        shown = [scrubbed(name[:_MAX_CHARACTERS]) for name in ordered[:_MAX_NAMES]]
        beside = path.with_name(f".{digest}.new")
        beside.write_text(json.dumps({"is_open": is_open, "names": shown}, ensure_ascii=False), encoding="utf-8", errors="replace")
        beside.replace(path)
    return digest


def read_headers(home: Home, digest: str) -> HeaderSet | None:
    """A header set that was kept; None when it is gone."""
    try:
        value = json.loads(_path(home, digest).read_bytes())
        return HeaderSet(tuple(map(str, value["names"])), bool(value["is_open"]))
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None


def _path(home: Home, digest: str) -> Path:
    return home.lake / "headers" / f"{digest}.json"


def drifts(home: Home, loads: Iterable[Headed]) -> dict[str, str]:
    """By load id, what differs from the earlier exports of the format: `new: ...; gone: ...`. Nothing for the others.

    A header set is told once, with the first export that has it: two shops whose exports differ are not told every night.
    """
    by_format: dict[str, list[Headed]] = {}
    for load in loads:
        by_format.setdefault(load.format_name, []).append(load)
    found: dict[str, str] = {}
    for group in by_format.values():
        if len({load.header_hash for load in group}) > 1:
            found |= _of_format(home, sorted(group, key=lambda load: (load.exported_at, load.load_id)))
    return found


def _of_format(home: Home, ordered: Sequence[Headed]) -> dict[str, str]:
    sets = {digest: read_headers(home, digest) for digest in {load.header_hash for load in ordered}}
    found: dict[str, str] = {}
    known: set[str] = set()
    names: set[str] = set()
    before: Headed | None = None
    for load in ordered:
        here = sets[load.header_hash]
        if here is not None and before is not None and load.header_hash not in known:
            was = sets[before.header_hash]
            new = [name for name in here.names if name not in names]
            gone = [] if here.is_open or was is None else [name for name in was.names if name not in here.names]
            back = [] if was is None or here.is_open else [name for name in here.names if name in names and name not in was.names]
            lost = sorted({*_split(load.missing)} - {*_split(before.missing)})
            told = (("new", new), ("again", back), ("gone", gone), ("no longer read", lost))
            words = "; ".join(f"{word}: {_list(some)}" for word, some in told if some)
            if words:
                found[load.load_id] = words
        known.add(load.header_hash)
        names.update(here.names if here is not None else ())
        before = load
    return found


def _split(text: str | None) -> list[str]:
    return text.split(", ") if text else []


def _list(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
