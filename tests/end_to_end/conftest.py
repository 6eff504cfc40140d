"""Whole runs for end-to-end tests: in this process where that is enough, as a command where exit codes matter, warm where kills do."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest

from assets.cli.run import Outcome, run_job
from pipelines.contracts.home import Home
from tests.conftest import MadeOnce
from tests.end_to_end.warm import WarmCommand

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "data" / "samples"
COMMAND = [sys.executable, "-c", "from assets.cli.main import main; main()"]


def environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in {"CDP_HOME", "DAGSTER_HOME"}}


def run_command(*arguments: object) -> subprocess.CompletedProcess[str]:
    """The command as a user calls it, to its end."""
    return subprocess.run([*COMMAND, *map(str, arguments)], cwd=ROOT, env=environment(), capture_output=True, text=True)


@pytest.fixture(scope="session")
def warm(dbt_manifest: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WarmCommand]:
    """The command without the imports, for those that run it again and again."""
    with WarmCommand(ROOT, environment(), tmp_path_factory.mktemp("warm")) as command:
        yield command


@pytest.fixture
def cdp(warm: WarmCommand) -> Callable[..., subprocess.CompletedProcess[str]]:
    """The command with these arguments, to its end; `run_command` is the same as a user calls it, with eight seconds of imports."""

    def run(*arguments: object) -> subprocess.CompletedProcess[str]:
        warm.begin(*arguments)
        return warm.end()

    return run


@pytest.fixture
def run_in_process(dbt_manifest: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Outcome]:
    """The same job without a new process, which costs seconds of imports."""
    monkeypatch.delenv("CDP_HOME", raising=False)

    def run(home: Path, deliveries: Path, as_of: object = None, config: Path | None = None, force: bool = False) -> Outcome:
        monkeypatch.delenv("DAGSTER_HOME", raising=False)
        return run_job(home, deliveries, as_of, config, force=force)  # type: ignore[arg-type]

    return run


@pytest.fixture(scope="session")
def sample_home(dbt_manifest: Path, made_once: MadeOnce, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home after one undisturbed run on the sample deliveries, with the plans of the demo: a copy for each process, to be read only."""
    campaigns = ROOT / "data" / "demo" / "campaigns"

    def run_into(folder: Path) -> None:
        home = folder / "home"
        home.mkdir(exist_ok=True)
        (home / "cdp.yaml").write_text(f"marketing: {{campaign_folders: [{campaigns}]}}\n", encoding="utf-8")
        finished = run_command("run", "--home", home, "--deliveries", SAMPLES)
        assert finished.returncode == 0, finished.stderr

    return Path(shutil.copytree(made_once("undisturbed", run_into) / "home", tmp_path_factory.mktemp("sample") / "home"))


def query(home: Path, sql: str) -> list[tuple[object, ...]]:
    """Rows of the published database."""
    with duckdb.connect(str(Home(home).analytics), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def content_of_published(home: Path) -> dict[str, str]:
    """Digest of everything below `published/`: files by their bytes, databases by the sorted rows of their tables.

    DuckDB gives each new file a random identifier, so two equal databases never have equal bytes.
    """
    published = Home(home).published
    digests = {}
    for path in sorted(path for path in published.rglob("*") if path.is_file()):
        name = path.relative_to(published).as_posix()
        if path.suffix == ".duckdb":
            digests |= {f"{name}:{table}": digest for table, digest in tables_of(path).items()}
        else:
            digests[name] = hashlib.sha256(path.read_bytes()).hexdigest()
    return digests


def tables_of(database: Path) -> dict[str, str]:
    with duckdb.connect(str(database), read_only=True) as connection:
        names = [row[0] for row in connection.execute("select table_name from duckdb_tables() order by 1").fetchall()]
        return {
            name: str(connection.execute(f'select md5(string_agg(t::text, chr(10) order by t::text)) from "{name}" t').fetchall()[0][0])
            for name in names
        }
