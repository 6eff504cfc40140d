"""A lake of two years of a retailer, written as the stages before the marts would: facts in nightly loads, who is who, golden records.

Exports of a million customers take an hour to write and to read; the marts need the tables that come out of them. Every number is a
function of (seed, table, number of the row). The bulk stands in monthly loads, the last month in one load a format and day; some orders
are delivered again when they are completed.
"""

from __future__ import annotations

import argparse
import hashlib
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks.deliveries import ROOT
from benchmarks.marts_facts import CHANNELS, Facts
from pipelines.contracts.campaign_tables import CAMPAIGN_TABLES
from pipelines.contracts.catalog import TABLES
from pipelines.contracts.channel_tables import CANONICAL_TABLES, CHANNEL_LOADS
from pipelines.contracts.config import Config
from pipelines.contracts.home import Home
from pipelines.contracts.identity_tables import GOLDEN_CONSENTS, GOLDEN_CUSTOMERS, IDENTITY_CURRENT
from pipelines.contracts.run import Run, write_run_tables
from pipelines.contracts.segment_tables import SEGMENT_ASSIGNMENTS
from pipelines.contracts.storage import write_table
from pipelines.contracts.tables import Table
from pipelines.contracts.value_tables import VALUE_TABLES
from pipelines.simulate.draws import Draws
from pipelines.tags import read_tags, write_tags

SEED = 20260101
DAYS = 720  # ends within a month: at its end everything is built anew
FIRST_DAY = date(2024, 1, 1)
_DAILY = 30  # the last days come in a load each
_MERGED_SHARE = 0.05  # of people known as two customers until some day


@dataclass(frozen=True, slots=True)
class MartsLake:
    """A home whose lake holds all loads. `day_before` and `day` are the last two business days in it."""

    home: Home
    customers: int

    @property
    def day(self) -> date:
        return FIRST_DAY + timedelta(days=DAYS - 1)

    @property
    def day_before(self) -> date:
        return self.day - timedelta(days=1)


def prepare_marts_lake(work: Path, customers: int) -> MartsLake:
    """The lake of so many customers, made in a process of its own when `work` does not hold it yet."""
    sources = [Path(__file__), Path(__file__).with_name("marts_facts.py")]
    version = hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()[:8]
    folder = work / f"marts-lake-{customers}-{version}"
    if not folder.exists():
        beside = folder.with_name(f".{folder.name}.new")
        shutil.rmtree(beside, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "benchmarks.marts_lake", str(beside), str(customers)], check=True, cwd=ROOT)
        beside.rename(folder)
    return MartsLake(Home(folder), customers)


def write_day(lake: MartsLake, as_of: date, config: Config) -> None:
    """Write what a run of the day finds besides its loads: run tables, tags, who is who and golden records as they stand then.

    Nobody registered a campaign, no list went out and nothing was predicted: those tables are empty, as on a first night.
    """
    run = Run(as_of, config, lake.home, ROOT / "data" / "reference")
    write_run_tables(run)
    write_tags(run, read_tags(), ())
    records = _records(lake.customers, as_of)
    _write(lake.home, IDENTITY_CURRENT, records.select("source_record_key", "customer_id", "first_seen_at"))
    golden = _golden(records)
    _write(lake.home, GOLDEN_CUSTOMERS, golden)
    _write(lake.home, GOLDEN_CONSENTS, _consents(golden))
    for table in (SEGMENT_ASSIGNMENTS, *CAMPAIGN_TABLES, *VALUE_TABLES):
        _write(lake.home, table, pl.DataFrame(schema=table.schema))


def write_loads(home: Home, customers: int) -> None:
    """Write every load of every channel table, a period at a time."""
    facts = Facts(customers, DAYS, FIRST_DAY, SEED)
    loads = []
    for first, last in _periods():
        for name, rows in facts.tables(first, last):
            for (channel,), part in rows.partition_by("channel", as_dict=True).items():
                load_id = hashlib.sha256(f"{channel}/{first}".encode()).hexdigest()[:16]
                loads.append((str(channel), load_id, first, last, part.height))
                table = TABLES[name]
                whole = part.with_columns(_load_id=pl.lit(load_id), _source_row=pl.int_range(2, pl.len() + 2, dtype=pl.Int64))
                _write(home, table, whole, f"load={load_id}")
    _write(home, CHANNEL_LOADS, _load_rows(loads))
    for table in CANONICAL_TABLES:
        if not home.table(table.name).exists():
            _write(home, table, pl.DataFrame(schema=table.schema), "load=0")


def _periods() -> Iterator[tuple[int, int]]:
    """First and last day, by number, of each load: months, then days."""
    day = 0
    while day < DAYS:
        last = min(day + 29, DAYS - _DAILY - 1) if day < DAYS - _DAILY else day
        yield day, last
        day = last + 1


def _load_rows(loads: list[tuple[str, str, int, int, int]]) -> pl.DataFrame:
    frame = pl.DataFrame(loads, schema=["format_name", "load_id", "first", "last", "rows"], orient="row")
    summed = frame.group_by("format_name", "load_id", "first", "last").agg(pl.col("rows").sum()).sort("load_id")
    zeros = [column.name for column in CHANNEL_LOADS.columns if column.name.endswith("_count")]
    return summed.select(
        "load_id",
        "format_name",
        *(pl.lit(0).alias(name) for name in zeros if name not in {"line_count", "loaded_count"}),
        file_path=pl.col("load_id") + ".csv",
        sha256="load_id",
        outcome=pl.lit("loaded"),
        line_count="rows",
        loaded_count="rows",
        covers_from_on=pl.lit(FIRST_DAY) + pl.duration(days=pl.col("first")),
        covers_to_on=pl.lit(FIRST_DAY) + pl.duration(days=pl.col("last")),
        exported_at=exported_at(pl.col("last")),
    )


def exported_at(last: pl.Expr) -> pl.Expr:
    """An hour after the end of the last day."""
    start = pl.lit(FIRST_DAY).cast(pl.Datetime("us")).dt.replace_time_zone("Asia/Shanghai").dt.convert_time_zone("UTC")
    return start + pl.duration(days=last + 1, hours=1)


def _records(customers: int, as_of: date) -> pl.DataFrame:
    """One row per source record known by then: its customer, its channel, when it was first seen."""
    facts, draws = Facts(customers, DAYS, FIRST_DAY, SEED), Draws(SEED)
    day = (as_of - FIRST_DAY).days
    people = np.arange(facts.known(day), dtype=np.int64)
    starts = facts.starts_on(people)
    is_two = draws.chance(_MERGED_SHARE, "merged", people) & (draws.whole(0, DAYS, "merged on", people) > day)
    frame = pl.DataFrame({"person": people, "start": starts, "is_two": is_two})
    uses = facts.uses(people)
    parts = [
        frame.filter(pl.Series(uses[:, number])).with_columns(channel=pl.lit(channel), is_first=pl.lit(number == 0))
        for number, channel in enumerate(CHANNELS)
    ]
    second = pl.col("is_two") & ~pl.col("is_first")
    return pl.concat(parts).select(
        "person",
        "channel",
        source_record_key=pl.col("channel") + ":" + pl.col("person").cast(pl.String).str.zfill(9),
        customer_id=_customer_ids(pl.when(second).then(pl.col("person") + customers).otherwise("person")),
        first_seen_at=exported_at(pl.col("start") - 1),
    )


def _customer_ids(number: pl.Expr) -> pl.Expr:
    """Scattered over the alphabet, as hashes are: an odd factor permutes the numbers below 2**48."""
    scattered = (number * 0x9E3779B97F4B) % (1 << 48)
    return pl.lit("c") + scattered.cast(pl.String).str.zfill(15)


def _golden(records: pl.DataFrame) -> pl.DataFrame:
    """One row per customer."""
    number = pl.col("person").min()
    return (
        records.group_by("customer_id")
        .agg(
            person=number,
            first_seen_at=pl.col("first_seen_at").min(),
            source_record_count=pl.len(),
            channel_count=pl.col("channel").n_unique(),
        )
        .sort("customer_id")
        .select(
            "customer_id",
            "first_seen_at",
            "source_record_count",
            "channel_count",
            full_name=pl.lit("王") + pl.col("person").cast(pl.String),
            gender=pl.when(pl.col("person") % 3 == 0).then(pl.lit("male")).when(pl.col("person") % 3 == 1).then(pl.lit("female")),
            birth_on=pl.when(pl.col("person") % 2 == 0).then(
                pl.lit(date(1960, 1, 1)) + pl.duration(days=(pl.col("person") * 7919) % 16000)
            ),
            province=pl.lit("省") + (pl.col("person") % 31).cast(pl.String),
            city=pl.lit("市") + (pl.col("person") % 300).cast(pl.String),
            phone_e164=pl.lit("+8613") + ((pl.col("person") * 7919) % 1_000_000_000).cast(pl.String).str.zfill(9),
            email=pl.col("person").cast(pl.String) + "@example.com",
            registered_at=pl.when(pl.col("person") % 5 < 3).then("first_seen_at"),
            registration_channel=pl.when(pl.col("person") % 5 < 3).then(pl.lit("shopify")),
        )
    )


def _consents(golden: pl.DataFrame) -> pl.DataFrame:
    """One row per customer and medium."""
    statements = [
        ("phone", "phone_e164", "sms", "marketing"),
        ("email", "email", "email", "marketing"),
        ("phone", "phone_e164", "sms", "personalization"),
    ]
    return pl.concat(
        golden.select(
            "customer_id",
            contact_type=pl.lit(kind),
            contact_value=pl.col(column),
            medium=pl.lit(medium),
            purpose=pl.lit(purpose),
            status=pl.when(pl.col(column).str.tail(3).str.contains("[0-6]$|c")).then(pl.lit("granted")).otherwise(pl.lit("denied")),
            stated_at="first_seen_at",
        )
        for kind, column, medium, purpose in statements
    ).with_columns(_load_id=pl.lit("0" * 16), _source_row=pl.lit(2))


def _write(home: Home, table: Table, rows: pl.DataFrame, *folders: str) -> None:
    """Columns that the rows do not have are null."""
    absent = [pl.lit(None, kind).alias(name) for name, kind in table.schema.items() if name not in rows.columns]
    write_table(rows.with_columns(absent), table, home.table(table.name).joinpath(*folders) / "part-0.parquet")


def main() -> None:
    """Write the loads into a new folder."""
    parser = argparse.ArgumentParser(description="Write the loads of a lake for the marts.")
    parser.add_argument("out", type=Path)
    parser.add_argument("customers", type=int)
    chosen = parser.parse_args()
    write_loads(Home(chosen.out), chosen.customers)


if __name__ == "__main__":
    main()
