"""Loads that hold somebody who was just forgotten: read again, or cut in place where that cannot be; and whoever is killed when."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pipelines.channels import forget_in_loads, load_deliveries, mask_in_copies, read_manifests, reload_archived
from pipelines.contracts.config import Config
from pipelines.contracts.home import Home
from pipelines.contracts.tombstones import add_tombstones
from tests.channels.lake import frame, loads, unaccounted
from tests.erasure.shop import HERS, config, holders, home_of, rows_of_two, written
from tests.erasure.test_stop import TEXTS, money


def loaded(tmp_path: Path, more: str = "") -> tuple[Home, Config]:
    home, settings = home_of(tmp_path / "home"), config(tmp_path / "formats")
    (home.deliveries / "orders.csv").write_bytes(written("csv", rows_of_two()) + more.encode())
    load_deliveries(home, settings)
    return home, settings


def assert_forgotten(home: Home, before: dict[str, Decimal]) -> None:
    assert holders(home.root) == []
    assert {no: amount for no, (_, amount) in money(home).items()} == before
    assert {key for key, _ in money(home).values()} == {None, "shoes:oOther1"}
    [load] = loads(home).values()
    assert unaccounted(load) == 0


@pytest.mark.parametrize("is_gone", [True, False])
def test_load_that_cannot_be_read_again_is_cut_in_place(tmp_path: Path, is_gone: bool) -> None:
    home, settings = loaded(tmp_path, more=f"B2,{HERS['buyer']},,,,,no number,2026-03-05 10:00:00,\n")
    before = {no: amount for no, (_, amount) in money(home).items()}
    if is_gone:
        [copy] = (home.lake / "files").iterdir()
        copy.unlink()
    else:
        settings = Config()  # the contract is not there any more
    add_tombstones(home, "e1", TEXTS)
    assert forget_in_loads(home, settings, list(read_manifests(home))) == list(read_manifests(home))
    assert_forgotten(home, before)
    assert frame(home, "channel_quarantine").is_empty()
    [load] = loads(home).values()
    assert load["erased_count"] == 3  # of its three loaded records only those show that a row begins with; and the one set aside
    assert forget_in_loads(home, settings, list(read_manifests(home))) == []


@pytest.mark.parametrize("container", ["csv", "gz", "jsonl", "json", "xlsx"])
def test_words_in_columns_that_nobody_reads_are_masked_in_the_copy(tmp_path: Path, container: str) -> None:
    """A friend's order, whose note names her: the order is the friend's, and the note was never loaded."""
    home, settings = home_of(tmp_path / "home"), config(tmp_path / "formats")
    friend = {**rows_of_two()[0], "note": f"for {HERS['name']}, call +86{HERS['phone']} at once"}
    (home.deliveries / f"orders.{container}").write_bytes(written(container, [friend, rows_of_two()[3]]))
    load_deliveries(home, settings)
    before = money(home)
    masked, removed = mask_in_copies(home, [HERS["name"], HERS["phone"], f"+86{HERS['phone']}"])
    assert (masked, removed) == ((0, 1) if container == "xlsx" else (1, 0))
    assert holders(home.root) == []
    assert mask_in_copies(home, [HERS["name"], HERS["phone"]]) == (0, 0)
    if not removed:
        report = reload_archived(home, settings, list(read_manifests(home)))
        assert not report.problems, report.problems
    assert money(home) == before


class KilledError(BaseException):
    """Stands for a process that was killed."""


@pytest.mark.parametrize("moment", range(0, 33, 4))
def test_whoever_is_killed_is_made_good_by_the_next(tmp_path: Path, moment: int, monkeypatch: pytest.MonkeyPatch) -> None:
    home, settings = loaded(tmp_path)
    before = {no: amount for no, (_, amount) in money(home).items()}
    add_tombstones(home, "e1", TEXTS)
    left = moment

    def killing(work: Callable[..., Any]) -> Callable[..., Any]:
        def step(*arguments: Any, **words: Any) -> Any:
            nonlocal left
            if left == 0:
                raise KilledError
            left -= 1
            return work(*arguments, **words)

        return step

    with monkeypatch.context() as patch:
        for place, name in ((Path, "replace"), (Path, "rename"), (Path, "unlink"), (shutil, "rmtree")):
            patch.setattr(place, name, killing(getattr(place, name)))
        with pytest.raises(KilledError):
            forget_in_loads(home, settings, list(read_manifests(home)))
    forget_in_loads(home, settings, list(read_manifests(home)))
    assert_forgotten(home, before)
