"""The contact ledger: every message to a customer once, from the lists before and from what the channels report. Decides nobody.

The list of a night is used on the next day, that of an hour on its own. A report is of its message when customer and medium agree, the
message went out within the configured days from the day of use on, and the campaign that it names has the segment's name for its number
or belongs, in the registry of campaigns, to one that sends the segment; a report that names no campaign may be of any list. Of several
pairs that fit the better one wins: named before nameless, then the fewest days between, then the older list and the smaller key. Any
other campaign is another message: to count one twice keeps the cap, to miss one breaks it.
"""

from __future__ import annotations

from datetime import date

import duckdb

from pipelines.contracts.campaign_tables import CAMPAIGN_SOURCES
from pipelines.contracts.engine import literal, stored_rows, write_query
from pipelines.contracts.run import Run
from pipelines.contracts.segment_tables import CONTACT_LEDGER
from pipelines.contracts.settings.activation import SegmentsConfig
from pipelines.segments.past import past_memberships

_LISTED = """
create table listed as
select
    past.list_name || '/' || past.segment_name || '/' || past.customer_id as list_key,
    coalesce(redirections.new_id, past.customer_id) as customer_id,
    past.as_of as listed_on,
    past.used_on,
    past.segment_name,
    past.medium,
    past.purpose
from {past} as past
left join redirections on redirections.old_id = past.customer_id
where past.outcome = 'exported'
"""

# tools number their campaigns themselves: the registry says which number sends which segment
_SENDING = """
create table sending as
select distinct numbered.source_key as campaign_key, lists.campaign_no as segment_name
from {campaign_sources} as numbered
join {campaign_sources} as lists on lists.registered_name = numbered.registered_name
where lists.channel = 'segments' and numbered.channel <> 'segments';
create table purposes as select segment_name, min(purpose) as purpose from listed group by segment_name
"""

_REPORTED = """
create table reported as
select send_key, channel, campaign_key, customer_id, medium, status, counted_on
from marts.main.fct_sends
where customer_id is not null and (counted_on is null or counted_on <= {as_of})
"""

# a list is found by the day of a report: joined by equality, day by day, because a range over two large tables is a product of them
_NEAR = """
create table near as
select
    listed.list_key,
    listed.listed_on,
    listed.days_after,
    reported.send_key,
    reported.campaign_key is null as has_no_name
from (select *, unnest(range(1, {match_days} + 1)) as days_after from listed) as listed
join reported
    on reported.customer_id = listed.customer_id
    and reported.medium = listed.medium
    and reported.counted_on = listed.used_on - 1 + cast(listed.days_after as integer)
left join sending on sending.campaign_key = reported.campaign_key and sending.segment_name = listed.segment_name
where coalesce(sending.segment_name is not null or reported.campaign_key = reported.channel || ':' || listed.segment_name, true)
"""

_PAIRS = """
create table pairs as
select
    list_key,
    send_key,
    row_number() over (order by has_no_name, days_after, listed_on, list_key, send_key) as place
from near;
create table same_messages (list_key varchar, send_key varchar)
"""

# one order for both sides: who is first for its list and for its report is decided, and what is left has fewer choices each time
_MATCH = """
create or replace table best_pairs as
select list_key, send_key
from (
    select
        list_key,
        send_key,
        place = min(place) over (partition by list_key) and place = min(place) over (partition by send_key) as is_first
    from pairs
) as placed
where is_first;
insert into same_messages select list_key, send_key from best_pairs;
create or replace table pairs as
select pairs.*
from pairs
anti join best_pairs as by_list on by_list.list_key = pairs.list_key
anti join best_pairs as by_report on by_report.send_key = pairs.send_key
"""

_LEDGER = """
create table ledger as
select
    coalesce(same_messages.send_key, listed.list_key) as message_key,
    listed.customer_id,
    listed.medium,
    listed.purpose,
    case when reported.send_key is null then 'list' else 'both' end as told_by,
    coalesce(reported.counted_on, listed.used_on) as sent_on,
    reported.status,
    listed.listed_on,
    listed.segment_name,
    reported.campaign_key
from listed
left join same_messages on same_messages.list_key = listed.list_key
left join reported on reported.send_key = same_messages.send_key

union all

select
    reported.send_key as message_key,
    reported.customer_id,
    reported.medium,
    -- later than the days, or sent twice: of a service segment it is no marketing all the same
    coalesce(named.purpose, registered.purpose, 'marketing') as purpose,
    'report' as told_by,
    reported.counted_on as sent_on,
    reported.status,
    null as listed_on,
    null as segment_name,
    reported.campaign_key
from reported
anti join same_messages on same_messages.send_key = reported.send_key
left join purposes as named on reported.campaign_key = reported.channel || ':' || named.segment_name
left join (
    select sending.campaign_key, min(purposes.purpose) as purpose
    from sending
    join purposes on purposes.segment_name = sending.segment_name
    group by sending.campaign_key
) as registered on registered.campaign_key = reported.campaign_key
"""


def write_ledger(connection: duckdb.DuckDBPyConnection, run: Run) -> None:
    """Write CONTACT_LEDGER and leave it as table `ledger`. Needs the marts attached and `redirections`.

    The whole history is told anew each time: a report that comes late finds its list, and messages to an id that a merge has retired
    are its successor's. Lists of the day itself and later are not known, so that a day can be run again.
    """
    create_ledger(connection, run.config.segments, run.as_of, past_memberships(run), stored_rows(run, CAMPAIGN_SOURCES))
    query = "select * from ledger order by message_key"
    write_query(connection, query, CONTACT_LEDGER, run.home.table(CONTACT_LEDGER.name) / "part-0.parquet")


def create_ledger(connection: duckdb.DuckDBPyConnection, settings: SegmentsConfig, as_of: date, past: str, campaign_sources: str) -> None:
    """Create `ledger`, as `write_ledger` does, from the memberships in the relation `past` and what the registry says in another one."""
    names = {
        "as_of": f"date {literal(as_of.isoformat())}",
        "past": past,
        "campaign_sources": campaign_sources,
        "match_days": str(settings.same_message_days),
    }
    for step in (_LISTED, _SENDING, _REPORTED, _NEAR, _PAIRS):
        connection.execute(step.format_map(names))
    while _any(connection, "pairs"):
        connection.execute(_MATCH)
    connection.execute(_LEDGER)
    for table in ("listed", "purposes", "sending", "reported", "near", "pairs", "same_messages"):
        connection.execute(f"drop table {table}")
    connection.execute("drop table if exists best_pairs")


def _any(connection: duckdb.DuckDBPyConnection, table: str) -> bool:
    [(count,)] = connection.execute(f"select count(*) from {table}").fetchall()
    return bool(count)
