"""Who buys again and who is gone, measured: how good the probabilities were on two real shops, and what they cost at a million customers.

The files are read as they are, without the whole job: orders, refunds (cancellation invoices), used coupons and discounts where a file
has them. Nothing was tuned on the figures; settings are the shipped ones.
"""

from __future__ import annotations

import json
import os
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from benchmarks.deliveries import ROOT
from benchmarks.markdown import GIB, Goal, goal_table, measured_with, table
from benchmarks.measure import measure
from pipelines.contracts.config import Config
from pipelines.contracts.engine import literal, open_engine
from pipelines.contracts.home import Home
from pipelines.contracts.run import Run
from pipelines.value.clusters import find_clusters
from pipelines.value.predict import LEARNING_ENGINE_SHARE
from pipelines.value.propensity import predict_propensities
from pipelines.value.propensity.choosing import Trial
from pipelines.value.propensity.facts import SOURCES, create_facts
from pipelines.value.propensity.judging import Judgement
from pipelines.value.propensity.scoring import Prediction, predict

_DATA = ROOT.parent / "shared" / "data"
_DAYS = 730
_LAST = date(2026, 5, 31)

_COLUMNS: Mapping[str, str] = {
    "golden_customers": "customer_id varchar, birth_on date, gender varchar, province varchar",
    "golden_consents": "customer_id varchar, purpose varchar, status varchar",
    "fct_orders": "customer_id varchar, order_key varchar, channel varchar, order_type varchar, status varchar, was_paid boolean,"
    " is_purchase boolean, paid_at timestamptz, booked_on date, purchased_on date, paid_amount decimal(18,2),"
    " discount_amount decimal(18,2), coupon_code varchar",
    "fct_refunds": "customer_id varchar, order_key varchar, refund_key varchar, refunded_on date, status varchar",
    "fct_tickets": "customer_id varchar, created_on date, ticket_type varchar",
    "fct_interactions": "customer_id varchar, occurred_on date",
    "fct_events": "customer_id varchar, occurred_on date, event_name varchar",
    "fct_sends": "customer_id varchar, sent_on date, clicked_at timestamptz",
    "fct_coupons": "customer_id varchar, issued_on date, redeemed_on date, expires_at timestamptz",
}
_ORDERS = """
insert into fct_orders
select customer_id, order_key, 'shop', 'sale', 'completed', true, true, cast(day as timestamptz), day, day, paid, discount, null
from ({rows})
"""
_UCI = """
select cast(CustomerID as varchar) as customer_id, InvoiceNo as order_key, cast(min(InvoiceDate) as date) as day,
    cast(sum(Quantity * UnitPrice) as decimal(18, 2)) as paid, null as discount
from read_csv({files}, types = {{'InvoiceNo': 'varchar'}})
where CustomerID is not null and Quantity > 0 and UnitPrice > 0
group by all
"""
_UCI_REFUNDS = """
insert into fct_refunds
select distinct cast(CustomerID as varchar), null, InvoiceNo, cast(min(InvoiceDate) over (partition by InvoiceNo) as date), 'succeeded'
from read_csv({files}, types = {{'InvoiceNo': 'varchar'}})
where CustomerID is not null and InvoiceNo like 'C%'
"""
_JOURNEY = """
select cast(household_id as varchar) as customer_id, cast(basket_id as varchar) as order_key,
    cast(min(transaction_timestamp) as date) as day, cast(sum(sales_value) as decimal(18, 2)) as paid,
    cast(sum(coupon_disc) as decimal(18, 2)) as discount
from {transactions}
group by all
having day <= date '{last}'
"""
_JOURNEY_COUPONS = """
insert into fct_coupons
select cast(household_id as varchar), null, cast(redemption_date as date), null
from {redemptions}
where cast(redemption_date as date) <= date '{last}'
"""
# invented: a gap and a day of leaving for each customer, 20 events each, some refunds and complaints
_INVENTED: Mapping[str, str] = {
    "golden_customers": "select 'c' || md5(cast(i as varchar)), null, null, null from range({customers}) as t(i)",
    "fct_orders": """
        select customer_id, 'o' || i || '_' || k, if((i + k) % 3 = 0, 'web', 'till'), 'sale', 'completed', true, true,
            cast(day as timestamptz), day, day, amount, if((i + k) % 4 = 0, 5, null), null
        from (
            select i, k, 'c' || md5(cast(i as varchar)) as customer_id, 10 + hash(i * 7 + k) % 500 as amount,
                200 + hash(i + 2) % 700 as left_on,
                5 + hash(i) % 175 as gap, cast(hash(i + 1) % 500 + k * (5 + hash(i) % 175) + hash(i * 31 + k) % 5 as integer) as day_no,
                date '{first}' + day_no as day
            from range({customers}) as t(i), range(60) as u(k)
            where hash(i + 1) % 500 + k * (5 + hash(i) % 175) < {days}
        )
        where day_no < least({days}, left_on)
    """,
    "fct_events": """
        select 'c' || md5(cast(hash(e) % {customers} as varchar)), date '{first}' + cast(hash(e + 1) % {days} as integer),
            if(hash(e + 2) % 3 = 0, 'product_added', 'product_viewed')
        from range({customers} * 20) as t(e)
    """,
    "fct_refunds": """
        select customer_id, order_key, 'r' || order_key, booked_on + 5, 'succeeded' from fct_orders where hash(order_key) % 30 = 0
    """,
    "fct_tickets": "select customer_id, booked_on, 'complaint' from fct_orders where hash(order_key || 't') % 50 = 0",
    "fct_sends": "select customer_id, booked_on + 7, null from fct_orders",
}


@dataclass(frozen=True, slots=True)
class Shop:
    """A real shop with what was predicted of it."""

    name: str
    as_of: date
    predictions: tuple[Prediction, ...]


@dataclass(frozen=True, slots=True)
class Cost:
    """The learned part of a run at one size: seconds without imports, and the peak of the process."""

    customers: int
    orders: int
    events: int
    seconds: float
    cpu_seconds: float
    peak_bytes: int


@dataclass(frozen=True, slots=True)
class PropensityFigures:
    """What the part is made of."""

    shops: Sequence[Shop]
    costs: Sequence[Cost]


def run_propensity(work: Path, sizes: Sequence[int]) -> PropensityFigures:
    """Judge both shops and measure the learned part at each size. Raises FileNotFoundError without the real data."""
    shops = [
        _real("UCI Online Retail", date(2011, 12, 9), _uci, _DATA),
        _real("Complete Journey", date(2017, 12, 31), _journey, _DATA),
    ]
    return PropensityFigures(shops, [_cost(work, customers) for customers in sorted(sizes)])


def _real(name: str, as_of: date, fill: Callable[[duckdb.DuckDBPyConnection, Path, date], None], data: Path) -> Shop:
    with tempfile.TemporaryDirectory() as folder:
        run = Run(as_of, Config(), Home(Path(folder)), Path(folder))
        with open_engine(run, "propensity") as connection:
            _create_marts(connection)
            fill(connection, data, as_of)
            connection.execute("insert into golden_customers select distinct customer_id, null, null, null from fct_orders")
            create_facts(connection, {source: source for source in SOURCES}, "UTC")
            return Shop(name, as_of, predict(connection, as_of, run.config.propensity, "fct_orders"))


def _create_marts(connection: duckdb.DuckDBPyConnection) -> None:
    for name, columns in _COLUMNS.items():
        connection.execute(f"create table {name} ({columns})")


def _uci(connection: duckdb.DuckDBPyConnection, data: Path, _: date) -> None:
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(data / "uci_online_retail" / "by_day.tar.gz") as archive:
            archive.extractall(folder, filter="data")
        files = literal(f"{folder}/**/*.csv")
        connection.execute(_ORDERS.format(rows=_UCI.format(files=files)))
        connection.execute(_UCI_REFUNDS.format(files=files))


def _journey(connection: duckdb.DuckDBPyConnection, data: Path, last: date) -> None:
    folder = data / "complete_journey"
    names = ("transactions.parquet", "coupon_redemptions.parquet")
    transactions, redemptions = (f"read_parquet({literal(str(folder / name))})" for name in names)
    connection.execute(_ORDERS.format(rows=_JOURNEY.format(transactions=transactions, last=last)))
    connection.execute(_JOURNEY_COUPONS.format(redemptions=redemptions, last=last))


def _cost(work: Path, customers: int) -> Cost:
    """Invent marts, then run the learned part on them in a process of its own."""
    home = Home(work / f"propensity-{customers}")
    if not home.marts.exists():
        _invent(home, customers)
    with duckdb.connect(str(home.marts), read_only=True) as connection:
        [(orders, events)] = connection.execute("select (select count(*) from fct_orders), (select count(*) from fct_events)").fetchall()
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    found = measure([sys.executable, "-m", "benchmarks.propensity", work / f"propensity-{customers}"], environment)
    said = json.loads(found.stdout.splitlines()[-1])
    return Cost(customers, orders, events, said["seconds"], said["cpu_seconds"], found.peak_bytes)


def _invent(home: Home, customers: int) -> None:
    home.marts.parent.mkdir(parents=True)
    first = date.fromordinal(_LAST.toordinal() - _DAYS + 1)
    with duckdb.connect(str(home.marts)) as connection:
        _create_marts(connection)
        for name, query in _INVENTED.items():
            connection.execute(f"insert into {name} {query.format(customers=customers, days=_DAYS, first=first)}")
        for name in ("golden_customers", "golden_consents"):
            home.table(name).mkdir(parents=True)
            connection.execute(f"copy {name} to {literal(str(home.table(name) / 'part-0.parquet'))}")


def _timed(home: Path) -> dict[str, float]:
    run = Run(_LAST, Config(), Home(home), home)
    started, processor = time.perf_counter(), time.process_time()
    with open_engine(run, "propensity", memory_share=LEARNING_ENGINE_SHARE) as connection:
        connection.execute(f"attach {literal(str(run.home.marts))} as marts (read_only)")
        predict_propensities(connection, run)
        find_clusters(connection, run)
    return {"seconds": time.perf_counter() - started, "cpu_seconds": time.process_time() - processor}


def propensity_goals(figures: PropensityFigures) -> list[Goal]:
    """The goals: better than the rule by recency on every shop, and a large shop within the memory of a run."""
    found = []
    for shop in figures.shops:
        for prediction in shop.predictions:
            judged = _judgements(prediction)
            better = judged["recency_rule"].log_loss / min(judgement.log_loss for judgement in judged.values())
            name = f"{shop.name}, {prediction.target.name}: log-loss of the recency rule, times that of the used model"
            found.append(Goal(name, 1.0, better, "", is_floor=True))
    found += [Goal(f"{cost.customers:,} customers: peak memory", 2.0, cost.peak_bytes / GIB, "GiB") for cost in figures.costs]
    return found


_ABOUT = """
Each model is trained and calibrated on outcomes before a cut-off day and judged by the outcomes after it: 90 days for churn, 30
for repurchase. The first one of each table is used. Calibration error: mean distance between expected and actual share over
tenths of the customers. Top tenth: how many times the share of all the outcome has among those with the highest probability.
""".strip()


def render_propensity(figures: PropensityFigures, measured_on: date) -> str:
    """The part as Markdown."""
    return "\n".join(_lines(figures, measured_on)).rstrip() + "\n"


def _lines(figures: PropensityFigures, measured_on: date) -> Iterator[str]:
    yield "# What they will do next: churn and repurchase"
    yield ""
    yield from measured_with(measured_on, "python -m benchmarks propensity")
    yield _ABOUT
    yield ""
    yield from goal_table(propensity_goals(figures))
    for shop in figures.shops:
        for prediction in shop.predictions:
            yield from _judged(shop, prediction)
    yield "What it costs, on invented marts of two years (where the machine is busy, only processor time is to be compared):"
    yield ""
    rows = []
    for cost in figures.costs:
        sizes = (f"{cost.customers:,}", f"{cost.orders:,}", f"{cost.events:,}")
        rows.append((*sizes, f"{cost.seconds:.0f}", f"{cost.cpu_seconds:.0f}", f"{cost.peak_bytes / GIB:.2f}"))
    yield from table(("customers", "orders", "events", "seconds", "processor s", "peak GiB"), rows)


def _judgements(prediction: Prediction) -> dict[str, Judgement]:
    """By model, of all that were judged."""
    assert prediction.choice
    return {trial.model_name: trial.judgement for trial in prediction.choice.trials if trial.judgement}


def _judged(shop: Shop, prediction: Prediction) -> Iterator[str]:
    choice = prediction.choice
    assert choice and choice.model
    yield f"{shop.name}, `{prediction.target.name}`, judged on {choice.tested_on}, {choice.test_count:,} customers:"
    yield ""
    judged = [(trial, trial.judgement) for trial in choice.trials if trial.judgement]
    judged.sort(key=lambda one: one[1].rank)
    rule = _judgements(prediction)["recency_rule"]
    rows = []
    for trial, judgement in judged:
        rows.append(
            (
                trial.model_name,
                f"{judgement.log_loss:.4f}",
                f"{1 - judgement.log_loss / rule.log_loss:+.1%}",
                f"{judgement.brier:.4f}",
                f"{judgement.auc:.3f}",
                f"{judgement.calibration_error:.3f}",
                f"{_top_tenth(trial, is_reversed=prediction.target.is_reversed):.2f}",
            )
        )
    yield from table(("model", "log-loss", "better than the recency rule", "Brier", "AUC", "calibration error", "top tenth"), rows)


def _top_tenth(trial: Trial, *, is_reversed: bool) -> float:
    assert trial.judgement
    groups = trial.judgement.groups
    shares = [(1 - group.actual if is_reversed else group.actual, group.customer_count) for group in groups]
    of_all = sum(share * count for share, count in shares) / sum(count for _, count in shares)
    return (shares[0] if is_reversed else shares[-1])[0] / of_all


if __name__ == "__main__":
    print(json.dumps(_timed(Path(sys.argv[1]))))
