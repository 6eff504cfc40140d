"""Resolve identity for one day: evidence, guards, holders, links, firewall, ids, history. Each step is a module of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import duckdb

from pipelines.contracts.engine import open_engine, write_query
from pipelines.contracts.identity_tables import (
    IDENTITY_CONTACT_POINTS,
    IDENTITY_CURRENT,
    IDENTITY_HOUSEHOLDS,
    IDENTITY_LINKS,
    IDENTITY_MATCHES,
    IDENTITY_OWNERSHIPS,
    IDENTITY_REFUSED_LINKS,
    IDENTITY_REJECTED_VALUES,
    IDENTITY_REVIEW,
)
from pipelines.contracts.run import Run
from pipelines.contracts.tables import Table
from pipelines.identity.decision_links import apply_decisions
from pipelines.identity.evidence import collect_contact_points, collect_profile_claims, collect_records
from pipelines.identity.firewall import hold_back
from pipelines.identity.guards import judge
from pipelines.identity.history import read_history, write_history
from pipelines.identity.holders import find_holders
from pipelines.identity.households import find_households
from pipelines.identity.links import cluster, gather_carriers, name_links
from pipelines.identity.matches import add_matches
from pipelines.identity.measures import measure
from pipelines.identity.portraits import collect_portraits
from pipelines.identity.stable_ids import assign_ids
from pipelines.identity.unlinked import name_unlinked, set_apart

_CONTACT_POINTS = """
select
    records.source_record_key,
    kinds.type,
    kinds.scope,
    judged.value,
    judged.state,
    judged.is_accepted,
    judged.first_seen_at,
    judged.last_seen_at,
    loads._load_id,
    judged.proof % 1099511627776 as _source_row
from judged
join records on records.record_id = judged.record_id
join kinds on kinds.kind_id = judged.kind_id
join loads on loads.load_no = judged.proof // 1099511627776
order by judged.record_id, judged.kind_id, judged.value
"""

_REJECTED_VALUES = """
select kinds.type, kinds.scope, rejected.* exclude (kind_id)
from rejected
join kinds on kinds.kind_id = rejected.kind_id
order by rejected.kind_id, rejected.value
"""

_LINKS = """
select
    lefts.source_record_key as left_source_record_key,
    rights.source_record_key as right_source_record_key,
    kinds.type,
    kinds.scope,
    link_values.value,
    kinds.rank
from links
join records as lefts on lefts.record_id = links.left_id
join records as rights on rights.record_id = links.right_id
join link_values on link_values.value_id = links.value_id
join kinds on kinds.kind_id = link_values.kind_id
where links.left_id <> links.right_id
order by links.left_id, links.right_id, links.value_id
"""

_REFUSED_LINKS = """
select
    lefts.source_record_key as left_source_record_key,
    rights.source_record_key as right_source_record_key,
    kinds.type,
    kinds.scope,
    found.value,
    kinds.rank,
    min(found.reason) as reason
from (
    select
        refused.left_id,
        refused.right_id,
        link_values.kind_id,
        link_values.value,
        case
            when refused.kind_id = 0 then 'different names and different birthdays'
            when refused.kind_id < 0 then 'kept apart by ' || cannot_links.said_by
            else 'two different values of ' || exclusive.type || ' in ' || exclusive.scope
        end as reason
    from refused
    join link_values on link_values.value_id = refused.value_id
    left join kinds as exclusive on exclusive.kind_id = refused.kind_id
    left join cannot_links on cannot_links.decision_no = -refused.kind_id
    union all
    select left_id, right_id, kind_id, value, reason from unlinked
    union all
    select reviews.left_id, reviews.right_id, link_values.kind_id, link_values.value, 'held back: ' || reviews.reason
    from reviews
    join link_values on link_values.value_id = reviews.value_id
) as found
join records as lefts on lefts.record_id = found.left_id
join records as rights on rights.record_id = found.right_id
join kinds on kinds.kind_id = found.kind_id
group by found.left_id, found.right_id, found.kind_id, found.value, left_source_record_key, right_source_record_key, kinds.type,
    kinds.scope, kinds.rank
order by found.left_id, found.right_id, found.kind_id, found.value
"""

_REVIEW = """
with sizes as (select cluster_id, count(*) as record_count from clusters group by cluster_id)

select
    lefts.source_record_key as left_source_record_key,
    rights.source_record_key as right_source_record_key,
    kinds.type,
    kinds.scope,
    link_values.value,
    reviews.reason,
    left_sizes.record_count as left_source_record_count,
    right_sizes.record_count as right_source_record_count
from reviews
join records as lefts on lefts.record_id = reviews.left_id
join records as rights on rights.record_id = reviews.right_id
join clusters as left_clusters on left_clusters.record_id = reviews.left_id
join clusters as right_clusters on right_clusters.record_id = reviews.right_id
join sizes as left_sizes on left_sizes.cluster_id = left_clusters.cluster_id
join sizes as right_sizes on right_sizes.cluster_id = right_clusters.cluster_id
join link_values on link_values.value_id = reviews.value_id
join kinds on kinds.kind_id = link_values.kind_id
where left_clusters.cluster_id <> right_clusters.cluster_id
order by reviews.left_id, reviews.right_id, reviews.value_id
"""

_MATCHES = """
select
    lefts.source_record_key as left_source_record_key,
    rights.source_record_key as right_source_record_key,
    matches.match_weight,
    matches.match_probability,
    case
        when not matches.is_accepted then 'clerical'
        when left_clusters.cluster_id = right_clusters.cluster_id then 'accepted'
        else 'refused'
    end as state,
    matches.waterfall
from matches
join records as lefts on lefts.record_id = matches.left_id
join records as rights on rights.record_id = matches.right_id
join clusters as left_clusters on left_clusters.record_id = matches.left_id
join clusters as right_clusters on right_clusters.record_id = matches.right_id
order by matches.left_id, matches.right_id
"""

_OWNERSHIPS = """
select kinds.type, kinds.scope, ownerships.* exclude (kind_id)
from ownerships
join kinds on kinds.kind_id = ownerships.kind_id
order by ownerships.kind_id, ownerships.value, ownerships.owner_no
"""

_TODAY = """
create table today as
select records.record_id, records.source_record_key, customers.customer_id, records.first_seen_at
from records
join clusters on clusters.record_id = records.record_id
join customers on customers.cluster_id = clusters.cluster_id
"""


@dataclass(frozen=True, slots=True)
class IdentityReport:
    """What the run found, in counts. `is_past`: a later day is in the histories already, so they were left as they are.

    `is_within_budget`: no more customers changed their id than is allowed; the histories stay where they are otherwise.
    """

    source_records: int
    customers: int
    created: int
    merges: int
    splits: int
    rejected_values: Mapping[str, int]
    refused_links: int
    held_back_links: int
    recycled_values: int
    households: int
    largest_cluster: int
    is_past: bool
    is_within_budget: bool


def resolve_identity(run: Run) -> IdentityReport:
    """Decide who is one person at the end of `run.as_of` and write the identity tables, each whole.

    Raises ConfigurationError when the list of placeholders is missing or malformed, or an identifier type is unknown.
    """
    limits = run.config.identity
    with open_engine(run, "identity") as connection:
        collect_records(connection, run)
        collect_contact_points(connection, run)
        collect_profile_claims(connection, run)
        judge(connection, run)
        _write(connection, run, IDENTITY_CONTACT_POINTS, _CONTACT_POINTS)
        collect_portraits(connection, run)
        apply_decisions(connection, run)
        set_apart(connection)
        find_holders(connection, limits.silent_days)
        gather_carriers(connection)
        cluster(connection)
        if add_matches(connection, run):
            cluster(connection)
        hold_back(connection, limits)
        name_unlinked(connection, limits.silent_days)
        name_links(connection)
        is_past = read_history(connection, run)
        assign_ids(connection, limits.id_key)
        find_households(connection, limits.id_key)
        connection.execute(_TODAY)
        for table, query in (
            (IDENTITY_REJECTED_VALUES, _REJECTED_VALUES),
            (IDENTITY_OWNERSHIPS, _OWNERSHIPS),
            (IDENTITY_LINKS, _LINKS),
            (IDENTITY_REFUSED_LINKS, _REFUSED_LINKS),
            (IDENTITY_REVIEW, _REVIEW),
            (IDENTITY_MATCHES, _MATCHES),
            (IDENTITY_HOUSEHOLDS, "select * from households order by household_id, customer_id"),
            (IDENTITY_CURRENT, "select * from today order by record_id"),
        ):
            _write(connection, run, table, query)
        is_within_budget = measure(connection, run, is_past=is_past)
        # what is stopped must not be yesterday's truth tomorrow, or the next run would find nothing to stop
        if is_within_budget and not is_past:
            write_history(connection, run)
        return _report(connection, is_past=is_past, is_within_budget=is_within_budget)


def _write(connection: duckdb.DuckDBPyConnection, run: Run, table: Table, query: str) -> None:
    write_query(connection, query, table, run.home.table(table.name) / "part-0.parquet")


def _report(connection: duckdb.DuckDBPyConnection, *, is_past: bool, is_within_budget: bool) -> IdentityReport:
    [(records, customers, largest)] = connection.execute(
        "select coalesce(sum(members), 0), count(*), coalesce(max(members), 0)"
        " from (select count(*) as members from clusters group by cluster_id) as sizes"
    ).fetchall()
    changes = dict(connection.execute("select change, count(*) from changes group by change").fetchall())
    guards = dict(connection.execute("select guard, count(*) from rejected group by guard order by guard").fetchall())
    [(refused, held_back, recycled, households)] = connection.execute(
        "select (select count(*) from refused) + (select count(*) from unlinked), (select count(*) from reviews),"
        " (select count(distinct (kind_id, value)) from ownerships), (select count(distinct household_id) from households)"
    ).fetchall()
    return IdentityReport(
        source_records=int(records),
        customers=int(customers),
        created=changes.get("created", 0),
        merges=changes.get("redirected", 0),
        splits=changes.get("split", 0),
        rejected_values=guards,
        refused_links=int(refused),
        held_back_links=int(held_back),
        recycled_values=int(recycled),
        households=int(households),
        largest_cluster=int(largest),
        is_past=is_past,
        is_within_budget=is_within_budget,
    )
