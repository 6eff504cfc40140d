"""`cdp simulate` writes the formats that were asked for, and refuses others."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import get_type_hints

import pytest

from assets.cli import main as command
from assets.cli.simulate import run_simulation
from pipelines.contracts.errors import ConfigurationError
from pipelines.simulate.format_names import FORMAT_GROUPS


def test_formats_that_were_asked_for_are_written(tmp_path: Path) -> None:
    run_simulation(tmp_path / "shop", 40, 2, date(2026, 3, 1), 1, "pospal_ticket,costs", as_json=False)
    assert any((tmp_path / "shop").glob("*/pospal_tickets_*.json"))
    assert any((tmp_path / "shop").glob("*/google_ads_2026-03-02.csv"))
    assert not any((tmp_path / "shop").glob("*/ExportOrderList*"))


def test_help_names_every_group() -> None:
    """The command lists them by itself, because its help must not import what simulates."""
    (option,) = get_type_hints(command.simulate, include_extras=True)["formats"].__metadata__
    assert option.help.split(": ")[1].split(", ") == [*FORMAT_GROUPS, "all"]


def test_wrong_format_is_wrong_use_and_writes_nothing(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="did you mean 'pospal_ticket'") as caught:
        run_simulation(tmp_path / "shop", 4, 2, date(2026, 3, 1), 1, "pospal_tickets", as_json=False)
    assert caught.value.exit_code == 2
    assert not (tmp_path / "shop").exists()
