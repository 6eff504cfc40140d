"""A folder of this machine or a share as a place."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipelines.contracts.settings.publishing import FolderPlace
from pipelines.contracts.storage import is_disk_full, sync_file, sync_folder
from pipelines.publish.delivery.places import PlaceError, Secrets
from pipelines.publish.files import sha256_of

# a share that went away comes back; a wrong permission does not
_PASSING = {errno.EIO, errno.ESTALE, errno.ETIMEDOUT, errno.EAGAIN, errno.EBUSY, errno.EHOSTDOWN, errno.ENETDOWN, errno.ENETUNREACH}


@contextmanager
def open_folder(settings: FolderPlace, _secrets: Secrets) -> Iterator[_Folder]:
    """The folder; it must be there, because where a share is not mounted an empty folder would take its files."""
    if not settings.path.is_dir():
        raise PlaceError(f"no such folder: {settings.path}", "make or mount it, or mend publish.places", is_whole=True)
    yield _Folder(settings.path)


class _Folder:
    def __init__(self, root: Path) -> None:
        self._root = root

    def sha256(self, name: str) -> str | None:
        path = self._root / name
        with _told(path):
            return sha256_of(path) if path.is_file() else None

    def put(self, path: Path, name: str, digest: str) -> None:
        target = self._root / name
        beside = target.with_name(f".{target.name}.part")
        with _told(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                # rights are those of the folder: whoever fetches the file is somebody else
                shutil.copyfile(path, beside)
                sync_file(beside)
                if sha256_of(beside) != digest:
                    raise PlaceError(f"{target.name} arrived changed", "look at the share", may_pass=True)
                beside.replace(target)
                sync_folder(target.parent)
            finally:
                beside.unlink(missing_ok=True)


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        do = "free space there" if is_disk_full(error) else "mend the permissions of the folder"
        raise PlaceError(f"cannot write {path}: {error.strerror}", do, may_pass=error.errno in _PASSING) from error
