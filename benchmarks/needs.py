"""What customers will need: due dates and next categories on two real shops, out of time, and the time that a large shop takes.

The models are those of a run, with its defaults; only where the facts come from differs. Run as a module it is the part of a process of
its own that is measured.
"""

from __future__ import annotations

import os
import sys
import tarfile
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from statistics import geometric_mean

import duckdb
import polars as pl

from benchmarks.deliveries import ROOT
from benchmarks.markdown import GIB, Goal, goal_table, measured_with, table
from benchmarks.measure import Measured, measure
from pipelines.contracts.config import Config, NeedsConfig
from pipelines.contracts.engine import literal, open_engine
from pipelines.contracts.home import Home
from pipelines.contracts.identity_tables import GOLDEN_CONSENTS
from pipelines.contracts.run import Run
from pipelines.contracts.storage import write_table
from pipelines.value.needs import predict_needs
from pipelines.value.needs.bought import create_bought_days
from pipelines.value.needs.categories import Hits, judge_candidates
from pipelines.value.needs.replenishment import Met, judge_due_dates

_REAL = ROOT.parent / "shared" / "data"
_RIDGES = tuple(map(Decimal, ("0.1", "0.2", "0.5", "1", "2", "5", "10")))
_EARLIER_DAYS = (60, 120)  # before the end of the file; what came then is judged as what comes last
_LAST_ON = date(2026, 4, 30)  # of the large shop

_COMPLETE_JOURNEY = """
select cast(household_id as varchar) as customer_id, product_category as category, cast(transaction_timestamp as date) as bought_on
from read_parquet('{folder}/transactions.parquet') join read_parquet('{folder}/products.parquet') using (product_id)
where sales_value > 0 and quantity > 0 and product_category is not null and transaction_timestamp < date '2018-01-01'
"""
# of this shop nobody knows categories: each article stands for one
_ONLINE_RETAIL = """
select CustomerID as customer_id, StockCode as category, cast(cast(InvoiceDate as timestamp) as date) as bought_on
from read_csv('{folder}/**/*.csv', all_varchar = true)
where coalesce(CustomerID, '') <> '' and cast(Quantity as double) > 0 and cast(UnitPrice as double) > 0
"""
# a few categories are bought by most, and each customer has three of their own; chosen by hashes, so that every run writes the same
_LARGE = """
with customers as (
    select range as number, 1 + cast(floor(-ln(1 - (hash(range) % 1000003) / 1000003.0) * 8) as integer) as visits from range({customers})
),
visited as (select number, unnest(range(visits)) as visit from customers),
lines as (select number, visit, unnest(range(1 + cast(hash(number, visit) % 3 as integer))) as line from visited),
drawn as (
    select
        number, visit,
        (case when hash(number, visit, line) % 10 < 8 then hash(number, line) else hash(visit, number, line) end % 100003) / 100003.0
            as chance
    from lines
)
select
    'c_' || lpad(cast(number as varchar), 32, '0') as customer_id,
    'category ' || cast(floor(300 * power(chance, 2)) as integer) as category,
    date '{last_on}' - cast(hash(number, visit, 'day') % 850 as integer) as bought_on
from drawn
"""


@dataclass(frozen=True, slots=True)
class Shop:
    """One real shop, judged by its last 60 days."""

    name: str
    due_dates: tuple[Met, ...]
    candidates: Hits
    ridges: Mapping[Decimal, float]  # by ridge, hit rate of 3 categories times that of popularity, on earlier cut-offs

    @property
    def due(self) -> Met:
        """All due dates, whatever they rest on."""
        return next(met for met in self.due_dates if met.bucket == "all")


@dataclass(frozen=True, slots=True)
class NeedFigures:
    """What the part is made of."""

    shops: tuple[Shop, ...]
    customers: int
    line_count: int
    large: Measured


def run_needs(work: Path, customers: int) -> NeedFigures:
    """Judge both shops and measure a step over `customers` invented customers. Raises FileNotFoundError without the real data."""
    with tempfile.TemporaryDirectory(dir=work) as name:
        folder = Path(name)
        with tarfile.open(_REAL / "uci_online_retail" / "by_day.tar.gz") as archive:
            archive.extractall(folder / "uci", filter="data")
        shops = (
            _judged("Complete Journey, 302 categories", _COMPLETE_JOURNEY.format(folder=_REAL / "complete_journey"), folder),
            _judged("UCI Online Retail, articles for categories", _ONLINE_RETAIL.format(folder=folder / "uci"), folder),
        )
        facts = folder / "facts.parquet"
        with duckdb.connect() as connection:
            connection.execute(f"copy ({_LARGE.format(customers=customers, last_on=_LAST_ON)}) to {literal(str(facts))} (format parquet)")
        lines = int(pl.scan_parquet(facts).select(pl.len()).collect().item())
        environment: Mapping[str, str] = {**os.environ, "PYTHONPATH": str(ROOT)}
        large = measure([sys.executable, "-m", "benchmarks.needs", facts, folder / "large"], environment)
    return NeedFigures(shops, customers, lines, large)


def _judged(name: str, facts: str, folder: Path) -> Shop:
    with _engine(folder / "engine", date(2000, 1, 1)) as (connection, run):
        connection.execute(f"create table facts as {facts}")
        span = create_bought_days(connection, "facts")
        if span.last_on is None:
            raise ValueError(f"{name} has no purchases")
        needs = run.config.needs
        met = judge_due_dates(connection, needs, span.last_on)
        ridges = {}
        for ridge in _RIDGES:
            tried = needs.model_copy(update={"next_ridge": ridge})
            earlier = [judge_candidates(connection, tried, span.last_on - timedelta(days=days)) for days in _EARLIER_DAYS]
            ridges[ridge] = geometric_mean(hits.model[3] / hits.popularity[3] for hits in earlier)
        return Shop(name, tuple(met), judge_candidates(connection, needs, span.last_on), ridges)


@contextmanager
def _engine(home: Path, as_of: date) -> Iterator[tuple[duckdb.DuckDBPyConnection, Run]]:
    run = Run(as_of, Config(), Home(home), home)
    with open_engine(run, "needs") as connection:
        yield connection, run


def best_ridge(shops: Sequence[Shop]) -> Decimal:
    """The ridge that was best on the earlier cut-offs, each shop weighing the same."""
    return max(_RIDGES, key=lambda ridge: geometric_mean(shop.ridges[ridge] for shop in shops))


def needs_goals(figures: NeedFigures) -> list[Goal]:
    """The goals: better than the simple rule on both shops, and a large shop within the memory of a run."""
    goals = []
    for shop in figures.shops:
        due, hits = shop.due, shop.candidates
        goals.append(
            Goal(
                f"due dates met within 14 days, times the category's mean interval, {shop.name}",
                1.0,
                due.model[14] / due.rule[14],
                "",
                True,
            )
        )
        goals.append(Goal(f"hit rate of 3 categories, times popularity, {shop.name}", 1.0, hits.model[3] / hits.popularity[3], "", True))
    goals.append(Goal(f"peak memory, {figures.customers:,} customers", 4.0, figures.large.peak_bytes / GIB, "GiB"))
    return goals


_ABOUT = """
The last 60 days are left out, the models of a run say what they would have said before them, and then it is looked what came. Settings
are the defaults. What was tuned on what: how a customer's own intervals and the category's are weighed was chosen on the same two shops at
cut-offs 100 to 180 days before the end. The ridge of next categories is the best of those below at cut-offs 180 and 120 days before the
end; the figures beside popularity are of the cut-off 60 days before it, which chose nothing but, among others, the kind of the model.
""".strip()
_DUE = """
A due date is met when the customer buys the category within so many days of it. All three columns name a day for the same customers and
categories: own intervals drawn towards the category's, the category's mean interval, and a day drawn by lot. The difference between the
first and the last is what the day itself is worth; it is small, because most of what is bought again is bought whenever somebody comes
by. Who is on the list matters more than when: with own intervals several times as many dates are met as after a first purchase.
""".strip()
_NEXT = """
Of customers who bought a category that they had not bought within the year before: the share who bought one of the first k that were
offered.
""".strip()


def render_needs(figures: NeedFigures, measured_on: date) -> str:
    """The part as Markdown."""
    lines = [
        "# What they will do next: need",
        "",
        *measured_with(measured_on, "python -m benchmarks needs"),
        *_ABOUT.splitlines(),
        "",
        *goal_table(needs_goals(figures)),
        "## When it is due again",
        "",
        *_DUE.splitlines(),
        "",
        *table(
            ("shop, rests on", "due dates", "within", "model", "category's mean", "by lot", "lift over mean", "lift over lot"),
            [
                (
                    f"{shop.name}, {met.bucket.replace('_', ' ')}",
                    f"{met.due_count:,}",
                    f"{near} days",
                    f"{met.model[near]:.1%}",
                    f"{met.rule[near]:.1%}",
                    f"{met.by_lot[near]:.1%}",
                    f"{met.model[near] / met.rule[near]:.2f}",
                    f"{met.model[near] / met.by_lot[near]:.2f}",
                )
                for shop in figures.shops
                for met in shop.due_dates
                for near in met.model
            ],
        ),
        "Half of a category's intervals end within the window beside the due date. Purchases came within it for "
        + " and ".join(f"{shop.due.window_met_count / shop.due.window_count:.1%} ({shop.name})" for shop in figures.shops)
        + ".",
        "",
        "## What they buy next",
        "",
        *_NEXT.splitlines(),
        "",
        *table(
            ("shop", "customers", "k", "model", "popularity", "lift"),
            [
                (
                    shop.name,
                    f"{shop.candidates.customer_count:,}",
                    str(rank),
                    f"{share:.1%}",
                    f"{shop.candidates.popularity[rank]:.1%}",
                    f"{share / shop.candidates.popularity[rank]:.2f}",
                )
                for shop in figures.shops
                for rank, share in shop.candidates.model.items()
            ],
        ),
        "The ridge, at the two cut-offs before: hit rate of 3 categories, times that of popularity; the mean of a shop is geometric.",
        f"The best for both is {best_ridge(figures.shops):f}; shipped is {NeedsConfig().next_ridge:f}.",
        "",
        *table(
            ("ridge", *(shop.name for shop in figures.shops)),
            [(f"{ridge:f}", *(f"{shop.ridges[ridge]:.3f}" for shop in figures.shops)) for ridge in _RIDGES],
        ),
        "Who buys in the same season of every year cannot be judged on either: both hold one year.",
        "",
        "## A large shop",
        "",
        f"{figures.customers:,} invented customers with {figures.line_count:,} lines of 300 categories, back-tests included, in a",
        f"process of its own with the 2 GB that DuckDB has by default: {figures.large.cpu_seconds:.0f} s of the processor,",
        f"{figures.large.seconds:.0f} s by the clock, {figures.large.peak_bytes / GIB:.2f} GiB at most.",
    ]
    return "\n".join(lines) + "\n"


def _step(facts: str, home: str) -> None:
    """The part of a run on needs, over facts in a file."""
    with _engine(Path(home), _LAST_ON) as (connection, run):
        nobody = pl.DataFrame(schema=GOLDEN_CONSENTS.schema)
        write_table(nobody, GOLDEN_CONSENTS, run.home.table(GOLDEN_CONSENTS.name) / "part-0.parquet")
        predict_needs(connection, run, f"(select * from read_parquet({literal(facts)}))")


if __name__ == "__main__":
    _step(*sys.argv[1:])
