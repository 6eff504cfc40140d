"""YAML with line numbers, and with only the words of YAML 1.2 as truth values: `yes` and `否` are texts here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import yaml

Path = tuple[str | int, ...]

# YAML 1.1 reads `no` as false and 2026-03-01 as a date: both are words of vocabularies here
_CONSTANTS: Mapping[str, Any] = {"true": True, "false": False, "null": None, "~": None, "": None}
_QUOTED = frozenset("'\"|>")
_INTEGER = re.compile(r"[-+]?[0-9]+")


class _Loader(yaml.CSafeLoader):
    """Without the search for what a plain word may mean, which is half of the time and is settled here in `_value`."""

    def resolve(self, *_: object) -> str:
        return "plain"


class RepeatedKeyError(ValueError):
    """A key stands twice in one mapping; YAML itself would keep the last in silence."""

    def __init__(self, key: str, line: int) -> None:
        self.line = line
        super().__init__(f"key {key!r} stands twice")


def parse(text: str) -> tuple[Any, dict[Path, int]]:
    """The value, and the line (from 1) of every key and list item by its path. Raises yaml.YAMLError and RepeatedKeyError."""
    root = yaml.compose(text, Loader=_Loader)
    lines: dict[Path, int] = {}
    return (None if root is None else _value(root, (), lines)), lines


def _value(node: yaml.Node, path: Path, lines: dict[Path, int]) -> Any:
    lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        mapping: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = str(key_node.value)
            line = key_node.start_mark.line + 1
            if key in mapping:
                raise RepeatedKeyError(key, line)
            lines[(*path, key)] = line
            mapping[key] = _value(value_node, (*path, key), lines)
        return mapping
    if isinstance(node, yaml.SequenceNode):
        return [_value(item, (*path, position), lines) for position, item in enumerate(node.value)]
    text = str(node.value)
    if isinstance(node, yaml.ScalarNode) and node.style in _QUOTED:
        return text
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    return int(text) if _INTEGER.fullmatch(text) else text
