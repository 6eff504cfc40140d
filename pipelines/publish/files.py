"""Private files of a list: written for one reader, described by their digest. Knows no format."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

PRIVATE_FILE, PRIVATE_FOLDER = 0o600, 0o700


def write_private(path: Path, content: bytes) -> None:
    """Write a file that nobody else can open, not even while it is written."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE_FILE), "wb") as handle:
        handle.write(content)


def described(path: Path, row_count: int) -> dict[str, Any]:
    """What a manifest says of a file."""
    return {"sha256": sha256_of(path), "byte_count": path.stat().st_size, "row_count": row_count}


def sha256_of(path: Path) -> str:
    """Digest of the content, in hex."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
