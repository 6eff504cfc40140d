"""A ServiceHistory with baskets: products that go together, gifts, returns, volumes, lines of nothing, habits of two summers."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from tests.dbt.history import CHANNELS, FIRST_DAY
from tests.dbt.lake import at
from tests.dbt.service_history import ServiceHistory

CATEGORIES = ("food", "toys", "food", "home", None, "home", "toys", None)
PRODUCTS = len(CATEGORIES) + 1  # the last one is in no catalog
SIGNS = ("page_viewed", "product_viewed", "product_favorited", "searched", "email_clicked", "checkout_started", "email_opened")
TOUCHES = ("followed", "unfollowed", "chatted", "visited")


class AnalysisHistory(ServiceHistory):
    """Orders with their lines, catalog, milestones of delivery and signs of interest. The same seed gives the same facts."""

    def __init__(self, seed: int, as_of: date) -> None:
        super().__init__(seed, as_of)
        for number in range(30):
            self.habit(600 + number)
        for channel in CHANNELS:
            for product in range(PRODUCTS - 1):
                self.lake.add(
                    "channel_products",
                    channel=channel,
                    product_key=f"{channel}:{product}",
                    product_id_channel=f"{product}",
                    product_name=self.random.choice((None, f"Product {product}")),
                    category=CATEGORIES[product],
                    _exported_at=at(FIRST_DAY),
                )
        orders = {row["order_key"]: row for row in self.lake.of("channel_orders")}
        for order in orders.values():
            self.basket(order)
        for row in self.lake.of("channel_orders"):
            self.milestones(row)
        for row in self.lake.of("channel_events"):
            row["event_name"] = SIGNS[(row["occurred_at"].day + row["occurred_at"].hour) % len(SIGNS)]
        for row in self.lake.of("channel_interactions"):
            row["interaction_type"] = TOUCHES[row["occurred_at"].day % len(TOUCHES)]

    def habit(self, number: int) -> None:
        """Somebody who buys in one week of two years, and sometimes at another time of the year."""
        first = self.random.randint(0, self.days - 370)
        for order, day in enumerate((first, first + 365, first + self.random.choice((1, 100, 365)))):
            self.paid_order(f"{number}-{order}", f"shop:{number % 20}-0", at(FIRST_DAY + timedelta(days=day)), paid_after=timedelta())

    def basket(self, order: dict[str, Any]) -> None:
        pick = self.random
        favorite = pick.randrange(PRODUCTS)
        others = pick.choice(((), ((favorite + 1) % PRODUCTS,), (0, 1, 2, 3), tuple(range(PRODUCTS))))
        products = {favorite, *others, pick.randrange(PRODUCTS)}
        for line, product in enumerate(sorted(products) * pick.choice((0, 1, 1, 1, 2)), start=1):
            kind = pick.choices(("sale", "return", "adjustment"), (12, 1, 1))[0]
            sign = 1 if kind == "sale" else -1
            quantity = pick.choice((None, Decimal(1), Decimal(2), Decimal(3))) if product != 4 else Decimal(pick.choice((90, 150, 4000)))
            if product == 5:
                quantity = pick.choice((Decimal(1), Decimal("0.532")))
            self.lake.add(
                "channel_order_lines",
                channel=order["channel"],
                line_key=f"{order['order_key']}/{line}",
                order_key=order["order_key"],
                line_no=line,
                line_type=kind,
                ordered_at=order["ordered_at"],
                product_id_channel=pick.choices((f"{product}", None), (12, 1))[0],
                product_name=pick.choice((None, f"Line {product}")),
                quantity=quantity if quantity is None else sign * quantity,
                currency_code=order["currency_code"],
                line_amount=pick.choice((None, Decimal(0), sign * Decimal(pick.randint(1, 5000)) / 100, sign * Decimal("9.99"))),
                _exported_at=order["ordered_at"] + timedelta(hours=1),
            )

    def milestones(self, row: dict[str, Any]) -> None:
        pick = self.random
        shipped, completed = pick.choice((None, 0, 1, 1, 2, 9)), pick.choice((None, -1, 3, 3, 4, 20))
        start = row["paid_at"] or row["ordered_at"]
        row["shipped_at"] = None if shipped is None else start + timedelta(days=shipped)
        row["completed_at"] = None if completed is None else start + timedelta(days=completed)
