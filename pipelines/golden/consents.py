"""Keep what people allowed per contact point, medium and purpose: the newest word of each source record, the strictest of all records.

Of two words of one business day the denial is taken for the newer one.

No merge can raise permission: a customer's statements are the union of its records' statements, and one denial denies.
"""

from __future__ import annotations

import duckdb

from pipelines.contracts.channel_tables import CHANNEL_CONSENTS
from pipelines.contracts.engine import create_from_frame, fetch_frame, literal, visible_rows, write_query
from pipelines.contracts.identity_tables import GOLDEN_CONSENTS
from pipelines.contracts.normalization import comparable_values, plain_value
from pipelines.contracts.run import Run

_STATEMENTS = """
create table statements as
select
    members.customer_no,
    stated.source_record_key,
    stated.type,
    stated.value,
    case when stated.value is null then stated.value_raw end as odd_value,
    stated.medium,
    stated.purpose,
    stated.status,
    stated.last_seen_at,
    stated._exported_at,
    stated._load_id,
    stated._source_row
from (
    select *, {plain_value} as value
    from (select *, contact_type as type, contact_value_raw as value_raw from {consents}) as named
) as stated
join members on members.source_record_key = stated.source_record_key
"""

_ODD_VALUES = "select distinct type, odd_value as value_raw from statements where odd_value is not null"

# only a real contact point can be reached, so only there a statement means anything
_NEWEST = """
create table newest as
select customer_no, type, value, medium, purpose, status, last_seen_at, _load_id, _source_row
from (
    select
        statements.* exclude (value),
        coalesce(statements.value, odd_values.value) as value,
        row_number() over (
            partition by statements.source_record_key, statements.type, coalesce(statements.value, odd_values.value),
                statements.medium, statements.purpose
            order by
                -- a list of the subscribed is dated by the end of its day, and who leaves on that day would never be believed
                cast(timezone({zone}, statements.last_seen_at) as date) desc, statements.status,
                statements.last_seen_at desc, statements._exported_at desc, statements._load_id, statements._source_row
        ) as place
    from statements
    left join odd_values on odd_values.type = statements.type and odd_values.value_raw = statements.odd_value
    where statements.value is not null or odd_values.state = 'real'
) as ordered
where place = 1
"""

_DECIDED = """
create table decided as
select * exclude (place)
from (
    select
        newest.*,
        row_number() over (
            partition by customer_no, type, value, medium, purpose
            order by case status when 'denied' then 0 else 1 end, last_seen_at desc, _load_id, _source_row
        ) as place
    from newest
) as ordered
where place = 1
"""

_CONSENTS = """
select
    ids.customer_id,
    decided.type as contact_type,
    decided.value as contact_value,
    decided.medium,
    decided.purpose,
    decided.status,
    decided.last_seen_at as stated_at,
    decided._load_id,
    decided._source_row
from decided
join ids on ids.customer_no = decided.customer_no
order by decided.customer_no, decided.type, decided.value, decided.medium, decided.purpose
"""


def write_consents(connection: duckdb.DuckDBPyConnection, run: Run) -> None:
    """Write `golden_consents` from `ids` and `members`; leave `decided`, the same rows, for the report."""
    consents = visible_rows(run, CHANNEL_CONSENTS)
    connection.execute(_STATEMENTS.format(consents=consents, plain_value=plain_value(run.config)))
    create_from_frame(connection, "odd_values", comparable_values(fetch_frame(connection, _ODD_VALUES), run.config))
    connection.execute(_NEWEST.format(zone=literal(run.config.business_time_zone)))
    connection.execute(_DECIDED)
    write_query(connection, _CONSENTS, GOLDEN_CONSENTS, run.home.table("golden_consents") / "part-0.parquet")
