"""Rows of people who were forgotten are stopped when a file is read: counted, kept nowhere, and their money stays as nobody's."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from pipelines.channels import load as load_module
from pipelines.channels import load_deliveries, read_manifests, reload_archived
from pipelines.contracts.home import Home
from pipelines.contracts.tombstones import RECORD, VALUE, WORD, add_tombstones, word_of
from tests.channels.lake import frame, loads, unaccounted
from tests.erasure.shop import CONTAINERS, HERS, PLANTED, config, holders, home_of, rows_of_two, written

TEXTS = {
    RECORD: [f"shoes:{HERS['buyer']}"],
    VALUE: [f"phone\x1fglobal\x1f+86{HERS['phone']}", f"email\x1fglobal\x1f{HERS['email']}"],
    WORD: [word_of(f"+86{HERS['phone']}"), HERS["email"], HERS["buyer"].lower()],
}


def money(home: Home) -> dict[str, tuple[str | None, Decimal]]:
    orders = frame(home, "channel_orders").select("order_no", "source_record_key", "paid_amount")
    return {no: (key, amount) for no, key, amount in orders.iter_rows()}


@pytest.mark.parametrize("container", CONTAINERS)
def test_person_is_stopped_in_every_container_and_again_when_the_copy_is_read(tmp_path: Path, container: str) -> None:
    home, settings = home_of(tmp_path / "home"), config(tmp_path / "formats")
    (home.deliveries / f"orders.{container}").write_bytes(written(container, rows_of_two()))
    add_tombstones(home, "e1", TEXTS)
    report = load_deliveries(home, settings)
    assert not report.problems, report.problems
    [first] = loads(home).values()
    assert (first["loaded_count"], first["erased_count"], unaccounted(first)) == (3, 3, 0)
    expected = {
        "A1": ("shoes:oOther1", Decimal("10.00")),
        "A2": (None, Decimal("22.50")),
        "A3": ("shoes:oOther1", Decimal("30.00")),
        "A4": (None, Decimal("40.00")),
        "A5": (None, Decimal("50.00")),
    }
    assert money(home) == expected
    assert holders(home.root) == []
    lines = frame(home, "channel_orders").sort("order_no")["_source_row"].to_list()
    reload_archived(home, settings, [first["load_id"]])
    [again] = loads(home).values()
    assert {name: again[name] for name in again if name != "drift"} == {name: first[name] for name in first if name != "drift"}
    assert money(home) == expected
    assert frame(home, "channel_orders").sort("order_no")["_source_row"].to_list() == lines
    assert holders(home.root) == []


@pytest.mark.parametrize("container", CONTAINERS)
def test_load_of_before_is_read_again_without_the_person(tmp_path: Path, container: str) -> None:
    home, settings = home_of(tmp_path / "home"), config(tmp_path / "formats")
    (home.deliveries / f"orders.{container}").write_bytes(written(container, rows_of_two()))
    load_deliveries(home, settings)
    before = money(home)
    assert holders(home.root)
    add_tombstones(home, "e1", TEXTS)
    reload_archived(home, settings, list(read_manifests(home)))
    assert holders(home.root) == []
    assert {no: amount for no, (_, amount) in money(home).items()} == {no: amount for no, (_, amount) in before.items()}
    # the same file under another name is the same load
    (home.deliveries / f"again.{container}").write_bytes(written(container, rows_of_two()))
    load_deliveries(home, settings)
    [known] = loads(home).values()
    assert (known["delivery_count"], known["erased_count"]) == (2, 3)
    assert holders(home.root) == []


def test_broken_records_of_the_person_are_in_no_quarantine(tmp_path: Path) -> None:
    home, settings = home_of(tmp_path / "home"), config(tmp_path / "formats")
    text = written("csv", rows_of_two()).decode()
    text += f"B1,oNew,{HERS['phone'][:3]} {HERS['phone'][3:7]} {HERS['phone'][7:]},surplus,,,,,,,\n"  # too many cells
    text += f"B2,{HERS['buyer']},,,,,no number,{AT_TEXT},\nB3,oOther2,,,,,no number,{AT_TEXT},\n"
    (home.deliveries / "orders.csv").write_text(text, encoding="utf-8")
    add_tombstones(home, "e1", TEXTS)
    load_deliveries(home, settings)
    [found] = loads(home).values()
    assert (found["loaded_count"], found["erased_count"], found["quarantined_count"], unaccounted(found)) == (3, 5, 1, 0)
    assert frame(home, "channel_quarantine")["record_raw"].str.starts_with("B3").all()
    assert holders(home.root, [*PLANTED, "surplus"]) == []


AT_TEXT = "2026-03-05 10:00:00"


def test_refused_file_that_names_the_person_leaves_no_copy(tmp_path: Path) -> None:
    home, settings = home_of(tmp_path / "home"), config(tmp_path / "formats")
    (home.deliveries / "notes.txt").write_text(f"call her back; {HERS['phone']}; soon", encoding="utf-8")
    (home.deliveries / "other.txt").write_text("call him back; 13700000009", encoding="utf-8")
    add_tombstones(home, "e1", TEXTS)
    load_deliveries(home, settings)
    assert {row["outcome"] for row in loads(home).values()} == {"refused"}
    assert holders(home.root) == []
    assert holders(home.root, ["13700000009"]) != []


def test_large_file_is_stopped_piece_by_piece(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home, settings = home_of(tmp_path / "home"), config(tmp_path / "formats")
    (home.deliveries / "orders.csv").write_bytes(written("csv", rows_of_two()))
    add_tombstones(home, "e1", TEXTS)
    load_deliveries(home, settings)
    whole, counted = money(home), loads(home)["orders.csv"]
    monkeypatch.setattr(load_module, "_BATCH_BYTES", 1)
    monkeypatch.setattr("pipelines.channels.reading.PIECE_BYTES", 120)
    other = home_of(tmp_path / "other")
    (other.deliveries / "orders.csv").write_bytes(written("csv", rows_of_two()))
    (other.root / "erasures").symlink_to(home.erasures)
    load_deliveries(other, settings)
    assert money(other) == whole
    assert loads(other)["orders.csv"] == counted
    assert holders(other.root) == []
