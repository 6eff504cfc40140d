"""A definition that cannot be right is refused with file, key and the nearest word; the shipped ones are whole."""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path

import pytest

from pipelines.contracts.errors import ConfigurationError
from pipelines.metrics import GRAINS, Period, read_metrics

GOOD = """
metrics:
  buyers:
    label: {en: Buyers, zh: 买家}
    unit: customers
    grains: [month]
    dimensions: [all, channel]
    numerator: {en: Customers who bought., zh: 有购买的客户。}
    final: {en: At the end., zh: 期末。}
    rows: {numerator: "select customer_id, channel from fct_orders where purchased_on >= $period_start"}
"""


def written(folder: Path, text: str, name: str = "own.yaml") -> Path:
    (folder / name).write_text(text, encoding="utf-8")
    return folder


def test_a_good_definition_is_read(tmp_path: Path) -> None:
    metric = read_metrics(written(tmp_path, GOOD))["buyers"]
    assert (metric.family, metric.parts, metric.measured_by("numerator")) == ("own", ("numerator",), "count(*)")
    assert metric.counts_customers and metric.tables == {"fct_orders"}


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("unit:", "units:", "buyers.units: unknown key, did you mean 'unit'?"),
        ("zh: 买家", "zn: 买家", "buyers.label.zn: unknown key, did you mean 'zh'?"),
        ('{numerator: "select', '{numeratr: "select', "buyers.rows.numeratr: unknown key, did you mean 'numerator'?"),
        ("metrics:", "metric:", "holds no metrics"),
        ("[month]", "[fortnight]", "buyers.grains.0"),
        ("customer_id, channel from", "customer_id from", "lacks the column channel"),
        ("$period_start", "$period_strt", "unknown parameter $period_strt, did you mean 'period_start'?"),
        ("select customer_id", "drop table x; select customer_id", "is not one query"),
        ("select customer_id, channel from", "delete from", "is not one query"),
        ("select customer_id", "selct customer_id", "SQL"),
        ("    final:", "    denominator: {en: x, zh: x}\n    final:", "given both or neither"),
        ("    final:", "    measure: {numerator: {median: seconds}}\n    final:", "lacks the column seconds"),
        ("    final:", "    unit: rate\n    final:", "'unit' stands twice"),
    ],
)
def test_a_wrong_definition_is_refused_with_what_is_wrong(old: str, new: str, expected: str, tmp_path: Path) -> None:
    assert old in GOOD
    with pytest.raises(ConfigurationError, match=re.escape(expected)):
        read_metrics(written(tmp_path, GOOD.replace(old, new, 1)))


def test_different_values_of_a_column_may_be_counted(tmp_path: Path) -> None:
    measured = GOOD.replace("    final:", "    measure: {numerator: {distinct: customer_id}}\n    final:")
    text = measured.replace("customer_id, channel", "channel, customer_id")
    metric = read_metrics(written(tmp_path, text))["buyers"]
    assert metric.measured_by("numerator") == "count(distinct customer_id)"
    assert metric.counts_customers and metric.has_zero("numerator")


def test_one_metric_is_defined_once(tmp_path: Path) -> None:
    written(tmp_path, GOOD, "a.yaml")
    with pytest.raises(ConfigurationError, match=re.escape("buyers is defined in a.yaml")):
        read_metrics(written(tmp_path, GOOD, "b.yaml"))


def test_shipped_texts_are_whole_sentences_in_both_languages() -> None:
    for metric in read_metrics().values():
        for text in (*(metric.text_of(part) for part in metric.parts), metric.final, *([metric.note] if metric.note else [])):
            assert text.en.endswith(".") and text.zh.endswith("。"), metric.name
            assert re.search(r"[\u4e00-\u9fff]", text.zh) and not re.search(r"[\u4e00-\u9fff]", text.en), metric.name


@pytest.mark.parametrize("grain", GRAINS)
def test_periods_follow_each_other_without_a_gap(grain: str) -> None:
    day = date(2023, 12, 1)
    while day < date(2025, 3, 2):
        period = Period.around(grain, day)  # type: ignore[arg-type]
        assert period.start <= day <= period.end
        assert Period.around(grain, period.end + timedelta(days=1)).start == period.end + timedelta(days=1)  # type: ignore[arg-type]
        day += timedelta(days=1)
