"""What reports of messages say against writing again: bounces, unsubscriptions, complaints. Adds to the reviewed suppressions.

- bounced: the contact point, until a later message arrives there.
- unsubscribed: marketing to the contact point by this medium, until the channel that said so reports a grant given later.
- complained: the person, on every channel, for good.

A report that does not say which address it went to is about the person, by this medium.
"""

from __future__ import annotations

import duckdb

from pipelines.contracts.channel_tables import CHANNEL_CONSENTS, CHANNEL_SENDS
from pipelines.contracts.engine import create_from_frame, fetch_frame, lake_rows, visible_rows
from pipelines.contracts.identity_tables import IDENTITY_CURRENT
from pipelines.contracts.normalization import comparable_values, plain_value
from pipelines.contracts.run import Run

# a time that is missing is not known to be later than anything
_SAID = """
create table said as
select
    sends.channel,
    sends.source_record_key,
    sends.medium,
    case sends.medium when 'sms' then 'phone' when 'email' then 'email' end as type,
    sends.contact_value_raw as value_raw,
    sends.status,
    max(coalesce(greatest(sends.sent_at, sends.delivered_at, sends.opened_at, sends.clicked_at), sends._exported_at)) as said_at
from {sends} as sends
where sends.status in ('bounced', 'unsubscribed', 'complained')
group by all;

create table arrivals as
select
    sends.channel,
    sends.contact_value_raw as value_raw,
    max(greatest(sends.delivered_at, sends.opened_at, sends.clicked_at)) as arrived_at
from {sends} as sends
semi join said on said.channel = sends.channel and said.value_raw = sends.contact_value_raw and said.status = 'bounced'
where sends.status in ('delivered', 'opened', 'clicked')
group by sends.channel, sends.contact_value_raw;

create table grants as
select consents.channel, consents.medium, consents.contact_value_raw as value_raw, max(consents.first_seen_at) as granted_at
from {consents} as consents
where consents.status = 'granted' and consents.purpose = 'marketing'
group by consents.channel, consents.medium, consents.contact_value_raw;

create table holding as
select said.*
from said
left join arrivals on arrivals.channel = said.channel and arrivals.value_raw = said.value_raw
left join grants on grants.channel = said.channel and grants.medium = said.medium and grants.value_raw = said.value_raw
where
    not (said.status = 'bounced' and coalesce(arrivals.arrived_at > said.said_at, false))
    and not (said.status = 'unsubscribed' and coalesce(grants.granted_at > said.said_at, false));

create table refused as
select source_record_key, medium, type, value_raw, {plain_value} as value, status
from holding
"""

_ODD_VALUES = "select distinct type, value_raw from refused where value is null and type is not null and value_raw is not null"

# a complaint is the person's, whichever address it was about; a bounce says nothing of the person's other addresses
_ADDED = """
insert into suppressions
select distinct
    case when refused.status <> 'complained' and points.value is not null then points.type else 'customer_id' end as type,
    case when refused.status <> 'complained' and points.value is not null then points.value else members.customer_id end as value,
    case refused.status when 'bounced' then 'bounce' when 'complained' then 'complaint' else 'unsubscribed' end as reason,
    refused.status = 'complained' as is_person,
    case when refused.status <> 'complained' then refused.medium end as medium,
    refused.status = 'unsubscribed' as is_of_marketing
from refused
left join (
    select type, value_raw, value from refused where value is not null
    union
    select type, value_raw, value from odd_values where state = 'real'
) as points on points.type = refused.type and points.value_raw = refused.value_raw
left join {current} as members on members.source_record_key = refused.source_record_key
where (refused.status <> 'complained' and points.value is not null) or members.customer_id is not null
"""


def add_refusals(connection: duckdb.DuckDBPyConnection, run: Run) -> None:
    """Add what the channels report to `suppressions (type, value, reason, is_person, medium, is_of_marketing)`.

    `medium` null means every medium, `is_of_marketing` that service lists are not concerned. Of type customer_id is what is known of the
    person and of no contact point.
    """
    connection.execute(
        _SAID.format(
            sends=visible_rows(run, CHANNEL_SENDS), consents=visible_rows(run, CHANNEL_CONSENTS), plain_value=plain_value(run.config)
        )
    )
    create_from_frame(connection, "odd_values", comparable_values(fetch_frame(connection, _ODD_VALUES), run.config))
    connection.execute(_ADDED.format(current=lake_rows(run, IDENTITY_CURRENT)))
