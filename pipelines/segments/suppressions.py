"""Read `suppressions.csv`: contact points and people that no list may hold, whatever they once consented to.

One row each, reviewed like code, in the reference folder; a file with the header alone says that nobody is suppressed:

    type      phone, email or customer_id
    value     as it was written down; compared like the identifiers of exports, so `138 0013 8000` is `+8613800138000`
    reason    bounce, unsubscribed (the contact point alone); complaint, staff, erased (the person, on every channel)
    since_on  first day that it holds, as 2026-01-31; empty means always
"""

from __future__ import annotations

import polars as pl

from pipelines.contracts.config import Config
from pipelines.contracts.errors import ConfigurationError
from pipelines.contracts.normalization import comparable_values
from pipelines.contracts.run import Run

FILE = "suppressions.csv"
COLUMNS = ("type", "value", "reason", "since_on")
TYPES = ("phone", "email", "customer_id")
CONTACT_REASONS = ("bounce", "unsubscribed")
PERSON_REASONS = ("complaint", "staff", "erased")
# states that match nothing because digits are hidden or gone: dropping such a row would write to somebody who asked for silence
_HIDDEN = ("masked", "lossy")


def read_suppressions(run: Run) -> pl.DataFrame:
    """The rows that hold on the day of the run: type, value (comparable), reason, is_person.

    Raises ConfigurationError, naming lines and never values, when the file is missing or a row cannot be understood.
    """
    path = run.reference / FILE
    advice = f"needs the header {','.join(COLUMNS)} and a row for each suppression"
    try:
        raw = pl.read_csv(path, infer_schema=False).fill_null("")
    except FileNotFoundError as error:
        raise ConfigurationError("no such file", where=str(path), do=advice) from error
    except (OSError, pl.exceptions.PolarsError) as error:
        # the text of a CSV error quotes the row
        raise ConfigurationError(f"cannot be read as CSV ({type(error).__name__})", where=str(path), do=advice) from None
    if tuple(raw.columns) != COLUMNS:
        raise ConfigurationError("has another header", where=str(path), do=advice)
    rows = _compared(raw.with_columns(pl.all().str.strip_chars()), run.config)
    for problem, is_wrong in _PROBLEMS.items():
        lines = rows.filter(is_wrong)["line"].to_list()
        if lines:
            raise ConfigurationError(f"line {lines[0]}: {problem} ({len(lines)} in all)", where=str(path), do=advice)
    held = rows.filter(pl.col("since").is_null() | (pl.col("since") <= run.as_of))
    return held.select("type", "value", "reason", is_person=pl.col("reason").is_in(PERSON_REASONS)).unique().sort(pl.all())


_PROBLEMS = {
    f"type is none of {', '.join(TYPES)}": ~pl.col("type").is_in(TYPES),
    f"reason is none of {', '.join(CONTACT_REASONS + PERSON_REASONS)}": ~pl.col("reason").is_in(CONTACT_REASONS + PERSON_REASONS),
    "value is empty": pl.col("value") == "",
    "value is masked or has lost digits": pl.col("state").is_in(_HIDDEN),
    "since_on is no date like 2026-01-31": (pl.col("since_on") != "") & pl.col("since").is_null(),
}


def _compared(rows: pl.DataFrame, config: Config) -> pl.DataFrame:
    numbered = rows.with_row_index("line", offset=2).with_columns(since=pl.col("since_on").str.to_date("%Y-%m-%d", strict=False))
    raw = numbered.rename({"value": "value_raw"})
    values = comparable_values(raw.select("type", "value_raw").unique().filter(pl.col("type") != "customer_id"), config)
    return raw.join(values, on=["type", "value_raw"], how="left").with_columns(value=pl.coalesce("value", "value_raw")).sort("line")
