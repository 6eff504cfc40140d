"""Suites of the channels stage: what every export has become, whoever wrote it.

Rules without tolerance are promises of the reader; plausible ones are about the shop, whose exports hold odd rows.
"""

from __future__ import annotations

from expectations.suites import Rule, Suite, one_of, plausible
from pipelines.contracts import channel_tables as tables
from pipelines.contracts.identifiers import GLOBAL_SCOPE, IDENTIFIER_TYPES

_EVIDENCE = (
    Rule("load_ids_are_16_hex_digits", "length(_load_id) = 16"),
    Rule("the_source_row_is_a_line", "_source_row >= 1"),
)
_RECORD = Rule(
    "records_name_channel_and_id", "starts_with(source_record_key, channel || ':') and length(source_record_key) > length(channel) + 1"
)
_SEEN = Rule("seen_first_before_last", "first_seen_at <= last_seen_at")
_CURRENCY = plausible("currency_is_a_code", "length(currency_code) = 3 and currency_code = upper(currency_code)")
_GLOBAL = ", ".join(f"'{name}'" for name, kind in IDENTIFIER_TYPES.items() if kind.is_global)
# a hundred million is a typing error, unless a unit is worth less than a cent of the others
_SMALL_UNITS = "'CLP', 'COP', 'GNF', 'HUF', 'IDR', 'IQD', 'IRR', 'JPY', 'KHR', 'KRW', 'LAK', 'LBP', 'MMK', 'PYG', 'UGX', 'UZS', 'VND'"
_LARGE, _LARGEST = 100_000_000, 100_000_000_000
# one by one: a regular expression takes 140 ms a million rows, these 40
_IN_NO_NUMBER = ("' '", "chr(9)", "chr(10)", "chr(13)", "'E+'")
_LINE_TYPES = ("sale", "return", "adjustment")
_MEDIA = ("sms", "email", "wechat", "app_push")
# in microseconds: `timestamptz + interval` costs DuckDB 0.4 s a million rows, an integer sum nothing
_DAY_US = 86_400_000_000
_YEAR_2000_US = 946_684_800_000_000


def _key(column: str) -> Rule:
    return Rule(f"{column}_names_channel_and_id", f"starts_with({column}, channel || ':') and length({column}) > length(channel) + 1")


def _money(*columns: str) -> Rule:
    """The currency is looked at only where an amount is large: in every row it would cost ten times as much."""
    size = f"greatest({', '.join(f'abs({column})' for column in columns)})" if len(columns) > 1 else f"abs({columns[0]})"
    return plausible(
        "amounts_are_money", f"case when {size} > {_LARGE} then {size} <= {_LARGEST} and currency_code in ({_SMALL_UNITS}) else true end"
    )


def _number(column: str) -> Rule:
    """Numbers that a channel gave out hold no space or line break, no power of ten that a spreadsheet made, and no prose."""
    clean = " and ".join(f"not contains({column}, {text})" for text in _IN_NO_NUMBER)
    return plausible(f"{column}_is_well_formed", f"length({column}) between 1 and 200 and {clean}")


def _past(column: str) -> Rule:
    """An export does not know the future; a day is the widest error of a time zone. 2000: no channel is older."""
    return plausible(
        f"{column}_is_past_at_the_export", f"epoch_us({column}) between {_YEAR_2000_US} and epoch_us(_exported_at) + {_DAY_US}"
    )


def _in_order(earlier: str, later: str) -> Rule:
    return plausible(f"{earlier}_is_at_most_a_day_after_{later}", f"epoch_us({earlier}) <= epoch_us({later}) + {_DAY_US}")


CHANNEL_SUITES: tuple[Suite, ...] = (
    Suite(
        tables.CHANNEL_PROFILES,
        values=one_of("gender", "female", "male"),
        rules=(
            *_EVIDENCE,
            _RECORD,
            _SEEN,
            _past("last_seen_at"),
            _past("registered_at"),
            plausible("birthdays_are_those_of_living_people", "birth_on between date '1900-01-01' and cast(_exported_at as date)"),
        ),
    ),
    Suite(
        tables.CHANNEL_CONTACT_POINTS,
        values=one_of("type", *IDENTIFIER_TYPES),
        rules=(
            *_EVIDENCE,
            _RECORD,
            _SEEN,
            _past("last_seen_at"),
            Rule("only_global_types_have_the_global_scope", f"(type in ({_GLOBAL})) = (scope = '{GLOBAL_SCOPE}')"),
            Rule("values_are_not_empty", "value_raw <> ''"),
        ),
    ),
    Suite(
        tables.CHANNEL_ORDERS,
        values=one_of("order_type", *_LINE_TYPES) | one_of("status", "unpaid", "paid", "shipped", "completed", "refunded", "cancelled"),
        rules=(
            *_EVIDENCE,
            _key("order_key"),
            _RECORD,
            _CURRENCY,
            _number("order_no"),
            _number("payment_no"),
            plausible("refunds_are_positive", "refunded_amount >= 0"),
            _money("paid_amount", "gross_amount", "discount_amount", "shipping_amount", "refunded_amount"),
            plausible("sales_are_not_negative", "order_type <> 'sale' or paid_amount >= 0"),
            plausible("shipping_is_not_negative", "order_type <> 'sale' or shipping_amount >= 0"),
            plausible("refunded_at_most_what_was_paid", "order_type <> 'sale' or refunded_amount <= paid_amount"),
            plausible("item_quantities_are_sane", "item_quantity between -100000 and 100000"),
            _past("ordered_at"),
            _past("paid_at"),
            _past("shipped_at"),
            _past("completed_at"),
            _in_order("ordered_at", "paid_at"),
            _in_order("ordered_at", "shipped_at"),
            _in_order("ordered_at", "completed_at"),
        ),
    ),
    Suite(
        tables.CHANNEL_ORDER_LINES,
        values=one_of("line_type", *_LINE_TYPES),
        rules=(
            *_EVIDENCE,
            Rule("lines_name_their_order", "starts_with(line_key, order_key || '/')"),
            _key("order_key"),
            _CURRENCY,
            Rule("lines_count_from_1", "line_no >= 1"),
            _money("line_amount", "unit_price_amount", "discount_amount"),
            plausible("returns_give_back", "line_type <> 'return' or (quantity <= 0 and coalesce(line_amount, 0) <= 0)"),
            plausible("quantities_are_sane", "quantity between -100000 and 100000"),
            plausible("prices_are_not_negative", "line_type = 'adjustment' or unit_price_amount >= 0"),
            _past("ordered_at"),
        ),
    ),
    Suite(
        tables.CHANNEL_PAYMENTS,
        values=one_of("status", "succeeded", "revoked"),
        rules=(
            *_EVIDENCE,
            _key("payment_key"),
            _RECORD,
            _CURRENCY,
            _number("payment_no"),
            _number("merchant_order_no"),
            _money("paid_amount", "fee_amount"),
            plausible("payments_are_not_negative", "paid_amount >= 0"),
            plausible("fees_are_small_beside_payments", "abs(fee_amount) <= abs(paid_amount) + 1"),
            _past("paid_at"),
        ),
    ),
    Suite(
        tables.CHANNEL_REFUNDS,
        values=one_of("status", "succeeded", "processing", "failed"),
        rules=(
            *_EVIDENCE,
            _key("refund_key"),
            _RECORD,
            _CURRENCY,
            _number("refund_no"),
            _number("payment_no"),
            _number("order_no"),
            plausible("refunds_are_positive", "refunded_amount >= 0"),
            _money("refunded_amount"),
            plausible("refunds_name_what_they_reverse", "coalesce(payment_no, order_no) is not null"),
            _past("refunded_at"),
        ),
    ),
    Suite(
        tables.CHANNEL_EVENTS,
        values=one_of(
            "event_name",
            *("page_viewed", "product_viewed", "product_added", "product_removed", "product_favorited", "cart_viewed", "checkout_started"),
            *("order_completed", "order_refunded", "order_shipped", "order_delivered"),
            *("email_opened", "email_clicked", "identified", "searched", "other"),
        ),
        rules=(
            *_EVIDENCE,
            _key("event_key"),
            _RECORD,
            _number("order_no"),
            _money("value_amount"),
            plausible("amounts_name_their_currency", "value_amount is null or currency_code is not null"),
            # visitors who gave no consent are in the export of Google Analytics, without a device; a parcel names its order
            plausible("events_name_a_visitor", "channel = 'ga4' or coalesce(source_record_key, anonymous_id, order_no) is not null"),
            _past("occurred_at"),
        ),
    ),
    Suite(
        tables.CHANNEL_INTERACTIONS,
        values=one_of("interaction_type", "followed", "unfollowed", "chatted", "visited", "added_staff"),
        rules=(*_EVIDENCE, _key("interaction_key"), _RECORD, _past("occurred_at")),
    ),
    Suite(
        tables.CHANNEL_COUPONS,
        values=one_of("status", "issued", "redeemed", "expired"),
        rules=(
            *_EVIDENCE,
            _key("coupon_key"),
            _RECORD,
            _past("issued_at"),
            _past("redeemed_at"),
            _in_order("issued_at", "redeemed_at"),
            _in_order("issued_at", "expires_at"),
        ),
    ),
    Suite(
        tables.CHANNEL_CAMPAIGNS,
        rules=(*_EVIDENCE, _key("campaign_key"), plausible("campaigns_start_before_they_end", "starts_on <= ends_on")),
    ),
    Suite(
        tables.CHANNEL_SENDS,
        values=(
            one_of("medium", *_MEDIA, "mail")
            | one_of("status", "sent", "delivered", "opened", "clicked", "bounced", "failed", "unsubscribed", "complained")
        ),
        rules=(
            *_EVIDENCE,
            _key("send_key"),
            _RECORD,
            _past("sent_at"),
            _past("delivered_at"),
            _past("opened_at"),
            _past("clicked_at"),
            _in_order("sent_at", "delivered_at"),
            _in_order("sent_at", "opened_at"),
            _in_order("sent_at", "clicked_at"),
        ),
    ),
    Suite(
        tables.CHANNEL_COSTS,
        rules=(
            *_EVIDENCE,
            _key("cost_key"),
            _CURRENCY,
            plausible("costs_start_before_they_end", "spent_from_on <= spent_to_on"),
            plausible("costs_are_not_negative", "cost_amount >= 0"),
            _money("cost_amount"),
            plausible("costs_are_spent_before_the_export", "spent_to_on <= cast(_exported_at as date) + 1"),
            plausible("counts_are_not_negative", "coalesce(impression_count, 0) >= 0 and coalesce(click_count, 0) >= 0"),
        ),
    ),
    Suite(
        tables.CHANNEL_TICKETS,
        values=(
            one_of("status", "open", "pending", "solved", "closed")
            | one_of("ticket_type", "question", "problem", "complaint", "return", "repair")
        ),
        rules=(
            *_EVIDENCE,
            _key("ticket_key"),
            _RECORD,
            _number("ticket_no"),
            plausible("satisfaction_is_1_to_5", "satisfaction_score between 1 and 5"),
            _past("created_at"),
            _past("first_replied_at"),
            _past("solved_at"),
            _in_order("created_at", "first_replied_at"),
            _in_order("created_at", "solved_at"),
        ),
    ),
    Suite(
        tables.CHANNEL_REVIEWS,
        values=one_of("review_type", "product", "service", "nps"),
        rules=(
            *_EVIDENCE,
            _key("review_key"),
            _RECORD,
            plausible("scores_fit_their_scale", "case review_type when 'nps' then score between 0 and 10 else score between 1 and 5 end"),
            _past("reviewed_at"),
        ),
    ),
    Suite(
        tables.CHANNEL_POINTS,
        values=one_of("reason", "earned", "redeemed", "expired", "adjusted"),
        rules=(
            *_EVIDENCE,
            _key("points_key"),
            _RECORD,
            plausible(
                "signs_fit_the_reason",
                "case reason when 'earned' then points_delta >= 0 when 'adjusted' then true else points_delta <= 0 end",
            ),
            _past("occurred_at"),
        ),
    ),
    Suite(
        tables.CHANNEL_CONSENTS,
        values=(
            one_of("contact_type", "phone", "email", "openid")
            | one_of("medium", *_MEDIA, "call")
            | one_of("purpose", "marketing", "service", "personalization")
            | one_of("status", "granted", "denied")
        ),
        rules=(*_EVIDENCE, _RECORD, _SEEN, _past("last_seen_at"), Rule("values_are_not_empty", "contact_value_raw <> ''")),
    ),
    Suite(tables.CHANNEL_PRODUCTS, rules=(*_EVIDENCE, _key("product_key"))),
    Suite(tables.CHANNEL_STORES, rules=(*_EVIDENCE, _key("store_key"))),
    Suite(
        tables.CHANNEL_STOCK,
        rules=(
            *_EVIDENCE,
            _key("stock_key"),
            plausible("stock_is_counted_before_the_export", "counted_on <= cast(_exported_at as date) + 1"),
        ),
    ),
    Suite(
        tables.CHANNEL_LOADS,
        values=one_of("outcome", "loaded", "refused"),
        rules=(
            Rule("load_ids_begin_the_hash", "length(load_id) = 16 and length(sha256) = 64 and starts_with(sha256, load_id)"),
            Rule("who_was_refused_knows_why", "(outcome = 'refused') = (reason is not null)"),
            Rule("loaded_files_know_their_format", "outcome <> 'loaded' or format_name is not null"),
            Rule(
                "every_line_is_accounted_for",
                "outcome <> 'loaded' or line_count = header_count + preamble_count + footer_count + blank_count + continuation_count"
                " + loaded_count + duplicate_count + quarantined_count + erased_count",
            ),
            Rule(
                "counts_are_not_negative",
                "least(byte_count, line_count, header_count, preamble_count, footer_count, blank_count, continuation_count,"
                " loaded_count, duplicate_count, quarantined_count, erased_count, dropped_column_count) >= 0 and delivery_count >= 1",
            ),
            Rule("loads_cover_a_span", "covers_from_on <= covers_to_on"),
        ),
    ),
    Suite(tables.CHANNEL_QUARANTINE, rules=(*_EVIDENCE, Rule("reasons_are_given", "reason <> ''"))),
)
