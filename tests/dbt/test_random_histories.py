"""Every metric of `kpi` equals the oracles' on any random history, on any day, under any thresholds.

`CDP_HISTORIES=2000` tries as many of them; each is a shop of its own, with some hundred thousand figures.
"""

from __future__ import annotations

import os
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from pipelines.contracts.config import Config
from pipelines.metrics import read_metrics
from tests.dbt.compiled import CompiledModels
from tests.dbt.lake import tiny_run
from tests.dbt.service_history import ServiceHistory
from tests.oracle.kpis import KpiOracle
from tests.oracle.marketing import MarketingOracle
from tests.oracle.service import ServiceOracle
from tests.oracle.value import value_kpis

HISTORIES = int(os.environ.get("CDP_HISTORIES", "8"))
FIRST, LAST = date(2023, 12, 31), date(2025, 1, 31)  # a history begins in November 2022 and needs thirteen months
# ends of months and quarters, a leap day, the first days of a month: where periods and windows end
EDGES = [date(2023, 12, 31), date(2024, 1, 1), date(2024, 2, 28), date(2024, 2, 29), date(2024, 3, 1), date(2024, 9, 30), date(2025, 1, 1)]
AS_OF = st.sampled_from(EDGES) | st.dates(FIRST, LAST)
CONFIG = st.fixed_dictionaries(
    {
        "business_time_zone": st.sampled_from(["Asia/Shanghai", "UTC", "Asia/Kolkata", "America/New_York", "Pacific/Auckland"]),
        "rfm": st.fixed_dictionaries(
            {
                "history_months": st.integers(1, 24),
                "class_window_days": st.sampled_from([1, 30, 90, 365]),
                "potential_from_total": st.integers(4, 8),
                "high_value_from_total": st.integers(9, 15),
            }
        ),
        "marketing": st.fixed_dictionaries({"attribution_days": st.sampled_from([0, 1, 7, 30])}),
        "service": st.fixed_dictionaries(
            {"first_response_target_seconds": st.sampled_from([1, 30, 59, 3600]), "satisfied_from_score": st.integers(1, 5)}
        ),
        "loyalty": st.fixed_dictionaries({"points_per_unit": st.sampled_from(["0.5", "1", "1.5"])}),
    }
)


def published(numerator: Decimal | int | None) -> Decimal | None:
    """Two decimals, as it stands in the mart; ratios are of the unrounded one."""
    return None if numerator is None else Decimal(numerator).quantize(Decimal("0.01"), ROUND_HALF_UP)


# a smaller number gives no smaller history: there is nothing to shrink
@settings(max_examples=HISTORIES, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
@seed(HISTORIES)
@given(number=st.integers(0, 10**9), as_of=AS_OF, values=CONFIG)
def test_every_metric_equals_the_oracle(
    compiled: CompiledModels, tmp_path_factory: pytest.TempPathFactory, number: int, as_of: date, values: dict[str, Any]
) -> None:
    lake = ServiceHistory(number, as_of).lake
    run = tiny_run(tmp_path_factory.getbasetemp(), as_of, Config.model_validate(values))
    with compiled.build(lake, run, "kpi") as connection:
        columns = "metric, period_grain, period_start, dimension, dimension_value, numerator, denominator, is_provisional, value"
        found = {tuple(row[:5]): tuple(row[5:]) for row in connection.execute(f"select {columns} from marts.main.kpi").fetchall()}
    service = ServiceOracle(lake, run)
    kpis = KpiOracle(service)
    wanted = kpis.rows() | service.service_kpis() | service.loyalty_kpis() | MarketingOracle(lake, run).marketing_kpis() | value_kpis(kpis)
    figures = {key: (published(numerator), denominator, is_open) for key, (numerator, denominator, is_open) in wanted.items()}
    assert {key: (found[key], figures[key]) for key in found.keys() & figures.keys() if found[key][:3] != figures[key]} == {}
    assert found.keys() ^ figures.keys() == set()
    ratios = {
        key: Decimal(numerator) / Decimal(denominator)
        for key, (numerator, denominator, _) in wanted.items()
        if denominator and numerator is not None
    }
    assert {key: (found[key][3], ratio) for key, ratio in ratios.items() if abs(found[key][3] - ratio) > Decimal("0.000001")} == {}
    assert {metric for metric, *_ in wanted} == read_metrics().keys()
