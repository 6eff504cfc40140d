"""Definitions: what is accepted, and that every mistake names its file, its key and the way out."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from pipelines.contracts.errors import ConfigurationError
from pipelines.contracts.segments import STEPS, Segment, Waterfall
from pipelines.segments import read_segments
from pipelines.segments.expressions import check_condition

COLUMNS = {
    "customer_id": "VARCHAR",
    "recency_days": "INTEGER",
    "rfm_class": "VARCHAR",
    "rfm_total_annual": "INTEGER",
    "purchase_count": "BIGINT",
    "net_amount": "DECIMAL(18,2)",
    "registered_on": "DATE",
    "has_open_cart": "BOOLEAN",
    "full_name_masked": "VARCHAR",
    "phone_e164": "VARCHAR",
}
VALID = """
name: win_back
label: {en: Win back, zh: 唤回}
description: Nothing for long.
where: recency_days > 180
channel: sms
purpose: marketing
priority: 20
holdout: 0.10
arms: {control_offer: 0.5, coupon_50: 0.5}
valid: {from: 2026-01-01}
owner: crm
"""


def read(folder: Path, text: str, name: str = "own.yaml") -> Segment:
    (folder / name).write_text(text, encoding="utf-8")
    return next(segment for segment in read_segments((folder,), mart_columns()) if segment.name not in SHIPPED)


# those of the contract of activation that need no model of the future
SCENARIOS = {
    *("registered_without_order", "first_order_thanks", "cart_left_1h", "cart_left_24h", "browsed_not_bought", "birthday_in_3_days"),
    *("high_value", "win_back_180_days", "sleeping_high_value", "declining", "churned", "wrong_size_return", "unhappy_after_service"),
    *("satisfaction_survey", "points_about_to_expire", "level_about_to_drop", "new_mother"),
}
SHIPPED = {segment.name for segment in read_segments(())}


def mart_columns() -> dict[str, str]:
    """The columns of the customer mart, as its contract in the dbt project declares them."""
    path = Path(__file__).resolve().parents[2] / "dbt_project" / "models" / "marts" / "marketing" / "_customer_360.yml"
    models = yaml.safe_load(path.read_text(encoding="utf-8"))["models"]
    [mart] = [model for model in models if model["name"] == "mart_marketing__customer_360"]
    return {column["name"]: column["data_type"] for column in mart["columns"]}


def test_shipped_segments_fit_the_contract_of_the_mart() -> None:
    assert {segment.name for segment in read_segments((), mart_columns())} == SHIPPED
    assert SCENARIOS <= SHIPPED


def test_definition_is_read_whole(tmp_path: Path) -> None:
    segment = read(tmp_path, VALID)
    assert (segment.where, segment.columns) == ("recency_days > 180", ("recency_days",))
    assert {name: str(share) for name, share in segment.arms.items()} == {"control_offer": "0.5", "coupon_50": "0.5"}
    assert str(segment.holdout) == "0.1"
    assert (segment.is_valid_on(date(2025, 12, 31)), segment.is_valid_on(date(2026, 1, 1))) == (False, True)
    assert len(segment.definition_hash) == 64
    assert segment.as_record()["valid_from"] == "2026-01-01"


def test_hash_follows_the_meaning_and_not_the_layout(tmp_path: Path) -> None:
    first = read(tmp_path, VALID)
    assert read(tmp_path, VALID.replace("recency_days > 180", "'recency_days   >   180'")).definition_hash == first.definition_hash
    assert read(tmp_path, VALID.replace("180", "181")).definition_hash != first.definition_hash


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("owner: crm", "ownr: crm"), r"own\.yaml: .*ownr: unknown key, did you mean 'owner'"),
        (("{en: Win back, zh: 唤回}", "{en: Win back, zg: x}"), r"label\.zg: unknown key, did you mean 'zh'"),
        (("{from: 2026-01-01}", "{form: 2026-01-01}"), r"valid\.form: unknown key, did you mean 'from'"),
        (("{from: 2026-01-01}", "{from: 2026-01-02, to: 2026-01-01}"), "ends before it begins"),
        (("coupon_50: 0.5", "coupon_50: 0.4"), r"arms: shares sum to 0\.9, not to 1"),
        (("holdout: 0.10", "holdout: 1"), "holdout: .*less than 1"),
        (("channel: sms", "channel: pigeon"), "channel: .*'sms' or 'email'"),
        (("purpose: marketing", "purpose: advertising"), "purpose: .*'marketing' or 'service'"),
        (("priority: 20", "priority: 0"), "priority"),
        (("name: win_back", "name: ../win_back"), "name: .*pattern"),
        (("name: win_back", "name: high_value"), r"own\.yaml: name: high_value is taken by high_value\.yaml"),
        (("owner: crm", "owner: [crm"), "not valid YAML"),
        ((VALID, "- a list"), "valid dictionary"),
        ((VALID, ""), "valid dictionary"),
        (("owner: crm", ""), "owner: Field required"),
    ],
)
def test_mistake_in_a_definition_names_file_key_and_way_out(tmp_path: Path, change: tuple[str, str], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        read(tmp_path, VALID.replace(*change))


def test_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no such folder"):
        read_segments((tmp_path / "nowhere",))


@pytest.mark.parametrize(
    "text",
    [
        "rfm_class = 'sleeping_high_value' and recency_days between 91 and 365",
        "not has_open_cart or rfm_class in ('lapsed', '沉睡')",
        "registered_on is not null and purchase_count = 0",
        "registered_on >= date '2026-01-01'",
        "coalesce(net_amount, 0) / greatest(purchase_count, 1) > 99.5",
        "case when has_open_cart then recency_days < 3 else recency_days < 9 end",
        "lower(rfm_class) like 'l%'",
        "has_open_cart",
        "RECENCY_DAYS > 180",
    ],
)
def test_condition_over_columns_is_accepted_and_its_canonical_text_is_stable(text: str) -> None:
    once = check_condition(text, COLUMNS, "x.yaml")
    assert check_condition(once.sql, COLUMNS, "x.yaml") == once


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("recency_day > 180", r"unknown column recency_day, did you mean 'recency_days'"),
        ("recency_days", "gives INTEGER, not true or false"),
        ("recency_days + 1", "not true or false"),
        ("recency_days = 'many'", "Could not convert|Conversion"),
        ("recency_days > registered_on", "Cannot compare"),
        ("recency_days > 1; drop table x", "not one expression"),
        ("recency_days > 1;", "not one expression"),
        ("recency_days > 1 -- or so", "without comments"),
        ("recency_days > 1 /* or so */", "without comments"),
        ("select true", "not allowed"),
        ("recency_days in (select 1)", "not allowed"),
        ("exists (select 1)", "not allowed"),
        ("(select true)", "not allowed"),
        ("sum(recency_days) over () > 1", "not allowed"),
        ("max(recency_days) > 1", "not allowed"),
        ("random() > 0.5", "not allowed"),
        ("registered_on < current_date", "not allowed"),
        ("getenv('HOME') = rfm_class", "not allowed"),
        ("read_text('/etc/passwd') = rfm_class", "not allowed"),
        ("rfm_class = $1", "not allowed"),
        ("rfm_class = ?", "not allowed"),
        ("other.rfm_class = 'x'", "names a table"),
        ("marts.main.x.rfm_class = 'x'", "names a table"),
        ("cast(rfm_class as date) > registered_on", "only literals may be cast"),
        ("recency_days::varchar = '1'", "only literals may be cast"),
        ("try_cast('x' as date) > registered_on", "only literals may be cast"),
        ("list_filter([1], lambda q: q > recency_days) = [1]", "not allowed"),
        ("* is null", "not allowed|names no column|cannot be read|names a table"),
        ("phone_e164 is not null", "personal data"),
        ("full_name_masked = 'W**'", "personal data"),
        ("recency_days >", "cannot be read"),
        ("'open", "cannot be read"),
        ("true", "names no column"),
        ("1 = 1", "names no column"),
    ],
)
def test_anything_else_than_a_condition_over_columns_is_refused(text: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message) as caught:
        check_condition(text, COLUMNS, "x.yaml")
    assert caught.value.where == "x.yaml"
    assert caught.value.do


@given(st.text(max_size=40))
def test_any_text_is_accepted_as_a_condition_or_refused_as_configuration(text: str) -> None:
    try:
        check_condition(text, None, "x.yaml")
    except ConfigurationError:
        return
    assert check_condition(text, None, "x.yaml").columns


def test_waterfall_is_the_running_rest_of_the_outcomes() -> None:
    counts = {"unreachable": 1, "no_consent": 2, "suppressed": 3, "over_cap": 4, "lost_priority": 5, "held_out": 6, "exported": 7}
    assert Waterfall.of_outcomes(counts) == Waterfall(28, 27, 25, 22, 18, 13, 7, 7)
    assert Waterfall.of_outcomes({}) == Waterfall()
    assert tuple(asdict(Waterfall())) == STEPS
