"""Read contracts from folders: YAML, `extends`, validation with file and line. A wrong contract stops the run, never a file."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from pipelines.channels import yaml_lines
from pipelines.channels.compiled import Compiled, MeaningError, compile_format
from pipelines.channels.contract import ExportedAt, FieldSpec, FooterSpec, FormatSpec, TableRule, TotalSpec, WithinSpec
from pipelines.contracts.declarations import nearest
from pipelines.contracts.errors import ConfigurationError

SHIPPED = Path(__file__).parent / "formats"

# part of every format hash: raise it when the engine reads the same file differently, and refused files are tried again
_ENGINE = 2
_UNION_PARTS = frozenset({"str", "WithinSpec"})  # pydantic's names for the two shapes of a derived field
_DO = "mend the contract; pipelines/channels/contract.py lists every key"


@dataclass(frozen=True)
class Format:
    """A validated contract. `hash` changes when its meaning does.

    `generation`: how many contracts it extends. Of two that fit a file equally the extension is meant.
    """

    spec: FormatSpec
    hash: str
    generation: int = 0

    @cached_property
    def compiled(self) -> Compiled:
        """Its expressions, when they are first needed: a night meets few of the formats, and all take as long as reading 4 MB.

        Raises MeaningError; not for a format that `read_formats` gave.
        """
        return compile_format(self.spec)

    @property
    def name(self) -> str:
        return self.spec.format


@dataclass(frozen=True, slots=True)
class _Source:
    path: Path
    value: dict[str, Any]
    lines: Mapping[yaml_lines.Path, int]

    def where(self, path: Iterable[Any]) -> str:
        """File and line of the deepest key of `path` that the file has. A single rule may stand without its list."""
        keys = tuple(path)
        if keys not in self.lines and 0 in keys:
            keys = tuple(key for key in keys if key != 0)
        while keys and keys not in self.lines:
            keys = keys[:-1]
        return f"{self.path}:{self.lines.get(keys, 1)}"


def read_formats(folders: Iterable[Path], business_zone: str = "UTC") -> tuple[Format, ...]:
    """Every `*.yaml` of the folders, by name; `time_zone: business` means `business_zone`.

    Raises ConfigurationError with file, line and the nearest word. That the expressions of those that are shipped mean something is
    proved by the tests, not again by every run.
    """
    sources: dict[str, _Source] = {}
    for folder in folders:
        if not folder.is_dir():
            raise ConfigurationError("no such folder of formats", where=str(folder), do="check channels.formats_folders")
        for path in sorted(folder.glob("*.yaml")):
            if path.stem in sources:
                raise ConfigurationError(f"format {path.stem} is also in {sources[path.stem].path}", where=str(path), do="rename one")
            sources[path.stem] = _parse(path)
    return tuple(_format(source, sources, business_zone) for _, source in sorted(sources.items()))


def contracts_hash(formats: Iterable[Format]) -> str:
    """One hash for the whole set: a file that none of them could read is tried again when it changes."""
    return hashlib.sha256("".join(sorted(f"{item.name}:{item.hash}" for item in formats)).encode()).hexdigest()


def _parse(path: Path) -> _Source:
    try:
        value, lines = yaml_lines.parse(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"cannot be read: {error}", where=str(path), do="check the file and its permissions") from error
    except yaml.YAMLError as error:
        raise ConfigurationError(f"is not valid YAML: {' '.join(str(error).split())}", where=str(path), do="mend the line") from error
    except RecursionError as error:
        raise ConfigurationError("nests too deep, or holds itself", where=str(path), do="mend the file") from error
    except yaml_lines.RepeatedKeyError as error:
        raise ConfigurationError(str(error), where=f"{path}:{error.line}", do="keep one") from error
    if not isinstance(value, dict):
        raise ConfigurationError("holds no contract", where=str(path), do=_DO)
    return _Source(path, value, lines)


def _format(source: _Source, sources: Mapping[str, _Source], business_zone: str) -> Format:
    value = _extended(source, sources, ())
    if value.get("time_zone") == "business":
        value = {**value, "time_zone": business_zone}
    try:
        spec = FormatSpec.model_validate(value)
    except ValidationError as error:
        loc, text = _told(error)
        raise ConfigurationError(f"{'.'.join(map(str, loc))}: {text}", where=source.where(loc), do=_DO) from error
    if spec.format != source.path.stem:
        raise ConfigurationError(
            f"format {spec.format!r} stands in a file of another name", where=source.where(["format"]), do="rename one"
        )
    text = json.dumps(spec.model_dump(mode="json", exclude={"title", "notes"}), sort_keys=True, ensure_ascii=False)
    found = Format(spec, hashlib.sha256(f"{_ENGINE}:{text}".encode()).hexdigest(), _generation(source, sources))
    if source.path.parent != SHIPPED:
        _prove(found, source)
    return found


def _prove(found: Format, source: _Source) -> None:
    """That its expressions mean something."""
    try:
        _ = found.compiled
    except MeaningError as error:
        path = error.path
        raise ConfigurationError(f"{'.'.join(map(str, path))}: {error}", where=source.where(path), do=_DO) from error


def _told(error: ValidationError) -> tuple[tuple[int | str, ...], str]:
    """Place and words of what is wrong: a key that nobody knows before one that lacks, which it often is, misspelled."""
    problems = error.errors()
    problem = next((item for item in problems if item["type"] == "extra_forbidden"), problems[0])
    loc = tuple(part for part in problem["loc"] if part not in _UNION_PARTS)
    text = problem["msg"].removeprefix("Value error, ")
    if problem["type"] == "extra_forbidden":
        text = f"unknown key {loc[-1]!r}{nearest(str(loc[-1]), _keys_at(loc[:-1]))}"
    elif problem["type"] == "literal_error":
        words = re.findall(r"'([^']+)'", problem["msg"])
        text = f"unknown word {problem['input']!r}{nearest(str(problem['input']), words)} (there are {', '.join(words)})"
    return loc, text


def _generation(source: _Source, sources: Mapping[str, _Source]) -> int:
    base = source.value.get("extends")
    return 0 if base is None else 1 + _generation(sources[str(base)], sources)


def _extended(source: _Source, sources: Mapping[str, _Source], seen: tuple[str, ...]) -> dict[str, Any]:
    """The contract over the one that it `extends`: mappings are merged one level deep, null takes a key away, all else is replaced."""
    base_name = source.value.get("extends")
    if base_name is None:
        return source.value
    base = sources.get(str(base_name))
    if base is None or source.path.stem in seen:
        what = "extends itself" if base else f"unknown format {base_name!r}{nearest(str(base_name), sources)}"
        raise ConfigurationError(what, where=source.where(["extends"]), do=_DO)
    merged = dict(_extended(base, sources, (*seen, source.path.stem)))
    for key, value in source.value.items():
        if key == "extends":
            continue
        if isinstance(value, dict) and isinstance(merged.get(key), dict):
            value = {name: item for name, item in {**merged[key], **value}.items() if item is not None}
        merged[key] = value
    return merged


def _keys_at(loc: tuple[Any, ...]) -> list[str]:
    models: Mapping[str, type[BaseModel]] = {
        "fields": FieldSpec,
        "derived": WithinSpec,
        "tables": TableRule,
        "footer": FooterSpec,
        "totals": TotalSpec,
        "exported_at": ExportedAt,
    }
    return list(models.get(str(loc[0]), FormatSpec).model_fields if loc else FormatSpec.model_fields)
