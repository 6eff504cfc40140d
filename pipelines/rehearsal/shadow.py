"""A shadow of the home: its lake by hard links, in a folder that goes when the rehearsal ends. Runs nothing.

Every file of the lake is replaced by a rename and never written into, so a link is a snapshot: what the rehearsal writes stays in the
shadow, and what a run writes meanwhile is not seen by it.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pipelines.contracts.errors import ConfigurationError
from pipelines.contracts.home import Home

# of the lake: delivered files are read by the channels stage only, the others are a run's own scratch
_LEFT_OUT = frozenset({"files", "staging", "replacing"})
_PRIVATE = 0o700


@contextmanager
def shadow_of(home: Home) -> Iterator[Home]:
    """Yield a home that begins with the lake of `home`; it and all that was written there is gone afterwards.

    The caller keeps runs away until the block is entered, not longer. What a killed rehearsal left is removed first.
    """
    folder, claim = _claimed(home)
    shadow = Home(folder)
    try:
        _link_lake(home, shadow)
        yield shadow
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(claim)
        remove_left_shadows(home)


def remove_left_shadows(home: Home) -> None:
    """Remove the shadows whose process is gone."""
    if home.rehearsals.is_dir():
        with _only_one_at_the_folder(home):
            _sweep(home)
            with suppress(OSError):  # another rehearsal is at work
                home.rehearsals.rmdir()


def link_file(source: Path, target: Path) -> None:
    """Make `target` the same file as `source`, or a copy where the disk knows no hard links."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        target.hardlink_to(source)
    except OSError:
        shutil.copyfile(source, target)


def _claimed(home: Home) -> tuple[Path, int]:
    """A new folder, and the handle whose lock says that somebody is at work in it."""
    try:
        with _only_one_at_the_folder(home):
            home.rehearsals.mkdir(mode=_PRIVATE, exist_ok=True)
            _sweep(home)
            folder = Path(tempfile.mkdtemp(dir=home.rehearsals))
            claim = os.open(folder, os.O_RDONLY)
            fcntl.flock(claim, fcntl.LOCK_EX)
    except OSError as error:
        what = f"cannot be written: {error.strerror}"
        raise ConfigurationError(what, where=str(home.rehearsals), do="mend the permissions of the home") from error
    return folder, claim


@contextmanager
def _only_one_at_the_folder(home: Home) -> Iterator[None]:
    """The lock is on the home, because `rehearsals/` itself comes and goes."""
    handle = os.open(home.root, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _sweep(home: Home) -> None:
    for folder in list(home.rehearsals.iterdir()):
        handle = os.open(folder, os.O_RDONLY)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
        except BlockingIOError:
            pass  # its process lives
        finally:
            os.close(handle)


def _link_lake(home: Home, shadow: Home) -> None:
    for folder, names, files in os.walk(home.lake):
        if Path(folder) == home.lake:
            names[:] = [name for name in names if name not in _LEFT_OUT]
        for name in files:
            source = Path(folder) / name
            link_file(source, shadow.lake / source.relative_to(home.lake))
