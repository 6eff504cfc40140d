"""The run: when a day ends, and thresholds as rows."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from pipelines.contracts.config import Config, load_config
from pipelines.contracts.errors import ConfigurationError
from pipelines.contracts.home import Home
from pipelines.contracts.run import RUN_TABLES, Run, write_run_tables

REFERENCE = Path(__file__).resolve().parents[2] / "data" / "reference"


def _run(tmp_path: Path, day: date, config: Config | None = None, reference: Path = REFERENCE) -> Run:
    return Run(day, config or Config(), Home(tmp_path), reference)


def test_day_ends_at_midnight_of_the_business_zone(tmp_path: Path) -> None:
    assert _run(tmp_path, date(2026, 10, 31)).as_of_end_at == datetime(2026, 10, 31, 16, tzinfo=UTC)


def test_day_of_a_clock_change_has_its_own_length(tmp_path: Path) -> None:
    london = Config(business_time_zone="Europe/London")
    before, after = (_run(tmp_path, day, london).as_of_end_at for day in (date(2026, 10, 24), date(2026, 10, 25)))
    assert (after - before).total_seconds() == 25 * 3600


def test_export_made_the_next_morning_still_belongs_to_the_day(tmp_path: Path) -> None:
    run = _run(tmp_path, date(2026, 10, 31))
    assert run.exported_before_at == datetime(2026, 11, 1, 4, tzinfo=UTC)


@pytest.mark.parametrize(("days", "score"), [(0, 5), (7, 5), (8, 4), (30, 4), (31, 3), (90, 3), (91, 2), (180, 2), (181, 1), (5000, 1)])
def test_recency_bands_hold_the_boundaries_of_the_source(tmp_path: Path, days: int, score: int) -> None:
    bands = _run(tmp_path, date(2026, 10, 31)).rfm_bands().filter(preset="monthly", axis="recency")
    reached = bands.filter(pl.col("from_value") <= days).sort("from_value").tail(1)
    assert reached["score"].item() == score


def test_negative_spend_has_a_band(tmp_path: Path) -> None:
    bands = _run(tmp_path, date(2026, 10, 31)).rfm_bands().filter(preset="annual", axis="monetary")
    assert bands.filter(pl.col("from_value") <= Decimal("-99999999.99"))["score"].to_list() == [1]


def test_context_carries_changed_thresholds(tmp_path: Path) -> None:
    path = tmp_path / "cdp.yaml"
    path.write_text("lifecycle: {churned_after_days: 120}\n", encoding="utf-8")
    assert _run(tmp_path, date(2026, 10, 31), load_config(path)).context()["lifecycle_churned_after_days"].item() == 120


@pytest.mark.parametrize(
    ("section", "setting", "written", "column", "value"),
    [
        ("reconciliation", "tolerance", "0.5", "reconciliation_tolerance_amount", Decimal("0.50")),
        ("tags", "dwell_cap_minutes", "2", "tags_dwell_cap_seconds", 120),
        ("service", "positive_review_from_score", "5", "service_positive_from_score", 5),
        ("service", "wrong_size_words", "[' Too Small', 'a.b']", "service_wrong_size_pattern", r"too\ small|a\.b"),
        ("marketing", "power", "0.5", "marketing_power_z", 0.0),
        ("loyalty", "level_names", "{gold: [' Gold', VIP]}", "loyalty_gold_names", ",gold,vip,"),
        ("loyalty", "levels", "{gold: {net_amount_from: 9000, order_count_from: 30}}", "loyalty_gold_from_purchases", 30),
        ("loyalty", "points_lifetime_days", "null", "loyalty_points_lifetime_days", None),
    ],
)
def test_a_setting_that_sql_reads_in_another_form_arrives_in_it(
    tmp_path: Path, section: str, setting: str, written: str, column: str, value: object
) -> None:
    path = tmp_path / "cdp.yaml"
    path.write_text(f"{section}: {{{setting}: {written}}}\n", encoding="utf-8")
    assert _run(tmp_path, date(2026, 10, 31), load_config(path)).context()[column].item() == value


def test_same_run_writes_the_same_bytes(tmp_path: Path) -> None:
    homes = [tmp_path / "a", tmp_path / "b"]
    for home in homes:
        write_run_tables(_run(home, date(2026, 10, 31)))
    first, second = ({path.relative_to(home): path.read_bytes() for path in home.rglob("*.parquet")} for home in homes)
    assert len(first) == len(RUN_TABLES)
    assert first == second


def test_wrong_rate_names_file_and_columns(tmp_path: Path) -> None:
    (tmp_path / "currency_rates.csv").write_text("currency_code,reporting_currency_code,valid_from_on,rate\nUSD,CNY,2026-01-01,seven\n")
    with pytest.raises(ConfigurationError, match=r"currency_rates\.csv.*needs the columns currency_code"):
        _run(tmp_path, date(2026, 10, 31), reference=tmp_path).currency_rates()
