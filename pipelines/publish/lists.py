"""Write the lists of one day or hour: a folder a segment. The only writer of lists; who is on one, the gate decided.

`list.csv`, `added.csv` and `removed.csv` (against the list that was published before), the files of its destinations, `manifest.json`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from pipelines.contracts.engine import fetch_frame, lake_rows, literal, open_engine
from pipelines.contracts.errors import CdpError
from pipelines.contracts.identity_tables import GOLDEN_CONSENTS, GOLDEN_CUSTOMERS, IDENTITY_CONTACT_POINTS, IDENTITY_CURRENT
from pipelines.contracts.run import Run
from pipelines.contracts.segment_changes import changes_since, decided_path, previously_published
from pipelines.contracts.segments import EXPORTED, Segment, Waterfall
from pipelines.contracts.storage import sync_folder, write_json
from pipelines.publish.audience import PERMISSIONS
from pipelines.publish.cells import number_cell, text_cell
from pipelines.publish.files import PRIVATE_FILE, PRIVATE_FOLDER, described, write_private
from pipelines.publish.labels import header
from pipelines.publish.uploads import Uploads, write_uploads

LIST, ADDED, REMOVED, MANIFEST = "list.csv", "added.csv", "removed.csv", "manifest.json"
_MART = "marts.main.mart_marketing__customer_360"
# channel -> the contact column of its lists, and where the value comes from
_CONTACT: Mapping[str, tuple[str, str]] = {"sms": ("phone", "phone_e164"), "email": ("email", "email")}


@dataclass(frozen=True, slots=True)
class WrittenList:
    """What was written for a segment. `notices`: what somebody should know of its destinations, in words."""

    waterfall: Waterfall
    notices: tuple[str, ...]


def write_lists(run: Run, segments: Sequence[Segment], folder: Path, facts: Mapping[str, Any]) -> dict[str, WrittenList]:
    """Write a folder for each segment that is valid on the day into `folder`.

    `facts` (run id, code version, loads) go into each manifest. Reads the memberships of the run: a customer is on a list if and only
    if the gate's outcome is exported.
    """
    folder.chmod(PRIVATE_FOLDER)
    written = {}
    with open_engine(run, "publish") as connection:
        connection.execute(f"attach {literal(str(run.home.marts))} as marts (read_only)")
        memberships = f"read_parquet({literal(str(decided_path(run)))}, hive_partitioning = false)"
        connection.execute(f"create view memberships as select * from {memberships}")
        connection.execute(f"create view golden as select * from {lake_rows(run, GOLDEN_CUSTOMERS)}")
        if run.config.publish.destinations:
            _open_permissions(connection, run)
        for segment in segments:
            if segment.is_valid_on(run.as_of):
                written[segment.name] = _write_list(connection, run, segment, folder / segment.name, facts)
    sync_folder(folder)
    return written


def _open_permissions(connection: duckdb.DuckDBPyConnection, run: Run) -> None:
    connection.execute(f"create view consents as select * from {lake_rows(run, GOLDEN_CONSENTS)}")
    connection.execute(PERMISSIONS)
    connection.execute(f"""
        create view openids as
        select current_members.customer_id, points.scope as appid, points.value as openid, points.last_seen_at
        from {lake_rows(run, IDENTITY_CONTACT_POINTS)} as points
        join {lake_rows(run, IDENTITY_CURRENT)} as current_members on current_members.source_record_key = points.source_record_key
        where points.type = 'openid' and points.is_accepted
    """)


def _write_list(connection: duckdb.DuckDBPyConnection, run: Run, segment: Segment, folder: Path, facts: Mapping[str, Any]) -> WrittenList:
    outcomes = f"select outcome, count(*) from memberships where segment_name = {literal(segment.name)} group by outcome"
    waterfall = Waterfall.of_outcomes(dict(connection.execute(outcomes).fetchall()))
    numbers = _create_people(connection, run, segment)
    contact, _ = _CONTACT[segment.channel]
    names = ["customer_id", contact, "name", "arm", *(name for name in segment.columns if name != "customer_id")]
    rows = fetch_frame(connection, f"select {', '.join(names)}, list_change = 'entered' as is_added from people order by customer_id")
    if rows.height != waterfall.exported or rows[contact].null_count():
        raise CdpError(
            f"the gate exported {waterfall.exported} customers, {rows.height} are found with a contact point",
            where=segment.name,
            do="run the day again: customers and memberships are not of one run",
        )
    folder.mkdir(mode=PRIVATE_FOLDER)
    labels = {name: header(name, run.config.segments.header_language) for name in names}
    listed = {
        LIST: _write_cells(rows.select(names), numbers, labels, folder / LIST),
        ADDED: _write_cells(rows.filter("is_added").select(names), numbers, labels, folder / ADDED),
        REMOVED: _write_removed(connection, run, segment, folder / REMOVED),
    }
    uploads = write_uploads(connection, run, segment, labels, folder) if run.config.publish.destinations else Uploads()
    previous = previously_published(run, segment.name)
    manifest = {
        "as_of": run.as_of,
        **_hour(run),
        "since": previous,
        "segment": segment.as_record(),
        "waterfall": asdict(waterfall),
        "columns": [{"name": name, "label": label} for name, label in labels.items()],
        "files": {**listed, **uploads.files},
        "destinations": dict(uploads.destinations),
        **facts,
    }
    write_json(folder / MANIFEST, manifest, mode=PRIVATE_FILE)
    return WrittenList(waterfall, uploads.notices)


def _hour(run: Run) -> dict[str, Any]:
    """What a manifest says of the list of an hour besides: what it is called, its instant, the night that it followed."""
    return {} if run.hour is None else {"hour": run.moment, "at": run.as_of_end_at.isoformat(), "night": run.hour.night}


def _create_people(connection: duckdb.DuckDBPyConnection, run: Run, segment: Segment) -> frozenset[str]:
    """Make the table `people`, a row per customer on the list; return the names of its columns that are numbers or dates."""
    column, source = _CONTACT[segment.channel]
    kinds = {name: kind for name, kind, *_ in connection.execute(f"describe {_MART}").fetchall()}
    reasons = [name for name in segment.columns if name != "customer_id"]
    written_out = "".join(f", {_written_out(f'mart.{name}', kinds[name], run)} as {name}" for name in reasons)
    connection.execute(f"""
        create or replace table people as
        select
            memberships.customer_id, golden.{source} as {column}, golden.full_name as name, memberships.arm{written_out},
            date {literal(run.as_of.isoformat())} as list_day, changes.change as list_change,
            golden.phone_e164 as known_phone, golden.email as known_email, golden.gender as declared_gender,
            golden.country as home_country, golden.province as home_province, golden.city as home_city
        from memberships
        join golden on golden.customer_id = memberships.customer_id
        join {_MART} as mart on mart.customer_id = memberships.customer_id
        left join {changes_since(run, segment.name)} as changes on changes.customer_id = memberships.customer_id
        where memberships.segment_name = {literal(segment.name)} and memberships.outcome = {literal(EXPORTED)}
    """)
    return frozenset(name for name in reasons if kinds[name] != "VARCHAR")


def _write_removed(connection: duckdb.DuckDBPyConnection, run: Run, segment: Segment, path: Path) -> dict[str, Any]:
    """Who left: the id of today and of the list, the contact point as it is known today, and what the gate says today."""
    column, source = _CONTACT[segment.channel]
    rows = fetch_frame(
        connection,
        f"select changes.customer_id, changes.listed_id, golden.{source} as {column}, coalesce(memberships.outcome, 'unmatched') as outcome"
        f" from {changes_since(run, segment.name)} as changes"
        " left join golden on golden.customer_id = changes.customer_id"
        " left join memberships"
        f" on memberships.customer_id = changes.customer_id and memberships.segment_name = {literal(segment.name)}"
        " where changes.change = 'left' order by changes.customer_id",
    )
    labels = {name: header(name, run.config.segments.header_language) for name in rows.columns}
    return _write_cells(rows, frozenset(), labels, path)


def _write_cells(rows: pl.DataFrame, numbers: frozenset[str], labels: Mapping[str, str], path: Path) -> dict[str, Any]:
    """Write rows of text as a CSV file that spreadsheets open right; describe it."""
    cells = rows.select((number_cell if name in numbers else text_cell)(name) for name in rows.columns).rename(dict(labels))
    write_private(path, cells.write_csv(include_bom=True, line_terminator="\r\n", quote_style="always").encode())
    return described(path, rows.height)


def _written_out(column: str, kind: str, run: Run) -> str:
    """SQL: the value as people write it, without exponents, instants in business time."""
    if kind in {"DOUBLE", "FLOAT"}:
        return f"cast(cast({column} as decimal(38, 6)) as varchar)"
    if kind == "TIMESTAMP WITH TIME ZONE":
        return f"strftime(timezone({literal(run.config.business_time_zone)}, {column}), '%Y-%m-%d %H:%M:%S')"
    return f"cast({column} as varchar)"
