"""What a user reads when something is wrong, and that nothing is lost by it."""

from __future__ import annotations

import gzip
import json
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest

from tests.end_to_end.conftest import COMMAND, ROOT, SAMPLES, content_of_published, environment, run_command

Cdp = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    """The newest day of the samples: small, of several formats."""
    folder = tmp_path / "inbox"
    _copy_newest_day(folder)
    return folder


def _copy_newest_day(folder: Path) -> None:
    day = max(path for path in SAMPLES.iterdir() if path.is_dir() and path.name != "truth")
    shutil.copytree(day, folder / day.name)


def _refusals(home: Path) -> dict[str, str]:
    loads = pl.read_parquet(home / "lake" / "channel_loads" / "part-0.parquet").filter(outcome="refused")
    return {Path(row["file_path"]).name: row["reason"] for row in loads.to_dicts()}


def _published_day(home: Path) -> date:
    (record,) = home.glob("runs/*.json")
    return date.fromisoformat(json.loads(record.read_text(encoding="utf-8"))["as_of"])


@dataclass(frozen=True)
class Mixed:
    """Good and bad files, and a home after one run over them. Read-only for tests."""

    inbox: Path
    home: Path
    finished: subprocess.CompletedProcess[str]


@pytest.fixture(scope="module")
def mixed(dbt_manifest: Path, tmp_path_factory: pytest.TempPathFactory) -> Mixed:
    folder = tmp_path_factory.mktemp("mixed")
    inbox, home = folder / "inbox", folder / "home"
    _copy_newest_day(inbox)
    some_gz = next(inbox.rglob("*.gz"))
    (inbox / "truncated.jsonl.gz").write_bytes(some_gz.read_bytes()[: some_gz.stat().st_size // 2])
    (inbox / "garbage.jsonl.gz").write_bytes(gzip.compress(b"\x00\xff\xfe" * 1000))
    (inbox / "empty.csv").write_bytes(b"")
    (inbox / "unknown.csv").write_text("apples,pears\n1,2\n")
    (inbox / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)))
    (inbox / "latin1.csv").write_bytes("订单编号,x\n".encode() + b"caf\xe9\xff\xff\n")
    good = next(path for path in inbox.rglob("*.csv") if path.name.lower().startswith("exportorderlist"))
    (inbox / "header only.csv").write_bytes(good.read_bytes().split(b"\n", 1)[0] + b"\n")
    shutil.copy(good, inbox / "the same again.csv")
    return Mixed(inbox, home, run_command("run", "--home", home, "--deliveries", inbox))


def test_bad_files_are_refused_with_reasons_and_the_good_ones_load(mixed: Mixed, cdp: Cdp) -> None:
    assert mixed.finished.returncode == 0, mixed.finished.stderr
    refused = _refusals(mixed.home)
    assert set(refused) == {"truncated.jsonl.gz", "garbage.jsonl.gz", "empty.csv", "unknown.csv", "picture.png", "latin1.csv"}
    assert all(reason for reason in refused.values())
    assert "1 delivered again" in mixed.finished.stdout
    assert "Traceback" not in mixed.finished.stderr
    told = cdp("status", "--home", mixed.home, "--deliveries", mixed.inbox).stdout
    assert all(name in told for name in refused)


def test_header_without_rows_is_a_load_of_nothing(mixed: Mixed) -> None:
    loads = pl.read_parquet(mixed.home / "lake" / "channel_loads" / "part-0.parquet")
    row = loads.filter(pl.col("file_path").str.ends_with("header only.csv"))
    assert row.select("outcome", "loaded_count", "header_count").rows() == [("loaded", 0, 1)]


def test_fatal_problem_ends_the_run_with_3(inbox: Path, tmp_path: Path, cdp: Cdp) -> None:
    (inbox / "unknown.csv").write_text("apples,pears\n1,2\n")
    config = tmp_path / "cdp.yaml"
    config.write_text("channels: {fatal: [unknown_format]}\n")
    finished = cdp("run", "--home", tmp_path / "home", "--deliveries", inbox, "--config", config)
    assert finished.returncode == 3
    assert "unknown.csv" in finished.stderr
    assert not (tmp_path / "home" / "published").exists()


def test_unknown_configuration_key_is_wrong_use(inbox: Path, tmp_path: Path, cdp: Cdp) -> None:
    config = tmp_path / "cdp.yaml"
    config.write_text("identity: {max_name_per_value: 3}\n")
    finished = cdp("run", "--home", tmp_path / "home", "--deliveries", inbox, "--config", config)
    assert finished.returncode == 2
    assert "did you mean 'max_names_per_value'" in finished.stderr
    assert len(finished.stderr.strip().splitlines()) == 1


def test_day_before_the_first_fact_is_wrong_use(inbox: Path, tmp_path: Path, cdp: Cdp) -> None:
    finished = cdp("run", "--home", tmp_path / "home", "--deliveries", inbox, "--as-of", "2001-01-01")
    assert finished.returncode == 2
    assert "before the first fact" in finished.stderr.splitlines()[-1]


@pytest.mark.parametrize("arguments", [("--as-of", "31.10.2026"), ("--nonsense",)])
def test_wrong_option_is_wrong_use(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    assert run_command("run", "--home", tmp_path / "home", *arguments).returncode == 2


def test_missing_and_empty_inbox_say_where_to_put_files(tmp_path: Path, cdp: Cdp) -> None:
    missing = cdp("run", "--home", tmp_path / "home", "--deliveries", tmp_path / "absent")
    assert (missing.returncode, "no such folder" in missing.stderr) == (2, True)
    (tmp_path / "empty").mkdir()
    empty = cdp("run", "--home", tmp_path / "home", "--deliveries", tmp_path / "empty")
    assert (empty.returncode, "no file holds a dated fact" in empty.stderr) == (2, True)


def test_home_that_cannot_be_made_is_named(inbox: Path, tmp_path: Path, cdp: Cdp) -> None:
    """A file where a folder should be: refused for root too, whom permission bits do not stop."""
    (tmp_path / "blocked").write_text("")
    finished = cdp("run", "--home", tmp_path / "blocked" / "home", "--deliveries", inbox)
    assert finished.returncode == 2
    assert "cannot be written" in finished.stderr
    assert "Traceback" not in finished.stderr


def test_red_check_keeps_what_was_published(mixed: Mixed, tmp_path: Path, cdp: Cdp) -> None:
    """A currency without a rate: the second run stops with 1 and the first publication stays as it was."""
    inbox, home = tmp_path / "inbox", tmp_path / "home"
    shutil.copytree(mixed.inbox, inbox)
    shutil.copytree(mixed.home, home)
    before = content_of_published(home)
    orders = next(path for path in inbox.rglob("*") if path.is_file() and b"Financial Status" in path.read_bytes()[:400])
    text = orders.read_text(encoding="utf-8").replace(",CNY,", ",XAU,").replace("\n#", "\n#9")  # orders of their own
    (inbox / "gold.csv").write_text(text, encoding="utf-8")
    finished = cdp("run", "--home", home, "--deliveries", inbox)
    assert finished.returncode == 1, finished.stderr
    assert "rate" in finished.stderr
    assert finished.stdout == ""
    assert content_of_published(home) == before
    (failed,) = home.glob("runs/*.failed.json")
    record = json.loads(failed.read_text(encoding="utf-8"))
    assert record["failed_step"] == "warehouse"
    assert "assert_every_currency_has_a_rate" in record["error"]


def test_night_that_moves_too_many_ids_stops_with_1_and_says_what_to_do(mixed: Mixed, tmp_path: Path, cdp: Cdp) -> None:
    """Two customers become one by a decision, where none may move: what was published stays as it was, to the byte."""
    home, reference, config = tmp_path / "home", tmp_path / "reference", tmp_path / "cdp.yaml"
    shutil.copytree(mixed.home, home)
    shutil.copytree(ROOT / "data" / "reference", reference)
    current = pl.read_parquet(home / "lake" / "identity_current" / "part-0.parquet")
    left, right = sorted(current.group_by("customer_id").agg(pl.col("source_record_key").min())["source_record_key"])[:2]
    row = f"must_link,{left},{right},somebody,one person,2020-01-01,"
    (reference / "identity_decisions.csv").write_text(
        f"decision,left_source_record_key,right_source_record_key,author,reason,decided_on,expires_on\n{row}\n", encoding="utf-8"
    )
    config.write_text(f"reference_folder: {reference}\nidentity: {{max_changed_share: 0, changes_always_allowed: 0}}\n")
    before = {path: path.read_bytes() for path in (home / "published").rglob("*") if path.is_file()}
    tomorrow = _published_day(home) + timedelta(days=1)
    finished = cdp("run", "--home", home, "--deliveries", mixed.inbox, "--config", config, "--as-of", tomorrow)
    assert finished.returncode == 1, finished.stderr
    customers = current["customer_id"].n_unique()
    told = finished.stderr.splitlines()[-1]
    for said in (f"1 of {customers} customers (", "identity.max_changed_share = 0 allows 0", "`cdp quality`", "`cdp diff --config FILE`"):
        assert said in told
    assert {path: path.read_bytes() for path in (home / "published").rglob("*") if path.is_file()} == before


def test_of_two_runs_at_once_one_is_told_to_wait_and_nothing_is_loaded_twice(inbox: Path, tmp_path: Path, dbt_manifest: Path) -> None:
    home = tmp_path / "home"
    command = [*COMMAND, "run", "--home", str(home), "--deliveries", str(inbox)]
    runs = [
        subprocess.Popen(command, cwd=ROOT, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    told = [run.communicate(timeout=300)[1] for run in runs]
    outcomes = sorted((run.returncode, text) for run, text in zip(runs, told, strict=True))
    assert outcomes[0][0] == 0, told
    assert outcomes[1][0] == 0 or "another run is at work here" in outcomes[1][1]
    files = [path for path in inbox.rglob("*") if path.is_file()]
    loads = pl.read_parquet(home / "lake" / "channel_loads" / "part-0.parquet")
    assert (loads.height, loads["delivery_count"].max()) == (len(files), 1)
    for table in ("channel_orders", "channel_events", "channel_payments"):
        rows = pl.read_parquet(home / "lake" / table / "**" / "*.parquet")
        assert rows.height
        assert not rows.select("_load_id", "_source_row", pl.first()).is_duplicated().any()
