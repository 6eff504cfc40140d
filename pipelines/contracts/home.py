"""Where data is kept: the folders below CDP_HOME, by name. Knows paths, touches no file."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Home:
    """All paths of one installation. `deliveries` may lie elsewhere (`cdp run --deliveries`)."""

    root: Path
    deliveries_override: Path | None = None
    published_override: Path | None = None  # of a shadow that publishes into the home itself

    @property
    def deliveries(self) -> Path:
        return self.deliveries_override or self.root / "deliveries"

    @property
    def lake(self) -> Path:
        return self.root / "lake"

    @property
    def warehouse(self) -> Path:
        """dbt's private database: views on the lake and intermediate tables."""
        return self.root / "warehouse" / "warehouse.duckdb"

    @property
    def marts(self) -> Path:
        """dbt's second file: marts only, because it is published as it is."""
        return self.root / "warehouse" / "marts.duckdb"

    @property
    def published(self) -> Path:
        return self.published_override or self.root / "published"

    @property
    def analytics(self) -> Path:
        return self.published / "analytics.duckdb"

    def segments(self, moment: date | str) -> Path:
        """Lists of a day, or of an hour by its name."""
        return self.published / "segments" / str(moment)

    def reports(self, as_of: date) -> Path:
        return self.published / "reports" / as_of.isoformat()

    def delivered(self, moment: date | str) -> Path:
        """What was delivered of a day or an hour, where, and with which checksum."""
        return self.root / "delivered" / f"{moment}.json"

    @property
    def runs(self) -> Path:
        return self.root / "runs"

    @property
    def hours(self) -> Path:
        """Records of the hours that were published between nights."""
        return self.runs / "hours"

    @property
    def inputs(self) -> Path:
        """Settings and reviewed rows that runs were made with, a folder for each set: what a replay needs of them."""
        return self.runs / "inputs"

    @property
    def predictions(self) -> Path:
        """What published runs predicted of each customer, a folder for each run: a replay reads it where models would learn again."""
        return self.root / "predictions"

    @property
    def run_lock(self) -> Path:
        return self.root / "run.lock"

    @property
    def command_lock(self) -> Path:
        return self.root / "command.lock"

    @property
    def rehearsals(self) -> Path:
        """A folder for each rehearsal at work, gone when it ends."""
        return self.root / "rehearsals"

    @property
    def erasures(self) -> Path:
        """Tombstones of people who were forgotten, the key of their hashes, and a certificate for each erasure."""
        return self.root / "erasures"

    @property
    def ledger(self) -> Path:
        """What left the platform: every publish, delivery and download, as a chain of rows."""
        return self.root / "ledger"

    @property
    def dagster(self) -> Path:
        return self.root / "dagster"

    def publishing_into(self, other: Home) -> Home:
        """This home with the `published` of another: a shadow whose lists are those of the home itself."""
        return replace(self, published_override=other.published)

    def table(self, name: str) -> Path:
        """Folder of a lake table: `load=<id>/` below it for channel tables, `as_of=<day>/` for histories, `*.parquet` else."""
        return self.lake / name
