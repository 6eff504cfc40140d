"""The purchase model of a run: judged by the past, fitted to the present, asked about every customer; written with what it rests on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from pipelines.contracts.engine import fetch_frame
from pipelines.contracts.run import Run
from pipelines.contracts.storage import replacing_folder
from pipelines.contracts.value_tables import VALUE_CUSTOMERS
from pipelines.value.findings import Findings, Model, no_backtests
from pipelines.value.purchases.backtest import AMOUNT_RULES, MODELS, RULES, Choice, Verdict, judge, lacks, purchase_model
from pipelines.value.purchases.expectation import AmountModel
from pipelines.value.purchases.fitting import Fit, fit_amounts, fit_purchases
from pipelines.value.purchases.histories import Facts, create_histories, create_purchase_days, distinct_histories, distinct_spending
from pipelines.value.purchases.scoring import WINDOWS, Amounts, Outlook, Rules, predictions

_AT_ONCE = 500_000  # customers; about 300 MB of columns
_TARGETS = {
    "purchases": (MODELS, RULES),
    "purchase_amount": (("gamma_gamma",), AMOUNT_RULES),
    "net_amount": (("purchases_by_amount",), RULES),
}

_CUSTOMERS = """
select people.customer_id, people.is_opted_out, own.* exclude (customer_no)
from people
left join histories as own on people.customer_no = own.customer_no and own.customer_no > {after} and own.customer_no <= {until}
where people.customer_no > {after} and people.customer_no <= {until}
order by people.customer_no
"""


@dataclass(frozen=True, slots=True)
class _Fits:
    """The models fitted to all that is known on the day of the run."""

    purchases: Mapping[str, Fit]
    amounts: Fit | None


def predict_purchases(connection: duckdb.DuckDBPyConnection, run: Run) -> Findings:
    """Write VALUE_CUSTOMERS; return the models and how they did. `connection` has the marts attached."""
    settings = run.config.value
    create_purchase_days(connection, run)
    facts = create_histories(connection, "histories", run.as_of, WINDOWS)
    lacking = lacks(settings.purchases, facts)
    if lacking is not None:
        write_customers(connection, run, Rules(facts))
        return Findings(tuple(_unused(lacking)), no_backtests())
    verdict = judge(connection, settings.purchases, run.as_of, facts) or _not_judged()
    histories, spending = distinct_histories(connection, "histories"), distinct_spending(connection, "histories")
    fits = _Fits({name: fit_purchases(name, histories) for name in MODELS}, fit_amounts(spending) if len(spending.count) else None)
    discount_rate = float(settings.discount_rate)
    outlook = Outlook.of(purchase_model(verdict.candidate, fits.purchases[verdict.candidate]), histories, WINDOWS, discount_rate)
    amounts = Amounts(verdict.purchase_amount.used, AmountModel(**fits.amounts.parameters) if fits.amounts else None, facts)
    used = (verdict.purchases.used, verdict.net_amount.used)
    write_customers(connection, run, Rules(facts, *used, outlook, amounts, discount_rate, float(settings.confidence)))
    return Findings(tuple(_models(run, facts, fits, verdict)), verdict.backtests)


def _not_judged() -> Verdict:
    """For a shop of which there was too little to tell from at any cut-off: the models as they are, and that nobody has judged them."""
    reason = "too little was known at the cut-off: not judged yet"
    purchases, amount, net = (Choice(models[0], dict.fromkeys((*models, *rules), reason)) for models, rules in _TARGETS.values())
    return Verdict(MODELS[0], purchases, amount, net, metrics={}, backtests=no_backtests())


def _unused(reason: str) -> list[Model]:
    return [
        Model(target, name, is_baseline=name in rules, is_used=False, reason=reason)
        for target, (models, rules) in _TARGETS.items()
        for name in (*models, *rules)
    ]


def _models(run: Run, facts: Facts, fits: _Fits, verdict: Verdict) -> list[Model]:
    """A row for each model and baseline of each target."""
    first = run.as_of.fromordinal(run.as_of.toordinal() - facts.days)
    choices = {"purchases": verdict.purchases, "purchase_amount": verdict.purchase_amount, "net_amount": verdict.net_amount}
    rows = []
    for target, (models, rules) in _TARGETS.items():
        for name in (*models, *rules):
            fit = fits.purchases.get(name) or (fits.amounts if name == "gamma_gamma" else None)
            rows.append(
                Model(
                    target,
                    name,
                    is_baseline=name in rules,
                    is_used=name == choices[target].used,
                    reason=choices[target].reasons[name],
                    customer_count=facts.customers,
                    data_from_on=first,
                    data_until_on=run.as_of,
                    parameters=_parameters(fit) if fit else _rule_parameters(name, facts),
                    metrics=dict(verdict.metrics.get((target, name), {})),
                )
            )
    return rows


def _parameters(fit: Fit) -> dict[str, Any]:
    return {
        **fit.parameters,
        "standard_errors": fit.standard_errors,
        "log_likelihood": float(fit.log_likelihood),
        "without_spread": list(fit.at_bound),
    }


def _rule_parameters(name: str, facts: Facts) -> dict[str, Any]:
    if name == "mean":
        return {"purchases_per_customer_day": facts.purchases_per_day, "mean_amount": facts.mean_amount}
    if name == "purchases_by_amount":
        return {"paid_share": facts.paid_share, "correlation_of_count_and_amount": facts.frequency_and_amount}
    return {}


def write_customers(connection: duckdb.DuckDBPyConnection, run: Run, rules: Rules) -> None:
    """Write VALUE_CUSTOMERS, so many customers a file that memory does not grow with their number."""
    [(people,)] = connection.execute("select count(*) from people").fetchall()
    with replacing_folder(run.home.table(VALUE_CUSTOMERS.name)) as folder:
        for part, after in enumerate(range(0, max(people, 1), _AT_ONCE)):
            frame = fetch_frame(connection, _CUSTOMERS.format(after=after, until=after + _AT_ONCE))
            _write_part(_customers(frame, rules), folder / f"part-{part}.parquet")


def _write_part(frame: pl.DataFrame, path: Path) -> None:
    frame.select(pl.col(name).cast(dtype) for name, dtype in VALUE_CUSTOMERS.schema.items()).write_parquet(path)


def _customers(frame: pl.DataFrame, rules: Rules) -> pl.DataFrame:
    """Rows of VALUE_CUSTOMERS. Nothing is computed for who opted out: what is not computed cannot leak."""
    is_asked = (pl.col("frequency").is_not_null() & ~pl.col("is_opted_out")).fill_null(value=False)
    asked = frame.filter(is_asked)
    told = predictions(asked, rules) if asked.height else pl.DataFrame()
    silent = (
        pl.when("is_opted_out").then(pl.lit("opted_out")).when(pl.col("frequency").is_null()).then(pl.lit("no_purchase"))
    )  # fmt: skip
    bases = frame.with_columns(
        purchase_basis=silent.otherwise(pl.lit(_basis(rules.purchases, MODELS))),
        value_basis=silent.otherwise(pl.lit(_basis(rules.net_amount, ("purchases_by_amount",)))),
    )
    missing = [
        pl.lit(None, dtype=dtype).alias(name)
        for name, dtype in VALUE_CUSTOMERS.schema.items()
        if name not in {*told.columns, "customer_id", "purchase_basis", "value_basis"}
    ]
    found = asked.select("customer_id").hstack(told.get_columns())
    return (
        bases.select("customer_id", "purchase_basis", "value_basis")
        .join(found, on="customer_id", how="left", maintain_order="left")
        .with_columns(missing)
    )


def _basis(used: str | None, models: tuple[str, ...]) -> str:
    if used is None:
        return "too_little_data"
    return "model" if used in models else "baseline"
