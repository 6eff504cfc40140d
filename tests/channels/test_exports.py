"""Exports as they are delivered, a folder a format, each beside the canonical rows that it must give. No real person is in them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.channels.canonical import canonical

EXPORTS = Path(__file__).with_name("exports")


@pytest.mark.parametrize("format_name", sorted(folder.name for folder in EXPORTS.iterdir()))
def test_export_gives_the_rows_beside_it(format_name: str, tmp_path: Path) -> None:
    folder = EXPORTS / format_name
    (delivered,) = (path for path in folder.iterdir() if path.name != "rows.json")
    found = canonical(tmp_path, delivered.name, delivered.read_bytes(), format_name)
    assert json.loads(json.dumps(found, default=str)) == json.loads((folder / "rows.json").read_text(encoding="utf-8"))
