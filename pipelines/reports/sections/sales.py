"""What was sold: by channel, by tier, what an order is worth, who brings the money, and the products that sell."""

from __future__ import annotations

from collections.abc import Sequence

from pipelines.reports import charts
from pipelines.reports.figures import Published, Value
from pipelines.reports.parts import Figures, Part, Section
from pipelines.reports.sections.drawing import cell, drawn, points
from pipelines.reports.wording import Words, month, number, share

_MONTHS = 12
_PRODUCTS = 15


def sales(published: Published, words: Words) -> Section:
    """Money of the last twelve months."""
    parts = [_stacked(published, words, "channel"), _stacked(published, words, "rfm_tier"), _lines(published, words, "rfm_tier")]
    return Section("sales", words("sales"), [*parts, _pareto(published, words), _hot(published, words)])


def _stacked(published: Published, words: Words, dimension: str) -> Part:
    values = published.kpi("net_sales", "month", _MONTHS, dimension)
    names = _ranked(values)
    values.sort(key=lambda one: (one.period_start, names.index(one.dimension_value)))
    rows = [
        row | {"rank": names.index(one.dimension_value)}
        for row, one in zip(points(values, lambda one: words.value(dimension, one.dimension_value)), values, strict=True)
    ]
    figures = _pivot(values, names, words, dimension)
    return drawn(words, f"sales_by_{dimension}", rows, lambda rows: charts.columns(rows, "~s"), figures, currency=published.currency)


def _lines(published: Published, words: Words, dimension: str) -> Part:
    values = published.kpi("aov", "month", _MONTHS, dimension)
    rows = points(values, lambda one: words.value(dimension, one.dimension_value))
    figures = _pivot(values, _ranked(values), words, dimension)
    return drawn(words, f"aov_by_{dimension}", rows, lambda rows: charts.lines(rows, "~s"), figures, currency=published.currency)


def _pareto(published: Published, words: Words) -> Part:
    """The share of the money that the best customers bring."""
    sql = """
    select top_percent, cumulative_customer_count, cumulative_net_amount_share_rate from pareto_customers
    where slice_type = 'percent' and top_percent % 5 = 0 order by top_percent
    """
    found = published.rows(sql)
    rows = [
        {"x": f"{percent} %", "series": "", "y": None if rate is None else float(rate), "is_provisional": False}
        for percent, _, rate in found
    ]
    table = [[f"{percent} %", number(customers), share(rate)] for percent, customers, rate in found]
    figures = Figures([words("best_customers"), words("customers"), words("money_share")], table, frozenset({1, 2}))
    return drawn(words, "pareto", rows, lambda rows: charts.lines(rows, ".0%"), figures)


def _hot(published: Published, words: Words) -> Part:
    """The products of the newest month that is over."""
    found = published.rows(
        """
        select
            sales_rank, channel, coalesce(product_name, product_key), order_count, buyer_count, net_amount, net_amount_change_rate
        from hot_sellers
        where period_grain = 'month' and not is_provisional
        qualify dense_rank() over (order by period_start desc) = 1
        order by sales_rank, channel, product_key limit ?
        """,
        [_PRODUCTS],
    )
    if not found:
        return Part(words("hot_sellers"), words("nothing_yet"))
    header = [words(name) for name in ("rank", "channel", "product", "orders", "buyers", "net_amount", "change")]
    rows = [
        [number(rank), channel, name, number(orders), number(buyers), number(amount, 2), share(change)]
        for rank, channel, name, orders, buyers, amount, change in found
    ]
    figures = Figures(header, rows, frozenset({0, 3, 4, 5, 6}))
    return Part(words("hot_sellers"), words("hot_sellers_note", currency=published.currency), figures=figures)


def _ranked(values: Sequence[Value]) -> list[str]:
    """Values of the dimension, the largest first; equal ones by name."""
    totals: dict[str, float] = {}
    for one in values:
        totals[one.dimension_value] = totals.get(one.dimension_value, 0.0) + float(one.value or 0)
    return sorted(totals, key=lambda name: (-totals[name], name))


def _pivot(values: Sequence[Value], names: Sequence[str], words: Words, dimension: str) -> Figures:
    """A row a month, a column a value of the dimension."""
    cells = {(one.period_start, one.dimension_value): cell(one) for one in values}
    starts = sorted({one.period_start for one in values}, reverse=True)
    rows = [[month(start), *(cells.get((start, name), "–") for name in names)] for start in starts]
    return Figures([words("month"), *(words.value(dimension, name) for name in names)], rows, frozenset(range(1, len(names) + 1)))
