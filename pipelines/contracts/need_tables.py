"""Tables of the value stage on needs: what a customer is due to buy again, buys every year, and may buy next."""

from __future__ import annotations

from pipelines.contracts.tables import Column, Personal, Table, Type

_CUSTOMER = Column("customer_id", Type.TEXT, "The resolved person.", required=True, personal=Personal.PSEUDONYM)
_CATEGORY = Column("category", Type.TEXT, "Category of products.", required=True)

VALUE_REPLENISHMENTS = Table(
    "value_replenishments",
    "One row per customer and category that is bought again and again: when the customer is due to buy it next.",
    ("customer_id", "category"),
    (
        _CUSTOMER,
        _CATEGORY,
        Column("last_purchased_on", Type.DATE, "Last day on which the customer bought the category.", required=True),
        Column("interval_count", Type.INTEGER, "Intervals between the customer's days of purchase; 0 after a first one.", required=True),
        Column("typical_days_between", Type.RATE, "Days after which the customer is expected to buy it again.", required=True),
        Column(
            "basis",
            Type.TEXT,
            "What the typical interval rests on: own_and_category (the median of the customer's intervals, drawn towards the category's "
            "the more, the fewer they are) or category (the category's alone).",
            required=True,
        ),
        Column("due_on", Type.DATE, "Last day of purchase and the typical interval.", required=True),
        Column("due_from_on", Type.DATE, "First day of the window in which half of the category's intervals end.", required=True),
        Column("due_to_on", Type.DATE, "Last day of that window.", required=True),
        Column(
            "due_rank",
            Type.INTEGER,
            "1 for what the customer is due to buy first, of categories bought needs.shown_from_intervals times again; null for the "
            "others, and once the window is over.",
        ),
    ),
)

VALUE_SEASONAL_NEEDS = Table(
    "value_seasonal_needs",
    "One row per customer, category and season of the year in which the customer buys it every year, and seldom else.",
    ("customer_id", "category", "season_from_month_number"),
    (
        _CUSTOMER,
        _CATEGORY,
        Column("season_from_month_number", Type.INTEGER, "First month of the season, 1 to 12.", required=True),
        Column("season_to_month_number", Type.INTEGER, "Last month of it; before the first where it spans the new year.", required=True),
        Column("year_count", Type.INTEGER, "Seasons in which the customer bought the category.", required=True),
        Column("first_season_year_number", Type.INTEGER, "Year in which the first of them began.", required=True),
        Column("last_season_year_number", Type.INTEGER, "Year in which the last of them began.", required=True),
        Column("season_day_count", Type.INTEGER, "Days in these months on which the customer bought the category.", required=True),
        Column("day_count", Type.INTEGER, "Days on which the customer bought it.", required=True),
        Column("season_share_rate", Type.RATE, "season_day_count / day_count.", required=True),
        Column("last_purchased_on", Type.DATE, "Last day on which the customer bought it.", required=True),
        Column("listed_from_on", Type.DATE, "First day to tell the customer of the season that comes.", required=True),
        Column("season_from_on", Type.DATE, "First day of that season: not over, and nothing was bought in it.", required=True),
        Column("season_to_on", Type.DATE, "Last day of it.", required=True),
        Column("listed_rank", Type.INTEGER, "1 for the season to tell the customer of first; null before listed_from_on."),
    ),
)

VALUE_NEXT_CATEGORIES = Table(
    "value_next_categories",
    "One row per customer and category to offer, best first: not bought for needs.next_window_days, and likely to be.",
    ("customer_id", "candidate_rank"),
    (
        _CUSTOMER,
        Column("candidate_rank", Type.INTEGER, "1 for the best; of equal scores the category with more buyers.", required=True),
        _CATEGORY,
        Column(
            "affinity",
            Type.RATE,
            "What the categories that the customer bought add up to; under popularity the share of all buyers. It orders the candidates "
            "of a customer and is no probability.",
            required=True,
        ),
        Column("because_of_category", Type.TEXT, "Category bought that speaks most for it; null under popularity."),
        Column("model_name", Type.TEXT, "item_to_item or popularity, as in value_models.", required=True),
    ),
)

NEED_TABLES: tuple[Table, ...] = (VALUE_REPLENISHMENTS, VALUE_SEASONAL_NEEDS, VALUE_NEXT_CATEGORIES)
