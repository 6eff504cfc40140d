"""Errors as values for people: what is wrong, where, and what to do. Each kind carries the exit code of the command."""

from __future__ import annotations


class CdpError(Exception):
    """An error that a person can act on.

    `what` states the fact, `where` the place (file, line, column, key), `do` the next step. Personal values are masked
    by the caller before they get here, because messages end in logs.
    """

    exit_code = 4

    def __init__(self, what: str, *, where: str = "", do: str = "") -> None:
        self.what, self.where, self.do = what, where, do
        super().__init__(str(self))

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        advice = f" -> {self.do}" if self.do else ""
        return f"{place}{self.what}{advice}"


class CheckFailedError(CdpError):
    """A blocking check is red: nothing was published."""

    exit_code = 1


class ConfigurationError(CdpError):
    """Wrong use or configuration: a key, a value, a contract, a definition, an argument."""

    exit_code = 2


class DeliveryError(CdpError):
    """A delivered file cannot be used, and the configuration says that this is fatal; or a published file could not be delivered."""

    exit_code = 3
