"""The organization file: what it says of each unit, and that it says where it is wrong."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from pipelines.contracts.errors import ConfigurationError
from pipelines.contracts.organization import ORGANIZATION, read_organization

HEADER = "unit,parent_unit,kind\n"
REFERENCE = Path(__file__).resolve().parents[2] / "data" / "reference"


def read(folder: Path, text: str) -> dict[str, dict[str, str | None]]:
    (folder / "organization.csv").write_text(HEADER + text, encoding="utf-8")
    return {row["unit"]: row for row in read_organization(folder).to_dicts()}


def test_a_store_belongs_to_its_nearest_region_and_to_the_head_office(tmp_path: Path) -> None:
    units = read(tmp_path, "till:1,North,store\nNorth,East,region\nEast,Office,region\nOffice,,head_office\ntill:2, Office ,store\n")
    assert {unit: (row["region"], row["head_office"], row["unit_path"]) for unit, row in units.items()} == {
        "Office": (None, "Office", "Office"),
        "East": ("East", "Office", "Office > East"),
        "North": ("North", "Office", "Office > East > North"),
        "till:1": ("North", "Office", "Office > East > North > till:1"),
        "till:2": (None, "Office", "Office > till:2"),
    }


def test_without_the_file_nothing_is_said(tmp_path: Path) -> None:
    assert read_organization(tmp_path).is_empty()
    assert read_organization(tmp_path).schema == ORGANIZATION.schema


@pytest.mark.parametrize(
    ("line", "what"),
    [
        (",Office,region", "names no unit"),
        ("all,Office,region", "a name that metrics give"),
        ("East,Office,region", "lists a unit twice"),
        ("West,Office,area", "unknown kind"),
        ("West,Office,", "unknown kind"),
        ("0001,East,store", "something else than its key"),
        (":1,East,store", "something else than its key"),
        ("Second,Office,head_office", "head office with a parent"),
        ("till:2,,store", "names no parent"),
        ("West,Nowhere,region", "parent that is not listed"),
        ("till:2,till:1,store", "a store as its parent"),
        ("Ring,Ring,region", "in a circle"),
    ],
)
def test_a_wrong_line_is_named(tmp_path: Path, line: str, what: str) -> None:
    with pytest.raises(ConfigurationError, match=rf"organization\.csv, line 5.*{what}"):
        read(tmp_path, f"Office,,head_office\nEast,Office,region\ntill:1,East,store\n{line}\n")


def test_a_circle_of_several_is_told_from_its_first_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"line 3.*in a circle"):
        read(tmp_path, "Office,,head_office\na,b,region\nb,c,region\nc,a,region\n")


@pytest.mark.parametrize(
    "content", ["", "unit,parent\nOffice,\n", 'unit,parent_unit,kind\n"', "unit,parent_unit,kind,note\na,,head_office,x\n"]
)
def test_another_file_of_that_name_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "organization.csv").write_text(content)
    with pytest.raises(ConfigurationError, match=r"organization\.csv"):
        read_organization(tmp_path)


def test_a_random_tree_is_climbed_as_by_hand(tmp_path: Path) -> None:
    pick = random.Random(7)
    parents: dict[str, str] = {"Office": ""}
    for number in range(60):
        parents[f"r{number}"] = pick.choice(["Office", *(f"r{earlier}" for earlier in range(max(0, number - 12), number, 5))])
    for number in range(200):
        parents[f"till:{number}"] = pick.choice([unit for unit in parents if ":" not in unit])
    kinds = {unit: "head_office" if not parent else "store" if ":" in unit else "region" for unit, parent in parents.items()}
    lines = [f"{unit},{parent},{kinds[unit]}\n" for unit, parent in parents.items()]
    pick.shuffle(lines)
    units = read(tmp_path, "".join(lines))
    for unit, row in units.items():
        chain = [unit]
        while parents[chain[-1]]:
            chain.append(parents[chain[-1]])
        regions = [name for name in chain if kinds[name] == "region"]
        assert (row["unit_path"], row["region"], row["head_office"]) == (" > ".join(chain[::-1]), regions[0] if regions else None, "Office")
    assert units.keys() == parents.keys()


def test_the_shipped_file_has_a_region_for_each_store() -> None:
    units = read_organization(REFERENCE)
    assert units.filter(kind="store")["region"].null_count() == 0
    assert units.height > 10
