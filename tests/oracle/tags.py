"""Every tag a second time, in plain Python over rows, written from its declaration and without a line in common with the SQL."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise
from typing import Any

from pipelines.contracts.run import Run
from pipelines.tags import Tag, read_tags
from tests.dbt.lake import Row, TinyLake
from tests.oracle.facts import Oracle, Purchase

# value, confidence, day since which it holds
Held = tuple[str, Decimal, date]
ON_SITE = {
    "page_viewed", "product_viewed", "product_added", "product_removed", "product_favorited", "cart_viewed", "checkout_started",
    "order_completed", "searched",
}  # fmt: skip
ONE = Decimal(1)
PUNCTUATION = "/&,;:|>()[]._-"


def share(part: int, whole: int) -> Decimal:
    return (Decimal(part) / Decimal(whole)).quantize(Decimal("0.0001"), ROUND_HALF_UP)


def share_of(probability: float) -> Decimal:
    return Decimal(probability).quantize(Decimal("0.0001"), ROUND_HALF_UP)


def most(counts: Counter[str]) -> tuple[str, int]:
    """The value that occurs most; of equal ones the first by name."""
    return min(counts.items(), key=lambda item: (-item[1], item[0]))


def band_of(measure: Any, bands: dict[str, Any]) -> str:
    return max((item for item in bands.items() if item[1] <= measure), key=lambda item: item[1])[0]


class TagOracle:
    """What customer_tags should hold for one lake on one day."""

    def __init__(self, lake: TinyLake, run: Run) -> None:
        self.lake, self.run, self.settings = lake, run, run.config.tags
        self.facts = Oracle(lake, run)
        self.as_of = run.as_of
        self.month_end = run.as_of.replace(day=1) - timedelta(days=1)
        self.tags = {tag.name: tag for tag in read_tags()}
        self.events = [row for row in self.visible("channel_events", "occurred_at") if row["source_record_key"]]
        self.categories = self.product_categories()

    def visible(self, table: str, time: str) -> list[Row]:
        return [
            row for row in self.lake.of(table) if row["_exported_at"] < self.run.exported_before_at and row[time] < self.run.as_of_end_at
        ]

    def day(self, instant: datetime) -> date:
        return instant.astimezone(self.facts.zone).date()

    def hour(self, instant: datetime) -> int:
        return instant.astimezone(self.facts.zone).hour

    def customer(self, row: Row) -> str | None:
        return self.facts.customer_of.get(row["source_record_key"])

    def within(self, day: date, window_days: int, end: date) -> bool:
        return 0 <= (end - day).days < window_days

    def in_pattern_window(self, day: date) -> bool:
        return self.within(day, self.settings.pattern_window_days, self.month_end)

    def held(self) -> dict[tuple[str, str], Held]:
        """(customer, tag) -> what holds."""
        found: dict[tuple[str, str], Held] = {}
        for row in self.lake.of("golden_customers"):
            customer = row["customer_id"]
            for rules in (self.basic, self.behavior, self.value, self.preference, self.prediction):
                for name, value, confidence, since in rules(row, customer):
                    if value in (None, False, 0, Decimal(0), "0.00"):
                        continue
                    refreshed = self.month_end if self.tags[name].cadence == "monthly" else self.as_of
                    text = "true" if value is True else str(value)
                    found[customer, name] = text, confidence, since or refreshed
        return found

    # --- basic

    def basic(self, row: Row, customer: str) -> Iterable[tuple[str, Any, Decimal, date | None]]:
        yield "age_group", self.age_group(row["birth_on"]), ONE, None
        yield "gender", row["gender"], ONE, self.claimed(customer, "gender", row["gender"])
        yield "home_region", row["province"], ONE, self.claimed(customer, "province", row["province"])
        lines = [line for line, _ in self.lines(customer, self.in_pattern_window)]
        signs = Counter(value for line in lines for value in self.signs("gender_inferred", self.path_of(line)))
        if sum(signs.values()) >= self.settings.pattern_from_count:
            value, count = most(signs)
            if share(count, sum(signs.values())) >= self.settings.gender_from_share:
                yield "gender_inferred", value, share(count, sum(signs.values())), None
        if row["registered_at"]:
            registered_on = self.day(row["registered_at"])
            yield "registration_channel", row["registration_channel"], ONE, registered_on
            if (self.as_of - registered_on).days <= self.run.config.lifecycle.new_within_days:
                yield "new_customer", True, ONE, registered_on
        yield from self.life_stage(customer)

    def age_group(self, born: date | None) -> str | None:
        if born is None:
            return None
        age = self.month_end.year - born.year - ((self.month_end.month, self.month_end.day) < (born.month, born.day))
        return band_of(age, self.settings.age_groups) if 0 <= age <= self.settings.oldest_age else None

    def claimed(self, customer: str, attribute: str, value: str | None) -> date | None:
        seen = [
            row["first_seen_at"]
            for row in self.visible("channel_profiles", "first_seen_at")
            if self.customer(row) == customer and row[attribute] == value
        ]
        return self.day(min(seen)) if seen else None

    def life_stage(self, customer: str) -> Iterable[tuple[str, str, Decimal, None]]:
        statements = [row for row in self.lake.of("golden_consents") if row["purpose"] == "personalization"]
        said = {row["status"] for row in statements if row["customer_id"] == customer}
        if said != {"granted"}:
            return
        window = self.settings.life_stage_window_days
        seen = [
            (day, path)
            for line, day in self.lines(customer, lambda day: self.within(day, window, self.month_end))
            if (path := self.path_of(line)) is not None
        ]
        seen += [
            (self.day(event["occurred_at"]), event["product_category"])
            for event in self.events_of(customer)
            if event["event_name"] in ON_SITE
            and event["product_category"]
            and self.within(self.day(event["occurred_at"]), window, self.month_end)
        ]
        days = {(day, value) for day, path in seen for value in self.signs("life_stage", path)}
        counts = Counter(value for _, value in days)
        if counts and most(counts)[1] >= self.settings.life_stage_from_days:
            value, count = most(counts)
            yield "life_stage", value, share(count, len({day for day, _ in seen})), None

    # --- products

    def product_categories(self) -> dict[str, tuple[str | None, str]]:
        """Product -> category, and all that is known about it as one text."""
        told: dict[str, Counter[str]] = defaultdict(Counter)
        for event in self.visible("channel_events", "occurred_at"):
            if self.day(event["occurred_at"]) <= self.month_end and event["product_id_channel"] and event["product_category"]:
                told[f"{event['channel']}:{event['product_id_channel']}"][event["product_category"]] += 1
        found = {}
        listed = {row["product_key"]: row for row in self.lake.of("channel_products")}
        for key in listed.keys() | told.keys():
            row = listed.get(key, {})
            by_events = most(told[key])[0] if key in told else None
            parts = [row.get("department"), row.get("category"), row.get("subcategory")]
            category = row.get("category") or row.get("department") or row.get("subcategory") or by_events
            found[key] = category, " / ".join(part for part in (*parts, by_events) if part)
        return found

    def product_of(self, line: Row) -> str | None:
        return f"{line['channel']}:{line['product_id_channel']}" if line["product_id_channel"] else None

    def path_of(self, line: Row) -> str | None:
        product = self.product_of(line)
        return self.categories[product][1] if product in self.categories else None

    def brand_of(self, line: Row) -> str | None:
        brands: dict[str | None, str | None] = {row["product_key"]: row["brand"] for row in self.lake.of("channel_products")}
        return brands.get(self.product_of(line))

    def signs(self, tag: str, text: str | None) -> set[str]:
        """Values that a category is a sign of: a Latin word counts as a whole word, a Chinese one anywhere."""
        if text is None:
            return set()
        lower = text.lower()
        for character in PUNCTUATION:
            lower = lower.replace(character, " ")
        words = lower.split(" ")
        declared: Tag = self.tags[tag]
        return {
            value for value, listed in declared.signs.items() if any(word in words if word.isascii() else word in lower for word in listed)
        }

    def lines(self, customer: str, keep: Callable[[date], bool]) -> list[tuple[Row, date]]:
        days = {purchase.order_key: purchase.on for purchase in self.facts.by_customer[customer] if keep(purchase.on)}
        return [
            (row, days[row["order_key"]])
            for row in self.visible("channel_order_lines", "ordered_at")
            if row["order_key"] in days and row["line_type"] == "sale"
        ]

    # --- behavior

    def events_of(self, customer: str) -> list[Row]:
        return [event for event in self.events if self.customer(event) == customer]

    def behavior(self, row: Row, customer: str) -> Iterable[tuple[str, Any, Decimal, date | None]]:
        events = self.events_of(customer)

        def lately(name: str, days: int) -> list[Row]:
            return [e for e in events if e["event_name"] == name and self.within(self.day(e["occurred_at"]), days, self.as_of)]

        yield "product_view_count", len(lately("product_viewed", 7)), ONE, None
        yield "browsed_categories", self.listed(lately("product_viewed", 30)), ONE, None
        yield "cart_categories", self.listed(lately("product_added", 30)), ONE, None
        yield "cart_add_count", len(lately("product_added", 30)), ONE, None
        yield "favorite_count", len(lately("product_favorited", 365)), ONE, None
        yield "dwell_time", self.dwelling(events), ONE, None
        bought = self.purchases(customer)
        if len(bought) >= self.settings.pattern_from_count:
            weekend = share(sum(purchase.on.weekday() >= 5 for purchase in bought), len(bought))
            night = share(sum(self.is_night(self.paid_at(purchase)) for purchase in bought), len(bought))
            yield "weekend_buyer", weekend >= self.settings.pattern_from_share, weekend, None
            yield "night_buyer", night >= self.settings.pattern_from_share, night, None
        last = max((purchase.on for purchase in self.facts.by_customer[customer]), default=None)
        yield "last_purchase", last, ONE, last
        stages = self.facts.stages(customer)
        yield "lifecycle_stage", self.facts.lifecycle(customer, self.as_of), ONE, stages[-1][1] if stages else None

    def listed(self, events: Sequence[Row]) -> str | None:
        counts = Counter(event["product_category"] for event in events if event["product_category"])
        ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        return ", ".join(category for category, _ in ordered[: self.settings.listed_values]) or None

    def dwelling(self, events: Sequence[Row]) -> int:
        seconds = 0
        for channel in {event["channel"] for event in events}:
            times = sorted(
                event["occurred_at"]
                for event in events
                if event["channel"] == channel
                and event["event_name"] in ON_SITE
                and self.within(self.day(event["occurred_at"]), 30, self.as_of)
            )
            gaps = [int((later - earlier).total_seconds()) for earlier, later in pairwise(times)]
            seconds += sum(gap for gap in gaps if gap <= self.settings.dwell_cap_minutes * 60)
        return seconds

    def purchases(self, customer: str) -> list[Purchase]:
        return [purchase for purchase in self.facts.by_customer[customer] if self.in_pattern_window(purchase.on)]

    def paid_at(self, purchase: Purchase) -> datetime:
        order = self.facts.orders[purchase.order_key]
        moment: datetime = order["paid_at"] or order["ordered_at"]
        return moment

    def is_night(self, instant: datetime) -> bool:
        hour, first, end = self.hour(instant), self.settings.night_from_hour, self.settings.night_to_hour
        return first <= hour < end if first < end else hour >= first or hour < end

    # --- value

    def value(self, row: Row, customer: str) -> Iterable[tuple[str, Any, Decimal, date | None]]:
        for preset in ("monthly", "annual"):
            rfm = self.facts.rfm(customer, preset, self.as_of)
            yield f"rfm_tier_{preset}", rfm[-1] if rfm else "no_purchase", ONE, None
        yield "rfm_class", self.facts.rfm_class(customer), ONE, None
        bought = self.facts.by_customer[customer]
        if bought:
            total, last = sum((purchase.net for purchase in bought), Decimal(0)), max(purchase.on for purchase in bought)
            yield "average_order_amount", (total / len(bought)).quantize(Decimal("0.01"), ROUND_HALF_UP), ONE, last
            yield "ltv_historical", total.quantize(Decimal("0.01")), ONE, last
            lately = [purchase.net for purchase in bought if self.within(purchase.on, 30, self.as_of)]
            yield "spend_30d", sum(lately, Decimal(0)).quantize(Decimal("0.01")), ONE, None

    # --- prediction

    def prediction(self, row: Row, customer: str) -> Iterable[tuple[str, Any, Decimal, None]]:
        targets = {
            "churn_90d": ("churn_risk", self.settings.churn_risk_bands),
            "repurchase_30d": ("repurchase_likelihood", self.settings.repurchase_likelihood_bands),
        }
        for said in self.lake.of("value_propensities"):
            if said["customer_id"] == customer and said["probability"] is not None:
                name, bands = targets[said["target"]]
                probability = share_of(said["probability"])
                yield name, band_of(probability, bands), max(probability, 1 - probability), None
        for said in self.lake.of("value_customers"):
            if said["customer_id"] == customer and said["value_basis"] == "model" and said["probability_alive"] is not None:
                bound, alive = self.run.config.rfm.presets["annual"].monetary_from[5], share_of(said["probability_alive"])
                spent = sum((p.net for p in self.facts.by_customer[customer] if self.within(p.on, 365, self.as_of)), Decimal(0))
                yield "high_value_potential", said["ltv_predicted_12m"] >= bound > spent and alive > 0, alive, None

    # --- preference

    def preference(self, row: Row, customer: str) -> Iterable[tuple[str, Any, Decimal, None]]:
        lines = [line for line, _ in self.lines(customer, self.in_pattern_window)]
        tastes: dict[str, Callable[[Row], str | None]] = {
            "brand_preference": self.brand_of,
            "category_preference": lambda line: self.categories.get(self.product_of(line) or "", (None, ""))[0],
        }
        for name, known in tastes.items():
            yield from self.clear(name, Counter(value for line in lines if (value := known(line))), self.settings.pattern_from_count)
        amounts = [amount for line in lines if (amount := self.amount(line)) is not None]
        if len(amounts) >= self.settings.pattern_from_count:
            average = (sum(amounts, Decimal(0)) / len(amounts)).quantize(Decimal("0.01"), ROUND_HALF_UP)
            yield "price_band", band_of(average, self.settings.price_bands), ONE, None
        bought = self.purchases(customer)
        yield from self.clear("channel_preference", Counter(purchase.channel for purchase in bought), self.settings.pattern_from_count)
        if len(bought) >= self.settings.pattern_from_count:
            orders = [self.facts.orders[purchase.order_key] for purchase in bought]
            cheaper = sum((order["discount_amount"] or 0) > 0 or order["coupon_code"] is not None for order in orders)
            yield "promotion_sensitivity", band_of(share(cheaper, len(bought)), self.settings.promotion_bands), ONE, None
        yield from self.reactions(customer)

    def amount(self, line: Row) -> Decimal | None:
        amount: Decimal | None = line["line_amount"]
        return amount * 7 if amount is not None and line["currency_code"] == "USD" else amount

    def clear(self, name: str, counts: Counter[str], from_count: int) -> Iterable[tuple[str, str, Decimal, None]]:
        total = sum(counts.values())
        if total and total >= from_count:
            value, count = most(counts)
            if share(count, total) >= self.settings.pattern_from_share:
                yield name, value, share(count, total), None

    def reactions(self, customer: str) -> Iterable[tuple[str, str, Decimal, None]]:
        moments: list[tuple[datetime, str | None]] = []
        for send in self.visible("channel_sends", "sent_at"):
            if self.customer(send) == customer:
                moments += [(moment, send["medium"]) for moment in {send["opened_at"], send["clicked_at"]} - {None}]
        media = Counter(medium for moment, medium in moments if medium and self.in_pattern_window(self.day(moment)))
        moments += [(event["occurred_at"], None) for event in self.events_of(customer) if event["event_name"] in ON_SITE]
        hours = {(self.day(moment), self.hour(moment)) for moment, _ in moments if self.in_pattern_window(self.day(moment))}
        bands = Counter(self.hour_band(hour) for _, hour in hours)
        if sum(bands.values()) >= self.settings.pattern_from_count:
            yield "send_time_preference", most(bands)[0], share(most(bands)[1], sum(bands.values())), None
        if media:
            yield "contact_preference", most(media)[0], share(most(media)[1], sum(media.values())), None

    def hour_band(self, hour: int) -> str:
        begun = {band: start for band, start in self.settings.hour_bands.items() if start <= hour}
        return band_of(hour, begun) if begun else band_of(24, self.settings.hour_bands)
