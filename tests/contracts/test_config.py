"""The configuration file: what it accepts, and what it says about what it does not."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from pipelines.contracts.config import Config, load_config
from pipelines.contracts.errors import ConfigurationError

ROOT = Path(__file__).resolve().parents[2]


def _load(tmp_path: Path, text: str) -> Config:
    path = tmp_path / "cdp.yaml"
    path.write_text(text, encoding="utf-8")
    return load_config(path)


def test_shipped_file_states_the_defaults() -> None:
    assert load_config(ROOT / "cdp.yaml").hash == Config().hash


def test_shipped_file_states_every_setting() -> None:
    stated = yaml.safe_load((ROOT / "cdp.yaml").read_text(encoding="utf-8"))
    for section, field in Config.model_fields.items():
        if isinstance(stated.get(section), dict):
            assert set(stated[section]) == set(field.annotation.model_fields), section  # type: ignore[union-attr]
        else:
            assert f"{section}:" in (ROOT / "cdp.yaml").read_text(encoding="utf-8")


def test_two_files_that_mean_the_same_have_one_hash(tmp_path: Path) -> None:
    first = _load(tmp_path, "identity: {exclusive_types: [unionid, member_id]}\nsegments: {global_holdout: 0.050}\n")
    assert first.hash == Config().hash


def test_changed_threshold_changes_the_hash(tmp_path: Path) -> None:
    assert _load(tmp_path, "lifecycle: {churned_after_days: 91}").hash != Config().hash


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("reporting_curency: CNY", "reporting_curency: unknown key, did you mean 'reporting_currency'?"),
        ("identity: {max_name_per_value: 3}", "identity.max_name_per_value: unknown key, did you mean 'max_names_per_value'?"),
        ("rfm: {presets: {monthly: {window_day: 30}}}", "did you mean 'window_days'?"),
        ("business_time_zone: Asia/Shanghia", "business_time_zone: unknown time zone 'Asia/Shanghia'"),
        ("identity: {exclusive_types: [union_id]}", "unknown identifier type 'union_id', did you mean 'unionid'?"),
        ("segments: {global_holdout: 1.5}", "segments.global_holdout"),
        ("tags: {night_from_our: 22}", "tags.night_from_our: unknown key, did you mean 'night_from_hour'?"),
        ("tags: {night_from_hour: 6}", "night_from_hour and night_to_hour must differ"),
        ("tags: {hour_bands: {late: 24}}", "tags.hour_bands.late"),
        ("tags: {age_groups: {old: 50}}", "tags.age_groups: needs a band from 0"),
        ("tags: {promotion_bands: {low: 0, none: 0}}", "tags.promotion_bands: needs bands that begin apart"),
        ("tags: {gender_from_share: 0.5}", "tags.gender_from_share"),
        ("engine: {memory_limit: lots}", "engine.memory_limit"),
        ("- a\n- b", "holds no settings"),
        ("a: [", "is not valid YAML"),
    ],
)
def test_wrong_setting_is_refused_with_key_and_advice(tmp_path: Path, text: str, expected: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        _load(tmp_path, text)
    assert expected in str(caught.value)
    assert caught.value.exit_code == 2


def test_bands_must_fall_with_the_score(tmp_path: Path) -> None:
    text = """
rfm:
  presets:
    monthly: {window_days: 30, recency_up_to_days: {5: 30, 4: 7, 3: 90, 2: 180}, frequency_from: {5: 5, 4: 3, 3: 2, 2: 1},
              monetary_from: {5: 1000, 4: 500, 3: 300, 2: 200}}
"""
    with pytest.raises(ConfigurationError, match="fewer days for higher scores"):
        _load(tmp_path, text)


def test_relative_folders_are_taken_from_the_file(tmp_path: Path) -> None:
    assert _load(tmp_path, "channels: {formats_folders: [own]}").channels.formats_folders == (tmp_path / "own",)


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no such file"):
        load_config(tmp_path / "absent.yaml")
