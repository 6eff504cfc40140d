"""A list of an earlier run, made again after later files, another run and other settings, is the list that went out, byte for byte."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from assets.cli.replay import print_replay, replay
from assets.cli.run import Outcome
from pipelines.contracts.errors import CheckFailedError, ConfigurationError
from pipelines.contracts.home import Home
from tests.end_to_end.conftest import SAMPLES

LAST_DAY = "2026-10-31"
LATER_DAY = "2026-11-02"


@pytest.fixture
def home(sample_home: Path, tmp_path: Path, run_in_process: Callable[..., Outcome]) -> Home:
    """The home of the sample two days later: new orders and other settings have come, and a day was published with them."""
    home = Path(shutil.copytree(sample_home, tmp_path / "home"))
    inbox = Path(shutil.copytree(SAMPLES, tmp_path / "deliveries"))
    (inbox / LATER_DAY).mkdir()
    orders = (SAMPLES / LAST_DAY / "orders_export_20261031.csv").read_text(encoding="utf-8")
    later = orders.replace(LAST_DAY, LATER_DAY).replace("\n#", "\n#9")
    (inbox / LATER_DAY / "orders_export_20261102.csv").write_text(later, encoding="utf-8")
    (tmp_path / "cdp.yaml").write_text("segments: {global_holdout: 0.2, header_language: zh}\n")
    outcome = run_in_process(home, inbox, config=tmp_path / "cdp.yaml")
    assert (outcome.is_new, outcome.record["as_of"]) == (True, LATER_DAY)
    return Home(home)


def test_list_of_an_earlier_run_is_made_again_byte_for_byte(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    lists = home.published / "segments"
    before = {path: path.read_bytes() for path in home.root.rglob("*") if path.is_file()}
    done = replay(home, lists / LAST_DAY / "high_value" / "manifest.json")
    assert {path: path.read_bytes() for path in home.root.rglob("*") if path.is_file()} == before
    assert done.is_equal
    assert done.differences == ()
    assert {file.name for file in done.files} == {"list.csv", "added.csv", "removed.csv"}
    assert (lists / LAST_DAY / "high_value" / "list.csv").read_bytes().count(b"\n") > 2
    assert done.hidden_load_count == 1


def test_list_that_was_tampered_with_is_told(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    """The list of the later day, made with settings of its own, against a manifest that claims another file."""
    path = home.published / "segments" / LATER_DAY / "high_value" / "manifest.json"
    manifest = json.loads(path.read_bytes())
    manifest["files"]["list.csv"]["sha256"] = "0" * 64
    path.write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(CheckFailedError, match=r"high_value: list\.csv is not what went out"):
        print_replay(home.root, path, as_json=True)
    told = json.loads(capsys.readouterr().out)
    assert {file["name"]: file["is_equal"] for file in told["files"]} == {"list.csv": False, "added.csv": True, "removed.csv": True}
    with pytest.raises(ConfigurationError, match="no manifest"):
        replay(home, path.with_name("list.csv"))
