"""YAML that people write, read and checked against a model: a fault is told by file and key, an unknown name with the nearest one."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipelines.contracts.errors import ConfigurationError

_COMPARED, _LONGEST = 1000, 100  # names, and characters of each: to compare takes their product

_UNIONS = (Union, UnionType, Annotated)

_Model = TypeVar("_Model", bound=BaseModel)


class Section(BaseModel):
    """A section of a declaration: no key that it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Text(Section):
    """The same in both languages."""

    en: str = Field(min_length=1, pattern=r"\S")
    zh: str = Field(min_length=1, pattern=r"\S")

    def in_language(self, language: str) -> str:
        """The Chinese text for `zh`, else the English one."""
        return self.zh if language == "zh" else self.en


def read_yaml(path: Path) -> Any:
    """The value that the file holds. Raises ConfigurationError when it cannot be read, is no YAML, or a key stands twice in it."""
    try:
        return yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)
    except FileNotFoundError as error:
        raise ConfigurationError("no such file", where=str(path), do="check its name") from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"cannot be read: {error}", where=str(path), do="check the file and its permissions") from error
    except (yaml.YAMLError, RecursionError, ValueError) as error:  # a date that no calendar has is a ValueError of its own
        raise ConfigurationError(f"is not valid YAML: {' '.join(str(error).split())}", where=str(path), do="mend the line") from error


def checked(model: type[_Model], raw: Any, path: Path, do: str, at: str = "") -> _Model:
    """`raw` as `model`. Raises ConfigurationError with one clause a problem; `at` is the key below which `raw` stands in the file."""
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        raise ConfigurationError("; ".join(_clauses(model, error, at)), where=str(path), do=do) from error


def nearest(name: str, names: Iterable[str]) -> str:
    """A hint that ends an error message: the existing name closest to a wrong one, or nothing."""
    close = closest(name, names)
    return f", did you mean {close!r}?" if close else ""


def closest(name: str, names: Iterable[str]) -> str | None:
    """The name most like this one; None where none is like it. Of a hostile header only the beginning is compared."""
    short = [other for other in islice(names, _COMPARED) if len(other) <= _LONGEST]
    return next(iter(difflib.get_close_matches(name, short, n=1, cutoff=0.5)), None)


def _clauses(model: type[BaseModel], error: ValidationError, at: str) -> Iterator[str]:
    """The dotted key, what is wrong, and for an unknown key the nearest one."""
    for problem in error.errors():
        path = [str(part) for part in problem["loc"]]
        text = problem["msg"].removeprefix("Value error, ")
        if problem["type"] == "extra_forbidden":
            text = f"unknown key{nearest(path[-1], keys_at(model, path[:-1]))}"
        key = ".".join([at, *path] if at else path)
        yield f"{key}: {text}" if key else text


def keys_at(model: type[BaseModel], path: Iterable[str]) -> list[str]:
    """Keys of the sections that may stand at `path`."""
    kinds: list[Any] = [model]
    for part in path:
        kinds = [inner for kind in kinds for inner in _below(kind, part)]
    models = [found for kind in kinds for found in _models(kind)]
    return list(dict.fromkeys(field.alias or name for found in models for name, field in found.model_fields.items()))


def _below(kind: Any, part: str) -> list[Any]:
    """What may stand under a key: the field of a section, the kind of a union that bears the name, or any value of a mapping or list."""
    models = _models(kind)
    fields = [field.annotation for model in models for name, field in model.model_fields.items() if (field.alias or name) == part]
    of_that_kind = [model for model in models for field in model.model_fields.values() if get_args(field.annotation) == (part,)]
    return fields or of_that_kind or [inner for inner in get_args(kind) if inner is not type(None)]


def _models(kind: Any) -> list[type[BaseModel]]:
    """The models of an annotation: itself, or those of a union. Those of a mapping or list stand one key further down."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return [kind]
    return [model for inner in get_args(kind) for model in _models(inner)] if get_origin(kind) in _UNIONS else []


class _Loader(yaml.CSafeLoader):
    """Refuses a key that stands twice, of which YAML would keep the last in silence."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        repeated = next((key for key in keys if keys.count(key) > 1), None)
        if repeated is not None:
            raise yaml.constructor.ConstructorError(None, None, f"key {repeated!r} stands twice", node.start_mark)
        return super().construct_mapping(node, deep)
