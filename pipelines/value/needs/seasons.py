"""Months of the year in which a category sells more than else, and who buys it then year after year. Writes no table."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import duckdb

from pipelines.contracts.settings.patterns import AnalysisConfig
from pipelines.contracts.settings.predictions import NeedsConfig

YEAR_DAYS = 365  # back-tests look at the seasons that lie within so many days

_MONTHS = """
create or replace table season_months as
with months as (
    select
        category_no,
        cast(extract(year from bought_on) as integer) as year_number,
        cast(extract(month from bought_on) as integer) as month_number,
        count(*) as day_count
    from bought_days
    where bought_on <= date '{cutoff}'
    group by all
),
categories as (select category_no, sum(day_count) as day_count from months group by category_no having sum(day_count) >= {days}),
shops as (
    select year_number, month_number, sum(day_count) as day_count, sum(sum(day_count)) over () as all_day_count
    from months
    group by year_number, month_number
),
-- shares are compared as products of whole numbers: no order of additions can move a month over the threshold
above as (
    select
        categories.category_no,
        shops.month_number,
        cast(coalesce(months.day_count, 0) as double) * shops.all_day_count
        >= cast({index} as double) * shops.day_count * categories.day_count as is_above
    from categories
    cross join shops
    left join months
        on categories.category_no = months.category_no
        and shops.year_number = months.year_number and shops.month_number = months.month_number
)
select category_no, month_number
from above
group by category_no, month_number
-- in most years, too: one festival that fell on another month makes no season
having count(*) filter (where is_above) >= {years} and 2 * count(*) filter (where is_above) > count(*)
"""
# a season begins after a month without and goes on to the next such month, around the new year
_SEASONS = """
create or replace table seasons as
with others as (
    select categories.category_no, cast(numbers.month_number as integer) as month_number
    from (select distinct category_no from season_months) as categories
    cross join range(1, 13) as numbers (month_number)
    left join season_months as months on categories.category_no = months.category_no and numbers.month_number = months.month_number
    where months.category_no is null
),
firsts as (
    select months.category_no, months.month_number
    from season_months as months
    inner join others on months.category_no = others.category_no and others.month_number = (months.month_number + 10) % 12 + 1
)
select
    firsts.category_no, firsts.month_number as from_month,
    cast(min((others.month_number - firsts.month_number + 12) % 12) as integer) as month_count
from firsts
inner join others on firsts.category_no = others.category_no
group by firsts.category_no, firsts.month_number
"""
_HABITS = """
create or replace table season_habits as
with seasonal_days as (
    select days.customer_no, days.category_no, days.bought_on
    from bought_days as days
    where days.bought_on <= date '{cutoff}' and days.category_no in (select category_no from seasons)
),
all_days as (
    select customer_no, category_no, count(*) as day_count, max(bought_on) as last_on from seasonal_days group by customer_no, category_no
),
-- a season has the year in which it began
season_days as (
    select
        days.customer_no, days.category_no, seasons.from_month, seasons.month_count,
        cast(extract(year from days.bought_on) as integer)
        - case when extract(month from days.bought_on) < seasons.from_month then 1 else 0 end as season_year
    from seasonal_days as days
    inner join seasons
        on days.category_no = seasons.category_no
        and (cast(extract(month from days.bought_on) as integer) - seasons.from_month + 12) % 12 < seasons.month_count
),
repeated as (
    select
        customer_no, category_no, from_month, month_count, count(distinct season_year) as year_count,
        min(season_year) as first_year, max(season_year) as last_year, count(*) as season_day_count
    from season_days
    group by customer_no, category_no, from_month, month_count
    having count(distinct season_year) >= {years}
)
select repeated.*, all_days.day_count, all_days.last_on
from repeated
inner join all_days on repeated.customer_no = all_days.customer_no and repeated.category_no = all_days.category_no
where repeated.season_day_count >= {share} * all_days.day_count
"""
# the season that has begun last, while it is not over and nothing was bought in it; else the one after it
_NEEDS = """
create or replace table season_needs as
with begun as (
    select
        habits.*,
        {year} - case when {month} < from_month then 1 else 0 end as begun_year
    from season_habits as habits
),
due as (
    select
        begun.*,
        begun_year
        + case when last_year < begun_year and ({month} - from_month + 12) % 12 < month_count then 0 else 1 end as due_year
    from begun
)
select
    customer_no, category_no, from_month, (from_month + month_count - 2) % 12 + 1 as to_month, year_count, first_year, last_year,
    season_day_count, day_count, last_on,
    make_date(due_year, from_month, 1) as from_on,
    cast(make_date(due_year, from_month, 1) + to_months(month_count) - interval 1 day as date) as to_on
from due
where due_year - last_year - 1 <= {missed}
"""

_JUDGED = """
with model as (
    select distinct customer_no, category_no, from_on, to_on from season_needs where from_on > date '{cutoff}' and to_on <= date '{until}'
),
-- each season once, whoever was found to buy in it
coming as (
    select
        seasons.category_no,
        make_date(years.number, seasons.from_month, 1) as from_on,
        cast(make_date(years.number, seasons.from_month, 1) + to_months(seasons.month_count) - interval 1 day as date) as to_on
    from seasons
    cross join range({year}, {year} + 2) as years (number)
),
rule as (
    select distinct days.customer_no, coming.category_no, coming.from_on, coming.to_on
    from coming
    inner join bought_days as days on coming.category_no = days.category_no
    where coming.from_on > date '{cutoff}' and coming.to_on <= date '{until}'
        and days.bought_on > date '{cutoff}' - {year_days} and days.bought_on <= date '{cutoff}'
),
listed as (
    select 'model' as list, * from model
    union all
    select 'rule' as list, * from rule
),
met as (
    select listed.list, listed.customer_no, listed.category_no, listed.from_on,
        coalesce(bool_or(days.bought_on between listed.from_on and listed.to_on), false) as is_met
    from listed
    left join bought_days as days on listed.customer_no = days.customer_no and listed.category_no = days.category_no
    group by all
)
select list, count(*), count(distinct customer_no), count(*) filter (where is_met) from met group by list
"""


@dataclass(frozen=True, slots=True)
class Kept:
    """Needs that a list named for the seasons of a year, their customers, and the share of the needs with a purchase in the season."""

    need_count: int
    customer_count: int
    rate: float


def create_seasonal_needs(connection: duckdb.DuckDBPyConnection, needs: NeedsConfig, analysis: AnalysisConfig, cutoff: date) -> None:
    """Create `seasons` and `season_needs` from `bought_days` as of the evening of `cutoff`.

    `seasons`: one row per category and run of months that sell more of it. `season_needs`: one row per customer, category and season.
    """
    words = {
        "cutoff": cutoff,
        "year": cutoff.year,
        "month": cutoff.month,
        "days": needs.season_from_days,
        "index": needs.season_from_index,
        "missed": needs.seasons_missed,
        "years": analysis.seasonal_from_years,
        "share": analysis.seasonal_from_share,
    }
    for statement in (_MONTHS, _SEASONS, _HABITS, _NEEDS):
        connection.execute(statement.format(**words))


def judge_seasonal_needs(
    connection: duckdb.DuckDBPyConnection, needs: NeedsConfig, analysis: AnalysisConfig, as_of: date
) -> tuple[Kept, Kept]:
    """What the needs of a year ago came to in the seasons that lay within the year, beside what a simple list would have come to.

    The simple list names all who had bought the category within the year before. Leaves the tables of that day.
    """
    cutoff = as_of - timedelta(days=YEAR_DAYS)
    create_seasonal_needs(connection, needs, analysis, cutoff)
    rows = connection.execute(_JUDGED.format(cutoff=cutoff, until=as_of, year=cutoff.year, year_days=YEAR_DAYS)).fetchall()
    found = {kind: Kept(count, customers, met / count) for kind, count, customers, met in rows}
    nobody = Kept(0, 0, 0.0)
    return found.get("model", nobody), found.get("rule", nobody)
