"""The inbox: which files lie there, and which of them were read before. Nothing in it is ever changed."""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from pipelines.contracts.errors import ConfigurationError
from pipelines.contracts.home import Home
from pipelines.contracts.storage import write_json

_TRUTH = "truth"  # the simulator's answers lie beside its deliveries
# what copying and mail programs call a file that is not whole yet
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")
_UNFINISHED = (".part", ".partial", ".tmp", ".crdownload", ".filepart", ".download")


@dataclass(frozen=True, slots=True)
class Delivered:
    """A file in the inbox: `name` is its path below it, with `/`. `refusal`: why it must not be opened, whatever it holds."""

    path: Path
    name: str
    size: int
    modified_ns: int
    refusal: str | None = None

    @property
    def stamp(self) -> list[int]:
        return [self.size, self.modified_ns]


def find(home: Home) -> list[Delivered]:
    """All files below the inbox, sorted by name; hidden and unfinished ones and the folder `truth` are left out."""
    root = home.deliveries
    if not root.is_dir():
        raise ConfigurationError("there is no folder of deliveries", where=str(root), do="make it, or check --deliveries")
    try:
        found = sorted(_below(root, "", _Walk(root)), key=lambda file: (file.name, os.fsencode(file.path)))
    except PermissionError as error:
        raise ConfigurationError("a folder of deliveries cannot be read", where=str(error.filename), do="check its permissions") from error
    return list(_named_apart(found))


def _named_apart(files: Iterable[Delivered]) -> Iterator[Delivered]:
    """Two names may differ in bytes that no text shows; each is a delivery of its own."""
    taken: set[str] = set()
    for file in files:
        name = free_name(file.name, taken)
        taken.add(name)
        yield file if name == file.name else replace(file, name=name)


def free_name(name: str, taken: Collection[str]) -> str:
    """The name, or the first of `name (2)`, `name (3)`, ... that is not taken."""
    number, free = 2, name
    while free in taken:
        number, free = number + 1, f"{name} ({number})"
    return free


def without_controls(name: str) -> str:
    """A name for people and terminals: what would move a cursor or turn the text around becomes `_`."""
    return _CONTROLS.sub("_", name)


def is_left_out(name: str) -> bool:
    """Hidden files, locks of open documents, and what is still being copied."""
    return name.startswith((".", "~$")) or name.lower().endswith(_UNFINISHED)


class _Walk:
    """Where a walk through the inbox may go: nowhere twice, and not out of it."""

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()
        self._seen = {self._root}

    def enters(self, folder: Path) -> bool:
        """False for a folder that a link leads to a second time: links in a circle have no end."""
        real = folder.resolve()
        is_new = real not in self._seen
        self._seen.add(real)
        return is_new

    def leads_out(self, path: Path) -> bool:
        return not path.resolve().is_relative_to(self._root)


def _below(folder: Path, prefix: str, walk: _Walk) -> Iterator[Delivered]:
    with os.scandir(folder) as listed:
        entries = sorted(listed, key=lambda entry: (entry.is_symlink(), os.fsencode(entry.name)))
    for entry in entries:
        if is_left_out(entry.name) or (not prefix and entry.name == _TRUTH):
            continue
        path, name = Path(entry.path), _readable(f"{prefix}{entry.name}")
        if entry.is_symlink() and walk.leads_out(path):
            yield _refused(path, name, "is a link that leads out of the deliveries")
        elif entry.is_dir():
            if walk.enters(path):
                yield from _below(path, f"{prefix}{entry.name}/", walk)
        elif entry.is_file():
            info = entry.stat()
            yield Delivered(path, name, info.st_size, info.st_mtime_ns)
        else:
            yield _refused(path, name, "is no file but " + _kind(path))


def _refused(path: Path, name: str, why: str) -> Delivered:
    info = path.lstat()
    return Delivered(path, name, info.st_size, info.st_mtime_ns, why)


def _kind(path: Path) -> str:
    """What stands in the place of a file. A pipe would never end, and a device is somebody else's."""
    mode = path.lstat().st_mode
    if stat.S_ISLNK(mode):
        return "a link to nothing"
    return "a pipe" if stat.S_ISFIFO(mode) else "a socket" if stat.S_ISSOCK(mode) else "a device"


def _readable(name: str) -> str:
    """Names from Chinese desktop archives come as GBK bytes, which no manifest could hold."""
    try:
        name.encode()
    except UnicodeEncodeError:
        name = os.fsencode(name).decode("gb18030", "replace")
    return without_controls(name)


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
