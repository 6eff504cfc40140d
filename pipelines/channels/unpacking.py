"""Take a zip archive apart: each member becomes a file in staging. Names inside are labels and never paths; sizes are bounded."""

from __future__ import annotations

import errno
import os
import re
import struct
import zipfile
import zlib
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from pipelines.channels.containers import UnreadableError
from pipelines.channels.deliveries import Delivered, is_left_out

_BLOCK_BYTES = 1 << 20
_MAX_LABEL_CHARACTERS = 200
_IS_UTF8, _IS_ENCRYPTED = 0x800, 0x1
# LZMA may ask for 4 GB of memory before the first byte, and no export was ever seen in anything but these
_PACKINGS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, struct.error, ValueError, OverflowError, IndexError)


@dataclass(frozen=True, slots=True)
class Limits:
    """What an archive may hold, so that a bomb stops before the disk is full."""

    byte_count: int
    file_count: int


def unpack(file: Delivered, beside: Path, limits: Limits) -> list[Delivered]:
    """The members of a zip, streamed to `<beside>-<number>`, as files named `<archive>/<member>` and as old as the archive.

    Hidden members and folders are left out. Raises UnreadableError when one of them is damaged or locked, or all of them are too much.
    """
    targets: list[Path] = []
    try:
        with _damage_told(), zipfile.ZipFile(file.path) as archive:
            members = _members(archive, limits)
            _check(members, limits)
            spent = 0
            for number, (info, _) in enumerate(members):
                targets.append(beside.with_name(f"{beside.name}-{number}"))
                spent += _extract(archive, info, targets[-1], limits.byte_count, spent)
                os.utime(targets[-1], ns=(file.modified_ns, file.modified_ns))
    except UnreadableError:
        for target in targets:
            target.unlink(missing_ok=True)
        raise
    return [
        Delivered(target, f"{file.name}/{label}", target.stat().st_size, file.modified_ns)
        for target, (_, label) in zip(targets, members, strict=True)
    ]


@contextmanager
def _damage_told() -> Iterator[None]:
    try:
        yield
    except _DAMAGE as error:
        raise UnreadableError("is a damaged zip archive") from error
    except NotImplementedError as error:
        raise _unknown_packing() from error
    except OSError as error:
        if error.errno != errno.EINVAL:  # a place before the beginning of the archive
            raise
        raise UnreadableError("is a damaged zip archive") from error


def _members(archive: zipfile.ZipFile, limits: Limits) -> list[tuple[zipfile.ZipInfo, str]]:
    """What is to be read, by label, so that the order inside the archive does not matter."""
    found: dict[str, zipfile.ZipInfo] = {}
    for info in archive.infolist():
        parts = [part for part in re.split(r"[/\\]+", _text_of_name(info)) if part not in ("", ".", "..")]
        if not info.is_dir() and parts and not any(map(is_left_out, parts)):
            found[_free("/".join(parts), found)] = info
        if len(found) > limits.file_count:
            what = f"is a zip archive of more than {limits.file_count} files"
            raise UnreadableError(what, "deliver fewer, or raise channels.max_unpacked_files", is_passing=True)
    return [(info, label) for label, info in sorted(found.items())]


def _text_of_name(info: zipfile.ZipInfo) -> str:
    """Chinese desktops write GBK without saying so, which reads as code page 437."""
    name = info.filename
    if not info.flag_bits & _IS_UTF8:
        with suppress(UnicodeError):
            name = name.encode("cp437").decode("gb18030")
    return re.sub(r"[\x00-\x1f\x7f]", "_", name)


def _free(label: str, taken: Collection[str]) -> str:
    label = label[-_MAX_LABEL_CHARACTERS:].lstrip("/")
    number, free = 2, label
    while free in taken:
        number, free = number + 1, f"{label} ({number})"
    return free


def _check(members: list[tuple[zipfile.ZipInfo, str]], limits: Limits) -> None:
    if not members:
        raise UnreadableError("is a zip archive without files")
    if any(info.flag_bits & _IS_ENCRYPTED for info, _ in members):
        raise UnreadableError("is a zip archive with a password", "deliver it without one")
    if any(info.compress_type not in _PACKINGS for info, _ in members):
        raise _unknown_packing()
    if sum(info.file_size for info, _ in members) > limits.byte_count:
        raise _too_large(limits.byte_count)


def _unknown_packing() -> UnreadableError:
    return UnreadableError("is a zip archive packed in a way that is not known", "pack it again with deflate")


def _too_large(limit: int) -> UnreadableError:
    what = f"is a zip archive of more than {limit} bytes unpacked"
    return UnreadableError(what, "deliver it unpacked, or raise channels.max_unpacked_bytes", is_passing=True)


def _extract(archive: zipfile.ZipFile, info: zipfile.ZipInfo, target: Path, limit: int, spent: int) -> int:
    """Counts what comes out, because the size that the archive states is only a claim."""
    size = 0
    with archive.open(info) as source, target.open("wb") as out:
        while block := source.read(_BLOCK_BYTES):
            size += len(block)
            if spent + size > limit:
                raise _too_large(limit)
            out.write(block)
    return size
