"""`cdp metric`: a figure is explained by its rows, and what was never published is told with what was."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from assets.cli import metric_explained
from pipelines.contracts.home import Home
from pipelines.metrics import read_metrics
from tests.assets.cli.command import cdp

Cdp = Callable[..., tuple[int, str, str]]

_ANALYTICS = """
create table about as select date '2026-11-05' as as_of;
create table fct_orders (
    order_key varchar, customer_id varchar, channel varchar, is_purchase boolean, purchased_on date, net_amount decimal(18, 2)
);
insert into fct_orders values
    ('s:1', 'c_1', 'shop', true, date '2026-10-01', 10),
    ('s:2', 'c_1', 'shop', true, date '2026-10-31', 5),
    ('s:3', 'c_2', '=1+1', true, date '2026-10-02', 7),
    ('s:4', null, 'shop', true, date '2026-10-03', 1),
    ('s:5', 'c_3', 'shop', false, date '2026-10-03', 9),
    ('s:6', 'c_2', 'shop', true, date '2026-11-01', 2);
create table kpi (
    metric varchar, period_grain varchar, period_start date, dimension varchar, dimension_value varchar,
    numerator decimal(18, 2), denominator decimal(18, 2), value decimal(18, 6), unit varchar, is_provisional boolean, as_of date
);
insert into kpi values
    ('repeat_buyer_share', 'month', date '2026-10-01', 'all', 'all', 1, 2, 0.5, 'rate', false, date '2026-11-05'),
    ('repeat_buyer_share', 'month', date '2026-11-01', 'all', 'all', 7, 1, 7, 'rate', true, date '2026-11-05'),
    ('net_sales', 'month', date '2026-10-01', 'all', 'all', 23, null, 23, 'CNY', false, date '2026-11-05'),
    ('net_sales', 'month', date '2026-10-01', 'channel', 'shop', 16, null, 16, 'CNY', false, date '2026-11-05');
create table kpi_restatement (
    revision bigint, metric varchar, period_grain varchar, period_start date, dimension varchar, dimension_value varchar,
    as_of date, run_id varchar, old_as_of date, old_value decimal(18, 6), new_value decimal(18, 6), was_provisional boolean, cause varchar
);
insert into kpi_restatement values
    (2, 'net_sales', 'month', date '2026-10-01', 'all', 'all', date '2026-11-05', 'r2', date '2026-11-01', 30, 23, false, '1 late refund')
"""


# of a shop of its own: what the shipped metrics read changes with them
_DEFINITIONS = """
metrics:
  net_sales:
    label: {en: Net sales, zh: 净销售额}
    unit: money
    grains: [month, quarter]
    dimensions: [all, channel]
    numerator: {en: Net amount of the purchases., zh: 购买净额。}
    final: {en: At the end of the period., zh: 统计期结束时。}
    rows:
      numerator: |
        select order_key, customer_id, channel, net_amount from fct_orders
        where is_purchase and purchased_on between $period_start and $period_end
    measure: {numerator: net_amount}
  repeat_buyer_share:
    label: {en: Share of repeat buyers, zh: 重复购买客户占比}
    unit: rate
    grains: [month, quarter]
    dimensions: [all]
    numerator: {en: "Of them, who bought twice.", zh: 其中购买两次的客户。}
    denominator: {en: Who bought., zh: 有购买的客户。}
    final: {en: At the end of the period., zh: 统计期结束时。}
    rows:
      numerator: |
        select customer_id from fct_orders
        where is_purchase and customer_id is not null and purchased_on between $period_start and $period_end
        group by customer_id having count(*) >= 2
      denominator: |
        select distinct customer_id from fct_orders
        where is_purchase and customer_id is not null and purchased_on between $period_start and $period_end
"""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "home")
    home.analytics.parent.mkdir(parents=True)
    with duckdb.connect(str(home.analytics)) as database:
        database.execute(_ANALYTICS)
    return home


@pytest.fixture
def command(home: Home, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Cdp:
    folder = home.root / "definitions"
    folder.mkdir()
    (folder / "own.yaml").write_text(_DEFINITIONS, encoding="utf-8")
    monkeypatch.setattr(metric_explained, "read_metrics", lambda: read_metrics(folder))
    return lambda *words: cdp(capsys, monkeypatch, "metric", *words, *(["--home", str(home.root)] if words[0] == "explain" else []))


def test_definitions_are_listed_and_shown_in_both_languages(command: Cdp) -> None:
    code, listed, _ = command("list")
    assert code == 0 and "repurchase_rate" in listed and "rate by month, quarter" in listed
    code, shown, _ = command("show", "net_sales", "--language", "zh")
    assert code == 0 and "净销售额" in shown and "sum(net_amount)" in shown
    assert {row["name"] for row in json.loads(command("list", "--json")[1])} > {"aov", "net_sales"}


def test_unknown_metric_names_the_nearest(command: Cdp) -> None:
    code, _, told = command("show", "repurchase_rat")
    assert code == 2 and "did you mean 'repurchase_rate'?" in told


def test_a_figure_is_explained_by_the_rows_on_both_sides_of_the_line(command: Cdp) -> None:
    code, told, _ = command("explain", "repeat_buyer_share", "--month", "2026-10", "--rows")
    assert code == 0, told
    assert "50.0 %" in told and "provisional" not in told
    above, below = told.split("\nnumerator: ")[1].split("\ndenominator: ")
    assert "c_1" in above and "c_2" not in above
    assert "c_1" in below and "c_2" in below and "c_3" not in below


def test_json_holds_the_rows_and_what_restated_the_figure(command: Cdp) -> None:
    code, told, _ = command("explain", "net_sales", "--month", "2026-10", "--rows", "--limit", "2", "--json")
    facts = json.loads(told)
    assert code == 0 and facts["rows_agree"] is True
    assert [row["order_key"] for row in facts["rows"]["numerator"]] == ["s:1", "s:2"]
    assert [(row["old_value"], row["cause"]) for row in facts["restatements"]] == [("30.000000", "1 late refund")]
    assert "restated 1 time" in command("explain", "net_sales", "--month", "2026-10")[1]


def test_one_value_of_a_dimension_has_its_own_rows(command: Cdp) -> None:
    told = json.loads(command("explain", "net_sales", "--quarter", "2026-10", "--json")[1] or "{}")
    assert told == {}, "no quarter was published"
    words = ("explain", "net_sales", "--month", "2026-10", "--dimension", "channel", "--value", "shop", "--rows", "--json")
    facts = json.loads(command(*words)[1])
    assert {row["order_key"] for row in facts["rows"]["numerator"]} == {"s:1", "s:2", "s:4"}


def test_rows_that_do_not_give_the_figure_fail_the_command(command: Cdp) -> None:
    code, told, error = command("explain", "repeat_buyer_share", "--month", "2026-11")
    assert code == 1
    assert "provisional: final at the end of the period" in told
    assert "the rows give 0 / 1, published is 7 / 1" in error


def test_all_rows_are_written_for_spreadsheets(command: Cdp, tmp_path: Path) -> None:
    out = tmp_path / "rows.csv"
    code, told, _ = command("explain", "net_sales", "--month", "2026-10", "--out", str(out))
    assert code == 0 and f"rows in {out}" in told
    rows = list(csv.DictReader(out.read_text(encoding="utf-8-sig").splitlines()))
    assert len(rows) == 4 and {row["part"] for row in rows} == {"numerator"}
    assert "'=1+1" in {row["channel"] for row in rows}, "a cell that a spreadsheet would run"
    assert list(tmp_path.glob(".*")) == []


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("net_sales", "--month", "2020-01"), "published: 2026-10 to 2026-10"),
        (("net_sales", "--month", "October"), "write it as 2026-10"),
        (("net_sales", "--month", "2026-10", "--day", "2026-10-01"), "several periods"),
        (("net_sales", "--month", "2026-10", "--dimension", "channel", "--value", "till"), "one of: shop"),
        (("net_sales", "--dimension", "chanel", "--value", "x"), "one of: all, channel"),
        (("repeat_buyer_share", "--day", "2026-10-01"), "one of: month, quarter"),
        (("net_sales", "--dimension", "channel"), "go together"),
    ],
)
def test_what_was_never_published_is_told_with_what_was(command: Cdp, words: tuple[str, ...], expected: str) -> None:
    code, _, told = command("explain", *words)
    assert code == 2 and expected in told
