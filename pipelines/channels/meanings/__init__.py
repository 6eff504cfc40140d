"""What exports call things: by which words headers speak of each canonical table, and of its columns. Data alone; `proposals` reads it.

Every word is a regular expression on a header in its normal form (`Created at (UTC)`, `createdAt` -> `created_at_utc`, `created_at`), and
stands with others in one text, parted by spaces, the surest first.
"""

from __future__ import annotations

from pipelines.channels.meanings.care import EVENTS, INTERACTIONS, POINTS, REVIEWS, SHIPMENTS, TICKETS
from pipelines.channels.meanings.goods import PRODUCTS, STOCK, STORES
from pipelines.channels.meanings.marketing import CAMPAIGNS, COSTS, COUPONS, SENDS
from pipelines.channels.meanings.sales import ORDER_LINES, ORDERS, PAYMENTS, REFUNDS

# of two that speak as loudly the first is meant
KINDS = (
    REFUNDS,
    TICKETS,
    POINTS,
    COUPONS,
    REVIEWS,
    COSTS,
    CAMPAIGNS,
    SENDS,
    EVENTS,
    SHIPMENTS,
    STOCK,
    PAYMENTS,
    ORDERS,
    ORDER_LINES,
    INTERACTIONS,
    PRODUCTS,
    STORES,
)
