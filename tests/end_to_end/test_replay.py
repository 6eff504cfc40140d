"""A list of an earlier run, made again after later files, another run and other settings, is the list that went out, byte for byte."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from assets.cli.replay import replay
from assets.cli.run import Outcome
from pipelines.contracts.errors import ConfigurationError
from pipelines.contracts.home import Home
from tests.end_to_end.conftest import SAMPLES

LAST_DAY, LATER_DAY = "2026-10-31", "2026-11-02"


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


def test_list_of_an_earlier_run_is_made_again_byte_for_byte(home: Home) -> None:
    lists = home.published / "segments"
    before = {path: path.read_bytes() for path in home.root.rglob("*") if path.is_file()}
    done = replay(home, lists / LAST_DAY / "high_value" / "manifest.json")
    assert {path: path.read_bytes() for path in home.root.rglob("*") if path.is_file()} == before
    assert done.differences == ()
    assert {file.name: file.is_equal for file in done.files} == {"list.csv": True, "added.csv": True, "removed.csv": True}
    assert (lists / LAST_DAY / "high_value" / "list.csv").read_bytes().count(b"\n") > 2
    assert done.hidden_load_count == 1
    with pytest.raises(ConfigurationError, match="no manifest"):
        replay(home, lists / LAST_DAY / "high_value" / "list.csv")
