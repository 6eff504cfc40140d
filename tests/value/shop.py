"""Invented shops for tests of needs: who bought which category on which day, and the engine that reads them."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from pipelines.contracts.config import Config
from pipelines.contracts.engine import literal, open_engine
from pipelines.contracts.home import Home
from pipelines.contracts.identity_tables import GOLDEN_CONSENTS
from pipelines.contracts.need_tables import NEED_TABLES
from pipelines.contracts.run import Run
from pipelines.contracts.storage import write_table
from pipelines.value.findings import Findings
from pipelines.value.needs import predict_needs
from tests.oracle.needs import Fact

FACTS = {"customer_id": pl.String, "category": pl.String, "bought_on": pl.Date}
# so that some of everything happens in a small shop
RULES = {
    "bought_again_from_intervals": 10,
    "season_from_days": 12,
    "next_from_customers": 3,
    "judged_from_count": 5,
}


def a_run(folder: Path, as_of: date, threads: int | None = None, **rules: Any) -> Run:
    return Run(as_of, Config.model_validate({"needs": RULES | rules, "engine": {"threads": threads}}), Home(folder), folder)


def opted_out(run: Run, *customers: str) -> None:
    """Write the lake's consents: these customers denied personalization."""
    rows = [
        {"customer_id": customer, "purpose": "personalization", "status": "denied"} | dict.fromkeys(_OTHERS, None) for customer in customers
    ]
    frame = pl.DataFrame(rows, schema=GOLDEN_CONSENTS.schema)
    write_table(frame, GOLDEN_CONSENTS, run.home.table(GOLDEN_CONSENTS.name) / "part-0.parquet")


_OTHERS = tuple(name for name in GOLDEN_CONSENTS.column_names if name not in {"customer_id", "purpose", "status"})


@contextmanager
def shop(run: Run, facts: Iterable[Fact]) -> Iterator[tuple[duckdb.DuckDBPyConnection, str]]:
    """The engine of a run, and the relation that holds the facts in the order given."""
    run.home.root.mkdir(parents=True, exist_ok=True)
    path = run.home.root / "facts.parquet"
    pl.DataFrame(list(facts), schema=FACTS, orient="row").write_parquet(path)
    with open_engine(run, "value") as connection:
        yield connection, f"(select * from read_parquet({literal(str(path))}))"


def predicted(run: Run, facts: Iterable[Fact], *without: str) -> tuple[Findings, dict[str, pl.DataFrame]]:
    """What the step returns and the tables that it writes; customers in `without` denied personalization."""
    opted_out(run, *without)
    with shop(run, facts) as (connection, sold):
        found = predict_needs(connection, run, sold)
        assert connection.execute("select table_name from duckdb_tables()").fetchall() == [], "memory that later predictions need"
    return found, {table.name: pl.read_parquet(run.home.table(table.name) / "part-0.parquet") for table in NEED_TABLES}


def history(seed: int, as_of: date, customers: int = 40, days: int = 1200) -> list[Fact]:
    """Some years of a shop: staples bought in each one's rhythm, things of summer and of winter, and things bought once in a while."""
    pick = random.Random(seed)
    facts: list[Fact] = []
    for number in range(customers):
        customer, first = f"c_{number:03}", pick.randrange(days - 30)
        for category, rhythm in (("milk", 12), ("coffee", 25), ("shampoo", 55)):
            if pick.random() < 0.7:
                own = rhythm * pick.uniform(0.6, 1.6)
                facts += [(customer, category, day) for day in _rhythm(pick, as_of, first, days, own)]
        for category, month in (("sunscreen", 6), ("gloves", 11)):
            if pick.random() < 0.6:
                facts += [(customer, category, day) for day in _yearly(pick, as_of, days, month)]
        for category in ("lamp", "book", "vase"):
            facts += [(customer, category, as_of - timedelta(days=pick.randrange(days))) for _ in range(pick.choice((0, 0, 1, 1, 2, 4)))]
    return facts


def _rhythm(pick: random.Random, as_of: date, first: int, days: int, rhythm: float) -> Sequence[date]:
    found, at = [], float(first)
    until = days if pick.random() < 0.7 else pick.uniform(first, days)
    while at < until:
        found.append(as_of - timedelta(days=days - 1 - int(at)))
        at += max(1.0, rhythm * pick.lognormvariate(0, 0.5))
    return [day for day in found if day <= as_of]


def _yearly(pick: random.Random, as_of: date, days: int, month: int) -> Sequence[date]:
    first = as_of - timedelta(days=days)
    found = [
        date(year, month, 1) + timedelta(days=pick.randrange(80))
        for year in range(first.year, as_of.year + 1)
        for _ in range(pick.choice((0, 1, 1, 2)))
    ]
    found += [as_of - timedelta(days=pick.randrange(days)) for _ in range(pick.choice((0, 0, 1, 3)))]
    return [day for day in found if first < day <= as_of]
