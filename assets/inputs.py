"""Settings, reviewed rows and definitions of a run, kept as they were: a past list can be made again after all of them have changed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path

from pipelines.contracts.home import Home
from pipelines.contracts.run import Run
from pipelines.contracts.storage import json_bytes, replacing_folder

_PRIVATE = 0o700  # suppressions name people, settings hold the key of their ids
_KEPT = frozenset({".csv", ".yaml"})
_DIGITS = 16
CONFIG, REFERENCE = "config.json", "reference"


def keep_inputs(run: Run) -> str:
    """Keep what the run reads besides its loads; return the name of the folder in `Home.inputs`. Nights without a change share one."""
    contents = dict(_contents(run))
    name = _digest(contents)
    folder = run.home.inputs / name
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True, mode=_PRIVATE)
        with replacing_folder(folder) as beside:
            beside.chmod(_PRIVATE)
            for path, content in contents.items():
                (beside / path).parent.mkdir(parents=True, exist_ok=True)
                (beside / path).write_bytes(content)
    return name


def are_unchanged(home: Home, name: str) -> bool:
    """Are the kept inputs what they were? An erasure takes rows of people out of them."""
    folder = home.inputs / name
    found = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    return _digest(found) == name


def _contents(run: Run) -> Iterator[tuple[str, bytes]]:
    """Path and content of each file. The folders that the settings name get places of their own beside them: the copy stands alone."""
    settings = run.config.model_dump(mode="json")
    places = {REFERENCE: run.reference}
    for section, key in (("segments", "folders"), ("channels", "formats_folders"), ("marketing", "campaign_folders")):
        named = {f"{section}_{number}": Path(source) for number, source in enumerate(settings[section][key])}
        settings[section][key] = list(named)
        places |= named
    settings["reference_folder"] = REFERENCE
    yield CONFIG, json_bytes(settings)
    for name, source in places.items():
        for path in sorted(source.rglob("*")):
            if path.is_file() and path.suffix in _KEPT:
                yield f"{name}/{path.relative_to(source).as_posix()}", path.read_bytes()


def _digest(contents: Mapping[str, bytes]) -> str:
    digest = hashlib.sha256()
    for path, content in sorted(contents.items()):
        digest.update(f"{path}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()[:_DIGITS]
