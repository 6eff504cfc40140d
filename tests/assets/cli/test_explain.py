"""`cdp explain` and `cdp review` as commands: text for people, JSON for machines, exit codes."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from pipelines.contracts.home import Home
from pipelines.contracts.propensity_tables import VALUE_CLUSTERS, VALUE_CUSTOMER_CLUSTERS, VALUE_PROPENSITIES
from pipelines.contracts.run import write_run_tables
from pipelines.contracts.storage import write_table
from pipelines.golden import build_golden
from pipelines.identity import resolve_identity
from tests.assets.cli.command import cdp
from tests.identity.lake import DAY, REFERENCE, SmallLake, later

PHONE, MAIL, NAME = "13712345670", "li.ming@example.com", "李明明"
WILD = "taobao:\u202e\x1b[2Jkey"


@pytest.fixture
def lake(tmp_path: Path) -> SmallLake:
    """Two customers on the first day, one on the second, and a member who was refused."""
    reference = tmp_path / "home" / "reference"
    reference.mkdir(parents=True)
    for path in REFERENCE.glob("*.csv"):
        (reference / path.name).write_bytes(path.read_bytes())
    (tmp_path / "home" / "cdp.yaml").write_text("reference_folder: reference\n")
    lake = SmallLake(tmp_path / "home", reference)
    lake.add_points([("youzan:b", "phone", PHONE), (WILD, "phone", PHONE), ("shopify:c", "email", MAIL)])
    lake.add("channel_profiles", [{"source_record_key": "youzan:b", "full_name": NAME, "gender": "female", "last_seen_at": later(1)}])
    for days in (0, 1):
        run = lake.run(DAY + timedelta(days=days))
        write_run_tables(run)
        resolve_identity(run)
        build_golden(run)
        lake.add_points([("youzan:b", "email", MAIL)], first_seen_at=later(31), last_seen_at=later(31))
    return lake


def test_explanation_is_text_for_people(lake: SmallLake, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    customer = lake.customers()["youzan:b"]
    (lake.reference / "identity_decisions.csv").write_text(
        "decision,left_source_record_key,right_source_record_key,author,reason,decided_on,expires_on\n"
        "cannot_link,youzan:b,zzz:9,ann,he said so,2026-01-01,\n"
    )
    code, out, err = cdp(capsys, monkeypatch, "explain", "137-1234-5670", "--home", lake.root)
    assert (code, err) == (0, "")
    lines = [" ".join(line.split()) for line in out.splitlines()]
    for line in (
        "phone +86***70: real",
        f"Customer {customer}, as of 2026-05-02: 3 source records of 3 channels",
        "[1] shopify:c*** first seen 2026-04-01, with this customer since 2026-05-02",
        "[1] -- email l***@example.com -- [3]",
        "[1] -- email l***@example.com -- [3] -- phone +86***70 -- [2]",
        "line 2 cannot_link [3] zzz:9*** ann: he said so; from 2026-01-01",
    ):
        assert line in lines, out
    assert [line for line in lines if line.startswith("full_name 李*** [3] load ")]
    assert [line for line in lines if line.endswith(f"leads to {customer} from here on")]
    assert [secret for secret in (PHONE, MAIL, NAME, "\x1b", "\u202e") if secret in out] == []


def test_values_in_clear_are_asked_for_and_told_on_stderr(
    lake: SmallLake, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    code, out, err = cdp(capsys, monkeypatch, "explain", "youzan:b", "--clear", "--home", lake.root)
    assert (code, "personal data in clear" in err) == (0, True)
    assert [secret for secret in (PHONE, MAIL, NAME) if secret not in out] == []
    assert [odd for odd in ("\x1b", "\u202e") if odd in out] == [], "a key must not move the cursor of whoever reads it"
    _, out, _ = cdp(capsys, monkeypatch, "explain", "youzan:b", "--clear", "--json", "--home", lake.root)
    assert WILD in [member["source_record_key"] for member in json.loads(out)["person"]["members"]], "machines get the key as it is"


def test_chain_between_two_and_a_day_in_the_past(
    lake: SmallLake, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, out, _ = cdp(capsys, monkeypatch, "explain", "youzan:b", "--between", "shopify:c", "youzan:b", "--json", "--home", lake.root)
    [chain] = json.loads(out)["person"]["chains"]
    assert [(step["type"], step["value"]) for step in chain["steps"]] == [("email", "l***@example.com")]
    lake.add_points([("siss:1", "member_id", "M1")])
    resolve_identity(lake.run(DAY + timedelta(days=1)))
    _, out, _ = cdp(capsys, monkeypatch, "explain", "youzan:b", "--between", "1", "siss:1", "--home", lake.root)
    assert f"Why [1] and siss:1*** of {lake.customers()['siss:1']} are not one" in out
    assert "the two customers share no value" in out
    _, out, _ = cdp(capsys, monkeypatch, "explain", "shopify:c", "--as-of", "2026-05-01", "--home", lake.root)
    assert "on 2026-05-01: 1 source record of 1 channel" in out
    assert "evidence below is that of the last run, as of 2026-05-02" in out
    assert "Golden record" not in out, "it is that of the last run"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["explain", "13712345679"], "cdp: explain: '137***79' is no customer, source record or identifier in the run for 2026-05-02"),
        (["explain", "youzan:b", "--between", "1", "7"], "'7***' is no source record on that day -> name members by number"),
        (
            ["explain", "youzan:b", "--as-of", "2026-06-01"],
            "nothing is known of 2026-06-01 yet -> the last day known is 2026-05-02",
        ),
    ],
)
def test_wrong_use_is_exit_code_2(
    lake: SmallLake, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, words: list[str], told: str
) -> None:
    code, out, err = cdp(capsys, monkeypatch, *words, "--home", lake.root)
    assert (code, out, told in err) == (2, "", True), err


def test_empty_installation_says_what_to_do(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    for words in (["explain", PHONE], ["review"]):
        code, out, err = cdp(capsys, monkeypatch, *words, "--home", tmp_path)
        assert (code, out, "no run has been here yet -> `cdp run`" in err) == (2, "", True)
    assert list(tmp_path.iterdir()) == []


def test_review_lists_what_waits_for_a_decision(
    lake: SmallLake, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert cdp(capsys, monkeypatch, "review", "--home", lake.root)[1] == "nothing waits for a decision as of 2026-05-02\n"
    rows = [
        {
            "left_source_record_key": left,
            "right_source_record_key": "youzan:b",
            "type": "phone",
            "scope": "global",
            "value": "+86" + PHONE,
            "reason": "a bridge",
            "left_source_record_count": count,
            "right_source_record_count": 3,
        }
        for left, count in (("siss:1", 1), ("siss:2", 4))
    ]
    folder = lake.home.table("identity_review")
    folder.mkdir(exist_ok=True)
    pl.DataFrame(rows).write_parquet(folder / "part-0.parquet")
    customer = lake.customers()["youzan:b"]
    code, out, err = cdp(capsys, monkeypatch, "review", "--home", lake.root)
    assert (code, err) == (0, "")
    assert f"1. nobody and {customer}: 4 records and 3 records; wrong, they would mix 12 pairs of records" in out
    assert "siss:2*** and youzan:b*** by phone +86***70: a bridge" in out
    assert str(lake.reference / "identity_decisions.csv") in out
    assert PHONE not in out
    assert "1 less harmful: --limit" in cdp(capsys, monkeypatch, "review", "--limit", "1", "--home", lake.root)[1]
    _, out, err = cdp(capsys, monkeypatch, "review", "--json", "--clear", "--home", lake.root)
    assert [question["pair_count"] for question in json.loads(out)] == [12, 3]
    assert PHONE in out
    assert "personal data in clear" in err


def test_explanation_ends_with_what_is_expected_and_why(
    lake: SmallLake, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    customer = lake.customers()["youzan:b"]
    home = Home(lake.root)
    common = {"customer_id": customer, "basis": "model", "model_name": "logistic"}
    outlooks = [
        common
        | {"target": "churn_90d", "probability": 0.8314, "drivers": "days since the last purchase: 70 (+1.2); purchase days: 1 (+0.4)"},
        common | {"target": "repurchase_30d", "probability": None, "basis": "too_little_data", "model_name": None, "drivers": None},
        common | {"target": "churn_90d", "customer_id": "another", "probability": 0.1, "drivers": None},
    ]
    day = f"as_of={DAY + timedelta(days=1)}"
    for table, folder, rows in (
        (VALUE_PROPENSITIES, "", outlooks),
        (VALUE_CUSTOMER_CLUSTERS, "", [{"customer_id": customer, "cluster": 2, "label": "churn_risk"}]),
        (VALUE_CLUSTERS, day, [{"cluster": 2, "label": "churn_risk", "description": "last bought long ago (2.1x the mean)"}]),
    ):
        write_table(pl.DataFrame(rows, schema=table.schema), table, home.table(table.name) / folder / "part-0.parquet")
    code, out, _ = cdp(capsys, monkeypatch, "explain", customer, "--home", lake.root)
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert code == 0
    at = lines.index("Expected, as seen by the last run")
    assert lines[at + 1 : at + 7] == [
        "no purchase in the next 90 days: 83.1% (logistic)",
        "days since the last purchase: 70 (+1.2)",
        "purchase days: 1 (+0.4)",
        "a purchase in the next 30 days: not predicted: too little data",
        "",
        "Group of buyers alike",
    ]
    assert lines[at + 7] == "2 churn_risk: last bought long ago (2.1x the mean)"
    _, out, _ = cdp(capsys, monkeypatch, "explain", customer, "--home", lake.root, "--json")
    assert json.loads(out)["expected"]["outlooks"][0]["drivers"] == ["days since the last purchase: 70 (+1.2)", "purchase days: 1 (+0.4)"]
    _, out, _ = cdp(capsys, monkeypatch, "explain", customer, "--home", lake.root, "--on", str(DAY))
    assert "Expected" not in out
