"""The same spec gives the same bytes; neither chunks nor formats nor later customers change anybody."""

from __future__ import annotations

import dataclasses
import hashlib
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from pipelines.simulate import ALL_FORMATS, BASE_FORMATS, SAMPLE, SimulationSpec, simulate, simulate_sample

SPEC = SimulationSpec(customers=200, days=25, seed=3, first_day=date(2026, 5, 1), family_phone_share=0.2)
TOLD: list[tuple[str, int, int]] = []


def _hashes(folder: Path) -> dict[str, str]:
    paths = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("base")
    simulate(SPEC, out, lambda stage, done, total: TOLD.append((stage, done, total)))
    return out


def test_same_spec_gives_the_same_bytes(base, tmp_path):
    simulate(SPEC, tmp_path / "again")
    assert _hashes(tmp_path / "again") == _hashes(base)


def test_chunk_size_changes_no_byte(base, tmp_path):
    simulate(dataclasses.replace(SPEC, people_per_chunk=50), tmp_path / "chunked")
    assert _hashes(tmp_path / "chunked") == _hashes(base)


def test_another_seed_gives_other_people(base, tmp_path):
    simulate(dataclasses.replace(SPEC, seed=4, days=5), tmp_path / "other")
    ours, theirs = (pl.read_parquet(folder / "truth/people.parquet") for folder in (base, tmp_path / "other"))
    assert not ours["name"].equals(theirs["name"])
    assert set(ours["phone_main"]).isdisjoint(theirs["phone_main"])


def test_fewer_formats_leave_the_others_as_they_are(base, tmp_path):
    simulate(dataclasses.replace(SPEC, formats=frozenset({"siss_saleflow"})), tmp_path / "one")
    ours = {name: digest for name, digest in _hashes(base).items() if "saleflow" in name}
    theirs = {name: digest for name, digest in _hashes(tmp_path / "one").items() if not name.startswith("truth")}
    assert theirs == ours and ours


EVERYTHING = SimulationSpec(customers=60, days=12, seed=3, first_day=date(2026, 5, 1), formats=ALL_FORMATS, deliver_every_days=6)


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("everything")
    simulate(EVERYTHING, out)
    return out


def test_other_formats_leave_the_base_formats_as_they_are(everything, tmp_path):
    simulate(dataclasses.replace(EVERYTHING, formats=BASE_FORMATS), tmp_path / "base")
    base = {name: digest for name, digest in _hashes(tmp_path / "base").items() if not name.startswith("truth")}
    assert base.items() <= _hashes(everything).items() and base


def test_chunk_size_changes_no_byte_of_any_format(everything, tmp_path):
    simulate(dataclasses.replace(EVERYTHING, people_per_chunk=24), tmp_path / "chunked")
    assert _hashes(tmp_path / "chunked") == _hashes(everything)


@pytest.mark.parametrize(("customers", "days"), [(1, 1), (1, 9), (9, 2)])
def test_hardly_anybody_is_simulated_in_every_format(customers, days, tmp_path):
    summary = simulate(dataclasses.replace(EVERYTHING, customers=customers, days=days), tmp_path / "few")
    assert summary.people == customers and set(summary.rows) == ALL_FORMATS


def test_more_customers_leave_the_first_ones_as_they_are(base, tmp_path):
    simulate(dataclasses.replace(SPEC, customers=301, formats=frozenset({"siss_saleflow"})), tmp_path / "more")
    ours, theirs = (pl.read_parquet(folder / "truth/people.parquet") for folder in (base, tmp_path / "more"))
    assert ours.equals(theirs.head(200))


def test_a_folder_with_content_is_refused(tmp_path):
    (tmp_path / "old.csv").write_text("kept", encoding="utf-8")
    with pytest.raises(FileExistsError, match="not empty"):
        simulate(SPEC, tmp_path)


def test_unknown_formats_are_named():
    with pytest.raises(ValueError, match="taobao_order_v9"):
        dataclasses.replace(SPEC, formats=frozenset({"taobao_order_v9"}))


def test_an_empty_simulation_is_refused():
    with pytest.raises(ValueError, match="formats is empty"):
        dataclasses.replace(SPEC, formats=frozenset())
    with pytest.raises(ValueError, match="days must be at least 1"):
        dataclasses.replace(SPEC, days=0)


def test_progress_ends_at_the_total(base):
    last = {stage: (done, total) for stage, done, total in TOLD}
    assert last["people"] == (200, 200) and last["deliveries"][0] == last["deliveries"][1]


def test_sample_is_small_and_ends_in_october_2026(tmp_path):
    summary = simulate_sample(tmp_path / "sample")
    assert SAMPLE.last_day == date(2026, 10, 31)
    files = [path for path in (tmp_path / "sample").rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 3_000_000
    assert len(files) < 400
    assert set(summary.rows) == SAMPLE.formats
    assert all(rows > 40 for rows in summary.rows.values())
    assert len(list((tmp_path / "sample" / "2026-10-31").iterdir())) == 15
