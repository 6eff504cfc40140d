"""Files that are no table in any of the known kinds, told by their first bytes: what the person who delivered them has to do."""

from __future__ import annotations

import codecs
import re

from pipelines.channels.containers import UnreadableError

_AGAIN = "save it as xlsx, or as CSV in UTF-8"
_UNPACKED = "deliver what is inside, or pack it as zip or gz"
_OLD_EXCEL = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_KINDS: tuple[tuple[bytes, str, str], ...] = (
    (b"7z\xbc\xaf\x27\x1c", "is a 7z archive", _UNPACKED),
    (b"Rar!\x1a\x07", "is a RAR archive", _UNPACKED),
    (b"BZh", "is packed with bzip2", _UNPACKED),
    (b"\xfd7zXZ\x00", "is packed with xz", _UNPACKED),
    (b"\x28\xb5\x2f\xfd", "is packed with zstd", _UNPACKED),
    (b"\x1f\x8b", "is packed with gzip twice", "pack it once"),
    (b"PK\x03\x04", "is a zip archive or a workbook inside a gzip file", "deliver it as it is"),
    (b"PAR1", "is a Parquet file inside a gzip file", "deliver it as it is"),
    (b"PARE", "is an encrypted Parquet file", "deliver it without encryption"),
    (b"\x89PNG", "is a picture", "export the table itself"),
    (b"\xff\xd8\xff", "is a picture", "export the table itself"),
    (b"%PDF-", "is a PDF document", "export it as CSV or xlsx"),
    (codecs.BOM_UTF32_LE, "is text in UTF-32", "save it in UTF-8"),
    (codecs.BOM_UTF32_BE, "is text in UTF-32", "save it in UTF-8"),
)
_PAGE = re.compile(rb"\s*(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body|table|meta)\b", re.IGNORECASE | re.DOTALL)
_SAMPLE = 4096
_ZEROS_OF_UTF16 = 0.2  # share of zero bytes in every second place; text without Latin letters, digits or commas has none


def told(head: bytes) -> UnreadableError | None:
    """Why a file that follows no contract is none; None where it may be a table of a kind that has no contract yet."""
    if head.startswith(_OLD_EXCEL):
        if _ENCRYPTED in head:
            return UnreadableError("is an Excel workbook with a password", "save it without one")
        return UnreadableError("is an Excel workbook of the old kind (.xls)", _AGAIN)
    for mark, what, do in _KINDS:
        if head.startswith(mark):
            return UnreadableError(what, do)
    text = head.removeprefix(codecs.BOM_UTF8)
    if _PAGE.match(text[:_SAMPLE]):
        return UnreadableError("is a web page, whatever it is called", f"open it in a spreadsheet and {_AGAIN}")
    sample = head[:_SAMPLE]
    if b"\0" not in sample or head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return None
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    if min(even, odd) == 0 and max(even, odd) > _ZEROS_OF_UTF16 * len(sample) / 2:
        return UnreadableError("looks like text in UTF-16 without the mark that says so", "save it in UTF-8")
    return UnreadableError("holds NUL bytes: it is no text, or was not written to the end")


def told_of_archive(names: frozenset[str]) -> UnreadableError | None:
    """Why a zip with these members is no archive of deliveries; None where it may be one."""
    if "xl/workbook.bin" in names:
        return UnreadableError("is a binary Excel workbook (xlsb)", _AGAIN)
    if {"mimetype", "content.xml"} <= names:
        return UnreadableError("is a document of LibreOffice (ods)", _AGAIN)
    if {"[Content_Types].xml", "_rels/.rels"} <= names:
        return UnreadableError("is an Office document without a workbook", "export it as CSV or xlsx")
    return None
