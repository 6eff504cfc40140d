"""The facts of the lake for the marts: for any days, the rows of each channel table. Writes nothing.

Of each kind so many happen a day; whose they are leans towards people who have been known for long. Amounts are multiples of a quarter,
which every number type holds exactly.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import numpy as np
import polars as pl

from pipelines.simulate.draws import Draws, Flags, Ints

CHANNELS = ("shopify", "youzan", "siss", "taobao")
_SHARES = (0.6, 0.5, 0.5, 0.3)
_PRODUCTS = 2_000
_CATEGORIES = 60
_STORES = 40
_CAMPAIGN_DAYS = 30
_COMPLETED_AFTER = 5  # days; orders are delivered again then
_EVENTS = ("page_viewed", "product_viewed", "product_added", "searched", "checkout_started", "order_completed", "email_opened")
_EVENT_WEIGHTS = (40, 35, 10, 6, 4, 3, 2)


class Facts:
    """Facts of `customers` people over `days` days. A method gives the rows of the days from `first` to `last`, both included."""

    def __init__(self, customers: int, days: int, first_day: date, seed: int) -> None:
        self._customers, self._days = customers, days
        self._draws = Draws(seed)
        self._start = pl.lit(first_day).cast(pl.Datetime("us")).dt.replace_time_zone("Asia/Shanghai").dt.convert_time_zone("UTC")
        self._first_day = first_day

    def known(self, day: int) -> int:
        """People known at the end of a day: a third from the beginning, the others one after the other."""
        return max(1, int(self._customers * (0.3 + 0.7 * (day + 1) / self._days)))

    def starts_on(self, people: Ints) -> Ints:
        """Day from which each person is known."""
        return np.asarray(np.maximum(np.ceil((people + 1) / self._customers * self._days / 0.7 - 0.3 / 0.7 * self._days) - 1, 0), np.int64)

    def uses(self, people: Ints) -> Flags:
        """Which of CHANNELS each person uses: at least one."""
        found = np.stack([self._draws.chance(share, f"uses/{name}", people) for name, share in zip(CHANNELS, _SHARES, strict=True)], axis=1)
        found[~found.any(axis=1), 0] = True
        return found

    def tables(self, first: int, last: int) -> Iterator[tuple[str, pl.DataFrame]]:
        """Name and rows of each channel table, without the number of the load."""
        exported = self._at(pl.lit((last + 1) * 86_400 + 3_600))
        for name, rows in self._tables(first, last):
            yield name, rows.with_columns(_exported_at=exported)

    def _tables(self, first: int, last: int) -> Iterator[tuple[str, pl.DataFrame]]:
        orders = self._orders(first, last, last)
        again = self._orders(max(first - _COMPLETED_AFTER, 0), first - 1, last).filter(pl.col("index") % 3 == 0)
        yield "channel_orders", _without_numbers(pl.concat([orders, again]))
        yield "channel_order_lines", self._lines(orders)
        yield "channel_payments", self._payments(orders)
        yield "channel_refunds", self._refunds(first, last)
        yield "channel_points", self._points(orders)
        yield "channel_events", self._events(first, last)
        yield "channel_sends", self._sends(first, last)
        yield "channel_coupons", self._coupons(first, last)
        yield "channel_tickets", self._tickets(first, last)
        yield "channel_reviews", self._reviews(first, last)
        yield "channel_interactions", self._interactions(first, last)
        yield "channel_costs", self._costs(first, last)
        yield from self._people(first, last)
        if first == 0:
            yield from self._lists()

    def _orders(self, first: int, last: int, told_on: int) -> pl.DataFrame:
        """Orders as they stood at the end of a day."""
        frame = self._happened("order", 8.0, first, last)
        index = frame["index"].to_numpy()
        draws = self._draws
        frame = frame.with_columns(
            quarters=pl.Series(np.maximum(draws.exponential(400.0, "order/amount", index), 40).astype(np.int64)),
            fate=pl.Series(draws.uniform("order/fate", index)),
            is_walk_in=pl.Series(draws.chance(0.2, "order/walk-in", index)),
            discount=pl.Series(draws.whole(0, 40, "order/discount", index)) * pl.Series(draws.chance(0.25, "order/discounted", index)),
        )
        paid = (pl.col("quarters") - pl.col("discount")) / 4
        is_paid = pl.col("fate") > 0.05
        is_over = pl.col("day") + _COMPLETED_AFTER <= told_on
        return frame.with_columns(
            order_no=_number("o", "index"),
            order_type=pl.lit("sale"),
            status=pl.when(pl.col("fate") < 0.03)
            .then(pl.lit("cancelled"))
            .when(~is_paid)
            .then(pl.lit("unpaid"))
            .when(is_over)
            .then(pl.lit("completed"))
            .otherwise(pl.lit("paid")),
            source_record_key=pl.when(~((pl.col("channel") == "siss") & pl.col("is_walk_in"))).then("source_record_key"),
            store_id_channel=pl.when(pl.col("channel") == "siss").then(_number("s", pl.col("index") % _STORES)),
            ordered_at=self._at("seconds"),
            paid_at=pl.when(is_paid).then(self._at(pl.col("seconds") + 60)),
            shipped_at=pl.when(is_paid & is_over).then(self._at(pl.col("seconds") + 86_400)),
            completed_at=pl.when(is_paid & is_over).then(self._at(pl.col("seconds") + 4 * 86_400)),
            currency_code=pl.lit("CNY"),
            gross_amount=pl.col("quarters") / 4,
            discount_amount=pl.col("discount") / 4,
            shipping_amount=pl.lit(0.0),
            paid_amount=pl.when(is_paid).then(paid),
            is_refund_inferred=pl.lit(value=False),
            item_quantity=1 + pl.col("index") % 3,
            payment_no=pl.when((pl.col("channel") == "youzan") & is_paid).then(_number("42000", "index")),
            payment_method=pl.lit("WeChat Pay"),
            coupon_code=pl.when(pl.col("index") % 50 == 0).then(pl.lit("CODE") + (pl.col("index") % 7).cast(pl.String)),
        ).with_columns(order_key=pl.col("channel") + ":" + pl.col("order_no"))

    def _lines(self, orders: pl.DataFrame) -> pl.DataFrame:
        """One to three lines an order, two on average."""
        lines = orders.with_columns(line_no=pl.int_ranges(1, 2 + pl.col("index") % 3)).explode("line_no")
        line = (lines["index"] * 4 + lines["line_no"]).to_numpy()
        product = np.floor(_PRODUCTS * self._draws.uniform("line/product", line) ** 2).astype(np.int64)
        return lines.with_columns(product=pl.Series(product)).select(
            "channel",
            "order_key",
            "line_no",
            "ordered_at",
            "currency_code",
            line_key=pl.col("order_key") + "/" + pl.col("line_no").cast(pl.String),
            line_type=pl.lit("sale"),
            product_id_channel=_number("p", "product"),
            product_name=pl.lit("Product ") + pl.col("product").cast(pl.String),
            quantity=pl.lit(1),
            unit_price_amount=pl.col("gross_amount") / (1 + pl.col("index") % 3),
            line_amount=((pl.col("quarters") - pl.col("discount")) // (1 + pl.col("index") % 3)) / 4,
            discount_amount=pl.lit(0.0),
        )

    def _payments(self, orders: pl.DataFrame) -> pl.DataFrame:
        """Orders of one shop are paid through a platform, which sends a bill."""
        return orders.filter(pl.col("payment_no").is_not_null()).select(
            "payment_no",
            "paid_at",
            "currency_code",
            "paid_amount",
            channel=pl.lit("wechatpay"),
            payment_key=pl.lit("wechatpay:") + pl.col("payment_no"),
            merchant_order_no="order_no",
            status=pl.lit("succeeded"),
            fee_amount=pl.lit(0.25),
            payment_method=pl.lit("JSAPI"),
        )

    def _refunds(self, first: int, last: int) -> pl.DataFrame:
        """Of one order in 25, one to ten days later, half or all of it."""
        orders = self._orders(max(first - 10, 0), last, last).filter(pl.col("fate") > 0.96)
        later = pl.Series(self._draws.whole(1, 10, "refund/later", orders["index"].to_numpy()))
        refunds = orders.with_columns(refund_day=pl.col("day") + later, later=later)
        return refunds.filter(pl.col("refund_day").is_between(first, last)).select(
            "channel",
            "order_no",
            "source_record_key",
            "currency_code",
            refund_no=_number("r", "index"),
            refund_key=pl.col("channel") + ":" + _number("r", "index"),
            status=pl.lit("succeeded"),
            refunded_at=self._at(pl.col("seconds") + pl.col("later") * 86_400),
            refunded_amount=pl.when(pl.col("index") % 2 == 0).then(pl.col("paid_amount")).otherwise((pl.col("quarters") // 4) / 2),
            reason=pl.lit("damaged"),
        )

    def _points(self, orders: pl.DataFrame) -> pl.DataFrame:
        """Sales in stores of known customers earn points."""
        return orders.filter((pl.col("channel") == "siss") & pl.col("source_record_key").is_not_null() & (pl.col("fate") > 0.05)).select(
            "channel",
            "source_record_key",
            "order_no",
            points_key=pl.lit("siss:pt") + pl.col("order_no"),
            points_delta=(pl.col("quarters") - pl.col("discount")) // 4,
            reason=pl.lit("earned"),
            occurred_at="paid_at",
        )

    def _events(self, first: int, last: int) -> pl.DataFrame:
        """Two of five by visitors whom nobody knows."""
        frame = self._happened("event", 20.0, first, last, channel="shopify")
        index = frame["index"].to_numpy()
        names = pl.Series(_EVENTS).gather(self._draws.pick(_EVENT_WEIGHTS, "event/name", index))
        product = np.floor(_PRODUCTS * self._draws.uniform("event/product", index) ** 2).astype(np.int64)
        is_known = pl.Series(self._draws.chance(0.6, "event/known", index))
        is_about = pl.col("event_name").str.starts_with("product")
        return frame.with_columns(event_name=names, product=pl.Series(product), is_known=is_known).select(
            "channel",
            "event_name",
            event_key=pl.lit("shopify:") + _number("e", "index"),
            source_record_key=pl.when("is_known").then("source_record_key"),
            anonymous_id=_number("anonymous-", "person"),
            occurred_at=self._at("seconds"),
            product_id_channel=pl.when(is_about).then(_number("p", "product")),
            product_category=pl.when(is_about).then(pl.lit("Category ") + (pl.col("product") % _CATEGORIES).cast(pl.String)),
            device_type=pl.lit("mobile"),
        )

    def _sends(self, first: int, last: int) -> pl.DataFrame:
        frame = self._happened("send", 3.0, first, last, channel="mailchimp", record_channel="shopify")
        fate = pl.Series(self._draws.uniform("send/fate", frame["index"].to_numpy()))
        opened, clicked = pl.col("fate") < 0.3, pl.col("fate") < 0.06
        return frame.with_columns(fate=fate).select(
            "channel",
            "source_record_key",
            send_key=pl.lit("mailchimp:") + _number("m", "index"),
            campaign_no=_number("", pl.col("day") // _CAMPAIGN_DAYS),
            medium=pl.lit("email"),
            status=pl.when(clicked).then(pl.lit("clicked")).when(opened).then(pl.lit("opened")).otherwise(pl.lit("delivered")),
            sent_at=self._at("seconds"),
            delivered_at=self._at(pl.col("seconds") + 5),
            opened_at=pl.when(opened).then(self._at(pl.col("seconds") + 600)),
            clicked_at=pl.when(clicked).then(self._at(pl.col("seconds") + 660)),
        )

    def _coupons(self, first: int, last: int) -> pl.DataFrame:
        frame = self._happened("coupon", 1.0, first, last, channel="youzan")
        is_used = pl.col("index") % 10 == 0
        return frame.select(
            "channel",
            "source_record_key",
            coupon_key=pl.lit("youzan:") + _number("k", "index"),
            coupon_code=_number("K", "index"),
            campaign_no=_number("c", pl.col("day") // _CAMPAIGN_DAYS),
            status=pl.when(is_used).then(pl.lit("redeemed")).otherwise(pl.lit("issued")),
            issued_at=self._at("seconds"),
            redeemed_at=pl.when(is_used).then(self._at(pl.col("seconds") + 3_600)),
            expires_at=self._at(pl.col("seconds") + 30 * 86_400),
        )

    def _tickets(self, first: int, last: int) -> pl.DataFrame:
        frame = self._happened("ticket", 0.2, first, last, channel="zendesk", record_channel="shopify")
        return frame.select(
            "channel",
            "source_record_key",
            ticket_key=pl.lit("zendesk:") + _number("t", "index"),
            ticket_no=_number("t", "index"),
            status=pl.lit("solved"),
            ticket_type=pl.when(pl.col("index") % 4 == 0).then(pl.lit("complaint")).otherwise(pl.lit("question")),
            created_at=self._at("seconds"),
            first_replied_at=self._at(pl.col("seconds") + 1_800),
            solved_at=self._at(pl.col("seconds") + 7_200),
            satisfaction_score=1 + pl.col("index") % 5,
        )

    def _reviews(self, first: int, last: int) -> pl.DataFrame:
        frame = self._happened("review", 0.3, first, last, channel="youzan")
        is_nps = pl.col("index") % 3 == 0
        return frame.select(
            "channel",
            "source_record_key",
            review_key=pl.lit("youzan:") + _number("v", "index"),
            review_type=pl.when(is_nps).then(pl.lit("nps")).otherwise(pl.lit("product")),
            score=pl.when(is_nps).then(pl.col("index") % 11).otherwise(1 + pl.col("index") % 5),
            reviewed_at=self._at("seconds"),
        )

    def _interactions(self, first: int, last: int) -> pl.DataFrame:
        frame = self._happened("interaction", 0.5, first, last, channel="youzan")
        return frame.select(
            "channel",
            "source_record_key",
            interaction_key=pl.lit("youzan:") + _number("i", "index"),
            interaction_type=pl.lit("visited"),
            occurred_at=self._at("seconds"),
        )

    def _costs(self, first: int, last: int) -> pl.DataFrame:
        return pl.DataFrame({"day": np.arange(first, last + 1)}).select(
            channel=pl.lit("mailchimp"),
            cost_key=pl.lit("mailchimp:") + _number("a", "day"),
            campaign_no=_number("", pl.col("day") // _CAMPAIGN_DAYS),
            spent_from_on=self._date("day"),
            spent_to_on=self._date("day"),
            currency_code=pl.lit("CNY"),
            cost_amount=pl.lit(125.0),
            impression_count=pl.lit(1000),
            click_count=pl.lit(20),
        )

    def _people(self, first: int, last: int) -> Iterator[tuple[str, pl.DataFrame]]:
        """Those who become known: what the channels that they use say of them."""
        people = np.arange(self.known(first - 1) if first else 0, self.known(last), dtype=np.int64)
        starts = pl.Series(self.starts_on(people))
        frame, uses = pl.DataFrame({"person": people, "day": starts}), self.uses(people)
        parts = [frame.filter(pl.Series(uses[:, n])).with_columns(channel=pl.lit(name)) for n, name in enumerate(CHANNELS)]
        seen = pl.concat(parts).with_columns(
            source_record_key=pl.col("channel") + ":" + _number("", "person"),
            first_seen_at=self._at(pl.col("day") * 86_400 + 3_600),
            last_seen_at=self._at(pl.col("day") * 86_400 + 3_600),
        )
        yield (
            "channel_profiles",
            seen.select(
                "channel",
                "source_record_key",
                "first_seen_at",
                "last_seen_at",
                full_name=pl.lit("王") + pl.col("person").cast(pl.String),
                gender=pl.when(pl.col("person") % 3 == 0).then(pl.lit("male")).when(pl.col("person") % 3 == 1).then(pl.lit("female")),
                province=pl.lit("省") + (pl.col("person") % 31).cast(pl.String),
                registered_at="first_seen_at",
            ),
        )
        yield (
            "channel_contact_points",
            seen.with_columns(
                type=pl.lit("phone"),
                scope=pl.lit("global"),
                value_raw=pl.lit("13") + _number("", (pl.col("person") * 7919) % 1_000_000_000),
            ).select("channel", "source_record_key", "type", "scope", "value_raw", "first_seen_at", "last_seen_at"),
        )
        yield (
            "channel_consents",
            seen.filter(pl.col("channel") == "shopify").select(
                "channel",
                "source_record_key",
                "first_seen_at",
                "last_seen_at",
                contact_type=pl.lit("email"),
                contact_value_raw=pl.col("person").cast(pl.String) + "@example.com",
                medium=pl.lit("email"),
                purpose=pl.lit("marketing"),
                status=pl.lit("granted"),
            ),
        )

    def _lists(self) -> Iterator[tuple[str, pl.DataFrame]]:
        """What does not change: products of each channel, stores, campaigns."""
        products = pl.DataFrame({"product": np.arange(_PRODUCTS)})
        yield (
            "channel_products",
            pl.concat(
                products.select(
                    channel=pl.lit(channel),
                    product_key=pl.lit(f"{channel}:") + _number("p", "product"),
                    product_id_channel=_number("p", "product"),
                    product_name=pl.lit("Product ") + pl.col("product").cast(pl.String),
                    brand=pl.lit("Brand ") + (pl.col("product") % 97).cast(pl.String),
                    department=pl.lit("Department ") + (pl.col("product") % 12).cast(pl.String),
                    category=pl.lit("Category ") + (pl.col("product") % _CATEGORIES).cast(pl.String),
                )
                for channel in CHANNELS
            ),
        )
        yield (
            "channel_stores",
            pl.DataFrame({"store": np.arange(_STORES)}).select(
                channel=pl.lit("siss"),
                store_key=pl.lit("siss:") + _number("s", "store"),
                store_id_channel=_number("s", "store"),
                store_name=pl.lit("Store ") + pl.col("store").cast(pl.String),
                region=pl.lit("Region ") + (pl.col("store") % 6).cast(pl.String),
            ),
        )
        yield (
            "channel_campaigns",
            pl.DataFrame({"campaign": np.arange(self._days // _CAMPAIGN_DAYS + 1)}).select(
                channel=pl.lit("mailchimp"),
                campaign_key=pl.lit("mailchimp:") + _number("", "campaign"),
                campaign_no=_number("", "campaign"),
                campaign_name=pl.lit("Campaign ") + pl.col("campaign").cast(pl.String),
                campaign_type=pl.lit("newsletter"),
                starts_on=self._date(pl.col("campaign") * _CAMPAIGN_DAYS),
                ends_on=self._date(pl.col("campaign") * _CAMPAIGN_DAYS + 6),
            ),
        )

    def _happened(
        self, kind: str, each: float, first: int, last: int, *, channel: str | None = None, record_channel: str | None = None
    ) -> pl.DataFrame:
        """Number, day, second and person of each fact of a kind, `each` a customer in all days; its channel is one that the person uses."""
        a_day = max(1, round(each * self._customers / self._days))
        index = np.arange(first * a_day, (last + 1) * a_day, dtype=np.int64)
        day = index // a_day
        known = np.maximum((self._customers * (0.3 + 0.7 * (day + 1) / self._days)).astype(np.int64), 1)
        person = np.minimum((known * self._draws.uniform(f"{kind}/person", index) ** 1.4).astype(np.int64), known - 1)
        uses = self.uses(person)
        rotation = self._draws.whole(0, len(CHANNELS) - 1, f"{kind}/channel", index)
        turned = np.take_along_axis(uses, (rotation[:, None] + np.arange(len(CHANNELS))) % len(CHANNELS), axis=1)
        used = (rotation + np.argmax(turned, axis=1)) % len(CHANNELS)
        frame = pl.DataFrame(
            {
                "index": index,
                "day": day,
                "person": person,
                "seconds": day * 86_400 + self._draws.whole(0, 86_399, f"{kind}/second", index),
                "used": pl.Series(CHANNELS).gather(used),
            }
        )
        known_by = pl.lit(record_channel or channel) if channel else pl.col("used")
        return frame.with_columns(
            channel=pl.lit(channel) if channel else pl.col("used"), source_record_key=known_by + ":" + _number("", "person")
        )

    def _at(self, seconds: pl.Expr | str) -> pl.Expr:
        """From seconds since the first day began."""
        return self._start + pl.duration(seconds=pl.col(seconds) if isinstance(seconds, str) else seconds)

    def _date(self, day: pl.Expr | str) -> pl.Expr:
        return pl.lit(self._first_day) + pl.duration(days=pl.col(day) if isinstance(day, str) else day)


def _number(prefix: str, number: pl.Expr | str) -> pl.Expr:
    whole = pl.col(number) if isinstance(number, str) else number
    return pl.lit(prefix) + whole.cast(pl.String).str.zfill(9)


def _without_numbers(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.drop("index", "day", "person", "seconds", "used", "quarters", "fate", "is_walk_in", "discount")
