"""The metrics on predictions in plain Python: what the stage `value` said of each customer, summed by slice for the month of the run."""

from __future__ import annotations

from decimal import Decimal

from tests.oracle.kpis import TIERS, Kpi, KpiOracle, Value

PROPENSITIES = {"churn_probability_90d": "churn_90d", "repurchase_probability_30d": "repurchase_30d"}


def value_kpis(kpis: KpiOracle) -> dict[Kpi, Value]:
    """Sum of what was predicted and the customers of whom it was, for everybody, by tier on the day of the run, and by first channel."""
    lake, as_of = kpis.facts.lake, kpis.as_of
    said = {row["customer_id"]: row for row in lake.of("value_customers")}
    predicted: dict[str, dict[str, Decimal]] = {
        "ltv_predicted_12m": {c: row["ltv_predicted_12m"] for c, row in said.items() if row["ltv_predicted_12m"] is not None},
        "probability_alive": {c: six(row["probability_alive"]) for c, row in said.items() if row["probability_alive"] is not None},
    }
    for metric, target in PROPENSITIES.items():
        rows = [row for row in lake.of("value_propensities") if row["target"] == target and row["probability"] is not None]
        predicted[metric] = {row["customer_id"]: six(row["probability"]) for row in rows}
    slices = {customer: kpis.slices_of(customer, as_of) for customer in kpis.everyone}
    named = {("all", "all"), *(("rfm_tier", tier) for tier in (*TIERS, "no_purchase")), *kpis.acquisition_slices}
    return {
        (metric, "month", as_of.replace(day=1), *slice_): (sum(of_slice, Decimal(0)), len(of_slice), True)
        for metric, values in predicted.items()
        for slice_ in named
        for of_slice in [[value for customer, value in values.items() if slice_ in slices.get(customer, ())]]
    }


def six(probability: float) -> Decimal:
    """A probability with the six decimals that sums are made of: in any order they give the same."""
    return Decimal(str(round(probability, 6)))
