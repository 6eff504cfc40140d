"""Needs by brute force, in plain Python from their definitions: loops over customers, days and months, and no SQL."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise
from math import ceil, floor
from statistics import median

from pipelines.contracts.settings.patterns import AnalysisConfig
from pipelines.contracts.settings.predictions import NeedsConfig

Fact = tuple[str, str, date]  # customer, category, day
Pair = tuple[str, str]
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Due:
    """When a customer is due, by own intervals and the category's, and by the category's mean alone."""

    intervals: int
    last_on: date
    days: float  # nine decimals, as rule_days
    on: date
    from_on: date
    to_on: date
    rule_days: float
    rule_on: date


@dataclass(frozen=True)
class Season:
    """Months of the year in a row, as numbers."""

    category: str
    months: tuple[int, ...]


def days_bought(facts: Iterable[Fact], cutoff: date) -> dict[Pair, list[date]]:
    found: dict[Pair, set[date]] = defaultdict(set)
    for customer, category, day in facts:
        if day <= cutoff:
            found[customer, category].add(day)
    return {pair: sorted(days) for pair, days in found.items()}


def quantile(values: Iterable[Fraction], share: Fraction) -> Fraction:
    """Between the two nearest values, in proportion."""
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    low = floor(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def due_dates(facts: Iterable[Fact], needs: NeedsConfig, cutoff: date) -> dict[Pair, Due]:
    bought = days_bought(facts, cutoff)
    # fractions, because a due date is a whole number of days, and a float on its edge falls on either side
    gaps = {pair: [Fraction((after - before).days) for before, after in pairwise(days)] for pair, days in bought.items()}
    found: dict[Pair, Due] = {}
    for category in {category for _, category in bought}:
        own = {pair: gaps[pair] for pair in bought if pair[1] == category}
        again = [intervals for intervals in own.values() if intervals]
        everything = [interval for intervals in again for interval in intervals]
        if len(everything) < needs.bought_again_from_intervals or len(again) < float(needs.bought_again_from_share) * len(own):
            continue
        typical = sum((median(intervals) for intervals in again), Fraction(0)) / len(again)
        mean = sum(everything, Fraction(0)) / len(everything)
        weight = Fraction(needs.category_weight)
        days: dict[Pair, Fraction] = {
            pair: (len(intervals) * (median(intervals) if intervals else Fraction(0)) + weight * typical) / (len(intervals) + weight)
            for pair, intervals in own.items()
        }
        ratios = [interval / days[pair] for pair, intervals in own.items() for interval in intervals]
        low, high = quantile(ratios, Fraction(1, 4)), quantile(ratios, Fraction(3, 4))
        for pair, intervals in own.items():
            last_on = bought[pair][-1]
            on = last_on + max(1, floor(days[pair] + Fraction(1, 2))) * DAY
            found[pair] = Due(
                intervals=len(intervals),
                last_on=last_on,
                days=round(float(days[pair]), 9),
                on=on,
                from_on=min(on, last_on + max(1, floor(low * days[pair])) * DAY),
                to_on=max(on, last_on + ceil(high * days[pair]) * DAY),
                rule_days=round(float(mean), 9),
                rule_on=last_on + max(1, floor(mean + Fraction(1, 2))) * DAY,
            )
    return found


def hits(facts: Iterable[Fact], needs: NeedsConfig, as_of: date, near: int) -> tuple[int, int, int, int]:
    """Due dates judged, and how many of them were met: by the model, by the rule, and summed over every day that could be named."""
    facts = list(facts)
    cutoff = as_of - needs.judged_days * DAY
    first, last = cutoff + DAY, as_of - 14 * DAY
    later: dict[Pair, set[date]] = defaultdict(set)
    for customer, category, day in facts:
        if cutoff < day <= as_of:
            later[customer, category].add(day)

    def is_met(pair: Pair, day: date) -> bool:
        return any(abs((bought - day).days) <= near for bought in later[pair])

    judged = {pair: due for pair, due in due_dates(facts, needs, cutoff).items() if first <= due.on <= last}
    nameable = [first + offset * DAY for offset in range((last - first).days + 1)]
    return (
        len(judged),
        sum(is_met(pair, due.on) for pair, due in judged.items()),
        sum(is_met(pair, min(max(due.rule_on, first), last)) for pair, due in judged.items()),
        sum(is_met(pair, day) for pair in judged for day in nameable),
    )


def seasons(facts: Iterable[Fact], needs: NeedsConfig, analysis: AnalysisConfig, cutoff: date) -> set[Season]:
    sold = Counter((category, day.year, day.month) for (_, category), days in days_bought(facts, cutoff).items() for day in days)
    found: set[Season] = set()
    months = {(year, month) for _, year, month in sold}
    of_month = {key: sum(count for (_, *when), count in sold.items() if tuple(when) == key) for key in months}
    total = sum(sold.values())
    for category in {category for category, _, _ in sold}:
        own = sum(count for (name, _, _), count in sold.items() if name == category)
        if own < needs.season_from_days:
            continue
        high = set()
        for month in range(1, 13):
            years = [year for year, number in months if number == month]
            above = [
                year
                for year in years
                if sold[category, year, month] * total >= float(needs.season_from_index) * of_month[year, month] * own
            ]
            if len(above) >= analysis.seasonal_from_years and 2 * len(above) > len(years):
                high.add(month)
        for month in high:
            if (month - 2) % 12 + 1 in high:
                continue
            run = [month]
            while run[-1] % 12 + 1 in high:
                run.append(run[-1] % 12 + 1)
            found.add(Season(category, tuple(run)))
    return found


def months_of(season: Season, year: int) -> list[tuple[int, int]]:
    """Calendar months of the season that begins in a year."""
    return [(year if month >= season.months[0] else year + 1, month) for month in season.months]


def seasonal_needs(
    facts: Iterable[Fact], needs: NeedsConfig, analysis: AnalysisConfig, cutoff: date
) -> dict[tuple[str, str, int], tuple[int, int, int, int, int, date, date]]:
    """By customer, category and first month: years, first and last year, days in season, days, first and last day of what comes."""
    facts = list(facts)
    bought = days_bought(facts, cutoff)
    found = {}
    for season in seasons(facts, needs, analysis, cutoff):
        for (customer, category), days in bought.items():
            if category != season.category:
                continue
            span = range(days[0].year - 1, cutoff.year + 2)
            inside = {year: [day for day in days if (day.year, day.month) in months_of(season, year)] for year in span}
            years = [year for year in span if inside[year]]
            in_season = sum(map(len, inside.values()))
            if len(years) < analysis.seasonal_from_years or in_season < float(analysis.seasonal_from_share) * len(days):
                continue
            year = next(
                year for year in range(cutoff.year - 1, cutoff.year + 3) if last_day(season, year) >= cutoff and not inside.get(year)
            )
            if sum(1 for missed in range(years[-1] + 1, year)) <= needs.seasons_missed:
                found[customer, category, season.months[0]] = (
                    len(years), years[0], years[-1], in_season, len(days), date(year, season.months[0], 1), last_day(season, year)
                )  # fmt: skip
    return found


def kept(
    facts: Iterable[Fact], needs: NeedsConfig, analysis: AnalysisConfig, as_of: date
) -> tuple[tuple[int, int, int], tuple[int, int, int]]:
    """Needs foreseen for the seasons within the last 365 days, their customers, and how many came true; then of all who had bought."""
    facts = list(facts)
    cutoff = as_of - 365 * DAY
    later = {(customer, category, day) for customer, category, day in facts if cutoff < day <= as_of}
    coming = {
        (season.category, date(year, season.months[0], 1), last_day(season, year))
        for season in seasons(facts, needs, analysis, cutoff)
        for year in range(cutoff.year, as_of.year + 1)
        if date(year, season.months[0], 1) > cutoff and last_day(season, year) <= as_of
    }
    foreseen = {
        (customer, category, need[-2], need[-1])
        for (customer, category, _), need in seasonal_needs(facts, needs, analysis, cutoff).items()
        if (category, need[-2], need[-1]) in coming
    }
    recent = {(customer, category) for customer, category, day in facts if cutoff - 365 * DAY < day <= cutoff}
    everybody = {(customer, *season) for season in coming for customer, category in recent if category == season[0]}

    def counted(listed: set[tuple[str, str, date, date]]) -> tuple[int, int, int]:
        met = [
            any(who == customer and what == category and first <= day <= last for who, what, day in later)
            for customer, category, first, last in listed
        ]
        return len(listed), len({customer for customer, *_ in listed}), sum(met)

    return counted(foreseen), counted(everybody)


def last_day(season: Season, year: int) -> date:
    year, month = months_of(season, year)[-1]
    return (date(year, month, 28) + 4 * DAY).replace(day=1) - DAY


def baskets(facts: Iterable[Fact], needs: NeedsConfig, cutoff: date) -> dict[str, set[str]]:
    """Categories that each customer bought within the window, of those with enough buyers."""
    found: dict[str, set[str]] = defaultdict(set)
    for customer, category, day in facts:
        if cutoff - needs.next_window_days * DAY < day <= cutoff:
            found[customer].add(category)
    buyers = Counter(category for bought in found.values() for category in bought)
    known = {category for category, count in buyers.items() if count >= needs.next_from_customers}
    return {customer: bought & known for customer, bought in found.items() if bought & known}


def weights(bought: Mapping[str, set[str]], needs: NeedsConfig) -> dict[tuple[str, str], float]:
    """How much a category (first) speaks for another: ridge regression of each category on all others, solved one by one."""
    names = sorted({category for categories in bought.values() for category in categories})
    together = {(one, other): sum(one in some and other in some for some in bought.values()) for one in names for other in names}
    ridge = float(needs.next_ridge) * sum(together[name, name] for name in names) / len(names)
    found = {}
    for target in names:
        others = [name for name in names if name != target]
        rows = [[together[one, other] + (ridge if one == other else 0.0) for other in others] for one in others]
        for name, weight in zip(others, solved(rows, [float(together[one, target]) for one in others]), strict=True):
            found[name, target] = weight
    return found


def solved(rows: list[list[float]], right: list[float]) -> list[float]:
    """Gaussian elimination with pivots."""
    size = len(rows)
    rows = [[*row, value] for row, value in zip(rows, right, strict=True)]
    for column in range(size):
        pivot = max(range(column, size), key=lambda index: abs(rows[index][column]))
        rows[column], rows[pivot] = rows[pivot], rows[column]
        for index in range(column + 1, size):
            factor = rows[index][column] / rows[column][column]
            rows[index] = [value - factor * above for value, above in zip(rows[index], rows[column], strict=True)]
    found = [0.0] * size
    for column in reversed(range(size)):
        known = sum(rows[column][index] * found[index] for index in range(column + 1, size))
        found[column] = (rows[column][size] - known) / rows[column][column]
    return found
