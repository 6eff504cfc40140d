"""What identity hands to golden, written as rows: who belongs to whom, and the contact points that were judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from pipelines.contracts.identity_tables import IDENTITY_CONTACT_POINTS, IDENTITY_CURRENT
from pipelines.contracts.storage import write_table
from pipelines.contracts.tables import Table
from tests.identity.lake import SEEN, SmallLake, later

PEOPLE = {"c_1": ["taobao:a", "youzan:b", "shopify:c"], "c_2": ["siss:d"]}


def _put(lake: SmallLake, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    write_table(pl.DataFrame(list(rows), schema=table.schema), table, lake.home.table(table.name) / "part-0.parquet")


def put_people(lake: SmallLake, people: Mapping[str, Sequence[str]], points: Sequence[Mapping[str, Any]] = ()) -> None:
    _put(
        lake,
        IDENTITY_CURRENT,
        [
            {"source_record_key": key, "customer_id": customer, "first_seen_at": SEEN}
            for key, customer in sorted((key, customer) for customer, keys in people.items() for key in keys)
        ],
    )
    defaults = {"scope": "global", "state": "real", "is_accepted": True, "_load_id": "ff", "_source_row": 9}
    seen = {"first_seen_at": SEEN, "last_seen_at": SEEN}
    _put(lake, IDENTITY_CONTACT_POINTS, [defaults | seen | dict(point) for point in points])


def profile(key: str, days: float = 0, **attributes: Any) -> dict[str, Any]:
    return {"source_record_key": key, "first_seen_at": later(days), "last_seen_at": later(days), **attributes}


def consent(key: str, status: str, days: float = 0, **other: Any) -> dict[str, Any]:
    defaults = {"contact_type": "phone", "contact_value_raw": "13712345670", "medium": "sms", "purpose": "marketing"}
    return defaults | {"source_record_key": key, "status": status, "first_seen_at": later(days), "last_seen_at": later(days)} | other
