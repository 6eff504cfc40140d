"""Who is held out, and put in an arm, together: a customer alone, or a household by configuration."""

from __future__ import annotations

from typing import Literal

from pipelines.contracts.engine import stored_rows
from pipelines.contracts.identity_tables import IDENTITY_HOUSEHOLDS
from pipelines.contracts.run import Run


def households(run: Run) -> str:
    """SQL relation `(customer_id, household_id)`: one row per customer who shares a phone or an e-mail with somebody."""
    return f"(select customer_id, min(household_id) as household_id from {stored_rows(run, IDENTITY_HOUSEHOLDS)} group by customer_id)"


def unit_of(relation: str, unit: Literal["customer", "household"]) -> str:
    """SQL expression: the name of the unit of a customer of `relation`, where `households` is joined."""
    customer = f"{relation}.customer_id"
    return customer if unit == "customer" else f"coalesce(households.household_id, {customer})"
