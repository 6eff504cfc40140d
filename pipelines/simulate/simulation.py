"""Run a simulation from end to end: draw people in chunks, spill their rows, write the days, write the truth."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import polars as pl

from pipelines.simulate.catalog import build_catalog
from pipelines.simulate.chunk import Chunk, World, draw_chunk
from pipelines.simulate.days import write_deliveries
from pipelines.simulate.draws import Draws
from pipelines.simulate.exports import EXPORTS, Export
from pipelines.simulate.format_names import BASE_FORMATS
from pipelines.simulate.formats.cells import DELIVERY, PERSON, RECORD
from pipelines.simulate.people import CELL, NEVER
from pipelines.simulate.seasons import Seasons
from pipelines.simulate.spec import SAMPLE, DeliveryCalendar, SimulationSpec
from pipelines.simulate.spill import Spill
from pipelines.simulate.truth import TruthFolder, record_owners

# Rows that the writer may hold at once, about; decides how many days are a block.
_ROWS_PER_BLOCK = 1_500_000
# NumPy and Polars let go of the interpreter for most of the drawing.
_THREADS = 2


@dataclass(frozen=True)
class SimulationSummary:
    """What was written. Rows count what stands in the files, re-deliveries and duplicates included.

    Orders, those left unpaid and refunds are counted in the four channels that people are drawn with, not in further shops.
    """

    people: int
    source_records: int
    orders: int
    unpaid_orders: int
    refunds: int
    files: int
    bytes: int
    rows: dict[str, int]
    traps: dict[str, int]
    rows_by_day: dict[str, dict[str, int]]


def simulate(spec: SimulationSpec, out: Path, progress: Callable[[str, int, int], None] | None = None) -> SimulationSummary:
    """Write `out/<day>/...` and `out/truth/`. Raises FileExistsError when `out` holds anything already."""
    out.mkdir(parents=True, exist_ok=True)
    if any(out.iterdir()):
        raise FileExistsError(f"{out} is not empty: a simulation is written into a new folder")
    tell = progress or _silent
    world = World(spec, Draws(spec.seed), Seasons(spec), DeliveryCalendar(spec), build_catalog())
    work = out / ".work"
    truth = TruthFolder(out / "truth", work / "truth")
    (out / "truth").mkdir()
    spill = Spill(work / "rows", len(world.calendar.days), _block_size(spec))
    exports = {name: EXPORTS[name] for name in sorted(spec.formats)}
    totals = _draw(world, exports, spill, truth, tell)
    rows_by_day = write_deliveries(world, spill, exports, out, tell)
    nobodys, traps = truth.finish()
    shutil.rmtree(work)
    written = [path for path in out.rglob("*") if path.is_file() and path.parent.name != "truth"]
    summary = SimulationSummary(
        people=spec.customers,
        source_records=totals["source_records"] + nobodys,
        traps=traps,
        files=len(written),
        bytes=sum(path.stat().st_size for path in written),
        rows={name: sum(days.values()) for name, days in rows_by_day.items()},
        rows_by_day=rows_by_day,
        orders=totals["orders"],
        unpaid_orders=totals["unpaid_orders"],
        refunds=totals["refunds"],
    )
    truth.write_json("parameters", spec.parameters())
    truth.write_json("summary", asdict(summary))
    return summary


def _silent(_stage: str, _done: int, _total: int) -> None:
    """Tell nobody."""


def simulate_sample(out: Path) -> SimulationSummary:
    """The sample of the repository."""
    return simulate(SAMPLE, out)


def _block_size(spec: SimulationSpec) -> int:
    # 45 rows a person and year in the base formats, about as many a format in the others.
    rows_per_day = max(1.0, spec.customers * 45.0 / 365.0 * max(1.0, len(spec.formats) / len(BASE_FORMATS)))
    return max(1, min(spec.days, int(_ROWS_PER_BLOCK / rows_per_day)))


def _draw(
    world: World,
    exports: dict[str, Export],
    spill: Spill,
    truth: TruthFolder,
    tell: Callable[[str, int, int], None],
) -> Counter[str]:
    """Draw chunk after chunk, two at a time. Chunks are whole cells, so their size changes nobody."""
    size = max(CELL, world.spec.people_per_chunk // CELL * CELL)
    lows = range(0, world.spec.customers, size)

    def draw_one(number: int) -> Counter[str]:
        chunk = draw_chunk(world, lows[number], min(lows[number] + size, world.spec.customers))
        owners: list[pl.DataFrame] = []
        for name, export in exports.items():
            rows = export.rows(chunk)
            owners.append(record_owners(rows))
            spill.add(name, number, rows.drop(PERSON, RECORD).with_columns(pl.col(DELIVERY).cast(pl.Int32)))
        return _counts(chunk) + Counter(source_records=truth.add(number, chunk, owners))

    totals: Counter[str] = Counter()
    with ThreadPoolExecutor(_THREADS) as pool:
        for number, counts in enumerate(pool.map(draw_one, range(len(lows)))):
            totals.update(counts)
            tell("people", min(lows[number] + size, world.spec.customers), world.spec.customers)
    return totals


def _counts(chunk: Chunk) -> Counter[str]:
    """What happens before the end of the simulated time."""
    orders = chunk.orders
    refunded = (orders.refund_at != NEVER) & (orders.refund_at < chunk.world.spec.seconds)
    return Counter(orders=len(orders), unpaid_orders=int((orders.paid_at == NEVER).sum()), refunds=int(refunded.sum()))
