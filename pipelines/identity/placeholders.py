"""Read the reviewed list of placeholder values. Knows the file and its three forms, not who carries a value."""

from __future__ import annotations

import polars as pl

from pipelines.contracts.errors import ConfigurationError
from pipelines.contracts.identifiers import IDENTIFIER_TYPES
from pipelines.contracts.normalization import comparable_values
from pipelines.contracts.run import Run

FILE_NAME = "placeholder_values.csv"
_COLUMNS = ["type", "value", "reason"]
_ANY = "*"


def read_placeholders(run: Run) -> pl.DataFrame:
    """One row per type and value, comparable and in lower case: `type, value, reason`.

    Type `*` stands for all types. An e-mail may be given as `@domain` or `name@`. Raises ConfigurationError when the file is missing
    or not of this form: without it one placeholder phone fuses thousands of people.
    """
    path = run.reference / FILE_NAME
    try:
        listed = pl.read_csv(path, infer_schema=False)
    except FileNotFoundError as error:
        raise ConfigurationError("no such file", where=str(path), do=f"copy {FILE_NAME} of the project there and extend it") from error
    except (pl.exceptions.ComputeError, pl.exceptions.NoDataError) as error:
        raise ConfigurationError("cannot be read as CSV", where=str(path), do=f"give it the columns {', '.join(_COLUMNS)}") from error
    if listed.columns != _COLUMNS:
        raise ConfigurationError(f"has columns {', '.join(listed.columns)}", where=str(path), do=f"name them {', '.join(_COLUMNS)}")
    listed = listed.with_row_index("line", offset=2)
    for column, allowed in (("type", [_ANY, *IDENTIFIER_TYPES]), ("value", None), ("reason", None)):
        wrong = listed.filter(~pl.col(column).is_in(allowed).fill_null(value=False) if allowed else pl.col(column).fill_null("") == "")
        if wrong.height:
            raise ConfigurationError(f"{column} is missing or unknown", where=f"{path}, line {wrong['line'][0]}", do="mend the line")
    return _comparable(listed.select(_COLUMNS), run)


def _comparable(listed: pl.DataFrame, run: Run) -> pl.DataFrame:
    is_part = pl.col("value").str.starts_with("@") | pl.col("value").str.ends_with("@")
    is_text = (pl.col("type") == _ANY) | ((pl.col("type") == "email") & is_part)
    whole = comparable_values(listed.filter(~is_text).select("type", value_raw="value").unique(), run.config)
    named = listed.filter(~is_text).rename({"value": "value_raw"}).join(whole, on=["type", "value_raw"])
    rows = pl.concat([listed.filter(is_text), named.select(_COLUMNS)])
    return rows.with_columns(pl.col("value").str.to_lowercase()).group_by("type", "value").agg(pl.col("reason").min())
