"""Totals that a file states about itself: a difference refuses that file, or warns, and what became of them is kept."""

from __future__ import annotations

from pathlib import Path

from pipelines.channels import delivery_problems
from tests.channels import samples
from tests.channels.lake import home_with, load, loads

GOOD = "2026-03-07/good.csv"


def bill(*totals: str) -> str:
    row = {
        "交易时间": "2026-03-05 09:06:00",
        "微信订单号": "42",
        "用户标识": "o",
        "交易状态": "SUCCESS",
        "货币种类": "CNY",
        "应结订单金额": "128.00",
        "订单金额": "128.00",
        "手续费": "0.77000",
        "退款金额": "0.00",
    }
    return samples.wechat([row], totals)


def test_totals_that_differ_are_a_kind_of_problem_that_can_be_fatal_or_a_warning(tmp_path: Path) -> None:
    home = home_with(tmp_path, {"bill.csv": bill("1", "129.00", "0.00", "0.77000")})
    [refused] = load(home).refused
    assert refused.kind == "totals_differ"
    assert "states 应结订单总金额 '129.00', its rows give 128.00" in refused.reason
    assert [problem.kind for problem in delivery_problems(home)] == ["totals_differ"]
    report = load(home, totals_differ="warn")
    assert (report.refused, [problem.kind for problem in report.warned]) == ((), ["totals_differ"])
    row = loads(home)["bill.csv"]
    assert (row["outcome"], row["loaded_count"], row["totals"]) == ("loaded", 1, "differ")
    assert row["warning"] == "states 应结订单总金额 '129.00', its rows give 128.00"
    assert [problem.kind for problem in delivery_problems(home)] == ["totals_differ"], "so that channels.fatal still sees it"


def test_what_became_of_the_totals_is_kept(tmp_path: Path) -> None:
    text = bill("1", "128.00", "0.00", "0.77000")
    lines = text.splitlines(keepends=True)
    broken = "".join([*lines[:2], "`yesterday" + lines[1][lines[1].index(",") :], *lines[2:]])
    home = home_with(tmp_path, {"a.csv": text, "b.csv": broken, GOOD: samples.taobao()})
    load(home)
    assert {name: row["totals"] for name, row in loads(home).items()} == {"a.csv": "agree", "b.csv": "not_compared", GOOD: None}


def test_totals_that_are_missing_refuse_even_where_a_difference_would_warn(tmp_path: Path) -> None:
    home = home_with(tmp_path, {"bill.csv": samples.wechat([], [])})
    assert "ends without its totals" in load(home, totals_differ="warn").refused[0].reason
