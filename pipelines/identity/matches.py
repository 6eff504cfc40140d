"""Let the probabilistic matcher propose links for what no identifier joins, and hand the accepted ones to the clustering as its weakest."""

from __future__ import annotations

import duckdb

from pipelines.contracts.channel_tables import CHANNEL_PROFILES
from pipelines.contracts.engine import visible_rows
from pipelines.contracts.identifiers import MATCH
from pipelines.contracts.run import Run
from pipelines.identity.matching.scoring import find_matches, no_matches

# the newest that a profile says, line by line; names and birthdays as the guards understand them
_DESCRIPTIONS = """
create table descriptions as
with newest as (
    select source_record_key, country, province, city, address
    from {profiles}
    where coalesce(province, city, address) is not null
    qualify row_number() over (
        partition by source_record_key order by last_seen_at desc, _exported_at desc, _load_id, _source_row
    ) = 1
),

named as (
    select own_names.record_id, min(names.full_name) as full_name
    from own_names
    join names on names.name_id = own_names.name_id
    group by own_names.record_id
),

reached as (
    select
        judged.record_id,
        min(judged.value) filter (where kinds.type = 'phone') as phone,
        min(judged.value) filter (where kinds.type = 'email') as email
    from judged
    join kinds on kinds.kind_id = judged.kind_id
    where judged.is_accepted or judged.state = 'masked'
    group by judged.record_id
)

select
    records.record_id,
    named.full_name,
    births.birth_on,
    newest.province,
    newest.city,
    newest.address,
    reached.phone,
    reached.email
from records
join named on named.record_id = records.record_id
left join births on births.record_id = records.record_id
left join newest on newest.source_record_key = records.source_record_key
left join reached on reached.record_id = records.record_id
"""

_AS_LINKS = f"""
create table matched as
select row_number() over (order by left_id, right_id) as match_no, left_id, right_id from matches where is_accepted;
insert into kinds select max(kind_id) + 1, '{MATCH}', 'global', 9, false, true from kinds;
create table match_values as
select (select coalesce(max(value_id), 0) from link_values) + match_no as value_id, match_no, left_id, right_id from matched;
insert into link_values
select match_values.value_id, kinds.kind_id, '', match_values.match_no
from match_values
join kinds on kinds.type = '{MATCH}';
insert into carriers
select value_id, left_id from match_values
union all
select value_id, right_id from match_values;
drop table matched; drop table match_values
"""


def add_matches(connection: duckdb.DuckDBPyConnection, run: Run) -> bool:
    """Create `matches` between the `clusters` of identifiers; add the accepted ones to `carriers`. False when there are none to add.

    Without `identity.matcher.enabled` there are none.
    """
    if not run.config.identity.matcher.enabled:
        no_matches(connection)
        return False
    connection.execute(_DESCRIPTIONS.format(profiles=visible_rows(run, CHANNEL_PROFILES)))
    report = find_matches(connection, run)
    connection.execute("drop table descriptions")
    connection.execute(_AS_LINKS)
    return report.accepted > 0
