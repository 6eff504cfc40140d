"""What they will do next: purchases and value. Fit and score by size beside other packages, and real shops beside what came."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from benchmarks.deliveries import ROOT
from benchmarks.markdown import GIB, Goal, goal_table, measured_with, table
from benchmarks.measure import Measured, measure
from benchmarks.value_worker import simulate, write_marts
from pipelines.contracts.config import Config
from pipelines.contracts.engine import literal, open_engine
from pipelines.contracts.home import Home
from pipelines.contracts.run import Run
from pipelines.value.findings import Findings
from pipelines.value.purchases import predict_purchases

_MILLION = 1_000_000
_LARGE = 5_000_000  # customers; above, others would take minutes and 10 GB
_OTHERS = ("lifetimes", "pymc-marketing")
_OTHERS_FILE = Path(__file__).with_name("value_others.py")
_DATA = ROOT.parent / "shared" / "data"

_ABOUT = """
Customers who behave as BG/NBD and Gamma-Gamma say are simulated over two years of days. Each contestant runs in a process of its own;
seconds are wall clock and, in brackets, processor time; memory is the peak of the process. The platform reads the marts, makes purchase
days and histories in SQL, fits weighted distinct histories, and writes a row of predictions for every customer, intervals included.
Of `lifetimes` and `pymc-marketing` (the mode under its own priors) only the fit is timed, of one row a customer that is in memory already;
the second time what they compile is compiled.
""".strip()
_SHOPS = """
Real shops, the last 90 days held out: CDNOW (a cohort of first buyers of CDs, a year and a half), Complete Journey (2,469 households of
a grocer, a year) and UCI Online Retail (an online wholesaler, a year that ends before Christmas, cancellations left out).

Errors are mean Poisson deviances over customers known at the cut-off. `last_period` expects as much as in the last 90 days, and of who
bought nothing in them what such customers did the last time. Lift is how much smaller the error is than that of the best simple rule; a
model that loses to a rule is not used, and the run says so. Calibration error is the mean distance of the probability to buy within 90
days from the share that bought, over tenths of the customers.
""".strip()


@dataclass(frozen=True, slots=True)
class Sized:
    """One size: what each contestant told, and what its process cost."""

    customers: int
    told: Mapping[str, dict[str, Any]]
    cost: Mapping[str, Measured]


@dataclass(frozen=True, slots=True)
class Shop:
    """A real shop and what the step found."""

    name: str
    findings: Findings


@dataclass(frozen=True, slots=True)
class ValueFigures:
    """All of it."""

    sizes: Sequence[Sized]
    shops: Sequence[Shop]


def run_value(work: Path, sizes: Sequence[int], interpreters: Sequence[Path]) -> ValueFigures:
    """Measure; other packages where one of `interpreters` has them, real shops where their files are."""
    others = _others(interpreters)
    return ValueFigures([_sized(work, customers, others) for customers in sizes], list(_shops(work)))


def _others(interpreters: Sequence[Path]) -> dict[str, Path]:
    """The first interpreter that has each package."""
    found: dict[str, Path] = {}
    for interpreter in interpreters:
        told = subprocess.run([interpreter, _OTHERS_FILE], check=True, capture_output=True, text=True)
        found = dict.fromkeys(json.loads(told.stdout), interpreter) | found
    return found


def _sized(work: Path, customers: int, others: Mapping[str, Path]) -> Sized:
    folder = work / f"value-{customers}"
    if not Home(folder).marts.exists():
        simulate(customers, folder)
    worker: list[str | Path] = [sys.executable, "-m", "benchmarks.value_worker"]
    cost = {name: measure([*worker, name, folder], os.environ) for name in ("platform", "whole")}
    if others and customers < _LARGE:
        measure([*worker, "histories", folder], os.environ)
        for name, interpreter in others.items():
            cost[name] = measure([interpreter, _OTHERS_FILE, name, folder / "histories.npz"], os.environ)
    return Sized(customers, {name: json.loads(found.stdout.splitlines()[-1]) for name, found in cost.items()}, cost)


def _shops(work: Path) -> Iterator[Shop]:
    if (_DATA / "cdnow").is_dir():
        lines = pl.read_csv(_DATA / "cdnow" / "CDNOW_master.txt.gz", has_header=False, new_columns=["line"], separator="|").filter(
            pl.col("line").str.contains("[0-9]")
        )
        path = work / "value-cdnow.parquet"
        squeezed = lines.select(pl.col("line").str.replace_all(" +", " ").str.strip_chars().str.split(" ").alias("cell"))
        squeezed.select(
            customer_id=pl.col("cell").list.get(0),
            purchased_on=pl.col("cell").list.get(1).str.to_date("%Y%m%d"),
            net_amount=pl.col("cell").list.get(3).cast(pl.Float64),
        ).write_parquet(path)
        purchases = f"select * from read_parquet({literal(str(path))})"
        yield _shop("CDNOW", work, purchases, date(1998, 6, 30))
    if (_DATA / "complete_journey").is_dir():
        source = literal(str(_DATA / "complete_journey" / "transactions.parquet"))
        purchases = (
            "select cast(household_id as varchar) as customer_id, cast(transaction_timestamp as date) as purchased_on,"
            f" sales_value as net_amount from read_parquet({source}) where cast(transaction_timestamp as date) < date '2018-01-01'"
        )
        yield _shop("Complete Journey", work, purchases, date(2017, 12, 31))
    if (_DATA / "uci_online_retail").is_dir():
        days = literal(str(_uci(work)))
        purchases = (
            "select cast(cast(CustomerID as double) as varchar) as customer_id, cast(InvoiceDate as date) as purchased_on,"
            f" Quantity * UnitPrice as net_amount from read_csv({days}, union_by_name = true)"
            " where CustomerID is not null and Quantity > 0 and UnitPrice > 0"
        )
        yield _shop("UCI Online Retail", work, purchases, date(2011, 12, 9))


def _uci(work: Path) -> Path:
    folder = work / "value-uci-days"
    if not folder.exists():
        with tarfile.open(_DATA / "uci_online_retail" / "by_day.tar.gz") as archive:
            archive.extractall(folder, filter="data")
    return folder / "**" / "*.csv"


def _shop(name: str, work: Path, purchases: str, as_of: date) -> Shop:
    folder = work / f"value-{name.split()[0].lower()}"
    write_marts(folder, purchases)
    run = Run(as_of, Config(), Home(folder), folder)
    with open_engine(run, "value") as connection:
        connection.execute(f"attach {literal(str(run.home.marts))} as marts (read_only)")
        return Shop(name, predict_purchases(connection, run))


def value_goals(figures: ValueFigures) -> list[Goal]:
    """What was promised, as far as it was measured."""
    found = []
    for sized in figures.sizes:
        steps, size = sized.told["platform"]["steps"], f"{sized.customers // _MILLION} M customers"
        for name in _OTHERS:
            if name not in sized.told:
                continue
            theirs, ours = sized.told[name], sized.told["platform"]
            again = theirs["steps"]["the same again"][1]
            faster = again / steps["fit of BG/NBD"][1]
            found.append(Goal(f"{size}: times as fast as `{name}`, fit", 50, faster, "", is_floor=True))
            # the mode under priors is not the maximum of the likelihood
            if name == "lifetimes":
                off = max(abs(ours["parameters"][parameter] / value - 1) for parameter, value in theirs["parameters"].items())
                found.append(Goal(f"{size}: largest difference of a parameter from `{name}`", 1e-4, off, ""))
        if sized.customers >= _LARGE:
            found.append(Goal(f"{size}: score and write", 60, steps["score and write"][0], "s"))
            found.append(Goal(f"{size}: memory", 3, sized.cost["platform"].peak_bytes / GIB, "GiB"))
            found.append(Goal(f"{size}: fit of BG/NBD", 1, steps["fit of BG/NBD"][1], "s of processor"))
    return found


def render_value(figures: ValueFigures, measured_on: date) -> str:
    """The part of RESULTS.md."""
    return "\n".join(_lines(figures, measured_on)).rstrip() + "\n"


def _lines(figures: ValueFigures, measured_on: date) -> Iterator[str]:
    yield "# What they will do next: purchases and value"
    yield ""
    yield from measured_with(measured_on)
    yield ""
    yield from goal_table(value_goals(figures))
    yield "## Speed"
    yield ""
    yield _ABOUT
    yield ""
    yield from table(["step", *(f"{sized.customers:,} customers" for sized in figures.sizes)], list(_speed(figures.sizes)))
    yield _with_which(figures.sizes)
    yield ""
    yield "## Real shops"
    yield ""
    yield _SHOPS
    yield ""
    head = [
        "shop",
        "target",
        "used",
        "error",
        "best simple rule",
        "its error",
        "lift",
        "RMSE",
        "its RMSE",
        "expected total",
        "actual total",
    ]
    yield from table(head, [row for shop in figures.shops for row in _errors(shop)])
    head = ["shop", "model", "log-likelihood after the cut-off", "log-loss", "Brier", "AUC", "calibration error"]
    yield from table(head, [row for shop in figures.shops for row in _probabilities(shop)])


def _with_which(sizes: Sequence[Sized]) -> str:
    """Versions of the other packages, and which of them was not there."""
    found = {name: sized.told[name]["version"] for sized in sizes for name in _OTHERS if name in sized.told}
    absent = [f"`{name}` was not installed" for name in _OTHERS if name not in found]
    return "; ".join([*(f"`{name}` {version}" for name, version in found.items()), *absent]) + "."


def _speed(sizes: Sequence[Sized]) -> Iterator[list[str]]:
    def seconds(sized: Sized, contestant: str, step: str) -> str:
        told = sized.told.get(contestant)
        return f"{told['steps'][step][0]:.2f} s ({told['steps'][step][1]:.2f})" if told else "not measured"

    yield ["purchase days", *(f"{sized.told['platform']['purchase_days']:,}" for sized in sizes)]
    yield ["distinct histories", *(f"{sized.told['platform']['distinct']:,}" for sized in sizes)]
    for step in ("purchase days and histories", "distinct rows", "fit of BG/NBD", "fit of Gamma-Gamma", "score and write"):
        yield [step, *(seconds(sized, "platform", step) for sized in sizes)]
    yield ["memory, all of these", *(f"{sized.cost['platform'].peak_bytes / GIB:.2f} GiB" for sized in sizes)]
    yield ["whole step: both models, back-test, scores", *(seconds(sized, "whole", "whole") for sized in sizes)]
    yield ["memory, whole step", *(f"{sized.cost['whole'].peak_bytes / GIB:.2f} GiB" for sized in sizes)]
    for name in _OTHERS:
        for step in ("fit of BG/NBD", "the same again"):
            yield [f"`{name}`, {step}", *(seconds(sized, name, step) for sized in sizes)]
        memory = (f"{sized.cost[name].peak_bytes / GIB:.2f} GiB" if name in sized.cost else "not measured" for sized in sizes)
        yield [f"`{name}`, memory", *memory]
    for parameter in ("r", "alpha", "a", "b"):
        for contestant in ("platform", *_OTHERS):
            told = [sized.told.get(contestant) for sized in sizes]
            yield [f"`{parameter}`, {contestant}", *(f"{one['parameters'][parameter]:.5f}" if one else "not measured" for one in told)]


def _errors(shop: Shop) -> Iterator[list[str]]:
    for target in ("purchases", "purchase_amount", "net_amount"):
        models = [model for model in shop.findings.models if model.target == target]
        [used] = [model for model in models if model.is_used]
        rules = [model for model in models if model.is_baseline]
        best = min(rules, key=lambda model: float((model.metrics or {})["deviance"]))
        ours, theirs = (model.metrics or {} for model in (used, best))
        lift = 1 - ours["deviance"] / theirs["deviance"]
        figures = [f"{ours['deviance']:.3f}", best.model_name, f"{theirs['deviance']:.3f}", f"{lift:.1%}"]
        figures += [f"{ours['rmse']:.3f}", f"{theirs['rmse']:.3f}"]
        yield [shop.name, target, used.model_name, *figures, f"{ours['expected_total']:,.0f}", f"{ours['actual_total']:,.0f}"]


def _probabilities(shop: Shop) -> Iterator[list[str]]:
    for model in shop.findings.models:
        metrics = model.metrics or {}
        if "log_loss" in metrics:
            tenths = shop.findings.backtests.filter(metric="purchase_probability_by_decile", model_name=model.model_name)
            distance = ((pl.col("expected") - pl.col("actual")).abs() * pl.col("customer_count")).sum() / pl.col("customer_count").sum()
            error = tenths.select(distance).item()
            figures = [f"{metrics[name]:.4f}" for name in ("log_loss", "brier", "auc")]
            yield [shop.name, model.model_name, f"{metrics['log_likelihood_after_cutoff']:,.1f}", *figures, f"{error:.4f}"]
