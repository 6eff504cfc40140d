"""Tables of the stage value: who is expected to buy again or to be gone, and which buyers behave alike."""

from __future__ import annotations

from pipelines.contracts.tables import Column, Personal, Table, Type

_CUSTOMER = Column("customer_id", Type.TEXT, "The resolved person.", required=True, personal=Personal.PSEUDONYM)

VALUE_PROPENSITIES = Table(
    "value_propensities",
    "One row per target and customer with a purchase: the probability of the outcome, by which model, and what moved it.",
    ("target", "customer_id"),
    (
        Column(
            "target",
            Type.TEXT,
            "churn_90d: no purchase in the 90 days after the day of the run; repurchase_30d: a purchase in the 30 days after it.",
            required=True,
        ),
        _CUSTOMER,
        Column("probability", Type.RATE, "Of the outcome, calibrated; null unless basis is model or baseline."),
        Column(
            "basis",
            Type.TEXT,
            "model; baseline (no model was better than the rate of customers who bought as long ago); too_little_data; "
            "opted_out (a denied personalization consent: nothing is learned from the customer, and nothing predicted).",
            required=True,
        ),
        Column("model_name", Type.TEXT, "Model or baseline that speaks, as in value_models; null when nothing is predicted."),
        Column(
            "drivers",
            Type.TEXT,
            "What moved the probability most: `what: value (change of the log-odds)`, the strongest first. Null when nothing is predicted.",
        ),
    ),
)

_CLUSTER = Column(
    "cluster", Type.INTEGER, "Number of the group: a group has that of the group of the last run that it is most like.", required=True
)
_LABEL = Column(
    "label",
    Type.TEXT,
    "high_value_loyal (buys and spends much, lately), churn_risk (last bought long ago), growth_potential (bought lately), ordinary.",
    required=True,
)

VALUE_CLUSTERS = Table(
    "value_clusters",
    "One row per day of a run and group of buyers that behave alike; none on days with too few buyers.",
    ("as_of", "cluster"),
    (
        Column("as_of", Type.DATE, "Day of the run.", required=True),
        _CLUSTER,
        _LABEL,
        Column("description", Type.TEXT, "In words, what tells the group from all buyers.", required=True),
        Column("customer_count", Type.INTEGER, "Customers in it.", required=True),
        Column("customer_rate", Type.RATE, "Share of all grouped customers.", required=True),
        Column("means", Type.TEXT, "JSON object: mean of each trait over its customers.", required=True),
        Column(
            "centroid", Type.TEXT, "JSON object: its center, as natural logarithms of 1 + trait. The next run begins there.", required=True
        ),
    ),
)

VALUE_CUSTOMER_CLUSTERS = Table(
    "value_customer_clusters",
    "One row per customer with a purchase who is in a group; nobody who denies personalization, and nobody where buyers are too few.",
    ("customer_id",),
    (_CUSTOMER, _CLUSTER, _LABEL),
)

PROPENSITY_TABLES: tuple[Table, ...] = (VALUE_PROPENSITIES, VALUE_CLUSTERS, VALUE_CUSTOMER_CLUSTERS)
