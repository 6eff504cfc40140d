"""Take a person out of the reviewed rows: decisions on identity and suppressions that name nobody else. Decides nothing.

A suppression of somebody who cannot come back is not needed, and one of a value that others have too stays.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path

import polars as pl

from pipelines.contracts.config import Config
from pipelines.contracts.normalization import comparable_values
from pipelines.contracts.storage import replacing
from pipelines.erasure.person import Person

_DECISIONS, _SUPPRESSIONS = "identity_decisions.csv", "suppressions.csv"


def clear_reviewed(reference: Path, config: Config, person: Person) -> tuple[int, list[Path]]:
    """Return how many rows went, and out of which files. The history of a repository that keeps them is not touched."""
    records, ids = set(person.records), set(person.customer_ids)
    values = {(kind, value) for kind, _, value in person.values}

    def is_decision(cells: list[str]) -> bool:
        return len(cells) > 2 and bool(records & {cell.strip() for cell in cells[1:3]})

    def is_suppression(cells: list[str]) -> bool:
        if len(cells) < 2:
            return False
        kind, raw = cells[0].strip(), cells[1].strip()
        if kind == "customer_id":
            return raw in ids
        asked = pl.DataFrame({"type": [kind], "value_raw": [raw]})
        return kind in ("phone", "email") and (kind, comparable_values(asked, config)["value"][0]) in values

    lost, files = 0, []
    for name, is_theirs in ((_DECISIONS, is_decision), (_SUPPRESSIONS, is_suppression)):
        count = _clear_file(reference / name, is_theirs)
        if count:
            lost += count
            files.append(reference / name)
    return lost, files


def _clear_file(path: Path, is_theirs: Callable[[list[str]], bool]) -> int:
    """Rewrite the file without these rows, every other byte as it is."""
    if not path.exists():
        return 0
    lines = path.read_bytes().decode("utf-8", "surrogateescape").splitlines(keepends=True)
    kept, lost, row = [], 0, ""
    for number, line in enumerate(lines):
        row += line
        if row.count('"') % 2 and number < len(lines) - 1:
            continue
        found = list(csv.reader(io.StringIO(row, newline="")))
        if found and is_theirs(found[0]):
            lost += 1
        else:
            kept.append(row)
        row = ""
    if lost:
        with replacing(path, mode=path.stat().st_mode & 0o777) as beside:
            beside.write_bytes("".join(kept).encode("utf-8", "surrogateescape"))
    return lost
