"""What a run read besides its loads is kept as it was: the same night after night is kept once, and a copy stands alone."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from assets.inputs import CONFIG, REFERENCE, are_unchanged, keep_inputs
from pipelines.contracts.config import load_config
from pipelines.contracts.home import Home
from pipelines.contracts.run import Run
from pipelines.segments import read_segments

SEGMENT = """
name: own
label: {en: Own, zh: 自有}
description: Gone for long.
where: recency_days > 180
channel: sms
purpose: marketing
priority: 20
owner: crm
"""


@pytest.fixture
def run(tmp_path: Path) -> Run:
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "own.yaml").write_text(SEGMENT, encoding="utf-8")
    (tmp_path / "rows").mkdir()
    (tmp_path / "rows" / "suppressions.csv").write_text("type,value,reason,since_on\nphone,13800000001,bounce,\n")
    settings = "reference_folder: rows\nsegments: {folders: [own], global_holdout: 0.25}\nidentity: {id_key: secret}\n"
    (tmp_path / "cdp.yaml").write_text(settings)
    config = load_config(tmp_path / "cdp.yaml")
    return Run(date(2026, 3, 1), config, Home(tmp_path / "home"), tmp_path / "rows")


def test_copy_stands_alone_and_means_the_same(run: Run, tmp_path: Path) -> None:
    kept = run.home.inputs / keep_inputs(run)
    segments = read_segments(run.config.segments.folders)
    for path in (tmp_path / "own" / "own.yaml", tmp_path / "rows" / "suppressions.csv", tmp_path / "cdp.yaml"):
        path.unlink()
    config = load_config(kept / CONFIG)
    assert read_segments(config.segments.folders) == segments
    assert (kept / REFERENCE / "suppressions.csv").read_text().endswith("13800000001,bounce,\n")
    plain = {"reference_folder": None, "segments": run.config.segments.model_copy(update={"folders": ()})}
    alone = {"reference_folder": None, "segments": config.segments.model_copy(update={"folders": ()})}
    assert config.model_copy(update=alone) == run.config.model_copy(update=plain)
    assert kept.stat().st_mode & 0o077 == 0


def test_nights_without_a_change_share_one_copy_and_a_change_is_told(run: Run) -> None:
    name = keep_inputs(run)
    assert keep_inputs(run) == name
    rows = run.reference / "suppressions.csv"
    rows.write_text(rows.read_text() + "phone,13800000002,bounce,\n")
    other = keep_inputs(run)
    assert other != name
    assert {path.name for path in run.home.inputs.iterdir()} == {name, other}
    assert are_unchanged(run.home, name)
    kept = run.home.inputs / name / REFERENCE / "suppressions.csv"
    kept.write_text(kept.read_text().replace("phone,13800000001,bounce,\n", ""))
    assert not are_unchanged(run.home, name)
