"""`cdp tags`: what is declared without a run, what was published after one, and every mistake as a line for people."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from pipelines.contracts.home import Home
from tests.assets.cli.command import cdp

DAY = date(2026, 3, 10)
REPORT = [
    ("age_group", 3, 0.75, date(2026, 2, 28), False, None, None, True, "monthly", DAY),
    ("life_stage", 0, 0.0, None, False, None, None, False, "monthly", DAY),
    ("rfm_class", 4, 1.0, DAY, False, "sleeping_high_value", DAY, False, "daily", DAY),
]
HELD = [
    ("c1", "age_group", "18_to_24", 1, "declared birthday", date(2026, 2, 28)),
    ("c2", "age_group", "18_to_24", 1, "declared birthday", date(2026, 2, 28)),
    ("c3", "age_group", "under_18", 1, "declared birthday", date(2026, 2, 28)),
]


def published(folder: Path, covers_to: date = DAY) -> Path:
    """A home of which nothing but the published tags and the ledger of loads is there."""
    home = Home(folder)
    home.published.mkdir(parents=True)
    with duckdb.connect(str(home.analytics)) as database:
        database.execute(
            "create table tag_report (tag varchar, customer_count bigint, coverage_rate double, refreshed_on date, is_stale boolean,"
            " segments varchar, last_used_on date, is_unused boolean, cadence varchar, as_of date)"
        )
        database.executemany("insert into tag_report values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", REPORT)
        database.execute(
            "create table customer_tags (customer_id varchar, tag varchar, tag_value varchar, confidence decimal(5, 4), evidence varchar,"
            " valid_from_on date)"
        )
        database.executemany("insert into customer_tags values (?, ?, ?, ?, ?, ?)", HELD)
    ledger = home.table("channel_loads") / "part-0.parquet"
    ledger.parent.mkdir(parents=True)
    pl.DataFrame({"covers_to_on": [covers_to, None]}).write_parquet(ledger)
    return folder


@pytest.fixture
def called(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Any:
    return lambda *words: cdp(capsys, monkeypatch, "tags", *words)


def test_list_needs_no_run_and_names_readers(tmp_path: Path, called: Any) -> None:
    code, out, _ = called("list", "--home", tmp_path, "--json")
    found = {tag["name"]: tag for tag in json.loads(out)}
    assert (code, len(found)) == (0, 33)
    assert found["rfm_class"]["segments"] == ["sleeping_high_value"]
    assert (found["life_stage"]["consent"], found["life_stage"]["class"]) == ("personalization", "dynamic")
    assert "needs consent to personalization; read by new_mother" in called("list", "--home", tmp_path)[1]


def test_show_tells_values_and_evidence(tmp_path: Path, called: Any) -> None:
    _, out, _ = called("show", "age_group", "--home", published(tmp_path), "--limit", "2")
    assert "        2        1.00  2026-02-28  18_to_24" in out
    assert "        1        1.00  2026-02-28  under_18" in out
    assert "c1  18_to_24  1.00  declared birthday" in out
    assert "c3" not in out, "the third example"


def test_show_before_the_first_run_tells_the_declaration(tmp_path: Path, called: Any) -> None:
    code, out, _ = called("show", "life_stage", "--home", tmp_path)
    assert code == 0
    assert "signs      new_parent: baby" in out and "none published" in out and "customers who allow personalization" in out


def test_unknown_tag_names_the_nearest(tmp_path: Path, called: Any) -> None:
    code, _, err = called("show", "age_grop", "--home", tmp_path)
    assert (code, "did you mean 'age_group'" in err) == (2, True)


def test_report_tells_use_freshness_and_coverage(tmp_path: Path, called: Any) -> None:
    _, out, _ = called("report", "--home", published(tmp_path))
    lines = {line.split()[0]: line for line in out.splitlines()}
    assert "75.0%  2026-02-28  no segment; UNUSED for more than 90 days" in lines["age_group"]
    assert lines["rfm_class"].endswith("100.0%  2026-03-10  sleeping_high_value")
    assert out.splitlines()[-1] == "0 stale, 1 unused, 1 that hold for nobody"
    _, out, _ = called("report", "--problems", "--home", tmp_path, "--json")
    assert [tag["tag"] for tag in json.loads(out)["tags"]] == ["age_group", "life_stage"]


@pytest.mark.parametrize(
    ("covers_to", "stale"),
    [(DAY, []), (date(2026, 3, 11), ["rfm_class"]), (date(2026, 3, 31), ["rfm_class"]), (date(2026, 4, 1), ["age_group", "rfm_class"])],
)
def test_tags_are_stale_when_the_lake_covers_days_that_were_not_published(
    tmp_path: Path, called: Any, covers_to: date, stale: list[str]
) -> None:
    _, out, _ = called("report", "--home", published(tmp_path, covers_to), "--json")
    assert [tag["tag"] for tag in json.loads(out)["tags"] if tag["is_stale"]] == stale


@pytest.mark.parametrize("has_database", [False, True])
def test_report_of_a_home_without_tags_says_what_to_do(tmp_path: Path, called: Any, has_database: bool) -> None:
    if has_database:
        Home(tmp_path).published.mkdir()
        duckdb.connect(str(Home(tmp_path).analytics)).close()
    code, _, err = called("report", "--home", tmp_path)
    assert (code, "`cdp run`" in err) == (2, True)
