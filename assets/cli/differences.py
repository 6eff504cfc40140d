"""The difference between two runs as lines for people: a table each for customers, lists, tiers, KPIs, money. Ids only, no person."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from pipelines.rehearsal import Comparison, KpiMove, Moved, SegmentMove, TierMove

_KPIS_SHOWN = 12
_OTHERS_SHOWN = 4


def difference_lines(comparison: Comparison, currency: str) -> Iterator[str]:
    """What moves, the largest first where there is more than a page; one line when nothing does."""
    if comparison.is_empty:
        yield "nothing would change: the same customers, lists, KPIs and money"
        return
    yield from _customers(comparison)
    yield from _facts(comparison, currency)
    yield from _table("Segments", ("", "matched", "", "on the list", ""), [_segment(row) for row in comparison.segments])
    yield from _table("RFM tiers", ("", "people", "", f"net {currency}"), [_tier(row) for row in comparison.tiers])
    shown = comparison.kpis[:_KPIS_SHOWN]
    more = f", {len(comparison.kpis) - len(shown)} more with --json" if len(comparison.kpis) > len(shown) else ""
    yield from _table(f"KPIs ({len(comparison.kpis)} values differ{more})", (), [_kpi(row) for row in shown])


def _customers(comparison: Comparison) -> Iterator[str]:
    people = comparison.customers
    yield f"Customers  {people.before:,} -> {people.after:,}, {people.records_moved:,} source records move"
    if people.merges:
        yield f"  merged   {people.merged:,} into {people.merges:,}"
        yield from (f"           {one} <- {_some(others)}" for one, others in people.merge_examples)
    if people.splits:
        yield f"  split    {people.splits:,} into {people.split_into:,}"
        yield from (f"           {one} -> {_some(others)}" for one, others in people.split_examples)
    if people.renamed:
        yield f"  renamed  {people.renamed:,}, the same person under another id"
        yield from (f"           {one} -> {_some(others)}" for one, others in people.renamed_examples)


def _some(ids: Sequence[str]) -> str:
    more = len(ids) - _OTHERS_SHOWN
    return ", ".join(ids[:_OTHERS_SHOWN]) + (f" and {more:,} more" if more > 0 else "")


def _facts(comparison: Comparison, currency: str) -> Iterator[str]:
    money = comparison.money
    yield f"Money      net sales of {money.people:,} people differ, by {money.absolute_amount:,.2f} {currency} in all"
    yield f"Orders     {_moved(comparison.orders)} to another person, {comparison.orders.amount:,.2f} {currency} net"
    yield f"Sends      {_moved(comparison.sends)} to another person"
    yield f"Points     {_moved(comparison.points)} to another person, {comparison.points.amount:,.0f} points"


def _moved(moved: Moved) -> str:
    return f"{moved.count:,} move{'s' if moved.count == 1 else ''}"


def _segment(row: SegmentMove) -> tuple[str, ...]:
    return (
        row.segment_name,
        f"{row.matched_before:,} -> {row.matched_after:,}",
        _signed(row.matched_entered, row.matched_left),
        f"{row.listed_before:,} -> {row.listed_after:,}",
        _signed(row.listed_entered, row.listed_left),
    )


def _tier(row: TierMove) -> tuple[str, ...]:
    return (
        f"{row.preset} {row.rfm_tier}",
        f"{row.people_before:,} -> {row.people_after:,}",
        _signed(row.people_entered, row.people_left),
        f"{row.net_amount_before:,.2f} -> {row.net_amount_after:,.2f}",
    )


def _kpi(row: KpiMove) -> tuple[str, ...]:
    period = f"{row.period_start:%Y-%m}" if row.period_grain == "month" else f"{row.period_grain} {row.period_start}"
    of = "" if row.dimension == "all" else f" ({row.dimension_value})"
    old = _value(row.value_before, row.numerator_before, row.denominator_before, row.unit)
    new = _value(row.value_after, row.numerator_after, row.denominator_after, row.unit)
    return f"{period} {row.metric}{of}", f"{old} -> {new}"


def _signed(entered: int, left: int) -> str:
    return f"+{entered:,} -{left:,}"


def _value(value: Decimal | None, numerator: Decimal | None, denominator: Decimal | None, unit: str) -> str:
    if value is None or numerator is None:
        return "none"
    of = f" ({numerator:,.0f} of {denominator:,.0f})" if unit == "rate" and denominator is not None else ""
    return f"{value * 100:.1f} %{of}" if unit == "rate" else f"{value:,.2f} {unit}"


def _table(title: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    if not rows:
        return
    lines = [header, *rows] if header else rows
    widths = [max(len(line[place]) for line in lines) for place in range(len(rows[0]))]
    yield ""
    yield title
    for first, *others in lines:
        cells = (cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True))
        yield f"  {'  '.join((first.ljust(widths[0]), *cells))}".rstrip()
