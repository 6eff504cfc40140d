"""Who is one person: what counts as evidence, and the matcher."""

from __future__ import annotations

from decimal import Decimal

from pydantic import Field, field_validator, model_validator

from pipelines.contracts.declarations import nearest
from pipelines.contracts.identifiers import IDENTIFIER_TYPES
from pipelines.contracts.settings.section import Section


class MatcherConfig(Section):
    """The probabilistic matcher: who is one person by name, birthday, address, and half-known phones and e-mails."""

    enabled: bool = False
    threshold: Decimal = Field(Decimal("0.95"), gt=0, lt=1, decimal_places=6)  # match probability from which a link is accepted
    clerical_from: Decimal = Field(Decimal("0.5"), gt=0, lt=1, decimal_places=6)  # ... and from which a person is asked
    max_pairs: int = Field(20_000_000, ge=1)  # of records compared, two minutes of one core; rules that would exceed it are left out
    retrain: bool = True  # false: the model saved last is used as long as it fits

    @model_validator(mode="after")
    def _band(self) -> MatcherConfig:
        if self.clerical_from > self.threshold:
            raise ValueError("clerical_from must not be above threshold")
        return self


class IdentityConfig(Section):
    """What counts as evidence that two records are one person."""

    id_key: str = Field("retail-cdp", min_length=1)  # key of the hash that new customer ids are derived with
    max_strong_ids_per_value: int = Field(3, ge=1)
    max_names_per_value: int = Field(5, ge=1)
    # phones, e-mails or payers of one source record; above, it is a till's own card or a proxy buyer and these values of it link nothing
    max_values_per_record: int = Field(5, ge=1)
    exclusive_types: frozenset[str] = frozenset({"member_id", "unionid"})
    silent_days: int = Field(90, ge=1)  # a number that comes back with other people after more days without a sign has a new owner
    review_from_records: int = Field(10, ge=2)  # customers of so many records are searched for a link that alone holds two people together
    largest_cluster_records: int = Field(50, ge=2)  # of one customer; above, links that people may share are held back
    max_changed_share: Decimal = Field(Decimal("0.02"), ge=0, le=1, decimal_places=4)  # of customers whose id may change from run to run
    changes_always_allowed: int = Field(20, ge=0)  # so many may change however few customers there are
    lower_case_email_local_part: bool = True
    fold_gmail: bool = False
    matcher: MatcherConfig = MatcherConfig()
    trusted_channels: tuple[str, ...] = ()  # golden record: the first that has a value wins; then the newest claim

    @field_validator("exclusive_types")
    @classmethod
    def _known_types(cls, value: frozenset[str]) -> frozenset[str]:
        for name in sorted(value - set(IDENTIFIER_TYPES)):
            raise ValueError(f"unknown identifier type {name!r}{nearest(name, IDENTIFIER_TYPES)}")
        return value
