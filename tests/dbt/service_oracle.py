"""What happens after the sale a second time, in plain Python over rows: facts, stores, and the metrics of service and loyalty."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pipelines.contracts.run import Run
from tests.dbt.lake import Row, TinyLake
from tests.dbt.oracle import Oracle


class ServiceOracle(Oracle):
    """Everything that the marts of service and loyalty should say about one lake on one day."""

    def __init__(self, lake: TinyLake, run: Run) -> None:
        super().__init__(lake, run)
        self.tickets = self._newest("channel_tickets", "ticket_key", "created_at")
        self.reviews = self._newest("channel_reviews", "review_key", "reviewed_at")
        self.points = self._newest("channel_points", "points_key", "occurred_at")
        self.visible_orders = [
            row
            for row in lake.of("channel_orders")
            if row["_exported_at"] < run.exported_before_at and row["ordered_at"] < run.as_of_end_at
        ]
        self.selling = {row["channel"] for row in self.visible_orders}

    def order_of(self, fact: Row) -> str | None:
        """The order that a fact names by number: of its own channel, else of the only shop that has the number."""
        number = fact["order_no"]
        if number is None:
            return None
        own = {row["order_key"] for row in self.visible_orders if row["order_no"] == number and row["channel"] == fact["channel"]}
        if len(own) == 1:
            return own.pop()
        anywhere = {row["order_key"] for row in self.visible_orders if row["order_no"] == number}
        return anywhere.pop() if len(anywhere) == 1 and fact["channel"] not in self.selling else None

    def customer(self, fact: Row) -> str | None:
        return self.customer_of.get(fact["source_record_key"])

    def known(self, moment: datetime | None) -> datetime | None:
        return moment if moment and moment < self.run.as_of_end_at else None

    def seconds(self, ticket: Row, until: str) -> int | None:
        """Whole seconds from the opening of a case; None where it has not happened, or clocks contradict each other."""
        moment = self.known(ticket[until])
        if moment is None or moment < ticket["created_at"]:
            return None
        return int((moment - ticket["created_at"]).total_seconds())

    def is_solved_later(self, ticket: Row) -> bool:
        return ticket["solved_at"] is not None and ticket["solved_at"] >= self.run.as_of_end_at

    def score(self, ticket: Row) -> int | None:
        score: int | None = ticket["satisfaction_score"]
        return None if self.is_solved_later(ticket) else score

    def stores(self) -> dict[str, dict[str, Any]]:
        """Every store that anybody names, with its region and who says so."""
        listed = {row["store_key"]: row for row in sorted(self.lake.of("channel_stores"), key=lambda row: row["_exported_at"])}
        organised = {row["unit"]: row for row in self.lake.of("organisation") if row["kind"] == "store"}
        stock = [
            row
            for row in self.lake.of("channel_stock")
            if row["_exported_at"] < self.run.exported_before_at and row["counted_on"] <= self.as_of
        ]
        named = {f"{row['channel']}:{row['store_id_channel']}" for row in (*self.visible_orders, *stock) if row["store_id_channel"]}
        found = {}
        for store in {*named, *listed, *organised}:
            by_tree, by_list = organised.get(store, {}).get("region"), listed.get(store, {}).get("region")
            found[store] = {
                "region": by_tree or by_list or "unassigned",
                "region_source": "organisation" if by_tree else "store_list" if by_list else "nobody",
                "store_name": listed.get(store, {}).get("store_name") or store.partition(":")[2],
                "has_orders": any(f"{row['channel']}:{row['store_id_channel']}" == store for row in self.visible_orders),
            }
        return found
