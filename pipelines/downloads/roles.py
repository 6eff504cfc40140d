"""Read the reviewed roles: who may download which lists and tables, which columns not, and whose customers."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipelines.contracts.errors import ConfigurationError

FILE = "roles.yaml"
_Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
_Text = Annotated[str, Field(min_length=1, pattern=r"\S")]
_Names = Literal["all"] | tuple[_Name, ...]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Label(_Section):
    en: _Text
    zh: _Text


class _Rights(_Section):
    """A role, key by key. What is left out is not allowed; without regions and stores the rows of all customers are."""

    label: _Label
    lists: _Names = ()
    tables: _Names = ()
    hide: tuple[_Name, ...] = ()
    regions: tuple[_Text, ...] | None = Field(None, min_length=1)
    stores: tuple[_Text, ...] | None = Field(None, min_length=1)


class Role(_Rights):
    """The rights of a role, with its name."""

    name: _Name

    @property
    def is_cut(self) -> bool:
        """Whether it sees the customers of some stores only."""
        return self.regions is not None or self.stores is not None


class _File(_Section):
    roles: dict[_Name, _Rights] = Field(min_length=1)


def read_roles(reference: Path) -> Mapping[str, Role]:
    """Role by name. Raises ConfigurationError naming file and key for a missing file, an unknown key, a wrong value."""
    path = reference / FILE
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ConfigurationError(
            "no such file, so nobody may download", where=str(path), do="write the roles; the project has some"
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"cannot be read: {error}", where=str(path), do="check the file and its permissions") from error
    except (yaml.YAMLError, ValueError) as error:
        raise ConfigurationError(f"is not valid YAML: {' '.join(str(error).split())}", where=str(path), do="mend the line") from error
    try:
        rights = _File.model_validate(raw).roles
    except ValidationError as error:
        raise ConfigurationError("; ".join(_clauses(error)), where=str(path), do="mend the key; the shipped roles show all") from error
    return {name: Role(name=name, **one.model_dump()) for name, one in sorted(rights.items())}


def role_named(name: str, roles: Mapping[str, Role]) -> Role:
    """The role of this name. Raises ConfigurationError that names the roles there are."""
    if name not in roles:
        raise ConfigurationError(f"no role {name!r}{nearest(name, roles)}", where="--role", do=f"choose one of {', '.join(roles)}")
    return roles[name]


def nearest(name: str, names: Iterable[str]) -> str:
    """`, did you mean 'x'?` or nothing."""
    close = difflib.get_close_matches(name, list(names), n=1, cutoff=0.5)
    return f", did you mean {close[0]!r}?" if close else ""


def _clauses(error: ValidationError) -> Iterable[str]:
    for problem in error.errors():
        path = [str(part) for part in problem["loc"]]
        text = problem["msg"]
        if problem["type"] == "extra_forbidden":
            models: Mapping[int, type[BaseModel]] = {0: _File, 2: _Rights}
            text = f"unknown key{nearest(path[-1], models.get(len(path) - 1, _Label).model_fields)}"
        yield f"{'.'.join(path)}: {text}" if path else text
