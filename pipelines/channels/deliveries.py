"""The inbox: which files lie there, and which of them were read before. Nothing in it is ever changed."""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pipelines.contracts.errors import ConfigurationError
from pipelines.contracts.home import Home
from pipelines.contracts.storage import write_json

_TRUTH = "truth"  # the simulator's answers lie beside its deliveries
# what copying and mail programs call a file that is not whole yet
_UNFINISHED = (".part", ".partial", ".tmp", ".crdownload", ".filepart", ".download")


@dataclass(frozen=True, slots=True)
class Delivered:
    """A file in the inbox: `name` is its path below it, with `/`."""

    path: Path
    name: str
    size: int
    modified_ns: int

    @property
    def stamp(self) -> list[int]:
        return [self.size, self.modified_ns]


def find(home: Home) -> list[Delivered]:
    """All files below the inbox, sorted by name; hidden and unfinished ones and the folder `truth` are left out."""
    root = home.deliveries
    if not root.is_dir():
        raise ConfigurationError("there is no folder of deliveries", where=str(root), do="make it, or check --deliveries")
    try:
        return sorted(_below(root, ""), key=lambda file: file.name)
    except PermissionError as error:
        raise ConfigurationError("a folder of deliveries cannot be read", where=str(error.filename), do="check its permissions") from error


def is_left_out(name: str) -> bool:
    """Hidden files, locks of open documents, and what is still being copied."""
    return name.startswith((".", "~$")) or name.lower().endswith(_UNFINISHED)


def _below(folder: Path, prefix: str) -> Iterator[Delivered]:
    with os.scandir(folder) as entries:
        for entry in entries:
            name = entry.name
            if is_left_out(name):
                continue
            if entry.is_dir():
                if prefix or name != _TRUTH:
                    yield from _below(Path(entry.path), f"{prefix}{name}/")
            elif entry.is_file():
                info = entry.stat()
                yield Delivered(Path(entry.path), _readable(f"{prefix}{name}"), info.st_size, info.st_mtime_ns)


def _readable(name: str) -> str:
    """Names from Chinese desktop archives come as GBK bytes, which no manifest could hold."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return os.fsencode(name).decode("gb18030", "replace")
    return name


def is_unchanged(file: Delivered) -> bool:
    """False when somebody wrote to the file since it was found, because its upload was not over, or took it away."""
    try:
        info = file.path.stat()
    except FileNotFoundError:
        return False
    return [info.st_size, info.st_mtime_ns] == file.stamp


def read_seen(home: Home) -> dict[str, tuple[list[int], dict[str, str]]]:
    """Stamp and contents (hash by name: the file, or each member of an archive) of the files hashed before, by name.

    Only a cache: without it everything is hashed again.
    """
    try:
        value = json.loads((home.lake / "seen.json").read_bytes())
        return {name: (list(stamp), {inner: str(sha) for inner, sha in contents.items()}) for name, (stamp, contents) in value.items()}
    except (FileNotFoundError, json.JSONDecodeError, ValueError, TypeError, AttributeError):
        return {}


def write_seen(home: Home, files: Iterable[Delivered], contents: Mapping[str, Mapping[str, str]]) -> None:
    """Remember the contents of the files that are there now."""
    write_json(home.lake / "seen.json", {file.name: [file.stamp, contents[file.name]] for file in files if file.name in contents})


def holder(path: str, names: Collection[str]) -> str | None:
    """Which of the delivered files `names` holds what was read as `path`: the file itself, or the archive around it; None for none."""
    return next((str(outer) for outer in (path, *PurePosixPath(path).parents) if str(outer) in names), None)
