"""What a call of load_deliveries found and did, for people and for the record of the run."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from pipelines.channels.loads import COUNTS, LOADED, REFUSED, Load
from pipelines.contracts.settings.sources import FileProblem as ProblemKind


@dataclass(frozen=True, slots=True)
class FileProblem:
    """A delivered file, or rows of it, that could not be used."""

    path: str
    kind: ProblemKind
    reason: str
    row_count: int = 0


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What a call found and did. Totals are sums of the counts of channel_loads, over the loads of this call and over all."""

    files_found: int
    loads_new: tuple[str, ...]
    refused: tuple[FileProblem, ...]
    quarantined: tuple[FileProblem, ...]
    totals_new: Mapping[str, int]
    totals_all: Mapping[str, int]
    warned: tuple[FileProblem, ...] = ()

    @property
    def problems(self) -> tuple[FileProblem, ...]:
        return (*self.refused, *self.quarantined, *self.warned)


def report(files_found: int, loads: Mapping[str, Load], new: Collection[str], unread: Iterable[FileProblem]) -> LoadReport:
    """From all loads, the ids of those that this call made, and the files that it could not read this time."""
    ordered = sorted(loads.values(), key=lambda load: load.file_path)
    refused = [FileProblem(load.file_path, load.problem or "refused", load.reason or "") for load in ordered if load.outcome == REFUSED]
    quarantined = [
        FileProblem(
            load.file_path, "quarantined_rows", f"{load.quarantined_count} of its records are in channel_quarantine", load.quarantined_count
        )
        for load in ordered
        if load.quarantined_count and load.load_id in new
    ]
    return LoadReport(
        files_found=files_found,
        loads_new=tuple(sorted(load_id for load_id in new if loads[load_id].outcome == LOADED)),
        refused=tuple(sorted([*refused, *unread], key=lambda problem: problem.path)),
        quarantined=tuple(quarantined),
        totals_new=_totals(load for load in ordered if load.load_id in new),
        totals_all=_totals(ordered),
        warned=tuple(
            FileProblem(load.file_path, "totals_differ", load.warning) for load in ordered if load.warning and load.load_id in new
        ),
    )


def _totals(loads: Iterable[Load]) -> dict[str, int]:
    counted = list(loads)
    return {name: sum(getattr(load, name) for load in counted) for name in COUNTS}
