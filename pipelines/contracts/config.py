"""The one configuration file (`cdp.yaml`): every threshold and switch, validated, with the nearest key for a wrong one.

Each section is a class in `pipelines.contracts.settings`. Defaults live there and nowhere else; no SQL or Python literal repeats them.
"""

from __future__ import annotations

import hashlib
import json
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator

from pipelines.contracts.declarations import checked, read_yaml
from pipelines.contracts.errors import ConfigurationError
from pipelines.contracts.settings.activation import MarketingConfig, SegmentsConfig
from pipelines.contracts.settings.identity import IdentityConfig
from pipelines.contracts.settings.patterns import AnalysisConfig, TagsConfig
from pipelines.contracts.settings.predictions import ClustersConfig, NeedsConfig, PropensityConfig, ValueConfig
from pipelines.contracts.settings.publishing import PublishConfig
from pipelines.contracts.settings.scoring import LifecycleConfig, RfmConfig
from pipelines.contracts.settings.section import Section
from pipelines.contracts.settings.service import LoyaltyConfig, ServiceConfig
from pipelines.contracts.settings.sources import ChannelsConfig, ReconciliationConfig, ScorecardConfig


class EngineConfig(Section):
    """Limits for DuckDB; null threads means all cores."""

    memory_limit: str = Field("2GB", pattern=r"^\d+(\.\d+)?(MB|GB)$")
    threads: int | None = Field(None, ge=1)


class Config(Section):
    """`cdp.yaml`, whole."""

    business_time_zone: str = "Asia/Shanghai"
    reporting_currency: str = Field("CNY", pattern=r"^[A-Z]{3}$")
    default_phone_region: str = Field("CN", pattern=r"^[A-Z]{2}$")
    reference_folder: Path | None = None  # own placeholders, rates, organization and suppressions; default: data/reference of the project
    channels: ChannelsConfig = ChannelsConfig()
    identity: IdentityConfig = IdentityConfig()
    rfm: RfmConfig = RfmConfig()
    lifecycle: LifecycleConfig = LifecycleConfig()
    reconciliation: ReconciliationConfig = ReconciliationConfig()
    scorecard: ScorecardConfig = ScorecardConfig()
    analysis: AnalysisConfig = AnalysisConfig()
    needs: NeedsConfig = NeedsConfig()
    marketing: MarketingConfig = MarketingConfig()
    tags: TagsConfig = TagsConfig()
    service: ServiceConfig = ServiceConfig()
    loyalty: LoyaltyConfig = LoyaltyConfig()
    propensity: PropensityConfig = PropensityConfig()
    clusters: ClustersConfig = ClustersConfig()
    value: ValueConfig = ValueConfig()
    segments: SegmentsConfig = SegmentsConfig()
    publish: PublishConfig = PublishConfig()
    engine: EngineConfig = EngineConfig()

    @field_validator("business_time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"unknown time zone {value!r}, expected a name such as Asia/Shanghai") from error
        return value

    @property
    def hash(self) -> str:
        """SHA-256 over the effective values: two files that mean the same have the same hash, in every process."""
        return hashlib.sha256(json.dumps(_canonical(self.model_dump()), sort_keys=True).encode()).hexdigest()


def _canonical(value: Any) -> Any:
    """Values that JSON holds in one way only: sets have no order from process to process, and 0.050 is 0.05."""
    if isinstance(value, dict):
        return {str(key): _canonical(item) for key, item in value.items()}
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, tuple):
        return [_canonical(item) for item in value]
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    return str(value) if isinstance(value, Path) else value


def load_config(path: Path | None) -> Config:
    """Read and validate `path`; None gives the defaults. Relative folders in it are taken from the file's own folder.

    Raises ConfigurationError naming the key and, for an unknown one, the nearest that exists.
    """
    if path is None:
        return Config()
    raw = read_yaml(path) or {}
    if not isinstance(raw, dict):
        raise ConfigurationError("holds no settings", where=str(path), do="write `key: value` lines, see cdp.yaml of the project")
    return _absolute_folders(checked(Config, raw, path, "mend the key; cdp.yaml of the project lists all"), path.parent)


def _absolute_folders(config: Config, base: Path) -> Config:
    def absolute(folders: tuple[Path, ...]) -> tuple[Path, ...]:
        return tuple((base / folder).resolve() for folder in folders)

    return config.model_copy(
        update={
            "channels": config.channels.model_copy(update={"formats_folders": absolute(config.channels.formats_folders)}),
            "segments": config.segments.model_copy(update={"folders": absolute(config.segments.folders)}),
            "marketing": config.marketing.model_copy(update={"campaign_folders": absolute(config.marketing.campaign_folders)}),
            "publish": config.publish.absolute(base),
            "reference_folder": (base / config.reference_folder).resolve() if config.reference_folder else None,
        }
    )
