"""Zip archives for the tests of this folder, as desktops write them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping


class _GbkName(zipfile.ZipInfo):
    """A name in GBK, and nothing that says so."""

    def _encodeFilenameFlags(self) -> tuple[bytes, int]:  # noqa: N802 - the name that zipfile calls
        return self.filename.encode("gbk"), self.flag_bits & ~0x800


def zipped(members: Mapping[str, bytes | str]) -> bytes:
    """The members in this order, deflated; texts are written in UTF-8."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            info = _GbkName(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, content)
    return file.getvalue()
