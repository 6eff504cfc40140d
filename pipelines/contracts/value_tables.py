"""Tables of the value stage: what each customer is expected to do, by which model, and how good that model was."""

from __future__ import annotations

from pipelines.contracts.need_tables import NEED_TABLES
from pipelines.contracts.propensity_tables import PROPENSITY_TABLES
from pipelines.contracts.tables import Column, Personal, Table, Type

_CUSTOMER = Column("customer_id", Type.TEXT, "The resolved person.", required=True, personal=Personal.PSEUDONYM)
_BASES = (
    "model; baseline (the model was worse than a simple rule, which speaks in its place); too_little_data; no_purchase; "
    "opted_out (a denied personalization consent: nothing is predicted)"
)
_NO_PURCHASES = "null unless purchase_basis is model or baseline"
_NO_MODEL_OF_PURCHASES = "null unless purchase_basis is model"
_NO_VALUE = "null unless value_basis is model or baseline"
_NO_INTERVAL = "null unless value_basis is model, and where spending varies without bounds"

VALUE_CUSTOMERS = Table(
    "value_customers",
    "One row per customer: purchases and money expected of the next days, and what the expectation rests on.",
    ("customer_id",),
    (
        _CUSTOMER,
        Column("purchase_basis", Type.TEXT, f"What the expected purchases rest on: {_BASES}.", required=True),
        Column("value_basis", Type.TEXT, f"What the expected money rests on: {_BASES}.", required=True),
        Column("probability_alive", Type.RATE, f"Probability that the customer still buys here at all; {_NO_MODEL_OF_PURCHASES}."),
        Column("purchase_probability_30d", Type.RATE, f"Probability of a purchase in the next 30 days; {_NO_MODEL_OF_PURCHASES}."),
        Column("purchase_probability_90d", Type.RATE, f"Probability of a purchase in the next 90 days; {_NO_MODEL_OF_PURCHASES}."),
        Column("predicted_purchases_30d", Type.RATE, f"Purchase days expected of the next 30 days; {_NO_PURCHASES}."),
        Column("predicted_purchases_90d", Type.RATE, f"Purchase days expected of the next 90 days; {_NO_PURCHASES}."),
        Column("predicted_purchases_365d", Type.RATE, f"Purchase days expected of the next 365 days; {_NO_PURCHASES}."),
        Column("predicted_purchase_amount", Type.AMOUNT, "Net amount expected of one purchase day; null unless value_basis is model."),
        Column("predicted_net_amount_30d", Type.AMOUNT, f"Net amount expected of the next 30 days; {_NO_VALUE}."),
        Column("predicted_net_amount_90d", Type.AMOUNT, f"Net amount expected of the next 90 days; {_NO_VALUE}."),
        Column("predicted_net_amount_365d", Type.AMOUNT, f"Net amount expected of the next 365 days; {_NO_VALUE}."),
        Column("ltv_predicted_12m", Type.AMOUNT, f"Net amount expected of the next 365 days, in money of today; {_NO_VALUE}."),
        Column("ltv_predicted_low_12m", Type.AMOUNT, f"What a customer like this stays above in most cases, see config; {_NO_INTERVAL}."),
        Column("ltv_predicted_high_12m", Type.AMOUNT, f"What a customer like this stays below in most cases; {_NO_INTERVAL}."),
    ),
)

_TARGET = Column("target", Type.TEXT, "What is predicted: purchases, purchase_amount, churn_90d, ...", required=True)
_MODEL = Column("model_name", Type.TEXT, "Model or baseline.", required=True)
_AS_OF = Column("as_of", Type.DATE, "Day of the run.", required=True)

VALUE_MODELS = Table(
    "value_models",
    "One row per day of a run, target and model or baseline: what it was fitted on, how good it is, and whether it is used.",
    ("as_of", "target", "model_name"),
    (
        _AS_OF,
        _TARGET,
        _MODEL,
        Column("is_baseline", Type.BOOLEAN, "True for a simple rule that models have to beat.", required=True),
        Column("is_used", Type.BOOLEAN, "True for what the run predicts with: at most one a target.", required=True),
        Column("reason", Type.TEXT, "Why it is used, or not, in words.", required=True),
        Column("data_from_on", Type.DATE, "First day of the facts that it was fitted on; null when it was not fitted."),
        Column("data_until_on", Type.DATE, "Last day of them; null when it was not fitted."),
        Column("customer_count", Type.INTEGER, "Customers that it was fitted on; 0 when it was not.", required=True),
        Column("parameters", Type.TEXT, "JSON object: parameters, their standard errors, settings.", required=True),
        Column("metrics", Type.TEXT, "JSON object: what it was judged by, out of time where there was time.", required=True),
        Column("code_version", Type.TEXT, "Version of the code.", required=True),
    ),
)

VALUE_BACKTESTS = Table(
    "value_backtests",
    "One row per day of a run, target, model, cut-off, measure and bucket: what the model would have said then, and what came.",
    ("as_of", "target", "model_name", "cutoff_on", "horizon_days", "metric", "bucket"),
    (
        _AS_OF,
        _TARGET,
        _MODEL,
        Column("is_baseline", Type.BOOLEAN, "True for a simple rule that models have to beat.", required=True),
        Column("cutoff_on", Type.DATE, "Last day that the model knew.", required=True),
        Column("horizon_days", Type.INTEGER, "Days after it that it had to predict.", required=True),
        Column("metric", Type.TEXT, "What is compared: purchases_by_week, calibration, net_amount_by_decile, log_loss, ...", required=True),
        Column("bucket", Type.TEXT, "Week, decile or group; all for one figure over everybody.", required=True),
        Column(
            "expected",
            Type.RATE,
            "What the model or rule said; the figure itself where the measure is an error. Null where it says nothing of the measure.",
        ),
        Column("actual", Type.RATE, "What came; null for measures that have none."),
        Column("customer_count", Type.INTEGER, "Customers in the bucket.", required=True),
    ),
)

VALUE_TABLES: tuple[Table, ...] = (VALUE_CUSTOMERS, *PROPENSITY_TABLES, *NEED_TABLES, VALUE_MODELS, VALUE_BACKTESTS)
# what a run predicts of customers, in the place of what the run before did; the others are histories by day
PREDICTION_TABLES: tuple[Table, ...] = tuple(table for table in VALUE_TABLES if "as_of" not in table.column_names)
