"""`cdp diff`: what is against what would be, and the home as it was."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from assets.cli.diff import changed_settings, print_diff
from assets.resources import only_run
from pipelines.contracts.config import Config
from pipelines.contracts.errors import CdpError, CheckFailedError, ConfigurationError
from tests.assets.cli.small_shop import SmallShop


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SmallShop:
    made = SmallShop(tmp_path, {"shop:a": "1", "shop:b": "1", "shop:c": "2"}, monkeypatch)
    made.publish()
    return made


@pytest.fixture
def other(tmp_path: Path) -> Path:
    """Settings under which the toy job does the same."""
    path = tmp_path / "new.yaml"
    path.write_text("reference_folder: reference\nidentity: {max_names_per_value: 2}\n")
    return path


def diff(shop: SmallShop, config: Path, *, as_json: bool = True) -> None:
    print_diff(shop.home.root, config, None, examples=3, as_json=as_json)


def test_settings_that_mean_the_same_change_nothing_and_run_nothing(shop: SmallShop, capsys: pytest.CaptureFixture[str]) -> None:
    same = shop.home.root.parent / "same.yaml"
    same.write_text("identity: {max_names_per_value: 5}\nreference_folder: reference\n")
    before = shop.content()
    diff(shop, same, as_json=False)
    assert "nothing would change" in capsys.readouterr().out
    diff(shop, same)
    assert json.loads(capsys.readouterr().out)["is_empty"]
    assert (shop.done, shop.content()) == ([], before)
    (shop.reference / "suppressions.csv").write_text("type,value,reason\n")
    diff(shop, same)
    assert shop.done == [], "what is was not published, and still nothing would change"


def test_two_runs_with_the_same_outcome_differ_in_nothing(shop: SmallShop, other: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = shop.content()
    diff(shop, other)
    report = json.loads(capsys.readouterr().out)
    assert report["is_empty"]
    assert report["settings"] == {"identity.max_names_per_value": {"before": "5", "after": "2"}}
    assert (shop.done, shop.content()) == (["rehearse"], before)


def test_what_was_published_is_the_baseline_while_its_inputs_are_unchanged(shop: SmallShop, other: Path, capsys: Any) -> None:
    diff(shop, other)
    assert json.loads(capsys.readouterr().out)["against_run_id"] is not None
    (shop.reference / "suppressions.csv").write_text("type,value,reason\n")
    diff(shop, other)
    assert json.loads(capsys.readouterr().out)["against_run_id"] is None
    assert shop.done == ["rehearse", "rehearse", "rehearse_unchecked"]


def test_lake_that_a_failed_run_has_written_is_no_baseline(shop: SmallShop, other: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The accident: last night stopped at a check, and the diff compares with customers whom nobody published."""
    shop.values["shop:c"] = {"1"}
    shop._run(shop.resource.run("2026-03-07"))
    diff(shop, other)
    report = json.loads(capsys.readouterr().out)
    assert (report["against_run_id"], report["is_empty"]) == (None, True)


def test_red_check_is_told_after_what_would_differ(shop: SmallShop, other: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shop.is_red = True
    shop.values["shop:c"] = {"1"}
    with pytest.raises(CheckFailedError):
        diff(shop, other)
    report = json.loads(capsys.readouterr().out)
    assert report["red_checks"] == "identity_current:meets_expectations: failed"
    assert report["differences"]["customers"]["merges"] == 1
    assert shop.done == ["rehearse", "rehearse_unchecked"]


def test_nothing_is_left_behind_after_a_failure(shop: SmallShop, other: Path) -> None:
    before = shop.content()
    shop.is_broken = True
    with pytest.raises(RuntimeError):
        diff(shop, other)
    assert shop.content() == before
    assert not shop.home.rehearsals.exists()


def test_while_a_run_is_at_work_nothing_is_rehearsed(shop: SmallShop, other: Path) -> None:
    with only_run(shop.home):
        before = shop.content()
        with pytest.raises(CdpError, match="another run is at work"):
            diff(shop, other)
        assert shop.content() == before


def test_run_may_begin_while_a_rehearsal_is_at_work(shop: SmallShop, other: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The accident: somebody tries a threshold at 02:29, and the run of the night is refused."""
    ran = []

    def run_beside(*arguments: Any) -> None:
        with only_run(shop.home):
            ran.append(True)
        shop._run(arguments[1].run(arguments[2]))

    monkeypatch.setattr("assets.cli.rehearsal.execute_aside", run_beside)
    diff(shop, other)
    assert ran


def test_home_without_a_run_has_nothing_to_differ_from(tmp_path: Path, other: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = SmallShop(tmp_path, {"shop:a": "1"}, monkeypatch)
    with pytest.raises(ConfigurationError, match="nothing was published yet"):
        diff(shop, other)


def test_settings_that_act_when_files_are_read_are_named(shop: SmallShop, other: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other.write_text("reference_folder: reference\nchannels: {default_currency: USD}\n")
    diff(shop, other, as_json=False)
    assert "channels.default_currency acts when a file is read" in capsys.readouterr().out


def test_wrong_setting_is_told_before_anything_is_run(shop: SmallShop, other: Path) -> None:
    other.write_text("identity: {max_name_per_value: 2}\n")
    (shop.reference / "suppressions.csv").write_text("type,value,reason\n")
    with pytest.raises(ConfigurationError, match="max_names_per_value"):
        diff(shop, other)
    assert shop.done == []


def test_secrets_are_not_told() -> None:
    wanted = Config.model_validate({"identity": {"id_key": "quite secret"}, "segments": {"cap_messages": 3}})
    told = changed_settings(Config(), wanted)
    assert told == {"identity.id_key": ("***", "***"), "segments.cap_messages": ("2", "3")}
