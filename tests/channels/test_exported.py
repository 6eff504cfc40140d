from __future__ import annotations

from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from pipelines.channels.contract import FormatSpec
from pipelines.channels.exported import from_path, snapshot_at

DAY_END = datetime(2026, 3, 7, 15, 59, 59, 999999, tzinfo=UTC)


def spec(*rules: dict[str, str]) -> FormatSpec:
    return FormatSpec.model_validate(
        {
            "format": "f",
            "channel": "c",
            "title": "t",
            "grain": "g",
            "detect": ["a"],
            "time_zone": "Asia/Shanghai",
            "exported_at": list(rules),
            "fields": {},
            "tables": {},
        }
    )


STAMPED = {"name": r"List(\d{12})", "format": "%Y%m%d%H%M"}
FIXED = {"at": "2018-01-01T05:00:00+00:00"}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("2026-03-09/ExportOrderList202603072355.csv", datetime(2026, 3, 7, 15, 55, tzinfo=UTC)),
        ("2026-03-07/orders.csv", DAY_END),
        ("2026-01-01/shop/bill 2026-03-01_2026-03-07.csv", DAY_END),
        ("orders 20260307.csv", None),
        ("orders 2026-13-07.csv", None),
        ("id-52026-03-071.csv", None),
    ],
)
def test_time_of_the_export_is_read_in_name_and_path(path: str, expected: datetime | None) -> None:
    assert from_path(spec(STAMPED), path, "Asia/Shanghai") == expected


def test_day_in_the_path_goes_before_the_fixed_instant() -> None:
    assert from_path(spec(FIXED), "2026-03-07/products.parquet", "Asia/Shanghai") == DAY_END
    assert from_path(spec(FIXED), "products.parquet", "Asia/Shanghai") == datetime(2018, 1, 1, 5, tzinfo=UTC)


@pytest.mark.parametrize("path", ["ExportOrderList202613072355.csv", "2026-02-30/orders.csv"])
def test_day_that_the_calendar_has_not_says_nothing(path: str) -> None:
    assert from_path(spec(STAMPED), path, "Asia/Shanghai") is None
    assert from_path(spec(STAMPED), f"2026-03-07/{path}", "Asia/Shanghai") == DAY_END


@pytest.mark.parametrize("rule", [{"name": "List[0-9]+"}, {"name": "List("}, {"at": "2018-01-01T05:00:00"}, {"name": "(a)", "column": "b"}])
def test_wrong_rule_is_refused(rule: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        spec(rule)


def test_export_after_midnight_speaks_of_the_day_before() -> None:
    """A run for the 7th sees the file, and facts up to the end of the 7th only."""
    made = datetime(2026, 3, 7, 18, 30, tzinfo=UTC)  # 02:30 on the 8th
    assert snapshot_at(made, 12, "Asia/Shanghai") == DAY_END
    assert snapshot_at(made, 0, "Asia/Shanghai") == made
    assert snapshot_at(DAY_END, 12, "Asia/Shanghai") == DAY_END
