"""Who entered a list, stayed or left it since it was last published: derived from the memberships, kept nowhere."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from pipelines.contracts.engine import literal
from pipelines.contracts.errors import ConfigurationError
from pipelines.contracts.hours import Hour, hour_at, is_hour
from pipelines.contracts.redirections import redirections
from pipelines.contracts.run import Run
from pipelines.contracts.segment_tables import HOURLY_MEMBERSHIPS, SEGMENT_MEMBERSHIPS
from pipelines.contracts.segments import EXPORTED

_CHANGES = """(
with listed_now as (
    select customer_id
    from {now}
    where segment_name = {segment} and outcome = {exported}
),

listed_then as (
    select coalesce(today.new_id, past.customer_id) as customer_id, min(past.customer_id) as listed_id
    from {past} as past
    left join {redirections} as today on today.old_id = past.customer_id
    where past.segment_name = {segment} and past.outcome = {exported}
    group by coalesce(today.new_id, past.customer_id)
)

select
    coalesce(listed_now.customer_id, listed_then.customer_id) as customer_id,
    listed_then.listed_id,
    case
        when listed_then.customer_id is null then 'entered'
        when listed_now.customer_id is null then 'left'
        else 'stayed'
    end as change
from listed_now
full join listed_then on listed_then.customer_id = listed_now.customer_id
)"""
_NOBODY = "(select '' as segment_name, '' as customer_id, '' as outcome where false)"


def memberships_path(run: Run, day: date) -> Path:
    """Where the gate keeps what it decided in the night of `day`."""
    return run.home.table(SEGMENT_MEMBERSHIPS.name) / f"as_of={day}" / "part-0.parquet"


def decided_path(run: Run) -> Path:
    """Where the gate keeps what it decides in this run, of a night or of an hour."""
    if run.hour is None:
        return memberships_path(run, run.as_of)
    return run.home.table(HOURLY_MEMBERSHIPS.name) / f"night={run.hour.night}" / f"at={run.moment}" / "part-0.parquet"


def past_nights(run: Run) -> dict[date, Path]:
    """Days of nights that were decided before this run, with their memberships; of an hour its own night is one."""
    found = run.home.table(SEGMENT_MEMBERSHIPS.name).glob("as_of=*/part-0.parquet")
    days = {date.fromisoformat(path.parent.name.removeprefix("as_of=")): path for path in found}
    return {day: days[day] for day in sorted(days) if (day <= run.hour.night if run.hour else day < run.as_of)}


def past_hours(run: Run, since: date = date.min) -> dict[str, Path]:
    """Hours that were decided before this run, by name, with their memberships: those that followed an earlier night, or came before.

    Those that followed a night before `since` are left out.
    """
    found = {}
    for path in sorted(run.home.table(HOURLY_MEMBERSHIPS.name).glob("night=*/at=*/part-0.parquet")):
        name = path.parts[-2].removeprefix("at=")
        night = _night(path)
        is_before = night < run.as_of if run.hour is None else hour_at(name, run.config.business_time_zone) < run.hour.at
        if is_before and night >= since:
            found[name] = path
    return found


def past_hour(run: Run, name: str) -> Run:
    """The run of an hour of which memberships are kept. Raises ConfigurationError where there is none of this name."""
    paths = list(run.home.table(HOURLY_MEMBERSHIPS.name).glob(f"night=*/at={name}/part-0.parquet")) if is_hour(name) else []
    if not paths:
        raise ConfigurationError(f"no lists were decided for {name!r}", where="--at", do="name an hour of published/segments")
    at = hour_at(name, run.config.business_time_zone)
    day = at.astimezone(ZoneInfo(run.config.business_time_zone)).date()
    return replace(run, as_of=day, hour=Hour(at, _night(paths[0])))


def previously_published(run: Run, segment_name: str) -> str | None:
    """Name of the newest day or hour before the run whose list of the segment was published; None for the first one.

    The folders tell: a day that a check stopped has memberships, and nobody was given its list.
    """
    published = _past(run)
    names = [name for name in published if (run.home.segments(name) / segment_name / "manifest.json").exists()]
    return max(names, key=lambda name: published[name][0], default=None)


def changes_since(run: Run, segment_name: str) -> str:
    """SQL relation `(customer_id, listed_id, change)`: one row per customer on the list of the run or on the one published before it.

    `change` is entered, stayed or left. `customer_id` is the id of today, also where the earlier list had another; `listed_id` is the one
    that stood there, the smallest of several, null for who entered. Without an earlier list all have entered. Needs the memberships of
    the run.
    """
    previous = previously_published(run, segment_name)
    return _CHANGES.format(
        now=_rows(decided_path(run)),
        past=_NOBODY if previous is None else _rows(_past(run)[previous][1]),
        redirections=redirections(run),
        segment=literal(segment_name),
        exported=literal(EXPORTED),
    )


def _past(run: Run) -> dict[str, tuple[tuple[date, datetime], Path]]:
    """Day or hour -> its place in the order of what was decided, and its memberships."""
    zone = run.config.business_time_zone
    nights = {str(day): ((day, datetime.min.replace(tzinfo=UTC)), path) for day, path in past_nights(run).items()}
    hours = {name: ((_night(path), hour_at(name, zone)), path) for name, path in past_hours(run).items()}
    return nights | hours


def _night(path: Path) -> date:
    """Of the memberships of an hour."""
    return date.fromisoformat(path.parts[-3].removeprefix("night="))


def _rows(path: Path) -> str:
    return f"read_parquet({literal(str(path))}, hive_partitioning = false)"
