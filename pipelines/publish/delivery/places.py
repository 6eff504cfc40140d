"""What a place is, and what can go wrong with one. Secrets come in as values and go out nowhere."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from pipelines.contracts.settings.publishing import PublishConfig

Secrets = Mapping[str, str]


class PlaceError(Exception):
    """A file could not be delivered, in words without secrets. `may_pass`: another try may do; `is_whole`: no file will get there."""

    def __init__(self, what: str, do: str, *, may_pass: bool = False, is_whole: bool = False) -> None:
        self.what, self.do, self.may_pass, self.is_whole = what, do, may_pass, is_whole
        super().__init__(what)


class Place(Protocol):
    """Somewhere that holds files by names with `/` in them."""

    def sha256(self, name: str) -> str | None:
        """Digest of what lies there under the name, read whole; None when nothing does."""

    def put(self, path: Path, name: str, digest: str) -> None:
        """Put the file there, whole or not at all: nobody sees it under its name before it was found to have `digest`."""


def secret(secrets: Secrets, variable: str) -> str:
    """Value of a variable. Raises PlaceError where it is not set."""
    value = secrets.get(variable)
    if not value:
        raise PlaceError(f"the variable {variable} is not set", "set it in the environment of the run", is_whole=True)
    return value


def missing_variables(settings: PublishConfig, secrets: Secrets) -> list[str]:
    """Variables that the places name and the environment lacks."""
    fields = ("password_variable", "passphrase_variable", "access_key_variable", "secret_key_variable")
    named = {getattr(place, field, None) for place in settings.places.values() for field in fields}
    return sorted(name for name in named if name is not None and not secrets.get(name))
