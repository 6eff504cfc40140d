"""Put a load in the place of an older reading of the same file: whole or not at all, by a journal that whoever comes next finishes.

A load has a part in several tables and a manifest, which no single rename covers. So the new parts are complete in a folder of their own
before its manifest is renamed into that folder: until then the old load stands, from then on the new one does, whoever is killed when.
"""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from pipelines.channels.loads import LOAD_TABLES, Load, read_manifest, write_manifest, write_manifest_to
from pipelines.contracts.home import Home

_MANIFEST = "manifest.json"


def _folder(home: Home) -> Path:
    return home.lake / "replacing"


def replace_loads(home: Home, loads: Sequence[tuple[Load, Sequence[tuple[str, Path]]]]) -> None:
    """Replace each load, given with its parts (table and file), by what was read now. Parts are moved away."""
    if not loads:
        return
    for load, parts in loads:
        folder = _folder(home) / load.load_id
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        numbers: Counter[str] = Counter()
        for table, part in parts:
            (folder / table).mkdir(exist_ok=True)
            part.replace(folder / table / f"part-{numbers[table]}.parquet")
            numbers[table] += 1
    os.sync()
    for load, _ in loads:
        write_manifest_to(_folder(home) / load.load_id / _MANIFEST, load)
    os.sync()
    finish_replacements(home)


def is_interrupted(home: Home) -> bool:
    """True where a replacement was begun and not finished."""
    return any(_folder(home).glob("*"))


def finish_replacements(home: Home) -> None:
    """Carry out every replacement that was decided; drop those that were not. Doing it twice does nothing more."""
    folders = sorted(_folder(home).glob("*"))
    decided: list[tuple[Path, Load]] = []
    for folder in folders:
        load = read_manifest(folder / _MANIFEST) if (folder / _MANIFEST).exists() else None
        if load is not None:
            _move_parts(home, folder, load)
            decided.append((folder, load))
    if decided:
        os.sync()
        for _, load in decided:
            write_manifest(home, load)
        os.sync()
    for folder in folders:
        shutil.rmtree(folder)


def _move_parts(home: Home, folder: Path, load: Load) -> None:
    for table in LOAD_TABLES:
        target, parts = home.table(table.name) / f"load={load.load_id}", folder / table.name
        if parts.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.rmtree(target, ignore_errors=True)
            parts.rename(target)
        elif table.name not in (load.tables or {}):  # else it was moved before somebody was killed
            shutil.rmtree(target, ignore_errors=True)
