"""Which contact points of the people on a list a destination may have: SQL over views that `lists` makes. Reads no file, writes none.

`consents` is GOLDEN_CONSENTS, `openids` is `customer_id, appid, openid, last_seen_at`; `people` has a row per person on the list, with
`list_day`, the columns of the list as text, and what a receiver may match by: `known_phone`, `known_email`, `declared_gender`,
`home_country`, `home_province`, `home_city`.
"""

from __future__ import annotations

from collections.abc import Mapping

import duckdb

from pipelines.contracts.engine import literal
from pipelines.publish.destinations import Consent

# A contact point is one mailbox or one telephone: who denies it, denies it for everybody who shares it. Personalization is about the
# person: one denial anywhere closes it.
PERMISSIONS = """
create table advertising_permissions as
select distinct customer_id, contact_type, contact_value
from consents
where
    purpose = 'personalization' and status = 'granted'
    and contact_value not in (select contact_value from consents where purpose = 'personalization' and status = 'denied')
    and customer_id not in (select customer_id from consents where purpose = 'personalization' and status = 'denied');
create table wechat_permissions as
select distinct customer_id, contact_value as openid
from consents
where
    purpose = 'marketing' and medium = 'wechat' and contact_type = 'openid' and status = 'granted'
    and contact_value not in (select contact_value from consents where purpose = 'marketing' and medium = 'wechat' and status = 'denied')
"""

_AUDIENCES: Mapping[Consent, str] = {
    Consent.LIST: """
select
    people.*,
    case when {channel} = 'sms' then people.known_phone end as contact_phone,
    case when {channel} = 'email' then people.known_email end as contact_email,
    null as contact_openid
from people""",
    Consent.ADVERTISING: """
select people.*, phones.contact_value as contact_phone, emails.contact_value as contact_email, null as contact_openid
from people
left join advertising_permissions as phones
    on phones.customer_id = people.customer_id and phones.contact_type = 'phone' and phones.contact_value = people.known_phone
left join advertising_permissions as emails
    on emails.customer_id = people.customer_id and emails.contact_type = 'email' and emails.contact_value = people.known_email""",
    # of several openids under one appid the one seen last; ties by the value, so that no order of rows decides
    Consent.WECHAT: """
select people.*, null as contact_phone, null as contact_email, chosen.openid as contact_openid
from people
left join (
    select openids.customer_id, max_by(openids.openid, (openids.last_seen_at, openids.openid)) as openid
    from openids
    join wechat_permissions on wechat_permissions.customer_id = openids.customer_id and wechat_permissions.openid = openids.openid
    where openids.appid = {appid}
    group by openids.customer_id
) as chosen on chosen.customer_id = people.customer_id""",
}


def create_audience(connection: duckdb.DuckDBPyConnection, consent: Consent, channel: str, appid: str) -> None:
    """Make the view `audience`: `people` with `contact_phone`, `contact_email`, `contact_openid`, null where they may not be used."""
    query = _AUDIENCES[consent].format(channel=literal(channel), appid=literal(appid))
    connection.execute(f"create or replace view audience as {query}")
