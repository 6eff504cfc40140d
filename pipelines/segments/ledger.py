"""The contact ledger: every message to a customer once, from lists of the days before and from what the channels report. Decides nobody.

A list is used on the day after its run. A report is of its message when customer and medium agree, it came within the configured days
after the run, and the campaign that it names is the segment's: by its number, or because most of the messages of that campaign followed
lists of the segment. A report that names no campaign may be of any list. Of several that fit, the better pair wins: a named campaign
before none, then the fewest days between, then the older list and the smaller key. What is told of one message by both is one message.
"""

from __future__ import annotations

import duckdb

from pipelines.contracts.engine import literal, write_query
from pipelines.contracts.run import Run
from pipelines.contracts.segment_tables import CONTACT_LEDGER
from pipelines.segments.past import past_memberships

_LISTED = """
create table listed as
select
    past.as_of || '/' || past.segment_name || '/' || past.customer_id as list_key,
    coalesce(redirections.new_id, past.customer_id) as customer_id,
    past.as_of as listed_on,
    past.segment_name,
    past.medium,
    past.purpose
from {past} as past
left join redirections on redirections.old_id = past.customer_id
where past.outcome = 'exported'
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
    listed.segment_name,
    listed.purpose,
    reported.send_key,
    reported.campaign_key,
    listed.days_after,
    reported.campaign_key is not null and reported.campaign_key = reported.channel || ':' || listed.segment_name as is_its_name
from (select *, unnest(range(1, {match_days} + 1)) as days_after from listed) as listed
join reported
    on reported.customer_id = listed.customer_id
    and reported.medium = listed.medium
    and reported.counted_on = listed.listed_on + cast(listed.days_after as integer)
"""

# before the first list and after the last a campaign of this number was something else, or is the next one
_CAMPAIGNS = """
create table its_campaigns as
with followed as (
    select segment_name, campaign_key, count(distinct send_key) as message_count, bool_or(is_its_name) as is_its_name
    from near
    where campaign_key is not null
    group by segment_name, campaign_key
),

times as (
    select segment_name, min(listed_on) as first_on, max(listed_on) as last_on
    from listed
    group by segment_name
),

sent as (
    select campaign_key, counted_on, count(*) as message_count
    from reported
    where campaign_key is not null and counted_on is not null
    group by campaign_key, counted_on
)

select followed.segment_name, followed.campaign_key
from followed
join times on times.segment_name = followed.segment_name
join sent
    on sent.campaign_key = followed.campaign_key
    and sent.counted_on > times.first_on
    and sent.counted_on <= times.last_on + {match_days}
group by followed.segment_name, followed.campaign_key
having any_value(followed.is_its_name) or any_value(followed.message_count) >= {campaign_share} * sum(sent.message_count)
"""

_PAIRS = """
create table pairs as
select
    near.list_key,
    near.send_key,
    row_number() over (
        order by near.campaign_key is null, near.days_after, near.listed_on, near.list_key, near.send_key
    ) as place
from near
left join its_campaigns on its_campaigns.segment_name = near.segment_name and its_campaigns.campaign_key = near.campaign_key
where near.campaign_key is null or its_campaigns.campaign_key is not null;
create table same_messages (list_key varchar, send_key varchar)
"""

# one order for both sides: who is first for its list and for its report is decided, and what is left has fewer choices each time
_MATCH = """
create or replace table firsts as
select list_key, send_key
from (
    select
        list_key,
        send_key,
        place = min(place) over (partition by list_key) and place = min(place) over (partition by send_key) as is_first
    from pairs
) as placed
where is_first;
insert into same_messages select list_key, send_key from firsts;
create or replace table pairs as
select pairs.*
from pairs
anti join firsts as by_list on by_list.list_key = pairs.list_key
anti join firsts as by_report on by_report.send_key = pairs.send_key
"""

_LEDGER = """
create table ledger as
select
    coalesce(same_messages.send_key, listed.list_key) as message_key,
    listed.customer_id,
    listed.medium,
    listed.purpose,
    case when reported.send_key is null then 'list' else 'both' end as told_by,
    coalesce(reported.counted_on, listed.listed_on + 1) as sent_on,
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
    -- late, or sent twice: of a campaign that sends service lists only, it is no marketing
    coalesce(purposes.purpose, 'marketing') as purpose,
    'report' as told_by,
    reported.counted_on as sent_on,
    reported.status,
    null as listed_on,
    null as segment_name,
    reported.campaign_key
from reported
anti join same_messages on same_messages.send_key = reported.send_key
left join (
    select its_campaigns.campaign_key, min(listed.purpose) as purpose
    from its_campaigns
    join (select distinct segment_name, purpose from listed) as listed on listed.segment_name = its_campaigns.segment_name
    group by its_campaigns.campaign_key
) as purposes on purposes.campaign_key = reported.campaign_key
"""


def write_ledger(connection: duckdb.DuckDBPyConnection, run: Run) -> None:
    """Write CONTACT_LEDGER and leave it as table `ledger`. Needs the marts attached and `redirections`.

    The whole history is told anew each time: a report that comes late finds its list, and messages to an id that a merge has retired
    are its successor's. Lists of the day itself and later are not known, so that a day can be run again.
    """
    settings = run.config.segments
    names = {
        "as_of": f"date {literal(run.as_of.isoformat())}",
        "past": past_memberships(run),
        "match_days": str(settings.same_message_days),
        "campaign_share": str(settings.same_campaign_from_share),
    }
    for step in (_LISTED, _REPORTED, _NEAR, _CAMPAIGNS, _PAIRS):
        connection.execute(step.format_map(names))
    while _any(connection, "pairs"):
        connection.execute(_MATCH)
    connection.execute(_LEDGER)
    for table in ("listed", "reported", "near", "pairs", "its_campaigns", "same_messages"):
        connection.execute(f"drop table {table}")
    query = "select * from ledger order by message_key"
    write_query(connection, query, CONTACT_LEDGER, run.home.table(CONTACT_LEDGER.name) / "part-0.parquet")


def _any(connection: duckdb.DuckDBPyConnection, table: str) -> bool:
    [(count,)] = connection.execute(f"select count(*) from {table}").fetchall()
    return bool(count)
