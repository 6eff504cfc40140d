"""Past lists lose the rows of who was forgotten and nothing else; what went out stays provable, whoever is killed when."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pipelines.contracts.home import Home
from pipelines.contracts.storage import write_json
from pipelines.publish import ErasedFromPublished, erase_from_published, erasing, verify_publication
from tests.publish.shop import DAY, content, made, publish_it

LIST = f"published/segments/{DAY}/win_back/list.csv"
ADDED = f"published/segments/{DAY}/win_back/added.csv"
MANIFEST = f"published/segments/{DAY}/win_back/manifest.json"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    run = made(tmp_path)
    report = publish_it(run)
    write_json(run.home.runs / "r1.json", {"run_id": "r1", "as_of": str(DAY), **report.as_record()})
    return run.home


def record(home: Home) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((home.runs / "r1.json").read_bytes())
    return found


def test_row_goes_by_id_or_by_word_and_every_other_byte_stays(home: Home) -> None:
    before = content(home)
    rows = before[LIST].split(b"\r\n")
    assert erase_from_published(home, ["c_1"], []) == ErasedFromPublished(lists=1, rows=2, databases=0, delivered=())
    after = content(home)
    assert after[LIST] == after[ADDED] == b"\r\n".join([rows[0], *rows[2:]])
    assert {name for name in before if before[name] != after[name]} == {LIST, ADDED, MANIFEST}
    # a name with quotes and a line break is a cell like any other
    assert erase_from_published(home, [], ['No, "quoted"\r\nname']).rows == 2
    assert content(home)[LIST] == b"\r\n".join([rows[0], rows[2], b""])


def test_publication_is_verified_as_it_is_now_and_keeps_what_went_out(home: Home) -> None:
    went_out = record(home)["files"]
    erase_from_published(home, ["c_1"], [])
    erase_from_published(home, ["c_2"], [])
    assert verify_publication(home, record(home)) == []
    assert record(home)["files"] == went_out
    assert record(home)["erased_files"][LIST]["row_count"] == 2
    manifest = json.loads((home.root / MANIFEST).read_bytes())
    assert manifest["files"]["list.csv"]["sha256"] == went_out[LIST]
    assert manifest["erased"]["list.csv"] == {
        "row_count": 2,
        "byte_count": len(content(home)[LIST]),
        "sha256": record(home)["erased_files"][LIST]["sha256"],
    }
    (home.root / LIST).write_bytes(b"changed")
    assert verify_publication(home, record(home)) == [f"{LIST} was changed"]


def test_record_of_other_files_is_not_told(home: Home) -> None:
    """An earlier run of the day, whose list was replaced, was not intact before and is not now."""
    other = record(home)
    other["files"] = {**other["files"], LIST: "0" * 64}
    write_json(home.runs / "r0.json", other)
    erase_from_published(home, ["c_1"], [])
    assert LIST not in json.loads((home.runs / "r0.json").read_bytes()).get("erased_files", {})


def test_who_is_killed_between_manifest_and_list_counts_once(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(erasing, "replacing", killed)
    with pytest.raises(KeyboardInterrupt):
        erase_from_published(home, ["c_1"], [])
    monkeypatch.undo()
    assert b"c_1" in content(home)[LIST]
    erase_from_published(home, ["c_1"], [])
    assert b"c_1" not in content(home)[LIST]
    assert json.loads((home.root / MANIFEST).read_bytes())["erased"]["list.csv"]["row_count"] == 1
    assert verify_publication(home, record(home)) == []
