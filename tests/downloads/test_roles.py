"""Roles: what is accepted, and that every mistake names its file, its key and the way out."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.contracts.errors import ConfigurationError
from pipelines.downloads import read_roles, role_named

REFERENCE = Path(__file__).resolve().parents[2] / "data" / "reference"
VALID = """
roles:
  sales:
    label: {en: Sales, zh: 销售}
    lists: all
    tables: [kpi]
    hide: [phone]
    regions: [north]
"""


def read(folder: Path, text: str) -> None:
    (folder / "roles.yaml").write_text(text, encoding="utf-8")
    read_roles(folder)


def test_shipped_roles_are_those_of_the_contract() -> None:
    roles = read_roles(REFERENCE)
    assert {name.split("_")[0] for name in roles} == {"admin", "marketing", "sales", "analyst"}
    assert {name for name, role in roles.items() if role.is_cut} == {"sales_north", "sales_store_0005"}
    assert roles["analyst"].lists == () and roles["admin"].hide == ()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("hide:", "hyde:"), r"roles\.yaml: roles\.sales\.hyde: unknown key, did you mean 'hide'"),
        (("{en: Sales, zh: 销售}", "{en: Sales, zg: x}"), r"label\.zg: unknown key, did you mean 'zh'"),
        (("roles:", "role:"), r"role: unknown key, did you mean 'roles'"),
        (("lists: all", "lists: every"), r"roles\.sales\.lists"),
        (("[kpi]", "[../kpi]"), r"roles\.sales\.tables"),
        (("[north]", "[]"), r"roles\.sales\.regions: .*at least 1"),
        (("  sales:", "  Sales north:"), r"pattern"),
        (("[north]", "[north"), "not valid YAML"),
        ((VALID, "roles: {}"), "at least 1"),
        ((VALID, "- x"), "valid dictionary"),
    ],
)
def test_mistake_names_file_key_and_way_out(tmp_path: Path, change: tuple[str, str], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message) as caught:
        read(tmp_path, VALID.replace(*change))
    assert caught.value.do


def test_without_the_file_nobody_may_download(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"roles\.yaml: no such file, so nobody may download"):
        read_roles(tmp_path)


def test_unknown_role_is_told_with_the_nearest() -> None:
    with pytest.raises(ConfigurationError, match=r"no role 'sales_noth', did you mean 'sales_north'.*admin, analyst"):
        role_named("sales_noth", read_roles(REFERENCE))
