"""The manifest is that of the models as they are: on a project of one model, parsed by dbt itself."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from assets.manifest import is_fresh, prepared_manifest
from pipelines.contracts.errors import CdpError

_FILES = {
    "dbt_project.yml": "name: shop\nversion: '1.0'\nprofile: shop\nmodel-paths: [models]\n",
    "profiles.yml": "shop: {target: duckdb, outputs: {duckdb: {type: duckdb, path: ':memory:', threads: 1}}}\n",
    "models/orders.sql": "select 1 as order_no\n",
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name, text in _FILES.items():
        path = tmp_path / "shop" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "shop"


def _models(manifest: Path) -> set[str]:
    return {node["name"] for node in json.loads(manifest.read_text())["nodes"].values()}


def test_a_pulled_model_is_parsed_by_the_next_run_and_nothing_is_parsed_twice(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert not is_fresh(project)
    assert _models(prepared_manifest(project)) == {"orders"}
    assert is_fresh(project)
    assert "parsing" in capsys.readouterr().err
    with monkeypatch.context() as patch:
        patch.setattr(subprocess, "run", None)  # whoever would parse falls over it
        assert prepared_manifest(project) == project / "target" / "manifest.json"
    assert capsys.readouterr().err == ""

    pulled = project / "models" / "refunds.sql"
    pulled.write_text("select order_no from {{ ref('orders') }}\n")
    os.utime(pulled, (0, 0))  # as an archive gives it: older than the manifest
    assert not is_fresh(project)
    assert _models(prepared_manifest(project)) == {"orders", "refunds"}
    pulled.unlink()
    assert not is_fresh(project)
    pulled.write_text("select order_no from {{ ref('orders') }}\n")
    assert is_fresh(project)
    (project / "target" / "partial_parse.msgpack").unlink()  # somebody tidied up: half of it is no manifest
    assert not is_fresh(project)


def test_models_that_dbt_cannot_read_stop_the_run_with_the_name_of_the_file(project: Path) -> None:
    (project / "models" / "broken.sql").write_text("select * from {{ ref('nobody') }}\n")
    with pytest.raises(CdpError, match="nobody") as raised:
        prepared_manifest(project)
    assert "models/broken.sql" in str(raised.value)
    assert not is_fresh(project)
    assert not list((project / "target").glob("parsing-*"))
