"""What a run is a function of: the day, the configuration, the loads it may see. Given to every step, read from nowhere."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from statistics import NormalDist
from zoneinfo import ZoneInfo

import polars as pl

from pipelines.contracts.config import Config
from pipelines.contracts.errors import ConfigurationError
from pipelines.contracts.home import Home
from pipelines.contracts.hours import Hour, hour_name
from pipelines.contracts.organization import ORGANIZATION, read_organization
from pipelines.contracts.storage import write_table
from pipelines.contracts.tables import Column, Table, Type

RUN_CONTEXT = Table(
    "run_context",
    "One row: the day of the run and every threshold that SQL needs.",
    ("as_of",),
    (
        Column("as_of", Type.DATE, "Business date of the run: facts after its end are not seen.", required=True),
        Column("as_of_end_at", Type.INSTANT, "First instant after the day.", required=True),
        Column("exported_before_at", Type.INSTANT, "Exports made from here on belong to a later run.", required=True),
        Column("business_time_zone", Type.TEXT, "Zone that turns instants into dates.", required=True),
        Column("reporting_currency", Type.TEXT, "Currency of every `_amount` in the marts.", required=True),
        Column("id_key", Type.TEXT, "Key of the hashes that stand for ids of people.", required=True),
        Column("rfm_high_value_from_total", Type.INTEGER, "Tier high_value from this total.", required=True),
        Column("rfm_potential_from_total", Type.INTEGER, "Tier potential from this total.", required=True),
        Column("rfm_class_recent_within_days", Type.INTEGER, "R is high up to this recency.", required=True),
        Column("rfm_class_window_days", Type.INTEGER, "Window of F and M of the classes.", required=True),
        Column("rfm_class_frequent_from", Type.INTEGER, "F is high from this many purchases.", required=True),
        Column("rfm_class_high_spend_from", Type.AMOUNT, "M is high from this spend.", required=True),
        Column("rfm_history_months", Type.INTEGER, "Month ends kept in the history.", required=True),
        Column("lifecycle_new_within_days", Type.INTEGER, "Stage new.", required=True),
        Column("lifecycle_declining_after_days", Type.INTEGER, "Stage declining.", required=True),
        Column("lifecycle_churned_after_days", Type.INTEGER, "Stage churned.", required=True),
        Column("lifecycle_mature_from_purchases", Type.INTEGER, "Stage mature.", required=True),
        Column("lifecycle_mature_window_days", Type.INTEGER, "Window of stage mature.", required=True),
        Column("reconciliation_pending_days", Type.INTEGER, "A mismatch younger than this is pending.", required=True),
        Column("reconciliation_pending_lags", Type.PRICE, "Besides, times the usual days from order to payment.", required=True),
        Column("reconciliation_tolerance_amount", Type.AMOUNT, "Amounts that differ by no more are equal.", required=True),
        Column("reconciliation_expected_from_share", Type.PRICE, "Share of a kind from which each needs a counterpart.", required=True),
        Column("scorecard_weeks", Type.INTEGER, "Weeks whose same weekday is compared with.", required=True),
        Column("scorecard_usual_from_exports", Type.INTEGER, "A source with fewer exports is new.", required=True),
        Column("scorecard_judged_from_rows", Type.INTEGER, "Volume and empty columns of smaller exports are not judged.", required=True),
        Column("scorecard_smaller_than", Type.PRICE, "Times the usual rows: an export is small.", required=True),
        Column("scorecard_larger_than", Type.PRICE, "Times the usual rows: an export is large.", required=True),
        Column("scorecard_nulls_jump_by", Type.PRICE, "Share of empty cells above the usual one that is a jump.", required=True),
        Column("scorecard_valid_from", Type.PRICE, "Share of loaded rows from which an export is valid.", required=True),
        Column("scorecard_late_by_days", Type.INTEGER, "Days by which the newest fact may be older than usual.", required=True),
        Column("scorecard_silent_after_gaps", Type.PRICE, "Times the usual days between exports: a source is silent.", required=True),
        Column("analysis_basket_days", Type.INTEGER, "Window of the baskets that tell what is bought together.", required=True),
        Column("analysis_basket_items", Type.INTEGER, "Items of one basket that are paired at most.", required=True),
        Column("analysis_min_basket_count", Type.INTEGER, "Baskets from which an item or a pair is told.", required=True),
        Column("analysis_min_support", Type.PRICE, "Share of a channel's baskets from which it is.", required=True),
        Column("analysis_min_lift", Type.PRICE, "Lift from which a pair is told.", required=True),
        Column("analysis_cross_sell_per_customer", Type.INTEGER, "Candidates kept for one customer.", required=True),
        Column("analysis_cross_sell_reasons", Type.INTEGER, "Products bought last for which candidates are looked up.", required=True),
        Column("analysis_cross_sell_partners", Type.INTEGER, "Candidates looked up for one product.", required=True),
        Column("analysis_volume_from_quantity", Type.INTEGER, "A line of this quantity is a volume.", required=True),
        Column("analysis_hot_seller_months", Type.INTEGER, "Months of hot sellers, that of the run included.", required=True),
        Column("analysis_seasonal_from_years", Type.INTEGER, "Years with a purchase in one month that make a season.", required=True),
        Column("analysis_seasonal_from_share", Type.PRICE, "Share of purchase days in that month that makes one.", required=True),
        Column("analysis_seasonal_lead_days", Type.INTEGER, "Days before a season on which its buyers are listed.", required=True),
        Column("analysis_interval_from_count", Type.INTEGER, "Intervals from which a next purchase is expected.", required=True),
        Column("analysis_churn_reason_days", Type.INTEGER, "Days around an order in which a reason is looked for.", required=True),
        Column("analysis_late_from_quantile", Type.PRICE, "Share of a channel's deliveries that a late one is slower than.", required=True),
        Column("analysis_low_score_up_to", Type.INTEGER, "Score of 5 up to which a review is low.", required=True),
        Column("analysis_pareto_days", Type.INTEGER, "Window of the shares by percent of customers.", required=True),
        Column("marketing_attribution_days", Type.INTEGER, "An order belongs to the last message of so many days.", required=True),
        Column("marketing_effect_days", Type.INTEGER, "Trailing days of the effect report.", required=True),
        Column("marketing_readout_days", Type.INTEGER, "Days after the first list whose purchases count.", required=True),
        Column("marketing_readout_from_customers", Type.INTEGER, "Arms with fewer customers are not compared.", required=True),
        Column("marketing_declared_metric", Type.TEXT, "Metric that decides which arm has won.", required=True),
        Column("marketing_confidence", Type.RATE, "Confidence of the intervals.", required=True),
        Column("marketing_confidence_z", Type.RATE, "Standard errors on both sides that hold it.", required=True),
        Column("marketing_power_z", Type.RATE, "Standard errors that the wanted power adds.", required=True),
        Column("tags_pattern_window_days", Type.INTEGER, "Days up to the last month end that habits are read from.", required=True),
        Column("tags_pattern_from_count", Type.INTEGER, "With fewer facts there is no habit.", required=True),
        Column("tags_pattern_from_share", Type.PRICE, "Share of the facts that must agree.", required=True),
        Column("tags_gender_from_share", Type.PRICE, "... of lines with a sign, for an inferred gender.", required=True),
        Column("tags_night_from_hour", Type.INTEGER, "First hour of the night.", required=True),
        Column("tags_night_to_hour", Type.INTEGER, "First hour after the night.", required=True),
        Column("tags_dwell_cap_seconds", Type.INTEGER, "A page left open for longer counts nothing.", required=True),
        Column("tags_listed_values", Type.INTEGER, "Values at most of tags that list several.", required=True),
        Column("tags_life_stage_window_days", Type.INTEGER, "Days up to the last month end that signs are read from.", required=True),
        Column("tags_life_stage_from_days", Type.INTEGER, "Days with a sign from which a life stage holds.", required=True),
        Column("tags_oldest_age", Type.INTEGER, "Birthdays that would make somebody older are not believed.", required=True),
        Column("tags_unused_after_days", Type.INTEGER, "A tag that no segment reads for longer is unused.", required=True),
        Column("service_satisfied_from_score", Type.INTEGER, "Score of a case from which its customer is satisfied.", required=True),
        Column("service_positive_from_score", Type.INTEGER, "Score from which a review is positive.", required=True),
        Column("service_promoter_from_score", Type.INTEGER, "Score from which an answer is that of a promoter.", required=True),
        Column("service_detractor_up_to_score", Type.INTEGER, "Score up to which an answer is that of a detractor.", required=True),
        Column("service_first_response_target_seconds", Type.INTEGER, "A first reply is in time up to this.", required=True),
        Column("service_wrong_size_pattern", Type.TEXT, "Regular expression of reasons that say the size was wrong.", required=True),
        Column("loyalty_points_per_unit", Type.PRICE, "Points for one unit of net amount.", required=True),
        Column("loyalty_silver_from_amount", Type.AMOUNT, "Level silver from this spend in 365 days.", required=True),
        Column("loyalty_silver_from_purchases", Type.INTEGER, "Level silver from this many purchases in 365 days.", required=True),
        Column("loyalty_gold_from_amount", Type.AMOUNT, "Level gold from this spend in 365 days.", required=True),
        Column("loyalty_gold_from_purchases", Type.INTEGER, "Level gold from this many purchases in 365 days.", required=True),
        Column("loyalty_normal_names", Type.TEXT, "What channels call level normal: lower case, each between commas.", required=True),
        Column("loyalty_silver_names", Type.TEXT, "What channels call level silver: lower case, each between commas.", required=True),
        Column("loyalty_gold_names", Type.TEXT, "What channels call level gold: lower case, each between commas.", required=True),
        Column("loyalty_level_notice_days", Type.INTEGER, "Days ahead in which a level is about to drop.", required=True),
        Column("loyalty_points_lifetime_days", Type.INTEGER, "Days that points are good for; null when they do not expire."),
        Column("loyalty_points_notice_days", Type.INTEGER, "Days ahead in which points are about to expire.", required=True),
        Column("segments_greeting_lead_days", Type.INTEGER, "Days before a birthday on which it is soon.", required=True),
    ),
)

RFM_BANDS = Table(
    "rfm_bands",
    "One row per preset, axis and score: the band begins at from_value and ends where the next begins.",
    ("preset", "axis", "score"),
    (
        Column("preset", Type.TEXT, "monthly or annual.", required=True),
        Column("window_days", Type.INTEGER, "Window of frequency and money.", required=True),
        Column("axis", Type.TEXT, "recency (days), frequency (purchases) or monetary (net amount).", required=True),
        Column("score", Type.INTEGER, "1 to 5.", required=True),
        Column("from_value", Type.AMOUNT, "Smallest value in the band.", required=True),
    ),
)

CURRENCY_RATES = Table(
    "currency_rates",
    "One row per currency and day from which a rate holds.",
    ("currency_code", "reporting_currency_code", "valid_from_on"),
    (
        Column("currency_code", Type.TEXT, "Currency charged.", required=True),
        Column("reporting_currency_code", Type.TEXT, "Currency of the marts.", required=True),
        Column("valid_from_on", Type.DATE, "First day of the rate.", required=True),
        Column("rate", Type.PRICE, "Reporting units for one unit charged.", required=True),
    ),
)

RUN_TABLES: tuple[Table, ...] = (RUN_CONTEXT, RFM_BANDS, CURRENCY_RATES, ORGANIZATION)

# below every band that a configuration can name: net spend may be negative after refunds
_LOWEST = Decimal(-10) ** 15


@dataclass(frozen=True, slots=True)
class Run:
    """One run: `as_of` plus configuration and folders."""

    as_of: date
    config: Config
    home: Home
    reference: Path  # folder of reviewed reference rows (placeholders, rates, organization, suppressions)
    hour: Hour | None = None  # of a refresh between two nights; `as_of` is the day that its last facts are of

    @property
    def moment(self) -> str:
        """What lists of this run are called: the day, or the hour."""
        return self.as_of.isoformat() if self.hour is None else hour_name(self.hour.at, self.config.business_time_zone)

    @property
    def used_on(self) -> date:
        """The day on which its lists are used: the next one, and of an hour the same."""
        return self.as_of + timedelta(days=1 if self.hour is None else 0)

    @property
    def as_of_end_at(self) -> datetime:
        """First instant after the business day, or after what the hour sees, in UTC."""
        if self.hour is not None:
            return self.hour.at.astimezone(UTC)
        zone = ZoneInfo(self.config.business_time_zone)
        return datetime.combine(self.as_of + timedelta(days=1), time(), zone).astimezone(UTC)

    @property
    def whole_day(self) -> Run:
        """The run without its hour: what people say of themselves counts as soon as it is loaded, though an export is dated by its day."""
        return replace(self, hour=None)

    @property
    def exported_before_at(self) -> datetime:
        return self.whole_day.as_of_end_at + timedelta(hours=self.config.channels.export_grace_hours)

    def context(self) -> pl.DataFrame:
        """The row of RUN_CONTEXT: a column has the name of its setting, `<section>_<setting>`, or its value in _OWN_VALUES."""
        row = {name: _OWN_VALUES[name](self) if name in _OWN_VALUES else _setting(self.config, name) for name in RUN_CONTEXT.column_names}
        return pl.DataFrame([row], schema=RUN_CONTEXT.schema)

    def rfm_bands(self) -> pl.DataFrame:
        """The rows of RFM_BANDS: upper bounds of days become lower bounds, so that one rule reads every axis."""
        rows: list[tuple[str, int, str, int, Decimal]] = []
        for name, preset in sorted(self.config.rfm.presets.items()):
            days = preset.recency_up_to_days
            starts = {5: 0} | {score: days[score + 1] + 1 for score in (4, 3, 2)} | {1: days[2] + 1}
            axes: dict[str, dict[int, Decimal]] = {
                "recency": {score: Decimal(start) for score, start in starts.items()},
                "frequency": {1: Decimal(0)} | {score: Decimal(bound) for score, bound in preset.frequency_from.items()},
                "monetary": {1: _LOWEST} | dict(preset.monetary_from),
            }
            rows += [
                (name, preset.window_days, axis, score, bound) for axis, bands in axes.items() for score, bound in sorted(bands.items())
            ]
        return pl.DataFrame(rows, schema=RFM_BANDS.schema, orient="row")

    def currency_rates(self) -> pl.DataFrame:
        """The reviewed rates of `currency_rates.csv` in the reference folder.

        Raises ConfigurationError when the file does not hold the columns of CURRENCY_RATES or a value has the wrong type.
        """
        path = self.reference / "currency_rates.csv"
        try:
            return pl.read_csv(path, schema=CURRENCY_RATES.schema).sort(CURRENCY_RATES.key)
        except (OSError, pl.exceptions.PolarsError) as error:
            raise ConfigurationError(
                " ".join(str(error).split())[:200], where=str(path), do=f"needs the columns {', '.join(CURRENCY_RATES.column_names)}"
            ) from error


def _setting(config: Config, column: str) -> object:
    section, _, name = column.partition("_")
    return getattr(getattr(config, section), name)


def _between_commas(names: tuple[str, ...]) -> str:
    return f",{','.join(name.strip().lower() for name in names)},"


# columns that are no setting of a section as it stands
_OWN_VALUES: dict[str, Callable[[Run], object]] = {
    "as_of": lambda run: run.as_of,
    "as_of_end_at": lambda run: run.as_of_end_at,
    "exported_before_at": lambda run: run.exported_before_at,
    "business_time_zone": lambda run: run.config.business_time_zone,
    "reporting_currency": lambda run: run.config.reporting_currency,
    "id_key": lambda run: run.config.identity.id_key,
    "reconciliation_tolerance_amount": lambda run: run.config.reconciliation.tolerance,
    "marketing_confidence": lambda run: float(run.config.marketing.confidence),
    "marketing_confidence_z": lambda run: NormalDist().inv_cdf((1 + float(run.config.marketing.confidence)) / 2),
    "marketing_power_z": lambda run: NormalDist().inv_cdf(float(run.config.marketing.power)),
    "tags_dwell_cap_seconds": lambda run: run.config.tags.dwell_cap_minutes * 60,
    "service_positive_from_score": lambda run: run.config.service.positive_review_from_score,
    "service_wrong_size_pattern": lambda run: "|".join(re.escape(word.strip().lower()) for word in run.config.service.wrong_size_words),
    "loyalty_silver_from_amount": lambda run: run.config.loyalty.levels.silver.net_amount_from,
    "loyalty_silver_from_purchases": lambda run: run.config.loyalty.levels.silver.order_count_from,
    "loyalty_gold_from_amount": lambda run: run.config.loyalty.levels.gold.net_amount_from,
    "loyalty_gold_from_purchases": lambda run: run.config.loyalty.levels.gold.order_count_from,
    "loyalty_normal_names": lambda run: _between_commas(run.config.loyalty.level_names.normal),
    "loyalty_silver_names": lambda run: _between_commas(run.config.loyalty.level_names.silver),
    "loyalty_gold_names": lambda run: _between_commas(run.config.loyalty.level_names.gold),
}


def write_run_tables(run: Run) -> None:
    """Write the RUN_TABLES to the lake."""
    frames = (run.context(), run.rfm_bands(), run.currency_rates(), read_organization(run.reference))
    for table, frame in zip(RUN_TABLES, frames, strict=True):
        write_table(frame, table, run.home.table(table.name) / "part-0.parquet")


def last_run(home: Home, config: Config, reference: Path) -> Run:
    """The run that wrote the lake's tables last, under the settings of today. Raises ConfigurationError where none has."""
    path = home.table(RUN_CONTEXT.name) / "part-0.parquet"
    if not path.exists():
        raise ConfigurationError("no run has been here yet", where=str(home.root), do="`cdp run`, or name another --home")
    return Run(pl.read_parquet(path, columns=["as_of"]).item(), config, home, reference)
