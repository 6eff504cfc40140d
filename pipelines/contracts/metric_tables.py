"""Tables of the metrics stage: what was published of the past, what became of it, and what came too late."""

from __future__ import annotations

from pipelines.contracts.tables import Column, Table, Type

_KPI = (
    Column("metric", Type.TEXT, "Metric, as in `kpi`.", required=True),
    Column("period_grain", Type.TEXT, "day, week, month or quarter.", required=True),
    Column("period_start", Type.DATE, "First day of the period.", required=True),
    Column("dimension", Type.TEXT, "What the value is of, as in `kpi`.", required=True),
    Column("dimension_value", Type.TEXT, "Value of the dimension; all for dimension all.", required=True),
)
_KPI_KEY = tuple(column.name for column in _KPI)

KPI_PUBLISHED = Table(
    "kpi_published",
    "One row per revision and figure of `kpi` whose period was over: what this run finds, and what the run before it published.",
    ("revision", *_KPI_KEY),
    (
        Column("revision", Type.INTEGER, "Counts the runs that found figures, from 1.", required=True),
        Column("run_id", Type.TEXT, "Run that found the figure.", required=True),
        Column("as_of", Type.DATE, "Its day.", required=True),
        *_KPI,
        Column("numerator", Type.AMOUNT, "Count or amount above the line; null for a median of nothing."),
        Column("denominator", Type.AMOUNT, "Count below the line; null for sums."),
        Column("value", Type.PRICE, "The figure; null where the denominator is 0."),
        Column("is_provisional", Type.BOOLEAN, "True while the window that the metric looks at was not over.", required=True),
    ),
)

KPI_RESTATEMENT = Table(
    "kpi_restatement",
    "One row per revision and figure of `kpi` that a run found to be another than was published, though its period had been over.",
    ("revision", *_KPI_KEY),
    (
        Column("revision", Type.INTEGER, "Revision of the new figure; later restatements have larger ones.", required=True),
        Column("run_id", Type.TEXT, "Run that found the new figure.", required=True),
        Column("as_of", Type.DATE, "Its day.", required=True),
        Column("old_run_id", Type.TEXT, "Run that had published the old figure.", required=True),
        Column("old_as_of", Type.DATE, "Its day.", required=True),
        *_KPI,
        Column("old_value", Type.PRICE, "What was published; null where the denominator was 0 or there was no such row."),
        Column("new_value", Type.PRICE, "What it is now; null where the denominator is 0 or there is no such row."),
        Column("old_numerator", Type.AMOUNT, "Above the line, as published; null where there was no such row."),
        Column("new_numerator", Type.AMOUNT, "Above the line now; null where there is no such row."),
        Column("old_denominator", Type.AMOUNT, "Below the line, as published; null for sums, and where the figure was not there."),
        Column("new_denominator", Type.AMOUNT, "Below the line now; null for sums, and where the figure is not there any more."),
        Column("was_provisional", Type.BOOLEAN, "True when the old figure was published as provisional.", required=True),
        Column("cause", Type.TEXT, "What changed between the two runs that can move this figure, in words, with counts.", required=True),
    ),
)

LATE_FACTS = Table(
    "late_facts",
    "One row per fact that happened by the day of the run and was delivered, or exported, after the first run for that day.",
    ("fact_table", "fact_key"),
    (
        Column("as_of", Type.DATE, "Day of the run.", required=True),
        Column("fact_table", Type.TEXT, "Table of the lake that holds it.", required=True),
        Column("fact_key", Type.TEXT, "Its key; a hash where the key is made of a person's id.", required=True),
        Column("occurred_on", Type.DATE, "Business date of the fact.", required=True),
        Column("exported_at", Type.INSTANT, "When the channel exported it.", required=True),
        Column("load_id", Type.TEXT, "Load that brought it.", required=True),
        Column(
            "change",
            Type.TEXT,
            "new; refunded (a known order, of which more is refunded); changed (a known fact, of which it says something else).",
            required=True,
        ),
        Column(
            "is_counted",
            Type.BOOLEAN,
            "True when this run counts it: exported in time, delivered late. False: exported too late for a run of this day.",
            required=True,
        ),
    ),
)

METRIC_TABLES: tuple[Table, ...] = (KPI_PUBLISHED, KPI_RESTATEMENT, LATE_FACTS)
