"""What a run was made of, as far as figures depend on it. Read from run records by the caller."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class RunFacts:
    """Inputs of one run; `customers` and `kpi_revision` are outcomes, None where it has none (yet)."""

    run_id: str
    code_version: str
    config_hash: str
    definitions_hash: str
    readings_hash: str
    loads: frozenset[str]
    customers: int | None = None
    kpi_revision: int | None = None

    @classmethod
    def of(cls, run_id: str, record: Mapping[str, Any]) -> RunFacts:
        """From a run record, or from the inputs of a run that has none yet."""
        return cls(
            run_id,
            code_version=record["code_version"],
            config_hash=record["config_hash"],
            definitions_hash=record["definitions_hash"],
            readings_hash=record["readings_hash"],
            loads=frozenset(record["loads"]),
            customers=record.get("counts", {}).get("identity", {}).get("customers"),
            kpi_revision=record.get("kpi_revision"),
        )
