"""The features in plain Python, from their words in the declaration and what happens in an invented shop."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from tests.value.propensity.shop import Shop


def features(shop: Shop, cutoff: date) -> dict[str, dict[str, float | None]]:
    """Feature by name, by customer who had paid for an order by the end of `cutoff`."""
    shop = shop.until(cutoff)
    provinces = [shop.people[name].get("province") for name in shop.customers if name not in shop.opted_out]
    found: dict[str, dict[str, float | None]] = {}
    for name in shop.customers:
        orders = [order for order in shop.orders if order.customer_id == name]
        if not orders or name in shop.opted_out:
            continue

        def ago(day: date | None) -> int | None:
            return None if day is None else (cutoff - day).days

        def within(days: int, items: Iterable[date]) -> list[date]:
            return [day for day in items if day > cutoff - timedelta(days=days)]

        days = sorted({order.paid_on for order in orders})
        paid = {length: sum(o.amount for o in orders if within(length, [o.paid_on])) for length in (90, 180, 365)}
        last_year = [order for order in orders if within(365, [order.paid_on])]
        refunds = [order.refunded_on for order in orders if order.refunded_on]
        tickets = [row for row in shop.tickets if row[0] == name]
        complaints = [row[1] for row in tickets if row[2] == "complaint"]
        events = [row for row in shop.events if row[0] == name]
        sends = [row for row in shop.sends if row[0] == name]
        coupons = [row for row in shop.coupons if row.customer_id == name]
        clicks = [row[2] for row in sends if row[2]]
        signs = [*days, *(row[1] for row in tickets), *(row[1] for row in events), *clicks]
        signs += [row[1] for row in shop.interactions if row[0] == name]
        interval = (days[-1] - days[0]).days / (len(days) - 1) if len(days) > 1 else None
        recency = ago(days[-1])
        assert recency is not None
        person = shop.people.get(name, {})
        born, gender, province = (person.get(key) for key in ("birth_on", "gender", "province"))
        views = [row[1] for row in events if row[2] == "product_viewed"]
        found[name] = {
            "recency_days": recency,
            "tenure_days": ago(days[0]),
            "days_since_contact": ago(max(signs)),
            "interval_days": interval,
            "recency_to_interval": recency / interval if interval else None,
            "purchase_day_count_total": len(days),
            "purchase_day_count_30d": len(within(30, days)),
            "purchase_day_count_90d": len(within(90, days)),
            "purchase_day_count_365d": len(within(365, days)),
            "purchase_day_trend_90d": 2 * len(within(90, days)) - len(within(180, days)),
            "purchase_day_count_year_ago": len(within(365, days)) - len(within(275, days)),
            "channel_count": len({order.channel for order in orders}),
            "paid_amount_90d": float(paid[90]),
            "paid_amount_365d": float(paid[365]),
            "paid_amount_a_day": float(sum(order.amount for order in orders)) / len(days),
            "paid_amount_trend_90d": float(2 * paid[90] - paid[180]),
            "discounted_rate_365d": (
                sum(1 for order in last_year if order.coupon or (order.discount or 0) > 0) / len(last_year) if last_year else None
            ),
            "refunded_order_count_365d": len(within(365, refunds)),
            "days_since_refund": ago(max(refunds, default=None)),
            "ticket_count_365d": len(within(365, [row[1] for row in tickets])),
            "complaint_count_365d": len(within(365, complaints)),
            "days_since_complaint": ago(max(complaints, default=None)),
            "view_count_30d": len(within(30, views)),
            "view_count_90d": len(within(90, views)),
            "cart_add_count_30d": len(within(30, [row[1] for row in events if row[2] == "product_added"])),
            "event_day_count_30d": len(set(within(30, [row[1] for row in events]))),
            "send_count_30d": len(within(30, [row[1] for row in sends])),
            "clicked_send_count_90d": len(within(90, clicks)),
            "open_coupon_count": sum(1 for row in coupons if not row.redeemed_on and (row.expires_on is None or row.expires_on > cutoff)),
            "redeemed_coupon_count_365d": len(within(365, [row.redeemed_on for row in coupons if row.redeemed_on])),
            "age_years": (cutoff - born).days // 365 if born and born <= cutoff else None,
            "is_female": {"female": 1, "male": 0}.get(gender or ""),
            "province_share": provinces.count(province) / len(provinces) if province else None,
        }
    return found
