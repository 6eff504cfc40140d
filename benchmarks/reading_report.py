"""The part of RESULTS.md on reading exports."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from benchmarks.markdown import GIB, Goal, goal_table, measured_with, table
from benchmarks.reading import Contestant, Reading

_ABOUT = """
Each export is a year of 200,000 customers in one file, brought into Parquet. The platform recognizes the format, archives the file by
its hash, splits, cleans and types every cell, finds repeated and faulty rows, fills up to five canonical tables and accounts for each
line. The raw copies of Polars and DuckDB read the same file with every cell as text, write one Parquet file, and check nothing; for
GBK the copy is a transcoding in blocks, then Polars. Seconds are wall clock without imports, the median of three runs in turn (one
for the last two rows); memory is the peak of the whole process. MB are of the file as it is delivered, packed or not.
""".strip()


def reading_goals(readings: Sequence[Reading]) -> list[Goal]:
    """The goals, a line for each input."""
    found = []
    for reading in readings:
        if reading.times_the_faster is not None:
            limit = 2.0 if "transcode" in reading.contestants else 1.5
            found.append(Goal(f"{reading.name}, times the faster raw copy", limit, reading.times_the_faster, "x"))
    found += [Goal(f"{reading.name}, peak memory", 2.0, reading.platform.peak_bytes / GIB, "GiB") for reading in readings[-2:]]
    return found


def render_reading(readings: Sequence[Reading], measured_on: date) -> str:
    """The part as Markdown."""
    lines = ["# Reading exports", "", *measured_with(measured_on), *_ABOUT.splitlines(), "", *goal_table(reading_goals(readings))]
    return "\n".join([*lines, *_readings(readings)])


def _readings(readings: Sequence[Reading]) -> Iterator[str]:
    yield "## By format"
    yield ""
    yield from table(
        (
            "format",
            "MB",
            "rows",
            "platform, s",
            "MB/s",
            "rows/s",
            "peak, GiB",
            "Polars, s",
            "DuckDB, s",
            "transcoded, s",
            "times the faster",
        ),
        [
            (
                reading.name,
                f"{reading.byte_count / 1e6:,.0f}",
                f"{reading.platform.rows:,}",
                f"{reading.platform.seconds:.2f}",
                f"{reading.byte_count / 1e6 / reading.platform.seconds:.0f}",
                f"{reading.platform.rows / reading.platform.seconds:,.0f}",
                f"{reading.platform.peak_bytes / GIB:.2f}",
                *(_seconds(reading.contestants.get(name)) for name in ("polars", "duckdb", "transcode")),
                "" if reading.times_the_faster is None else f"{reading.times_the_faster:.2f}",
            )
            for reading in readings
        ],
    )


def _seconds(contestant: Contestant | None) -> str:
    return "" if contestant is None else f"{contestant.seconds:.2f}"
