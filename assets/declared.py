"""The columns of the customer mart as its contract in the dbt project declares them: what a segment may read, before any mart is built."""

from __future__ import annotations

from functools import cache

import yaml

from assets.project import DBT_PROJECT

_CONTRACT = DBT_PROJECT / "models" / "marts" / "marketing" / "_customer_360.yml"
_MODEL = "mart_marketing__customer_360"


@cache
def declared_columns() -> dict[str, str]:
    """Column -> DuckDB type."""
    [model] = [model for model in yaml.safe_load(_CONTRACT.read_text(encoding="utf-8"))["models"] if model["name"] == _MODEL]
    return {column["name"]: column["data_type"] for column in model["columns"]}
