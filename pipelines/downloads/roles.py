"""Read the reviewed roles: who may download which lists and tables, which columns not, and whose customers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from pipelines.contracts.declarations import Section, Text, checked, nearest, read_yaml
from pipelines.contracts.errors import ConfigurationError

FILE = "roles.yaml"
_Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
_Text = Annotated[str, Field(min_length=1, pattern=r"\S")]
_Names = Literal["all"] | tuple[_Name, ...]


class _Rights(Section):
    """A role, key by key. What is left out is not allowed; without regions and stores the rows of all customers are."""

    label: Text
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


class _File(Section):
    roles: dict[_Name, _Rights] = Field(min_length=1)


def read_roles(reference: Path) -> Mapping[str, Role]:
    """Role by name. Raises ConfigurationError naming file and key for a missing file, an unknown key, a wrong value."""
    path = reference / FILE
    if not path.exists():
        raise ConfigurationError("no such file, so nobody may download", where=str(path), do="write the roles; the project has some")
    rights = checked(_File, read_yaml(path), path, "mend the key; the shipped roles show all").roles
    return {name: Role(name=name, **one.model_dump()) for name, one in sorted(rights.items())}


def role_named(name: str, roles: Mapping[str, Role]) -> Role:
    """The role of this name. Raises ConfigurationError that names the roles there are."""
    if name not in roles:
        raise ConfigurationError(f"no role {name!r}{nearest(name, roles)}", where="--role", do=f"choose one of {', '.join(roles)}")
    return roles[name]
