"""Where the project's own files are, and which code this is. Knows the checkout, not the data."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DBT_PROJECT = ROOT / "dbt_project"
REFERENCE = ROOT / "data" / "reference"
SAMPLES = ROOT / "data" / "samples"
CONFIG = ROOT / "cdp.yaml"

_CODE = (
    ("pipelines", ("*.py", "*.yaml")),
    ("assets", ("*.py",)),
    ("expectations", ("*.py",)),
    ("dbt_project", ("*.sql", "*.yml", "*.csv")),
)


@cache
def code_version() -> str:
    """SHA-256 over the source that decides results: the same code gives the same version, in a checkout or without git."""
    digest = hashlib.sha256()
    for folder, patterns in _CODE:
        files = {path for pattern in patterns for path in (ROOT / folder).rglob(pattern)}
        for path in sorted(files):
            if not {"target", "logs", "dbt_packages"}.intersection(path.relative_to(ROOT).parts):
                digest.update(f"{path.relative_to(ROOT).as_posix()}\0".encode())
                digest.update(path.read_bytes())
    return digest.hexdigest()


def reference_hash(folder: Path) -> str:
    """SHA-256 over the reviewed reference rows."""
    digest = hashlib.sha256()
    for path in sorted(folder.glob("*.csv")):
        digest.update(f"{path.name}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()
