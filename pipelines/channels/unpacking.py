"""Take an archive apart: each member becomes a file in staging. Names inside are labels and never paths; sizes are bounded."""

from __future__ import annotations

import gzip
import os
import re
import zipfile
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from pipelines.channels.containers import Bounded, Packing, UnreadableError, damage_told, has_small_directory
from pipelines.channels.deliveries import Delivered, free_name, is_left_out, without_controls
from pipelines.channels.foreign import told_of_archive
from pipelines.channels.tars import members as members_of_tar

_BLOCK_BYTES = 1 << 20
_MAX_LABEL_CHARACTERS = 200
_IS_UTF8, _IS_ENCRYPTED = 0x800, 0x1
# LZMA may ask for 4 GB of memory before the first byte, and no export was ever seen in anything but these
_PACKINGS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})


@dataclass(frozen=True, slots=True)
class Limits:
    """What an archive may hold, so that a bomb stops before the disk is full."""

    byte_count: int
    file_count: int


def unpack(file: Delivered, packing: Packing, beside: Path, limits: Limits) -> list[Delivered]:
    """The members of a zip or tar, streamed to `<beside>-<number>`, as files named `<archive>/<member>` and as old as the archive.

    Hidden members, folders and links are left out. Raises UnreadableError when one of them is damaged or locked, or all of them are too
    much.
    """
    targets: dict[str, Path] = {}
    try:
        with _unknown_packing_told(), damage_told(f"is a damaged {packing} archive"):
            for label, blocks in _zip(file.path, limits) if packing is Packing.ZIP else _tar(file.path, packing, limits):
                targets[label] = target = beside.with_name(f"{beside.name}-{len(targets)}")
                with target.open("wb") as out:
                    out.writelines(blocks)
                os.utime(target, ns=(file.modified_ns, file.modified_ns))
        if not targets:
            raise UnreadableError("is an archive without files")
    except UnreadableError:
        for target in targets.values():
            target.unlink(missing_ok=True)
        raise
    return [Delivered(target, f"{file.name}/{label}", target.stat().st_size, file.modified_ns) for label, target in sorted(targets.items())]


def _tar(path: Path, packing: Packing, limits: Limits) -> Iterator[tuple[str, Iterable[bytes]]]:
    labels: set[str] = set()
    with gzip.open(path) if packing is Packing.TAR_GZIP else path.open("rb") as stream:
        # what is skipped is unpacked too, so the whole stream is counted
        counted = Bounded(stream, limits.byte_count)
        for member in members_of_tar(counted):
            label = _label(member.name, labels)
            if label is None:
                continue
            labels.add(label)
            if len(labels) > limits.file_count:
                raise _too_many(limits)
            if member.left > limits.byte_count:
                raise _too_large(limits)
            yield label, member.blocks()
        while counted.read(_BLOCK_BYTES):
            pass  # to the end, where a gzip file proves that it is whole


def _zip(path: Path, limits: Limits) -> Iterator[tuple[str, Iterable[bytes]]]:
    if not has_small_directory(path):
        raise _too_many(limits)
    with zipfile.ZipFile(path) as archive:
        members = _members(archive, limits)
        _check(members, limits)
        for info, label in members:
            # never gives more than the directory states, whose sum was checked
            with archive.open(info) as source:
                yield label, iter(partial(source.read, _BLOCK_BYTES), b"")


def _label(name: str, taken: Collection[str]) -> str | None:
    """What a member is called; None for what is no delivery."""
    parts = [part for part in re.split(r"[/\\]+", without_controls(name)) if part not in ("", ".", "..")]
    if not parts or any(map(is_left_out, parts)):
        return None
    return free_name("/".join(parts)[-_MAX_LABEL_CHARACTERS:].lstrip("/"), taken)


@contextmanager
def _unknown_packing_told() -> Iterator[None]:
    try:
        yield
    except NotImplementedError as error:
        raise _unknown_packing() from error


def _members(archive: zipfile.ZipFile, limits: Limits) -> list[tuple[zipfile.ZipInfo, str]]:
    """What is to be read, by label, so that the order inside the archive does not matter."""
    foreign = told_of_archive(frozenset(archive.NameToInfo))
    if foreign is not None:
        raise foreign
    found: dict[str, zipfile.ZipInfo] = {}
    for info in archive.infolist():
        label = None if info.is_dir() else _label(_text_of_name(info), found)
        if label is not None:
            found[label] = info
        if len(found) > limits.file_count:
            raise _too_many(limits)
    return [(info, label) for label, info in sorted(found.items())]


def _text_of_name(info: zipfile.ZipInfo) -> str:
    """Chinese desktops write GBK without saying so, which reads as code page 437."""
    name = info.filename
    if not info.flag_bits & _IS_UTF8:
        with suppress(UnicodeError):
            name = name.encode("cp437").decode("gb18030")
    return name


def _check(members: list[tuple[zipfile.ZipInfo, str]], limits: Limits) -> None:
    if any(info.flag_bits & _IS_ENCRYPTED for info, _ in members):
        raise UnreadableError("is a zip archive with a password", "deliver it without one")
    if any(info.compress_type not in _PACKINGS for info, _ in members):
        raise _unknown_packing()
    if sum(info.file_size for info, _ in members) > limits.byte_count:
        raise _too_large(limits)


def _unknown_packing() -> UnreadableError:
    return UnreadableError("is a zip archive packed in a way that is not known", "pack it again with deflate")


def _too_many(limits: Limits) -> UnreadableError:
    what = f"is an archive of more than {limits.file_count} files"
    return UnreadableError(what, "deliver fewer, or raise channels.max_unpacked_files", is_passing=True)


def _too_large(limits: Limits) -> UnreadableError:
    what = f"is an archive of more than {limits.byte_count} bytes unpacked"
    return UnreadableError(what, "deliver it unpacked, or raise channels.max_unpacked_bytes", is_passing=True)
