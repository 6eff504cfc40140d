"""What a publication put out, and what of it was brought elsewhere, as entries of the ledger: a row for each list, page and database."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from pipelines.contracts.home import Home
from pipelines.ledger.rows import Entry

_MANIFEST = "manifest.json"
# the files that have the columns of the list; those of a destination have what its format asks for
_WITH_COLUMNS = frozenset({"list.csv", "added.csv"})


def published_entries(home: Home, as_of: date, run_id: str, files: Mapping[str, str], folder: Path | None = None) -> list[Entry]:
    """Entries for the published `files` (path below the home -> SHA-256), by path. Manifests are left out: the run's record holds them.

    `folder` holds those of a list that is not in its place yet. Rows are those that the manifest beside a list tells, columns too where
    it does; pages and databases have none.
    """
    told: dict[str, Any] = {}
    for name in files:
        if name.endswith(f"/{_MANIFEST}"):
            manifest = json.loads(_manifest(home, name, folder).read_bytes())
            columns = [column["name"] for column in manifest["columns"]]
            for file, facts in manifest["files"].items():
                told[name.removesuffix(_MANIFEST) + file] = facts["row_count"], columns if file in _WITH_COLUMNS else None
    entries = []
    for name, digest in sorted(files.items()):
        if not name.endswith(f"/{_MANIFEST}"):
            row_count, columns = told.get(name, (None, None))
            shown = None if columns is None else tuple(columns)
            entries.append(Entry("publish", "run", name, as_of.isoformat(), digest, row_count, shown, run_id))
    return entries


def delivered_entry(home: Home, name: str, place: str, digest: str, at: str) -> Entry:
    """The entry of a published file, `<day>/<segment>/<file>`, that is about to leave for a place; the place is the role.

    Rows are those that the file has today: an erasure takes some out of it, and says so in the manifest.
    """
    path = home.published / "segments" / name
    manifest = json.loads(path.with_name(_MANIFEST).read_bytes())
    erased = manifest.get("erased", {}).get(path.name, {"row_count": 0})
    columns = tuple(column["name"] for column in manifest["columns"]) if path.name in _WITH_COLUMNS else None
    what = path.relative_to(home.root).as_posix()
    row_count = manifest["files"][path.name]["row_count"] - erased["row_count"]
    return Entry("delivery", place, what, manifest["as_of"], digest, row_count, columns, manifest["run_id"], at=at)


def _manifest(home: Home, name: str, folder: Path | None) -> Path:
    """`<anything>/<segment>/manifest.json`, in the home or in a folder beside."""
    return home.root / name if folder is None else folder.joinpath(*Path(name).parts[-2:])
