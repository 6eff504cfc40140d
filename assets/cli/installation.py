"""Which installation a command speaks of: its folders and its settings. Options shared by the sub-commands."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from pipelines.contracts.config import Config
    from pipelines.contracts.home import Home

HomeOption = Annotated[Path | None, typer.Option("--home", help="Folder of the installation [default: CDP_HOME, else data/home]")]
ConfigOption = Annotated[Path | None, typer.Option("--config", help="Configuration [default: cdp.yaml of the home, else of the project]")]
JsonOption = Annotated[bool, typer.Option("--json", help="Machine-readable output on stdout")]


def installation(home: Path | None, config: Path | None) -> tuple[Home, Config]:
    """Folders and settings. Raises ConfigurationError for settings that cannot be used."""
    from assets.resources import default_config, default_home
    from pipelines.contracts.config import load_config
    from pipelines.contracts.home import Home

    folders = Home((home or default_home()).resolve())
    return folders, load_config(config or default_config(folders.root))
