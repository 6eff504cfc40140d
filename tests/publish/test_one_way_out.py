"""Who knows where lists lie and is not the publish stage may look, and writes nothing anywhere: no path to a list but the gate's."""

from __future__ import annotations

import ast
import re

import pytest

from tests.publish.test_architecture import PUBLISH, ROOT, WRITES, modules

_COPIES = re.compile(r"\b(copy|export database|attach)\b.*\b(to|published)\b", re.IGNORECASE | re.DOTALL)


def knows_the_place(tree: ast.Module) -> bool:
    """Names the folder `published` or the lists of a day: as an attribute of a home, or as a part of a path."""
    told = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}  # docstrings
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr == "published":
            return True
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "segments":
            return True
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told:
            parts = node.value.strip("/").split("/")
            if parts[0] == "published" and " " not in node.value:
                return True
    return False


def writes(tree: ast.Module) -> list[int]:
    """Lines that write a file, whatever its name: calls that do, files opened for writing, statements of a database that make files."""
    lines = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id if isinstance(node.func, ast.Name) else ""
            words = [part.value for part in ast.walk(node) if isinstance(part, ast.Constant) and isinstance(part.value, str)]
            # `replace` of a text has two arguments, that of a path one
            is_text = name == "replace" and len(node.args) != 1
            if (name in WRITES and not is_text) or (name == "open" and _is_for_writing(node)):
                lines.append(node.lineno)
            if name in {"execute", "sql", "query"} and any(_COPIES.search(word) for word in words):
                lines.append(node.lineno)
    return lines


def _is_for_writing(call: ast.Call) -> bool:
    """`open(path, mode)` or `path.open(mode)`."""
    modes = [*call.args[isinstance(call.func, ast.Name) :], *(word.value for word in call.keywords if word.arg == "mode")]
    return any(isinstance(mode, ast.Constant) and isinstance(mode.value, str) and set(mode.value) & set("wax+") for mode in modes)


@pytest.mark.parametrize(
    ("code", "is_caught"),
    [
        ("path = run.home.segments(day) / 'list.csv'; path.write_text('x')", True),
        ("target = home.root / 'published' / name; open(target, 'wb')", True),
        ("target = f'{root}/published/segments'\nconnection.execute(f\"copy t to '{target}'\")", True),
        ("with (home.published / 'x').open('w') as file: pass", True),
        ("target = 'published/segments/x'; shutil.copy(source, target)", True),
        ("connection = duckdb.connect(str(home.published / 'analytics.duckdb'), read_only=True)", False),
        ("text = (home.published / 'x').read_text().replace('a', 'b')", False),
        ("with open(home.published / 'x', 'rb') as file: pass", False),
    ],
)
def test_this_test_sees_a_path_that_was_laid_by_before_it_is_written_to(code: str, is_caught: bool) -> None:
    tree = ast.parse(code)
    assert knows_the_place(tree)
    assert bool(writes(tree)) is is_caught


def test_who_knows_where_lists_lie_writes_nothing() -> None:
    trees = {
        path.relative_to(ROOT).as_posix(): ast.parse(path.read_text(encoding="utf-8")) for path in modules() if PUBLISH not in path.parents
    }
    knowing = {name for name, tree in trees.items() if knows_the_place(tree)}
    assert "pipelines/contracts/home.py" in knowing
    assert {name: writes(trees[name]) for name in sorted(knowing) if writes(trees[name])} == {}
