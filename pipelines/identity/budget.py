"""Say in words why a night stops: more customers would get another id than the settings allow. Counts come from what was measured."""

from __future__ import annotations

from decimal import ROUND_CEILING, Decimal

import polars as pl

from pipelines.contracts.identity_tables import IDENTITY_MEMBERS, IDENTITY_QUALITY
from pipelines.contracts.run import Run
from pipelines.identity.inquiry import written_rows

_STEP = Decimal("0.0001")  # the setting has four decimals


def over_budget(run: Run) -> str | None:
    """What the run for its day would move, what it may, and what to do; None within the budget. Names nobody."""
    found = written_rows(run, IDENTITY_QUALITY).filter(pl.col("as_of") == run.as_of, pl.col("measured") > pl.col("allowed")).collect()
    if found.is_empty():
        return None
    [(changed, allowed)] = found.select("measured", "allowed").rows()
    customers = _customers_before(run)
    needed = min((Decimal(changed) / customers).quantize(_STEP, ROUND_CEILING), Decimal(1)) if customers else Decimal(1)
    limits = run.config.identity
    return (
        f"{changed} of {customers} customers ({needed:.2%}) would get another id; identity.max_changed_share = {limits.max_changed_share}"
        f" allows {allowed}. What moved: `cdp quality`; what other settings would move: `cdp diff --config FILE`. If it is meant, set"
        f" identity.max_changed_share to {needed} for one run"
    )


def _customers_before(run: Run) -> int:
    """Customers on the eve of the day: a run over the budget leaves the histories as they were."""
    closes_on = pl.col("valid_to_on")
    held = (pl.col("valid_from_on") < run.as_of) & (closes_on.is_null() | (closes_on >= run.as_of))
    return int(written_rows(run, IDENTITY_MEMBERS).filter(held).select(pl.col("customer_id").n_unique()).collect().item())
