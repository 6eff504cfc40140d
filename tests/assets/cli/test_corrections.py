"""`cdp unmerge` and `cdp merge`: nothing is written before somebody says so, and what is written does what was shown."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from assets.cli.corrections import Answer, merge, unmerge
from pipelines.contracts.errors import ConfigurationError
from pipelines.identity.decisions import FILE_NAME
from tests.assets.cli.small_shop import SmallShop, id_of

A, B, C, D = "taobao:nick_of_a", "taobao:nick_of_b", "youzan:13912345678", "youzan:13887654321"
SAYS_NOTHING, SAYS_YES = Answer("lee", "two sisters", False), Answer("lee", "two sisters", True)
Shop = Callable[[dict[str, str]], SmallShop]


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    def opened(values: dict[str, str]) -> SmallShop:
        made = SmallShop(tmp_path, values, monkeypatch)
        made.publish()
        return made

    return opened


def part(shop: SmallShop, *named: str, customer: str = id_of(A), answer: Answer = SAYS_NOTHING, **options: bool) -> None:
    unmerge(shop.home.root, None, customer, named, answer, **{"clear": False, "as_json": False, **options})


def join(shop: SmallShop, *keys: str, answer: Answer = SAYS_NOTHING, **options: bool) -> None:
    merge(shop.home.root, None, keys, answer, **{"clear": False, "as_json": False, **options})  # type: ignore[arg-type]


def told(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out)


def test_without_a_terminal_and_without_yes_it_only_shows(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    made = shop({A: "1", B: "1", C: "1"})
    before = made.content()
    part(made, C)
    shown = capsys.readouterr()
    assert "nothing was written" in shown.err
    assert "split    1 into 2" in shown.out
    assert "30.00 CNY net" in shown.out, "the third record's order moves"
    assert made.content() == before
    assert made.done == ["rehearse"], "what is was published, so only what would be is run"


def test_what_is_written_is_what_was_shown_and_the_next_run_does_it(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    made = shop({A: "1", B: "12", C: "2", D: "2"})
    part(made, C, D, answer=SAYS_YES, as_json=True, clear=True)
    report = told(capsys)
    decided = [{row["left_source_record_key"], row["right_source_record_key"]} for row in report["decisions"]]
    assert {frozenset(pair & {C, D}) for pair in decided} == {frozenset({C}), frozenset({D})}
    assert all(len(pair & {A, B}) == 1 for pair in decided)
    assert {frozenset(records) for records in report["customers"].values()} == {frozenset({A, B}), frozenset({C, D})}
    assert (made.reference / FILE_NAME).read_text().count("cannot_link") == len(report["decisions"]) == 2
    made.publish()
    assert made.customers() == {frozenset({A, B}), frozenset({C, D})}


def test_unmerge_that_is_repeated_from_raw_never_merges_again(shop: Shop) -> None:
    made = shop({A: "1", B: "1", C: "1"})
    part(made, B, answer=SAYS_YES)
    for _ in range(2):
        made.publish()
        assert frozenset({B}) in made.customers()


def test_pairs_that_do_not_part_them_are_followed_by_all_pairs(shop: Shop, capsys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Records of others may tie what no evidence of these ties: what counts is what the rehearsal shows."""
    made = shop({A: "1", B: "1", C: "1"})
    monkeypatch.setattr("assets.cli.corrections.pairs_to_cut", lambda *_: frozenset({(A, B)}))
    part(made, A, answer=SAYS_YES, as_json=True, clear=True)
    assert made.done == ["rehearse", "rehearse"]
    assert len(told(capsys)["decisions"]) == 2
    made.publish()
    assert made.customers() == {frozenset({A}), frozenset({B, C})}


def test_records_may_be_named_by_their_number_in_explain(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    made = shop({A: "1", B: "1", C: "1"})
    part(made, "3", as_json=True, clear=True)
    assert {frozenset(records) for records in told(capsys)["customers"].values()} == {frozenset({A, B}), frozenset({C})}


def test_keys_are_masked_unless_asked_for(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    made = shop({A: "1", B: "1", C: "1"})
    for as_json in (False, True):
        part(made, C, as_json=as_json)
        assert "13912345678" not in "".join(capsys.readouterr())
    part(made, C, clear=True)
    shown = capsys.readouterr()
    assert C in shown.out
    assert "personal data in clear" in shown.err


@pytest.mark.parametrize(
    ("customer", "named", "complaint"),
    [
        ("c_nobody", [C], "no customer of the last run"),
        (id_of(A), [D], "no record of this customer"),
        (id_of(A), [A, B, C], "all records of the customer"),
    ],
)
def test_wrong_names_are_told_before_anything_is_run(shop: Shop, customer: str, named: list[str], complaint: str) -> None:
    made = shop({A: "1", B: "1", C: "1", D: "9"})
    with pytest.raises(ConfigurationError, match=complaint) as raised:
        part(made, *named, customer=customer)
    assert D not in str(raised.value)
    assert made.done == []


def test_yes_needs_a_reason_at_once(shop: Shop) -> None:
    made = shop({A: "1", B: "1"})
    with pytest.raises(ConfigurationError, match="--reason"):
        part(made, B, answer=Answer("lee", None, True))
    assert made.done == []


def test_merge_joins_and_the_next_run_keeps_them_together(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    made = shop({A: "1", B: "2", C: "2"})
    join(made, C, A, answer=SAYS_YES)
    assert "merged   2 into 1" in capsys.readouterr().out
    made.publish()
    assert made.customers() == {frozenset({A, B, C})}


def test_customers_may_be_merged_by_their_ids(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    made = shop({A: "1", B: "2", C: "2"})
    join(made, id_of(A), id_of(B), answer=SAYS_YES)
    assert "merged   2 into 1" in capsys.readouterr().out
    with pytest.raises(ConfigurationError, match="same"):
        join(made, id_of(A), id_of(A))


def test_merge_of_a_record_that_nobody_knows_is_refused(shop: Shop) -> None:
    made = shop({A: "1", B: "2"})
    with pytest.raises(ConfigurationError, match="is no source record"):
        join(made, A, C)
    with pytest.raises(ConfigurationError, match="same"):
        join(made, A, A)
    assert made.done == []


def test_decision_against_an_older_one_is_refused_and_nothing_is_written(shop: Shop) -> None:
    made = shop({A: "1", B: "2"})
    join(made, A, B, answer=SAYS_YES)
    made.publish()
    before = made.content()
    with pytest.raises(ConfigurationError, match="says must_link of the same two") as raised:
        part(made, B, answer=SAYS_YES)
    assert "nick_of" not in str(raised.value)
    assert made.content() == before


def test_decision_for_what_is_so_already_changes_nothing_today(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    made = shop({A: "1", B: "1"})
    join(made, A, B, answer=SAYS_YES)
    assert "nothing would change" in capsys.readouterr().out
    assert "must_link" in (made.reference / FILE_NAME).read_text()


@pytest.mark.parametrize("says_yes", [True, False])
def test_on_a_terminal_it_asks_and_only_yes_writes(shop: Shop, monkeypatch: pytest.MonkeyPatch, says_yes: bool) -> None:
    made = shop({A: "1", B: "1"})
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("typer.confirm", lambda *_, **__: says_yes)
    monkeypatch.setattr("typer.prompt", lambda *_, **__: "two sisters")
    part(made, B, answer=Answer("lee", None, False))
    path = made.reference / FILE_NAME
    assert path.exists() is says_yes
    assert not says_yes or "lee,two sisters,2026-" in path.read_text()
