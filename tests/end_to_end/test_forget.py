"""`cdp forget` on a home with every container, a quarantined row and past lists: no word of the person is left, and none comes back."""

from __future__ import annotations

import csv
import json
import os
import shutil
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from assets.cli.run import Outcome
from assets.project import REFERENCE
from pipelines.contracts.home import Home
from pipelines.publish import verify_publication
from tests.assets.cli.command import cdp
from tests.channels.lake import frame, loads, unaccounted
from tests.end_to_end.conftest import query
from tests.erasure.shop import AT, CONTAINERS, HERS, PLANTED, Row, formats, holders, row, rows_of_two, written

SEGMENT = """\
name: buyers
label: {en: Buyers, zh: 买家}
description: Bought once or more.
where: order_count_total >= 1
channel: sms
purpose: marketing
priority: 1
owner: crm
"""
FAMILY = "13622220000"


def of_day(container: str, number: int) -> list[Row]:
    """The rows of one export: order numbers and instants of its own, so that every file counts."""
    day = f"2026-03-0{number % 2 + 5}"
    return [{**line, "no": f"{line['no']}-{container}", "at": AT.replace("2026-03-05", day)} for line in rows_of_two()]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    root = tmp_path / "home"
    (root / "deliveries").mkdir(parents=True)
    shutil.copytree(REFERENCE, tmp_path / "reference")
    decision = f"cannot_link,shoes:{HERS['buyer']},shoes:oOther1,tester,because,2026-01-01,\n"
    other = "cannot_link,shoes:oOther8,shoes:oOther9,tester,because,2026-01-01,\n"
    header = "decision,left_source_record_key,right_source_record_key,author,reason,decided_on,expires_on\n"
    (tmp_path / "reference" / "identity_decisions.csv").write_text(header + decision + other, encoding="utf-8")
    (tmp_path / "segments").mkdir()
    (tmp_path / "segments" / "buyers.yaml").write_text(SEGMENT, encoding="utf-8")
    formats(tmp_path / "formats")
    settings = {
        "reference_folder": "../reference",
        "channels": {"formats_folders": ["../formats"]},
        "segments": {"folders": ["../segments"], "global_holdout": 0},
    }
    (root / "cdp.yaml").write_text(json.dumps(settings), encoding="utf-8")
    return root


def deliver(root: Path, name: str, content: bytes, at: int = 1_772_800_000) -> None:
    path = root / "deliveries" / name
    path.write_bytes(content)
    os.utime(path, (at, at))


def test_nothing_of_a_forgotten_person_is_left_and_nothing_comes_back(
    home: Path,
    run_in_process: Callable[..., Outcome],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # a daughter has her own account and the family's phone, which is on one of the mother's orders too
    earlier = {"phone": FAMILY, "at": "2026-03-01 10:00:00"}
    family = [row("F1", "7.00", buyer="oDaughter", name="皇甫小小", **earlier), row("F2", "8.00", buyer=HERS["buyer"], **earlier)]
    broken = f"X1,{HERS['buyer']},,,,,,,,,,,\n".encode()
    for number, container in enumerate(CONTAINERS[:2]):
        deliver(home, f"first.{container}", written(container, [*of_day(container, 0), *(family if number else [])]))
    run_in_process(home, home / "deliveries")
    for container in CONTAINERS[2:]:
        deliver(home, f"second.{container}", written(container, of_day(container, 1)))
    # the note is a column that nobody reads, of somebody else's order
    deliver(home, "broken.csv", written("csv", [row("Y1", "1.00", buyer="oOther1", note=f"for {HERS['name']}")]) + broken)
    run_in_process(home, home / "deliveries")
    lists = sorted(home.glob("published/segments/*/buyers/list.csv"))
    assert len(lists) == 2
    assert all(HERS["phone"] in path.read_text(encoding="utf-8-sig") for path in lists)
    before = {path: list(csv.reader(path.read_text(encoding="utf-8-sig").splitlines())) for path in lists}
    [(money, orders)] = query(home, "select sum(net_amount), count(*) from fct_orders")
    assert holders(home, ["X1"]) != []
    nights = sorted(home.glob("predictions/*/value_customers/*.parquet"))
    assert len(nights) == 2

    # asked without --yes, it only tells
    code, told, err = cdp(capsys, monkeypatch, "forget", HERS["phone"], "--home", home, "--json")
    assert (code, "nothing was erased" in err) == (0, True)
    assert not any(word in told + err for word in PLANTED)
    assert not (home / "erasures").exists()

    code, told, err = cdp(capsys, monkeypatch, "forget", HERS["phone"], "--home", home, "--yes")
    assert code == 0, err
    assert not any(word in told + err for word in PLANTED)
    assert holders(home, [*PLANTED, "X1,"]) == []
    decisions = (home.parent / "reference" / "identity_decisions.csv").read_text(encoding="utf-8")
    assert (HERS["buyer"] in decisions, "oOther8" in decisions) == (False, True)
    assert query(home, "select sum(net_amount), count(*) from fct_orders") == [(money, orders)], "the books balance"
    assert FAMILY in (home / "lake").joinpath("golden_customers", "part-0.parquet").read_bytes().decode("latin-1")

    # the past list lost her row and no other, and is still proved by what the manifest says
    past = lists[0]
    kept = list(csv.reader(past.read_text(encoding="utf-8-sig").splitlines()))
    assert [line for line in before[past] if HERS["phone"] not in "".join(line)] == kept
    manifest = json.loads(past.with_name("manifest.json").read_text(encoding="utf-8"))
    assert manifest["erased"]["list.csv"]["row_count"] == 1
    assert manifest["files"]["list.csv"]["sha256"] != manifest["erased"]["list.csv"]["sha256"]
    for path in home.glob("runs/2026-03-05-*.json"):
        record = json.loads(path.read_text(encoding="utf-8"))
        own = [problem for problem in verify_publication(Home(home), record) if "segments" in problem]
        assert own == [], "intact but for the database, which a later run has replaced"
    past.write_text("changed", encoding="utf-8")
    assert any("list.csv was changed" in problem for problem in verify_publication(Home(home), record))

    # the certificate names what was searched and the shop's own files, and nobody
    [path] = list(home.glob("erasures/e_*.json"))
    certificate = json.loads(path.read_text(encoding="utf-8"))
    assert certificate["holding"] == []
    assert {Path(name).name for name in certificate["deliveries"]} == {
        *(f"first.{container}" for container in CONTAINERS[:2]),
        *(f"second.{container}" for container in CONTAINERS[2:]),
        "broken.csv",
    }
    searched = {name for name, _, _ in certificate["searched"]}
    assert {"published/analytics.duckdb", "warehouse/warehouse.duckdb", "lake/identity_members/part-0.parquet"} <= searched
    assert {path.relative_to(home).as_posix() for path in nights} <= searched
    assert stat.S_IMODE((home / "erasures" / "key").stat().st_mode) == 0o600
    assert not list(home.glob("erasures/*.pending.json"))

    # an export that holds her again is stopped: by key, by phone alone, and in a record that cannot be read
    again = [*of_day("later", 1), row("Z1", "3.00", buyer="oNobodyYet", phone=f"+86 {HERS['phone'][:3]}-{HERS['phone'][3:]}")]
    deliver(home, "third.csv", written("csv", again) + broken.replace(b"X1", b"X2"))
    run_in_process(home, home / "deliveries")
    counted = loads(Home(home))["third.csv"]
    assert (counted["loaded_count"], counted["erased_count"], counted["quarantined_count"]) == (3, 5, 0)
    assert [unaccounted(line) for line in loads(Home(home)).values()] == [0] * len(loads(Home(home)))
    assert holders(home, [*PLANTED, "X2,"]) == []
    assert frame(Home(home), "channel_orders").filter(order_no="Z1")["source_record_key"].to_list() == [None]

    # who is forgotten already is told so
    code, told, _ = cdp(capsys, monkeypatch, "forget", HERS["email"], "--home", home, "--yes")
    assert (code, "forgotten before" in told) == (0, True)
