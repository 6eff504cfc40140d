"""`cdp doctor` turns red for what would stop a run."""

from __future__ import annotations

import fcntl
from pathlib import Path

import pytest

from assets.cli.doctor import Finding, diagnose, print_diagnosis
from pipelines.contracts.errors import ConfigurationError
from pipelines.contracts.home import Home


def _findings(home: Path, config: Path | None = None) -> dict[str, Finding]:
    return {finding.subject: finding for finding in diagnose(Home(home), config)}


def test_fresh_home_is_fine(tmp_path: Path, dbt_manifest: Path) -> None:
    findings = _findings(tmp_path / "home")
    assert [subject for subject, finding in findings.items() if not finding.is_fine] == []
    assert not (tmp_path / "home").exists()


def test_wrong_configuration_is_named_with_the_key(tmp_path: Path) -> None:
    config = tmp_path / "cdp.yaml"
    config.write_text("lifecycel: {}\n")
    finding = _findings(tmp_path, config)["configuration"]
    assert not finding.is_fine
    assert "did you mean 'lifecycle'" in finding.detail


def test_home_under_a_file_is_bad(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert not _findings(tmp_path / "file" / "home")["home"].is_fine


def test_held_lock_is_seen(tmp_path: Path) -> None:
    with (tmp_path / "run.lock").open("w") as handle:
        handle.write("4711")
        handle.flush()
        fcntl.flock(handle, fcntl.LOCK_EX)
        finding = _findings(tmp_path)["lock"]
    assert not finding.is_fine
    assert "4711" in finding.detail


def test_bad_finding_gives_exit_code_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = tmp_path / "cdp.yaml"
    config.write_text("lifecycel: {}\n")
    with pytest.raises(ConfigurationError, match="configuration"):
        print_diagnosis(tmp_path, config, as_json=False)
    assert "BAD  configuration" in capsys.readouterr().out
