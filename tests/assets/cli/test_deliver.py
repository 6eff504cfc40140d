"""`cdp deliver` and the step of the daily job: what is missing is brought and told, and a failure takes nothing back."""

from __future__ import annotations

import csv
import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import get_args

import dagster as dg
import pytest
import yaml

from assets.publish import delivered_lists
from assets.resources import HomeResource
from pipelines.contracts.config import Config, load_config
from pipelines.contracts.home import Home
from pipelines.contracts.settings.publishing import Destination
from pipelines.ledger import read_rows, verify
from pipelines.publish import deliveries_of
from tests.assets.cli.command import cdp
from tests.publish.shop import DAY, decided, made, publish_it

SETTINGS = {
    "publish": {
        "destinations": {
            "book": {"kind": "list_xlsx", "segments": ["win_back"], "deliver_to": ["agency", "share"]},
            "lists": {"kind": "list_csv", "segments": ["thanks"], "deliver_to": ["share"]},
        },
        "places": {
            "agency": {"kind": "s3", "bucket": "lists", "secret_key_variable": "AGENCY_SECRET", "access_key_variable": "AGENCY_KEY"},
            "share": {"kind": "folder", "path": "../share"},
        },
        "wait_seconds": 0,
    }
}


Called = Callable[..., tuple[int, str, str]]


@pytest.fixture
def called(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Called:
    return partial(cdp, capsys, monkeypatch)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Two published days."""
    (tmp_path / "home").mkdir()
    (tmp_path / "share").mkdir()
    settings = tmp_path / "home" / "cdp.yaml"
    settings.write_text(yaml.safe_dump(SETTINGS))
    run = replace(made(tmp_path), config=load_config(settings))
    earlier = replace(run, as_of=DAY - timedelta(days=1))
    decided(run.home, earlier.as_of)
    publish_it(earlier, "r0")
    publish_it(run, "r1")
    return run.home


def arrived(home: Home) -> set[str]:
    share = home.root.parent / "share"
    return {path.relative_to(share).as_posix() for path in share.rglob("*") if path.is_file()}


OF_THE_DAY = {f"{DAY}/{name}" for name in ("win_back/book.xlsx", "thanks/list.csv", "thanks/added.csv", "thanks/removed.csv")}


def test_what_can_be_delivered_is_and_the_exit_code_tells_of_the_rest(home: Home, called: Called) -> None:
    code, out, err = called("deliver", "--home", home.root)
    assert code == 3
    assert arrived(home) == OF_THE_DAY
    assert "delivered  4 files now, 0 before, 0 found there already" in out
    assert f"missing    {DAY}/win_back/book.xlsx to agency: the variable AGENCY_KEY is not set" in out
    assert err.startswith("cdp: agency: ") and "`cdp deliver` then brings what is missing" in err
    code, out, _ = called("deliver", "--home", home.root, "--json")
    assert code == 3
    reason = "the variable AGENCY_KEY is not set -> set it in the environment of the run"
    assert json.loads(out) == {
        "as_of": str(DAY), "sent": 0, "found": 0, "delivered_before": 4, "held": [],
        "undelivered": [f"{DAY}/win_back/book.xlsx to agency: {reason}"],
    }  # fmt: skip
    assert f"missing    {DAY}/win_back/book.xlsx is not at agency" in called("status", "--home", home.root)[1]


@pytest.mark.parametrize("language", ["", ".zh-CN"])
def test_page_shows_what_the_command_says(home: Home, called: Called, language: str) -> None:
    page = (Path(__file__).parents[3] / "docs" / f"destinations{language}.md").read_text(encoding="utf-8")
    [shown] = re.findall(r"```console\n\$ cdp deliver\n(.*?)```", page, re.DOTALL)
    assert called("deliver", "--home", home.root)[1] == shown
    # every example of settings is one that is accepted
    for example in re.findall(r"```yaml\n(.*?)```", page, re.DOTALL):
        assert Config.model_validate(yaml.safe_load(example)).publish.destinations
    kinds = {get_args(model.model_fields["kind"].annotation)[0] for model in get_args(get_args(Destination)[0])}
    assert {f"| `{kind}` |" for kind in kinds} <= set(re.findall(r"^\| `\w+` \|", page, re.MULTILINE))


def test_what_was_delivered_is_in_the_ledger_with_its_place(home: Home, called: Called) -> None:
    """As a download is: what, where to, when, SHA-256, rows and columns; once, and none of what did not leave."""
    called("deliver", "--home", home.root)
    called("deliver", "--home", home.root)
    assert verify(home).problems == ()
    rows = [row.entry for row in read_rows(home) if row.entry.kind == "delivery"]
    assert {row.what.removeprefix("published/segments/"): row.sha256 for row in rows} == {
        name: hashlib.sha256((home.root.parent / "share" / name).read_bytes()).hexdigest() for name in OF_THE_DAY
    }
    assert len(rows) == len(OF_THE_DAY)
    assert {(row.role, row.as_of, row.run_id, row.by) for row in rows} == {("share", str(DAY), "r1", None)}
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", row.at or "") for row in rows)
    told = {row.what.rpartition("/")[2]: (row.row_count, row.columns) for row in rows}
    for name, (row_count, columns) in told.items():
        [path] = (home.root.parent / "share").rglob(name)
        if name.endswith(".csv"):
            lines = list(csv.reader(path.read_text(encoding="utf-8-sig").splitlines()))
            assert row_count == len(lines) - 1
            assert columns is None if name == "removed.csv" else len(columns or ()) == len(lines[0])
    assert told["book.xlsx"][1] is None
    assert (
        f"delivery  share                     published/segments/{DAY}/thanks/list.csv" in called("ledger", "show", "--home", home.root)[1]
    )


def test_older_day_is_delivered_when_it_is_asked_for(home: Home, called: Called) -> None:
    called("deliver", "--home", home.root, "--as-of", str(DAY - timedelta(days=1)))
    assert arrived(home) == {name.replace(str(DAY), str(DAY - timedelta(days=1))) for name in OF_THE_DAY}


def test_nothing_published_is_wrong_use(tmp_path: Path, called: Called) -> None:
    code, _, err = called("deliver", "--home", tmp_path)
    assert code == 2
    assert "nothing is published yet" in err


def test_doctor_names_the_secrets_that_are_missing(home: Home, called: Called, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGENCY_SECRET", "x")
    _, out, _ = called("doctor", "--home", home.root)
    # the lists of this shop are no segments of the project
    assert "BAD  destinations   publish.destinations.book: segments: no segment 'win_back'" in out
    plain = {"publish": {"places": SETTINGS["publish"]["places"]}}
    (home.root / "cdp.yaml").write_text(yaml.safe_dump(plain))
    _, out, _ = called("doctor", "--home", home.root)
    assert "BAD  destinations   0 destinations, 2 places; AGENCY_KEY not set" in out


def test_job_delivers_the_newest_day_and_a_failure_is_a_red_check_of_a_green_run(home: Home) -> None:
    resource = HomeResource(root=str(home.root))
    upstream = [dg.AssetSpec(name) for name in ("export_segments", "export_reports", "export_analytics")]
    for day, is_passed in ((DAY - timedelta(days=1), True), (DAY, False)):
        result = dg.materialize(
            [*upstream, delivered_lists], selection="delivered_lists", partition_key=str(day), resources={"home": resource}
        )
        assert result.success
        [check] = result.get_asset_check_evaluations()
        assert check.passed is is_passed
    assert arrived(home) == OF_THE_DAY
    assert len(deliveries_of(home, DAY)[0]) == 4
