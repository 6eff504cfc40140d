"""Canonical tables of the channels stage: what every export becomes, whoever wrote it.

Rows are claims of one load: the same order comes again with a later load when its status changed. The newest version wins
downstream; here nothing is overwritten.
"""

from __future__ import annotations

from pipelines.contracts.tables import Column, Personal, Table, Type

_CHANNEL = Column("channel", Type.TEXT, "Channel that issued the ids, e.g. taobao.", required=True)
_RECORD = Column(
    "source_record_key",
    Type.TEXT,
    "Person as this channel knows them, `<channel>:<native id>`; null where the export names nobody.",
    personal=Personal.IDENTIFIER,
)
_RECORD_REQUIRED = Column(
    _RECORD.name, Type.TEXT, "Person as this channel knows them, `<channel>:<native id>`.", required=True, personal=Personal.IDENTIFIER
)
_FIRST_SEEN = Column("first_seen_at", Type.INSTANT, "Earliest business time at which the load makes this claim.", required=True)
_LAST_SEEN = Column("last_seen_at", Type.INSTANT, "Latest business time at which the load makes this claim.", required=True)
_CURRENCY = Column("currency_code", Type.TEXT, "ISO 4217 code of every amount in the row.", required=True)
_PROVENANCE = (
    Column("_load_id", Type.TEXT, "Load that brought the row: leading hex digits of the file's SHA-256.", required=True),
    Column(
        "_source_row",
        Type.INTEGER,
        "Line of the delivered file (row for Parquet, record for a JSON document), from 1.",
        required=True,
    ),
    Column("_exported_at", Type.INSTANT, "When the channel made the export: decides which version of a fact is newest.", required=True),
)
_EVIDENCE = ("_load_id", "_source_row")

YEARLESS = 1904  # the year of a birthday that was told without one: a leap year, and nobody alive was born in it


def _fact(name: str, grain: str, key: str, *columns: Column) -> Table:
    return Table(name, grain, (key, *_EVIDENCE), (_CHANNEL, *columns, *_PROVENANCE))


def _text(name: str, description: str, *, required: bool = False, personal: Personal = Personal.NONE) -> Column:
    return Column(name, Type.TEXT, description, required, personal)


def _amount(name: str, description: str, *, required: bool = False) -> Column:
    return Column(name, Type.AMOUNT, description, required)


def _at(name: str, description: str, *, required: bool = False) -> Column:
    return Column(name, Type.INSTANT, description, required)


CHANNEL_PROFILES = Table(
    "channel_profiles",
    "One row per source record, set of attributes and load: what one export claims about one person.",
    ("source_record_key", *_EVIDENCE),
    (
        _CHANNEL,
        _RECORD_REQUIRED,
        _text("full_name", "Name as delivered, masked names left out.", personal=Personal.IDENTITY),
        _text("nickname", "Screen name.", personal=Personal.IDENTITY),
        _text("gender", "female or male as declared; null where not declared."),
        Column("birth_on", Type.DATE, f"Declared birthday; of {YEARLESS} where no year is declared.", personal=Personal.IDENTITY),
        _text("country", "Country as delivered."),
        _text("province", "Province or state as delivered."),
        _text("city", "City as delivered."),
        _text("district", "District as delivered."),
        _text("address", "Street address as delivered.", personal=Personal.CONTACT),
        _at("registered_at", "When the person registered with the channel; null for buyers who never registered."),
        _text("registration_source", "How the person came to register."),
        _text("member_level", "Member level as the channel states it."),
        _text("store_id_channel", "Home store as the channel names it."),
        _text("age_band", "Age band where the channel gives no birthday.", personal=Personal.IDENTITY),
        _text("income_band", "Household income band.", personal=Personal.IDENTITY),
        _text("household_size", "Household size as delivered.", personal=Personal.IDENTITY),
        _FIRST_SEEN,
        _LAST_SEEN,
        *_PROVENANCE,
    ),
)

CHANNEL_CONTACT_POINTS = Table(
    "channel_contact_points",
    "One row per source record, identifier and load: the row of an export that ties an identifier to a person.",
    ("source_record_key", "type", "scope", "value_raw", "_load_id"),
    (
        _CHANNEL,
        _RECORD_REQUIRED,
        _text("type", "Identifier type, see pipelines.contracts.identifiers.", required=True),
        _text("scope", "Within which values may be compared: global, an appid, a platform, a merchant.", required=True),
        _text("value_raw", "Value as delivered, outer cell protection removed.", required=True, personal=Personal.CONTACT),
        _FIRST_SEEN,
        _LAST_SEEN,
        *_PROVENANCE,
    ),
)

CHANNEL_ORDERS = _fact(
    "channel_orders",
    "One row per order and load.",
    "order_key",
    _text("order_key", "`<channel>:<order number>`.", required=True),
    _text("order_no", "Order or receipt number of the channel.", required=True),
    _text("order_id_channel", "Second number of the order, by which other exports of the channel name it; null when there is none."),
    _text("order_type", "sale, return (a receipt of its own that takes goods back) or adjustment (ledger correction).", required=True),
    _text("status", "unpaid, paid, shipped, completed, refunded or cancelled.", required=True),
    _RECORD,
    _text("store_id_channel", "Shop or branch as the channel names it."),
    _text("country", "Country of the order as delivered, with or without a known buyer; null when the export does not say."),
    _at("ordered_at", "When the order was made.", required=True),
    _at("paid_at", "When it was paid; null when unknown or unpaid."),
    _at("shipped_at", "When it was shipped."),
    _at("completed_at", "When it was completed."),
    _CURRENCY,
    _amount("gross_amount", "Goods before discounts."),
    _amount("discount_amount", "Taken off the goods; negative on returns, and where a till charged more than the list price."),
    _amount("shipping_amount", "Freight charged."),
    _amount(
        "paid_amount",
        "What the customer paid, before refunds; negative on returns, 0 for a gift; null when no amount is known.",
        required=False,
    ),
    _amount("refunded_amount", "Refunded so far, positive, as this export knows; null when it does not say."),
    Column("is_refund_inferred", Type.BOOLEAN, "True when the refund follows from a status, not from an amount.", required=True),
    Column("item_quantity", Type.QUANTITY, "Pieces in the order."),
    _text("payment_no", "Number of the payment at the payment platform."),
    _text("payment_method", "As delivered."),
    _text("coupon_code", "Coupon or discount code used."),
)

CHANNEL_ORDER_LINES = _fact(
    "channel_order_lines",
    "One row per order line and load.",
    "line_key",
    _text("line_key", "`<order_key>/<line number>`.", required=True),
    _text("order_key", "Order that the line belongs to.", required=True),
    Column("line_no", Type.INTEGER, "Position in the order as delivered, from 1.", required=True),
    _text("line_type", "sale, return or adjustment.", required=True),
    _at("ordered_at", "When the line was rung up or ordered.", required=True),
    _text("product_id_channel", "Product or SKU id of the channel."),
    _text("product_name", "Name as delivered."),
    Column("quantity", Type.QUANTITY, "Signed: negative on returns. A volume for products sold by volume."),
    Column("unit_price_amount", Type.PRICE, "Price of one piece as charged."),
    _CURRENCY,
    _amount("line_amount", "Charged for the line after line discounts; negative on returns."),
    _amount("discount_amount", "Taken off the line; negative on returns, and where a till charged more than the list price."),
    _amount("coupon_discount_amount", "Paid for by a manufacturer's coupon, positive; null when the export does not say."),
    _amount("coupon_match_discount_amount", "What the shop added to the coupon, positive; null when the export does not say."),
)

CHANNEL_PAYMENTS = _fact(
    "channel_payments",
    "One row per payment and load.",
    "payment_key",
    _text("payment_key", "`<channel>:<payment number>`.", required=True),
    _text("payment_no", "Number at the payment platform.", required=True),
    _text("merchant_order_no", "Order number that the merchant sent along."),
    _text("status", "succeeded or revoked.", required=True),
    _RECORD,
    _at("paid_at", "When it was paid.", required=True),
    _CURRENCY,
    _amount("paid_amount", "Charged to the payer.", required=True),
    Column("fee_amount", Type.PRICE, "Fee of the platform."),
    _text("payment_method", "Trade type or bank as delivered."),
)

CHANNEL_REFUNDS = _fact(
    "channel_refunds",
    "One row per refund and load.",
    "refund_key",
    _text("refund_key", "`<channel>:<refund number>`.", required=True),
    _text("refund_no", "Refund number of the channel.", required=True),
    _text("payment_no", "Payment that it reverses."),
    _text("order_no", "Order that it reduces, as the channel numbers it."),
    _text("status", "succeeded, processing or failed.", required=True),
    _RECORD,
    _at("refunded_at", "When the refund was made or started.", required=True),
    Column(
        "is_refunded_at_inferred",
        Type.BOOLEAN,
        "True when the export gives no time of the refund and that of the payment, bill or request stands in; null means that it does.",
    ),
    _CURRENCY,
    _amount("refunded_amount", "Positive.", required=True),
    _text("reason", "As delivered."),
)

CHANNEL_EVENTS = _fact(
    "channel_events",
    "One row per tracked event and load.",
    "event_key",
    _text("event_key", "`<channel>:<message id>`.", required=True),
    _text(
        "event_name",
        "Canonical: page_viewed, product_viewed, product_added, product_removed, product_favorited, cart_viewed, checkout_started, "
        "order_completed, order_refunded, order_shipped, order_delivered, email_opened, email_clicked, identified, searched or other.",
        required=True,
    ),
    _text("event_name_channel", "As delivered."),
    _RECORD,
    _text("anonymous_id", "Device or cookie id.", personal=Personal.IDENTIFIER),
    _at("occurred_at", "When it happened, corrected for client clocks.", required=True),
    _text("product_id_channel", "Product concerned."),
    _text("product_category", "Category concerned."),
    Column("quantity", Type.QUANTITY, "Pieces."),
    _text("order_no", "Order concerned."),
    _text("currency_code", "ISO 4217 code of the amount; null when there is none."),
    _amount("value_amount", "Money value stated with the event."),
    _text("campaign_name", "Campaign that the visit came from."),
    _text("device_type", "As delivered."),
)

CHANNEL_INTERACTIONS = _fact(
    "channel_interactions",
    "One row per contact between person and shop that is neither order, event nor ticket (follow, chat, store visit), and load.",
    "interaction_key",
    _text("interaction_key", "`<channel>:<id>`.", required=True),
    _text("interaction_type", "followed, unfollowed, chatted, visited, added_staff.", required=True),
    _RECORD_REQUIRED,
    _at("occurred_at", "When it happened.", required=True),
    _text("staff_id_channel", "Member of staff concerned."),
)

CHANNEL_COUPONS = _fact(
    "channel_coupons",
    "One row per coupon (issued or redeemed) and load.",
    "coupon_key",
    _text("coupon_key", "`<channel>:<id>`.", required=True),
    _text("coupon_code", "Code as printed.", required=True),
    _text("campaign_no", "Campaign that issued it."),
    _text("product_id_channel", "Product that it is good for; null for any."),
    _RECORD,
    _text("status", "issued, redeemed or expired.", required=True),
    _at("issued_at", "When it was issued."),
    _at("redeemed_at", "When it was redeemed."),
    _at("expires_at", "When it expires."),
    _text("order_no", "Order it was used on."),
)

CHANNEL_CAMPAIGNS = _fact(
    "channel_campaigns",
    "One row per campaign and load.",
    "campaign_key",
    _text("campaign_key", "`<channel>:<campaign number>`.", required=True),
    _text("campaign_no", "Campaign id of the channel.", required=True),
    _text("campaign_name", "As delivered."),
    _text("campaign_type", "As delivered."),
    Column("starts_on", Type.DATE, "First day."),
    Column("ends_on", Type.DATE, "Last day."),
)

CHANNEL_SENDS = _fact(
    "channel_sends",
    "One row per message to one person and load.",
    "send_key",
    _text("send_key", "`<channel>:<message id>`.", required=True),
    _text("campaign_no", "Campaign that it belongs to."),
    _RECORD,
    _text("medium", "sms, email, wechat, app_push, mail.", required=True),
    _text("contact_value_raw", "Address it went to, as delivered.", personal=Personal.CONTACT),
    _text("status", "sent, delivered, opened, clicked, bounced, failed, unsubscribed or complained.", required=True),
    _at("sent_at", "When it was sent; null where the export lists who was written to, and no day (mailings by post)."),
    _at("delivered_at", "When it was delivered."),
    _at("opened_at", "First open."),
    _at("clicked_at", "First click."),
)

CHANNEL_COSTS = _fact(
    "channel_costs",
    "One row per advertising or messaging cost line and load.",
    "cost_key",
    _text("cost_key", "`<channel>:<id>`.", required=True),
    _text("campaign_no", "Campaign concerned."),
    _text("campaign_name", "As delivered."),
    _text("product_id_channel", "Product that was promoted; null where the report is by campaign."),
    Column("spent_from_on", Type.DATE, "First day that the line covers.", required=True),
    Column("spent_to_on", Type.DATE, "Last day that the line covers.", required=True),
    _CURRENCY,
    _amount("cost_amount", "Spent.", required=True),
    Column("impression_count", Type.INTEGER, "Impressions."),
    Column("click_count", Type.INTEGER, "Clicks."),
)

CHANNEL_TICKETS = _fact(
    "channel_tickets",
    "One row per service case and load.",
    "ticket_key",
    _text("ticket_key", "`<channel>:<ticket number>`.", required=True),
    _text("ticket_no", "Ticket number of the channel.", required=True),
    _RECORD,
    _text("status", "open, pending, solved or closed.", required=True),
    _text("ticket_type", "question, problem, complaint, return or repair; null when not classified."),
    _text("order_no", "Order concerned."),
    _at("created_at", "When it was opened.", required=True),
    _at("first_replied_at", "First answer of the shop."),
    _at("solved_at", "When it was solved."),
    Column("satisfaction_score", Type.INTEGER, "1 to 5; null when not rated."),
)

CHANNEL_REVIEWS = _fact(
    "channel_reviews",
    "One row per review or survey answer and load.",
    "review_key",
    _text("review_key", "`<channel>:<id>`.", required=True),
    _text("review_type", "product, service or nps.", required=True),
    _RECORD,
    _text("order_no", "Order concerned."),
    _text("product_id_channel", "Product concerned."),
    Column("score", Type.INTEGER, "As given: 1 to 5, or 0 to 10 for nps."),
    _at("reviewed_at", "When it was given.", required=True),
)

CHANNEL_POINTS = _fact(
    "channel_points",
    "One row per movement on a loyalty account and load.",
    "points_key",
    _text("points_key", "`<channel>:<id>`.", required=True),
    _RECORD_REQUIRED,
    Column("points_delta", Type.INTEGER, "Positive when earned, negative when spent or expired.", required=True),
    _text("reason", "earned, redeemed, expired or adjusted.", required=True),
    _text("order_no", "Order concerned."),
    _at("occurred_at", "When it was booked.", required=True),
)

CHANNEL_CONSENTS = Table(
    "channel_consents",
    "One row per source record, contact point, medium, purpose, status and load: what one export says a person allowed.",
    ("source_record_key", "contact_type", "contact_value_raw", "medium", "purpose", "status", "_load_id"),
    (
        _CHANNEL,
        _RECORD_REQUIRED,
        _text("contact_type", "phone, email or openid.", required=True),
        _text("contact_value_raw", "Contact point that the statement is about.", required=True, personal=Personal.CONTACT),
        _text("medium", "sms, email, wechat, app_push, call.", required=True),
        _text("purpose", "marketing, service or personalization.", required=True),
        _text("status", "granted or denied.", required=True),
        _FIRST_SEEN,
        _LAST_SEEN,
        *_PROVENANCE,
    ),
)

CHANNEL_PRODUCTS = _fact(
    "channel_products",
    "One row per product and load.",
    "product_key",
    _text("product_key", "`<channel>:<product id>`.", required=True),
    _text("product_id_channel", "Product or SKU id of the channel.", required=True),
    _text("product_name", "As delivered."),
    _text("brand", "As delivered."),
    _text("department", "Top category."),
    _text("category", "Category."),
    _text("subcategory", "Sub-category."),
    _text("package_size", "As delivered."),
    Column("unit_cost", Type.PRICE, "What one piece costs the merchant, as the books have it; null when the list does not say."),
    _text("currency_code", "Currency of the cost; null without one."),
)

CHANNEL_STORES = _fact(
    "channel_stores",
    "One row per shop and load.",
    "store_key",
    _text("store_key", "`<channel>:<store id>`.", required=True),
    _text("store_id_channel", "Store id of the channel.", required=True),
    _text("store_name", "As delivered."),
    _text("region", "Region."),
)

CHANNEL_STOCK = _fact(
    "channel_stock",
    "One row per product, store, day and load.",
    "stock_key",
    _text("stock_key", "`<channel>:<store>/<product>/<day>`.", required=True),
    _text("store_id_channel", "Store."),
    _text("product_id_channel", "Product.", required=True),
    Column("counted_on", Type.DATE, "Day of the count.", required=True),
    Column("quantity", Type.QUANTITY, "Pieces on hand.", required=True),
)

CHANNEL_LOADS = Table(
    "channel_loads",
    "One row per file content that was delivered: what became of each of its lines.",
    ("load_id",),
    (
        _text("load_id", "Leading 16 hex digits of the SHA-256 of the file.", required=True),
        _text("file_path", "Path below the inbox under which it was first seen.", required=True),
        _text("sha256", "Of the file as delivered.", required=True),
        Column("byte_count", Type.INTEGER, "Size as delivered.", required=True),
        _text("outcome", "loaded or refused.", required=True),
        _text("reason", "Why it was refused; null when loaded."),
        _text("format_name", "Contract that read it; null when none matched."),
        _text("format_hash", "Of that contract."),
        Column("line_count", Type.INTEGER, "Lines (rows for Parquet, records for a JSON document) in the file.", required=True),
        Column("header_count", Type.INTEGER, "Header lines.", required=True),
        Column("preamble_count", Type.INTEGER, "Lines above the header.", required=True),
        Column("footer_count", Type.INTEGER, "Lines below the data, and totals.", required=True),
        Column("blank_count", Type.INTEGER, "Blank lines.", required=True),
        Column("continuation_count", Type.INTEGER, "Further physical lines of records with line breaks inside cells.", required=True),
        Column("loaded_count", Type.INTEGER, "Records loaded.", required=True),
        Column("duplicate_count", Type.INTEGER, "Records equal to an earlier one of the file.", required=True),
        Column("quarantined_count", Type.INTEGER, "Records set aside with a reason.", required=True),
        Column("erased_count", Type.INTEGER, "Records of people who were forgotten: stopped, and kept nowhere.", required=True),
        Column("dropped_column_count", Type.INTEGER, "Columns that the contract does not list.", required=True),
        Column("delivery_count", Type.INTEGER, "Times that this content was delivered, under any name.", required=True),
        Column("covers_from_on", Type.DATE, "First business date of the facts in the file; null without facts."),
        Column("covers_to_on", Type.DATE, "Last business date of the facts in the file; null without facts."),
        _at("exported_at", "When the channel made the export."),
        _text("header_hash", "Of the set of its columns, in any order; null when refused."),
        _text("drift", "Columns that came or went since the earlier exports of this format; null when none did."),
        _text("missing_columns", "Columns that its contract would read and that it may lack, and does; null when it has all."),
        _text("totals", "Its own totals: agree, differ, or not_compared as rows were set aside; null where it states none."),
        _text("warning", "What is odd about a file that was loaded all the same; null for nothing."),
    ),
)

CHANNEL_QUARANTINE = Table(
    "channel_quarantine",
    "One row per delivered record that could not be loaded.",
    ("_load_id", "_source_row"),
    (
        _text("format_name", "Contract that refused it.", required=True),
        _text("reason", "Why, in words.", required=True),
        _text("column_name", "Header of the cell at fault; null when the whole record is."),
        _text("value", "Value at fault.", personal=Personal.CONTACT),
        _text("record_raw", "The record whole, as text.", required=True, personal=Personal.CONTACT),
        *_PROVENANCE[:2],
    ),
)

CANONICAL_TABLES: tuple[Table, ...] = (
    CHANNEL_PROFILES,
    CHANNEL_CONTACT_POINTS,
    CHANNEL_ORDERS,
    CHANNEL_ORDER_LINES,
    CHANNEL_PAYMENTS,
    CHANNEL_REFUNDS,
    CHANNEL_EVENTS,
    CHANNEL_INTERACTIONS,
    CHANNEL_COUPONS,
    CHANNEL_CAMPAIGNS,
    CHANNEL_SENDS,
    CHANNEL_COSTS,
    CHANNEL_TICKETS,
    CHANNEL_REVIEWS,
    CHANNEL_POINTS,
    CHANNEL_CONSENTS,
    CHANNEL_PRODUCTS,
    CHANNEL_STORES,
    CHANNEL_STOCK,
)
# what must still add up when a person is forgotten: their rows stay, as rows of nobody
BOOKS: tuple[Table, ...] = (CHANNEL_ORDERS, CHANNEL_ORDER_LINES, CHANNEL_PAYMENTS, CHANNEL_REFUNDS)
CHANNEL_TABLES: tuple[Table, ...] = (*CANONICAL_TABLES, CHANNEL_LOADS, CHANNEL_QUARANTINE)
