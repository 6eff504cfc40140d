"""The platform's part of the benchmark on purchases and value, in a process of its own: prints what it measured as JSON."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import polars as pl

from pipelines.contracts.config import Config
from pipelines.contracts.engine import fetch_frame, literal, open_engine
from pipelines.contracts.home import Home
from pipelines.contracts.identity_tables import GOLDEN_CONSENTS
from pipelines.contracts.run import Run
from pipelines.contracts.storage import write_table
from pipelines.value.purchases.backtest import purchase_model
from pipelines.value.purchases.expectation import AmountModel
from pipelines.value.purchases.fitting import fit_amounts, fit_purchases
from pipelines.value.purchases.histories import create_histories, create_purchase_days, distinct_histories, distinct_spending
from pipelines.value.purchases.scoring import WINDOWS, Amounts, Outlook, Rules
from pipelines.value.purchases.step import predict_purchases, write_customers

FIRST, DAYS = date(2024, 1, 1), 730
AS_OF = FIRST + timedelta(days=DAYS - 1)
# of the simulated lives: a purchase rate of r / alpha a day, half of all customers buy once
R, ALPHA, A, B, P, Q, GAMMA = 0.35, 35.0, 0.9, 3.0, 6.0, 4.0, 300.0
_AT_ONCE = 500_000


def simulate(customers: int, folder: Path) -> None:
    """Write `marts.duckdb` with customers who behave as BG/NBD and Gamma-Gamma say."""
    folder.mkdir(parents=True, exist_ok=True)
    for part, after in enumerate(range(0, customers, _AT_ONCE)):
        random = np.random.default_rng([part, customers])
        count = min(_AT_ONCE, customers - after)
        rate, leaving = random.gamma(R, 1 / ALPHA, count), random.beta(A, B, count)
        own = random.gamma(Q, 1 / GAMMA, count)
        who, when = np.arange(count), random.uniform(0, DAYS, count)
        rounds = [(who, when)]
        while len(who):
            when = when + random.exponential(1 / np.maximum(rate[who], 1e-9))
            stays = when < DAYS
            who, when = who[stays], when[stays]
            rounds.append((who, when))
            stays = random.random(len(who)) >= leaving[who]
            who, when = who[stays], when[stays]
        customer, at = (np.concatenate(parts) for parts in zip(*rounds, strict=True))
        amount = np.maximum(random.gamma(P, 1 / own[customer]), 0.01)
        frame = pl.DataFrame({"customer": customer + after, "day": np.floor(at).astype(np.int32), "net_amount": amount})
        frame.write_parquet(folder / f"purchases-{part}.parquet")
    made = f"""
        select 'c_' || left(md5(cast(customer as varchar)), 16) as customer_id, date '{FIRST}' + day as purchased_on, net_amount
        from read_parquet({literal(str(folder / "purchases-*.parquet"))})
    """
    write_marts(folder, made)
    for path in folder.glob("purchases-*.parquet"):
        path.unlink()


def write_marts(folder: Path, purchases: str) -> None:
    """Write what the stage reads, from a query with `customer_id`, `purchased_on` and `net_amount`."""
    home = Home(folder)
    home.marts.parent.mkdir(parents=True, exist_ok=True)
    home.marts.unlink(missing_ok=True)
    with duckdb.connect(str(home.marts), config={"memory_limit": "2GB"}) as marts:
        marts.execute(
            "create table fct_orders as select customer_id, purchased_on, cast(net_amount as decimal(18, 2)) as net_amount,"
            f" true as is_purchase from ({purchases})"
        )
        marts.execute("create table dim_customers as select distinct customer_id from fct_orders")
    write_table(pl.DataFrame(schema=GOLDEN_CONSENTS.schema), GOLDEN_CONSENTS, home.table(GOLDEN_CONSENTS.name) / "part-0.parquet")


class _Clock:
    """Processor and wall-clock seconds by step."""

    def __init__(self) -> None:
        self.told: dict[str, tuple[float, float]] = {}

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        wall, processor = time.perf_counter(), time.process_time()
        yield
        self.told[name] = (time.perf_counter() - wall, time.process_time() - processor)


def _run(folder: Path) -> Run:
    return Run(AS_OF, Config(), Home(folder), folder)


def platform(folder: Path) -> dict[str, Any]:
    """Fit and score, step by step, as a run does."""
    run, clock = _run(folder), _Clock()
    with open_engine(run, "value") as connection:
        connection.execute(f"attach {literal(str(run.home.marts))} as marts (read_only)")
        with clock.step("purchase days and histories"):
            create_purchase_days(connection, run)
            facts = create_histories(connection, "histories", AS_OF, WINDOWS)
        with clock.step("distinct rows"):
            histories, spending = distinct_histories(connection, "histories"), distinct_spending(connection, "histories")
        with clock.step("fit of BG/NBD"):
            fit = fit_purchases("bg_nbd", histories)
        with clock.step("fit of Gamma-Gamma"):
            amount = fit_amounts(spending)
        with clock.step("score and write"):
            outlook = Outlook.of(purchase_model("bg_nbd", fit), histories, WINDOWS, 0.10)
            amounts = Amounts("gamma_gamma", AmountModel(**amount.parameters), facts)
            write_customers(connection, run, Rules(facts, "bg_nbd", "purchases_by_amount", outlook, amounts, 0.10))
        [(purchases,)] = connection.execute("select count(*) from purchase_days").fetchall()
    return {
        "customers": facts.customers,
        "purchase_days": purchases,
        "distinct": len(histories.weight),
        "steps": clock.told,
        "parameters": fit.parameters,
        "log_likelihood": float(fit.log_likelihood),
    }


def whole(folder: Path) -> dict[str, Any]:
    """The step of a run: with both models and the back-test."""
    run, clock = _run(folder), _Clock()
    with clock.step("whole"), open_engine(run, "value") as connection:
        connection.execute(f"attach {literal(str(run.home.marts))} as marts (read_only)")
        findings = predict_purchases(connection, run)
    used = [f"{model.target}: {model.model_name} ({model.reason})" for model in findings.models if model.is_used]
    return {"steps": clock.told, "used": used}


def histories(folder: Path) -> dict[str, Any]:
    """For other packages, which begin with one row a customer: `histories.npz`."""
    run = _run(folder)
    with open_engine(run, "value") as connection:
        connection.execute(f"attach {literal(str(run.home.marts))} as marts (read_only)")
        create_purchase_days(connection, run)
        create_histories(connection, "histories", AS_OF, WINDOWS)
        frame = fetch_frame(connection, "select frequency, recency, age from histories order by customer_no")
    frequency, recency, age = (column.to_numpy() for column in frame.get_columns())
    np.savez(folder / "histories.npz", frequency=frequency, recency=recency, age=age)
    return {"customers": frame.height}


_PARTS = {"platform": platform, "whole": whole, "histories": histories}

if __name__ == "__main__":
    print(json.dumps(_PARTS[sys.argv[1]](Path(sys.argv[2]))))
