"""One way out: nothing but the publish stage writes below `published/`, and one module of it writes lists."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PUBLISH = ROOT / "pipelines" / "publish"
# names of Home and of the layout that lead below `published/`
PLACES = {"published", "analytics", "segments", "reports"}
WRITES = {
    *(
        "replacing",
        "replacing_folder",
        "write_json",
        "write_table",
        "write_query",
        "write_text",
        "write_bytes",
        "write_csv",
        "write_parquet",
    ),
    *("sink_csv", "sink_parquet", "mkdir", "touch", "unlink", "rmdir", "rename", "replace", "chmod", "symlink_to", "hardlink_to"),
    *("copy", "copy2", "copyfile", "copytree", "move", "rmtree", "build_analytics", "write_lists", "write_private", "write_uploads"),
}


def modules() -> Iterator[Path]:
    for package in ("pipelines", "assets", "expectations"):
        yield from sorted((ROOT / package).rglob("*.py"))


def violations(tree: ast.Module) -> list[int]:
    """Lines of calls that write and, in receiver or arguments, name a place below `published/` of a home."""
    lines = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _called(node.func) in WRITES:
            inside = [part for place in (node.func, *node.args, *(word.value for word in node.keywords)) for part in ast.walk(place)]
            if any(isinstance(part, ast.Attribute) and part.attr in PLACES and _is_home(part.value) for part in inside):
                lines.append(node.lineno)
            if any(isinstance(part, ast.Constant) and part.value in {"published", "list.csv", "analytics.duckdb"} for part in inside):
                lines.append(node.lineno)
    return lines


def _called(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else function.id if isinstance(function, ast.Name) else ""


def _is_home(value: ast.expr) -> bool:
    name = (
        value.attr
        if isinstance(value, ast.Attribute)
        else value.id
        if isinstance(value, ast.Name)
        else _called(getattr(value, "func", value))
    )
    return name in {"home", "Home", "folders"}


@pytest.mark.parametrize(
    ("code", "is_caught"),
    [
        ("home.analytics.unlink()", True),
        ("with replacing(run.home.segments(day) / 'x' / 'list.csv') as beside: pass", True),
        ("write_json(Home(root).published / 'x.json', {})", True),
        ("(root / 'published').mkdir()", True),
        ("duckdb.connect(str(home.analytics), read_only=True)", False),
        ("run.config.segments.folders.copy()", False),
        ("path.unlink()", False),
    ],
)
def test_this_test_sees_a_write(code: str, is_caught: bool) -> None:
    assert bool(violations(ast.parse(code))) is is_caught


def test_nothing_but_the_publish_stage_writes_below_published() -> None:
    found = {
        f"{path.relative_to(ROOT)}:{line}"
        for path in modules()
        if PUBLISH not in path.parents
        for line in violations(ast.parse(path.read_text(encoding="utf-8")))
    }
    assert found == set()


def test_lists_are_written_by_one_module_that_only_the_publication_and_a_replay_use() -> None:
    """Files of a list by `lists`, of its destinations by `uploads` which it alone calls; destinations themselves make bytes of rows."""
    texts = {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in modules()}

    def users(word: str) -> set[str]:
        return {name.removeprefix("pipelines/publish/") for name, text in texts.items() if word in text}

    assert users("write_private") == {"files.py", "lists.py", "uploads.py"}
    assert users("write_uploads") == {"lists.py", "uploads.py"}
    assert users("write_lists") == {"lists.py", "publication.py", "remaking.py"}
    makers = {name: text for name, text in texts.items() if name.startswith("pipelines/publish/destinations/")}
    assert len(makers) > 5
    assert [name for name, text in makers.items() if "pathlib" in text or "open(" in text or "import os" in text] == []


def test_contact_values_meet_memberships_in_lists_alone() -> None:
    """The gate's table leaves the lake through the publish stage only, and meets phones and e-mails only where lists are written."""
    names = {
        path.relative_to(ROOT).as_posix(): {
            node.id for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Name)
        }
        for path in modules()
    }
    gate = {"SEGMENT_MEMBERSHIPS", "memberships_path", "changes_since"}
    users = {path for path, used in names.items() if "GOLDEN_CUSTOMERS" in used and gate & used}
    assert users - {"pipelines/contracts/identity_tables.py"} == {"pipelines/publish/lists.py", "pipelines/segments/gate.py"}
