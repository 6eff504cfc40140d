"""Make a past list again beside everything, and compare it with what went out. Publishes nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.contracts.run import Run
from pipelines.contracts.segments import Segment
from pipelines.publish.lists import write_lists


@dataclass(frozen=True, slots=True)
class Remade:
    """One file of a list. `erased_row_count`: rows of people who were forgotten since, without whom it is compared.

    `is_equal` is None for a file that an erasure took away whole: there is nothing left to compare it with.
    """

    name: str
    went_out_sha256: str
    remade_sha256: str | None  # None: the file was not made
    erased_row_count: int
    is_equal: bool | None


def remake_list(run: Run, segment: Segment, manifest: Mapping[str, Any], folder: Path) -> list[Remade]:
    """Write the list of `segment` from the memberships in the lake of `run` into `folder`; compare each file that the manifest names."""
    write_lists(run, [segment], folder, {name: manifest[name] for name in ("run_id", "code_version", "loads")})
    return [_compared(name, manifest, folder / segment.name / name) for name in sorted(manifest["files"])]


def _compared(name: str, manifest: Mapping[str, Any], path: Path) -> Remade:
    went_out, erased = manifest["files"][name]["sha256"], manifest.get("erased", {}).get(name)
    remade = hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else None
    wanted = erased["sha256"] if erased else went_out
    return Remade(name, went_out, remade, erased["row_count"] if erased else 0, None if wanted is None else remade == wanted)
