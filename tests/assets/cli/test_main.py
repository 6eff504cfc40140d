"""The command itself: quick help, exit codes, one line of error."""

from __future__ import annotations

import subprocess
import sys

import pytest

from assets.cli import main as command
from pipelines.contracts.errors import CdpError, CheckFailedError, ConfigurationError, DeliveryError


def test_help_needs_none_of_the_heavy_libraries() -> None:
    """They cost seconds; help is to answer in half of one."""
    program = """
import sys
from assets.cli.main import app
try:
    app(["--help"])
except SystemExit:
    pass
sys.exit(bool({"dagster", "dbt", "great_expectations", "polars", "duckdb"} & set(sys.modules)))
"""
    finished = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert finished.returncode == 0, sys.stderr
    assert all(name in finished.stdout for name in ("run", "status", "doctor", "simulate", "explain", "review"))


@pytest.mark.parametrize(("error", "code"), [(CheckFailedError, 1), (ConfigurationError, 2), (DeliveryError, 3), (CdpError, 4)])
def test_error_for_people_is_one_line_and_its_exit_code(
    error: type[CdpError], code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(**_: object) -> None:
        raise error("is broken", where="a.csv line 3", do="mend it")

    monkeypatch.setattr(command, "app", fail)
    with pytest.raises(SystemExit) as caught:
        command.main()
    assert caught.value.code == code
    assert capsys.readouterr().err == "cdp: a.csv line 3: is broken -> mend it\n"
