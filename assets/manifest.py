"""The parsed dbt project: made anew when the models, or dbt, are others than those it was made of. `make setup` calls it, and every run.

A manifest that is older than the models hides new ones and their tests, and builds the SQL of yesterday.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
from importlib import metadata
from pathlib import Path

from assets.project import DBT_PROJECT
from pipelines.contracts.errors import CdpError, ConfigurationError

MANIFEST = "manifest.json"
PARSED = "partial_parse.msgpack"  # the same as dbt reads it
_MADE_OF = "made_of.sha256"
_WRITTEN_BY_DBT = frozenset({"target", "logs", "dbt_packages"})
_PACKAGES = ("dbt-core", "dbt-duckdb")
_PARSE = "import sys; from dbt.cli.main import cli; sys.exit(cli())"
_TOLD_TO = 600


def prepared_manifest(project: Path = DBT_PROJECT) -> Path:
    """Path of the manifest of `project` as it is now. Unchanged sources are not parsed again: to see that takes 30 ms.

    Raises CdpError when dbt cannot read the project, ConfigurationError where the manifest cannot be written.
    """
    target, made_of = project / "target", _hash(project)
    if not _is_made_of(target, made_of):
        print("cdp: the dbt models are not parsed yet, or were changed: parsing them takes some seconds", file=sys.stderr)
        try:
            _parse(project, target, made_of)
        except OSError as error:
            raise ConfigurationError(
                f"cannot be written: {error.strerror}", where=str(target), do="`make setup` as the owner of the checkout"
            ) from error
    return target / MANIFEST


def is_fresh(project: Path = DBT_PROJECT) -> bool:
    """Is the manifest that of the sources as they are now?"""
    return _is_made_of(project / "target", _hash(project))


def _is_made_of(target: Path, made_of: str) -> bool:
    noted = target / _MADE_OF
    return all((target / name).exists() for name in (MANIFEST, PARSED, _MADE_OF)) and noted.read_text(encoding="ascii") == made_of


def _hash(project: Path) -> str:
    """Over names and content, because a checkout may give a changed file an old time."""
    digest = hashlib.sha256("".join(f"{name} {metadata.version(name)}\0" for name in _PACKAGES).encode())
    for path in sorted(project.rglob("*")):
        name = path.relative_to(project)
        if name.parts[0] not in _WRITTEN_BY_DBT and not name.name.startswith(".") and path.is_file():
            digest.update(f"{name.as_posix()}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\0".encode())
    return digest.hexdigest()


def _parse(project: Path, target: Path, made_of: str) -> None:
    """Parse from nothing: what was parsed before is not trusted, a description that moved to another file is told as two.

    In a process of its own, because dbt leaves settings and handles behind. What is noted last says that the rest is whole.
    """
    target.mkdir(parents=True, exist_ok=True)
    (target / _MADE_OF).unlink(missing_ok=True)
    with tempfile.TemporaryDirectory(prefix="parsing-", dir=target) as folder:
        folders = ["--project-dir", str(project), "--profiles-dir", str(project), "--target-path", folder]
        command = [sys.executable, "-c", _PARSE, "--quiet", "parse", *folders, "--log-level-file", "none", "--no-use-colors"]
        silent = os.environ | {"DO_NOT_TRACK": "1"}
        told = subprocess.run(command, cwd=project.parent, env=silent, capture_output=True, text=True, check=False)
        if told.returncode != 0:
            raise CdpError(
                f"dbt cannot read the models: {' '.join((told.stdout + told.stderr).split())[-_TOLD_TO:]}",
                where=str(project),
                do="mend what it names and run again; nothing was published",
            )
        for name in (PARSED, MANIFEST):
            (Path(folder) / name).replace(target / name)
    (target / _MADE_OF).write_text(made_of, encoding="ascii")


if __name__ == "__main__":
    prepared_manifest()
