"""What a night predicted is kept as it was, for so many days, whatever comes after it and whoever is killed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest

from assets.predictions import keep_predictions, put_kept_predictions
from pipelines.contracts.config import Config
from pipelines.contracts.home import Home
from pipelines.contracts.propensity_tables import VALUE_CLUSTERS, VALUE_PROPENSITIES
from pipelines.contracts.run import Run
from pipelines.contracts.storage import replacing_folder
from pipelines.contracts.value_tables import PREDICTION_TABLES, VALUE_BACKTESTS, VALUE_CUSTOMERS, VALUE_MODELS, VALUE_TABLES
from pipelines.rehearsal import shadow_of

FIRST = date(2026, 5, 1)
RUN_ID = "2026-05-01-0123456789ab"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


def night(home: Home, as_of: date = FIRST, kept_days: int = 92) -> Run:
    config = Config()
    value = config.value.model_copy(update={"kept_days": kept_days})
    return Run(as_of, config.model_copy(update={"value": value}), home, home.root / "reference")


def predict(home: Home, *people: str) -> None:
    """Write every table as a night does; of these people there is something to tell, in two files where there are two of them."""
    for table in PREDICTION_TABLES:
        with replacing_folder(home.table(table.name)) as folder:
            pl.DataFrame(schema=table.schema).write_parquet(folder / "part-0.parquet")
            if table in (VALUE_CUSTOMERS, VALUE_PROPENSITIES):
                for part, customer in enumerate(people):
                    rows = pl.DataFrame({"customer_id": [customer]}).select(
                        pl.lit(None, dtype).alias(name) if name != "customer_id" else pl.col(name) for name, dtype in table.schema.items()
                    )
                    rows.write_parquet(folder / f"part-{part}.parquet")


def people(home: Home) -> list[str]:
    """Of whom the lake predicts."""
    tables = [home.table(table.name) / "*.parquet" for table in (VALUE_CUSTOMERS, VALUE_PROPENSITIES)]
    found, also = (pl.read_parquet(files)["customer_id"].sort().to_list() for files in tables)
    assert found == also
    return list(found)


def content(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def kept_of(home: Home, run_id: str = RUN_ID) -> list[str] | None:
    """Who is in what a replay of the run would read; None where it would learn again. The home stays as it is, to the byte."""
    before = content(home.root)
    with shadow_of(home) as shadow:
        is_there = put_kept_predictions(home, run_id, shadow)
        found = people(shadow)
    assert content(home.root) == before
    if not is_there:
        assert found == people(home), "nothing is put there by halves"
    return found if is_there else None


def test_what_every_run_predicts_anew_is_kept_and_histories_are_not() -> None:
    assert set(VALUE_TABLES) - set(PREDICTION_TABLES) == {VALUE_MODELS, VALUE_BACKTESTS, VALUE_CLUSTERS}
    assert all("customer_id" in table.key for table in PREDICTION_TABLES)


def test_later_nights_change_nothing_of_what_is_kept(home: Home) -> None:
    predict(home, "anna", "boris")
    keep_predictions(night(home), RUN_ID)
    part = home.table(VALUE_CUSTOMERS.name) / "part-1.parquet"
    assert part.samefile(home.predictions / RUN_ID / VALUE_CUSTOMERS.name / part.name), "no byte is written for it"
    predict(home, "clara")
    assert kept_of(home) == ["anna", "boris"]
    assert people(home) == ["clara"]


def test_the_same_run_once_more_is_kept_instead(home: Home) -> None:
    predict(home, "anna", "boris")
    keep_predictions(night(home), RUN_ID)
    predict(home, "clara")
    keep_predictions(night(home), RUN_ID)
    predict(home)
    assert kept_of(home) == ["clara"]
    assert [path.name for path in home.predictions.iterdir()] == [RUN_ID]


@pytest.mark.parametrize(("kept_days", "left"), [(0, []), (1, [3]), (3, [1, 2, 3]), (92, [0, 1, 2, 3])])
def test_so_many_days_are_kept(home: Home, kept_days: int, left: list[int]) -> None:
    predict(home, "anna")
    days = [FIRST + timedelta(days=number) for number in range(4)]
    for day in days:
        keep_predictions(night(home, day, kept_days), f"{day}-0123456789ab")
    assert sorted(path.name[:10] for path in home.predictions.iterdir()) == [str(days[number]) for number in left]


def test_a_day_that_is_run_again_is_kept_until_the_next_night_and_takes_no_later_one_with_it(home: Home) -> None:
    predict(home, "anna")
    (home.predictions / "lost+found").mkdir(parents=True)
    later, earlier = FIRST + timedelta(days=30), FIRST - timedelta(days=30)
    runs = {day: f"{day}-0123456789ab" for day in (FIRST, earlier, later)}
    for day in (FIRST, earlier):
        keep_predictions(night(home, day, 10), runs[day])
    assert {runs[FIRST], runs[earlier], "lost+found"} == {path.name for path in home.predictions.iterdir()}
    keep_predictions(night(home, later, 10), runs[later])
    assert {runs[later], "lost+found"} == {path.name for path in home.predictions.iterdir()}


def _missing(folder: Path) -> None:
    (folder / VALUE_PROPENSITIES.name / "part-0.parquet").unlink()


def _of_other_columns(folder: Path) -> None:
    path = folder / VALUE_PROPENSITIES.name / "part-0.parquet"
    rows = pl.read_parquet(path, memory_map=False).drop("basis")
    path.unlink()
    rows.write_parquet(path)


@pytest.mark.parametrize("change", [_missing, _of_other_columns])
def test_what_is_not_whole_or_of_an_older_code_is_not_used(home: Home, change: Callable[[Path], None]) -> None:
    predict(home, "anna")
    keep_predictions(night(home), RUN_ID)
    predict(home, "clara")
    change(home.predictions / RUN_ID)
    assert kept_of(home) is None
    assert kept_of(home, "2026-05-01-ffffffffffff") is None


def test_what_a_killed_run_left_is_cleared_by_the_next(home: Home) -> None:
    predict(home, "anna")
    keep_predictions(night(home), RUN_ID)
    (home.predictions / RUN_ID).rename(home.predictions / f".{RUN_ID}.old")  # killed between two renames
    half = home.predictions / ".2026-05-02-0123456789ab.new" / VALUE_CUSTOMERS.name
    half.mkdir(parents=True)
    (half / "part-0.parquet").write_bytes(b"PAR1 and no more")
    predict(home, "clara")
    keep_predictions(night(home, FIRST + timedelta(days=2)), "2026-05-03-0123456789ab")
    assert sorted(path.name for path in home.predictions.iterdir()) == [RUN_ID, "2026-05-03-0123456789ab"]
    assert kept_of(home) == ["anna"]


def test_a_disk_without_hard_links_keeps_copies(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_link(*_: object) -> None:
        raise OSError

    monkeypatch.setattr(Path, "hardlink_to", no_link)
    predict(home, "anna")
    keep_predictions(night(home), RUN_ID)
    predict(home, "clara")
    assert kept_of(home) == ["anna"]
