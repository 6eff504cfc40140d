"""An erasure takes somebody out of what earlier nights predicted, wherever it is interrupted, and leaves everybody else there."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from pipelines.contracts.config import Config
from pipelines.contracts.home import Home
from pipelines.contracts.value_tables import PREDICTION_TABLES
from pipelines.erasure import Person, clear
from pipelines.erasure.scan import scan
from pipelines.rehearsal import link_file

HERS, FORMER, OTHER = "c_0123456789abcdef0000", "c_0123456789abcdef1111", "c_0123456789abcdef2222"
PERSON = Person((HERS, FORMER), (), (), 0, (), (HERS, FORMER), (), {})
# night -> of whom it predicted: once she had another id, once she was no customer yet
NIGHTS = {"2026-05-01": (OTHER,), "2026-05-02": (FORMER, OTHER), "2026-05-03": (HERS, OTHER)}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Three nights, of which the lake has the last; and what a killed run had begun to keep of a fourth."""
    home = Home(tmp_path)
    for day, people in NIGHTS.items():
        for table in PREDICTION_TABLES:
            path = home.predictions / f"{day}-0123456789ab" / table.name / "part-0.parquet"
            path.parent.mkdir(parents=True)
            pl.DataFrame({"customer_id": people}).with_columns(
                pl.lit(None, dtype).alias(name) for name, dtype in table.schema.items() if name != "customer_id"
            ).select(table.column_names).write_parquet(path)
            link_file(path, home.predictions / f".{day}-ffffffffffff.new" / table.name / path.name)
            (home.table(table.name) / path.name).unlink(missing_ok=True)
            link_file(path, home.table(table.name) / path.name)
    (home.predictions / ".2026-05-03-ffffffffffff.new" / "value_customers" / "part-1.parquet").write_bytes(b"PAR1 " + HERS.encode())
    return home


def holding(home: Home) -> set[str]:
    return {item.path for item in scan(home.root, PERSON.traces) if item.holds}


def people(path: Path) -> list[str]:
    return pl.read_parquet(path, memory_map=False)["customer_id"].to_list()


def test_nobody_but_the_forgotten_goes_from_what_was_kept(home: Home, tmp_path: Path) -> None:
    first = sorted(home.predictions.glob("2026-05-01-*/*/*.parquet"))
    before = {path: (path.stat().st_ino, path.read_bytes()) for path in first}
    assert len(holding(home)) == 5 * len(PREDICTION_TABLES) + 1
    cleared = clear(home, Config(), tmp_path / "reference", PERSON)
    assert cleared.state_rows == 3 * len(PREDICTION_TABLES)
    assert holding(home) == set()
    kept = sorted(home.predictions.rglob("*.parquet"))
    assert len(kept) == 3 * len(PREDICTION_TABLES)
    assert [people(path) for path in kept] == [[OTHER]] * len(kept)
    schemas = {table.name: table.schema for table in PREDICTION_TABLES}
    assert all(pl.read_parquet_schema(path) == schemas[path.parent.name] for path in kept)
    assert {path: (path.stat().st_ino, path.read_bytes()) for path in first} == before, "a night without her is not written again"
    assert clear(home, Config(), tmp_path / "reference", PERSON).state_rows == 0


@pytest.mark.parametrize("after", [0, 1, 7, 15])
def test_an_erasure_goes_on_wherever_it_was_killed(home: Home, tmp_path: Path, after: int, monkeypatch: pytest.MonkeyPatch) -> None:
    written, write = 0, pl.DataFrame.write_parquet

    def killed(frame: pl.DataFrame, path: Path) -> None:
        nonlocal written
        write(frame, path)
        if written == after:
            raise KeyboardInterrupt
        written += 1

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(pl.DataFrame, "write_parquet", killed)
        clear(home, Config(), tmp_path / "reference", PERSON)
    assert holding(home) != set()
    assert clear(home, Config(), tmp_path / "reference", PERSON).state_rows == 3 * len(PREDICTION_TABLES) - after
    assert holding(home) == set()
