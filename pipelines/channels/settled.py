"""Whether a load is what reading its file now would give: the contracts and the tables of this run against those of its manifest."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pipelines.channels.formats import Format, contracts_hash
from pipelines.channels.loads import LOAD_TABLES, REFUSED, Load
from pipelines.contracts.settings.sources import ChannelsConfig
from pipelines.contracts.tables import Table

_DIGITS = 16


def schema_digest(table: Table) -> str:
    """Of what a part of the table must hold: names, types and order of its columns, and which are never null."""
    text = ",".join(f"{column.name}:{column.type}:{column.required}" for column in table.columns)
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]


SCHEMAS: Mapping[str, str] = {table.name: schema_digest(table) for table in LOAD_TABLES}


def fits(load: Load) -> bool:
    """False where a part was written for other columns than its table has now, or by a version that did not say."""
    return load.tables is not None and all(SCHEMAS.get(name) == digest for name, digest in load.tables.items())


@dataclass(frozen=True, slots=True)
class Current:
    """The contracts as they are now."""

    format_hashes: Mapping[str, str]
    contracts_hash: str

    def is_settled(self, load: Load) -> bool:
        """False where a run reads the file again by itself: its columns changed, or what it set aside may be readable by now.

        A load that is complete under an older contract is settled: history changes when somebody asks for it.
        """
        if load.outcome == REFUSED:
            return load.contracts_hash == self.contracts_hash
        return fits(load) and not (load.quarantined_count and self.is_outdated(load))

    def is_outdated(self, load: Load) -> bool:
        """True where the contract that read the load says something else now; one that is gone says nothing."""
        return self.format_hashes.get(load.format_name or "", load.format_hash) != load.format_hash


def current(formats: Iterable[Format], channels: ChannelsConfig) -> Current:
    """Of these contracts and settings."""
    known = list(formats)
    # a file refused for its totals is tried again when they no longer refuse
    contracts = contracts_hash(known) + (":totals-warn" if channels.totals_differ == "warn" else "")
    return Current({item.name: item.hash for item in known}, contracts)
