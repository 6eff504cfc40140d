"""`cdp segments`: what is wrong is told all at once, and a list is published again only where that moves nobody else."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import pytest

from assets.cli import segment_publish
from assets.cli.segment_publish import Moves, moves_between, publish_again
from pipelines.contracts.errors import CheckFailedError, ConfigurationError
from tests.assets.cli.command import cdp

GOOD = """
name: own
label: {en: Own, zh: 自有}
description: Gone for long.
where: recency_days > 180
channel: sms
purpose: marketing
priority: 20
owner: crm
"""


def definitions(folder: Path, **changes: tuple[str, str]) -> Path:
    """A home whose own folder holds a definition for each change of the good one."""
    (folder / "own").mkdir()
    for name, change in changes.items():
        (folder / "own" / f"{name}.yaml").write_text(GOOD.replace("name: own", f"name: {name}").replace(*change), encoding="utf-8")
    (folder / "cdp.yaml").write_text("segments: {folders: [own]}\n")
    return folder


def test_check_tells_every_fault_with_file_key_and_way_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    home = definitions(
        tmp_path,
        holds_all_out=("owner: crm", "holdout: 1\nowner: crm"),
        half_arms=("owner: crm", "arms: {a: 0.5, b: 0.4}\nowner: crm"),
        unknown_column=("recency_days", "recency_dayz"),
        queries=("recency_days > 180", "recency_days in (select 1)"),
        comments=("recency_days > 180", "'recency_days > 180 -- or so'"),
        divides=("recency_days > 180", "net_amount_total / 0 > 1"),
        mixes=("recency_days > 180", "rfm_class > 5"),
        sensitive=("recency_days > 180", "life_stage = 'new_parent'"),
        twice=("priority: 20", "priority: 20\npriority: 30"),
        good=("x", "x"),
    )
    (home / "own" / "again.yaml").write_text(GOOD.replace("name: own", "name: good"), encoding="utf-8")
    code, out, err = cdp(capsys, monkeypatch, "segments", "check", "--home", home)
    assert code == 2
    faults = [line for line in out.splitlines() if line.startswith("fault")]
    told = {
        "holds_all_out": ("holdout: ", "and is '1'", "never writes to"),
        "half_arms": ("arms: shares sum to 0.9", "sum to 1"),
        "unknown_column": ("unknown column recency_dayz, did you mean 'recency_days'",),
        "queries": ("SELECT 1", "is not allowed"),
        "comments": ("without comments",),
        "divides": ("divides by zero",),
        "mixes": ("rfm_class is",),
        "sensitive": ("life_stage is sensitive", "add requires_consent: personalization"),
        "twice": ("key 'priority' stands twice",),
        "good": ("name: good is taken by again.yaml", "choose another name"),
    }
    for name, words in told.items():
        [line] = [fault for fault in faults if f"{name}.yaml: " in fault.split(" -> ")[0].split("taken by")[0]]
        assert [word for word in words if word not in line] == [], line
        assert " -> " in line
    assert len(faults) == len(told)
    assert "10 faults" in err
    assert "warning  nothing was published here" in out


def test_check_without_a_fault_is_well(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    home = definitions(
        tmp_path,
        weekend=("recency_days > 180", "is_weekend_buyer"),
        consent=("owner: crm", "requires_consent: personalization\nowner: crm"),
    )
    code, out, _ = cdp(capsys, monkeypatch, "segments", "check", "--json", "--home", home)
    found = json.loads(out)
    assert (code, found["faults"]) == (0, [])
    assert {"weekend", "consent", "high_value"} <= set(found["segments"])
    code, out, _ = cdp(capsys, monkeypatch, "segments", "show", "consent", "--home", home)
    assert "  all of\n    recency_days > 180\n    personalization_consent = 'granted'" in out
    code, _, err = cdp(capsys, monkeypatch, "segments", "preview", "weekend", "--home", home)
    assert (code, "no run has been here yet" in err) == (2, True)
    code, _, err = cdp(capsys, monkeypatch, "segments", "show", "weekends", "--home", home)
    assert (code, "did you mean 'weekend'" in err) == (2, True)


LISTS = {"own": frozenset({("a", None), ("b", "x")}), "other": frozenset({("c", None)})}


@pytest.mark.parametrize(
    ("after", "moves"),
    [
        (LISTS, Moves(0, 0, 0, ())),
        (LISTS | {"own": LISTS["own"] | {("d", "x")}}, Moves(1, 0, 0, ())),
        (LISTS | {"own": frozenset({("a", None)})}, Moves(0, 1, 0, ())),
        (LISTS | {"own": frozenset({("a", None), ("b", "y")})}, Moves(0, 0, 1, ())),
        (LISTS | {"own": frozenset({("b", "x"), ("c", None)}), "other": frozenset()}, Moves(1, 1, 0, ("other",))),
        ({"own": LISTS["own"]}, Moves(0, 0, 0, ("other",))),
        (LISTS | {"new": frozenset({("e", None)})}, Moves(0, 0, 0, ("new",))),
    ],
)
def test_what_would_move_is_counted(after: dict[str, frozenset[tuple[str, str | None]]], moves: Moves) -> None:
    assert moves_between(LISTS, after, "own") == moves
    assert moves.is_empty is (after == LISTS)


class Trial:
    """`publish_again` with everything around it answered by hand."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, moves: Moves, problems: list[str]) -> None:
        self.runs: list[date] = []
        day = date(2026, 3, 1)
        aside = SimpleNamespace(home=None)
        settings = SimpleNamespace(segments=SimpleNamespace(folders=()))
        answers = {
            "HomeResource": lambda **_: SimpleNamespace(home=lambda: None, config=lambda: settings),
            "_only_definitions_changed": lambda *_: day,
            "decided_aside": lambda *_: _Entered(aside),
            "_lists": lambda *_: {},
            "moves_between": lambda *_: moves,
            "newest_record": lambda *_: {},
            "verify_publication": lambda *_: problems,
            "run_job": lambda _home, _deliveries, as_of, _config, *, force: self.runs.append(as_of),
        }
        for name, answer in answers.items():
            monkeypatch.setattr(segment_publish, name, answer)


class _Entered:
    def __init__(self, value: object) -> None:
        self.value = value

    def __enter__(self) -> object:
        return self.value

    def __exit__(self, *_: object) -> None:
        return None


@pytest.mark.parametrize(
    ("moves", "problems", "is_unsent", "outcome"),
    [
        (Moves(0, 0, 0, ()), [], False, "nothing to publish again"),
        (Moves(0, 0, 0, ()), ["list.csv is missing"], False, "is published again"),
        (Moves(3, 0, 0, ()), [], False, "3 entered, 0 left"),
        (Moves(3, 1, 0, ()), [], True, "3 entered, 1 left"),
        (Moves(3, 1, 0, ()), [], False, "1 customer would leave"),
        (Moves(0, 0, 2, ()), [], False, "2 change their arm"),
        (Moves(1, 0, 0, ("other",)), [], True, "1 other list of 2026-03-01 would change: other"),
    ],
)
def test_a_list_is_published_again_only_where_that_moves_no_other(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    moves: Moves,
    problems: list[str],
    is_unsent: bool,
    outcome: str,
) -> None:
    trial = Trial(monkeypatch, moves, problems)
    try:
        publish_again(None, None, "high_value", is_unsent=is_unsent, as_json=False)
        told = capsys.readouterr().out
    except CheckFailedError as error:
        told = str(error)
    assert outcome in told
    assert trial.runs == ([date(2026, 3, 1)] if "published again" in told else [])


def test_nothing_is_published_again_where_other_things_have_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigurationError, match="nothing was published yet"):
        publish_again(tmp_path, None, "high_value", is_unsent=True, as_json=False)
    record = {"as_of": "2026-03-01", "loads": ["l1"], "readings_hash": "r", "config_hash": "other", "code_version": "v"}
    monkeypatch.setattr(segment_publish, "newest_record", lambda _: record)
    monkeypatch.setattr(segment_publish, "run_inputs", lambda _: record | {"loads": ["l1", "l2"], "config_hash": "c"})
    with pytest.raises(ConfigurationError, match="have changed: the files that are loaded, the settings -> `cdp run`"):
        publish_again(tmp_path, None, "high_value", is_unsent=True, as_json=False)
