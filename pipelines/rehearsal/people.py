"""Match the customers of two runs by their records: an id that only has another name is the same person. Reads no ids else."""

from __future__ import annotations

import duckdb

_COMMON = """
create table common as
select before.customer_id as before_id, after.customer_id as after_id, count(*) as shared_count
from before.records as before
join after.records as after on after.source_record_key = before.source_record_key
group by before.customer_id, after.customer_id
"""

_CLEAR = """
create table pairs as
select common.before_id, common.after_id
from common
join (select before_id from common group by before_id having count(*) = 1) as clear_before using (before_id)
join (select after_id from common group by after_id having count(*) = 1) as clear_after using (after_id);
create table disputed as select * from common anti join pairs using (before_id, after_id)
"""

# most shared records first; of equal overlaps the one that kept its id, then the smaller ids
_FIRST = """
create or replace table firsts as
select before_id, after_id
from (
    select
        before_id,
        after_id,
        row_number() over (partition by before_id order by shared_count desc, before_id <> after_id, after_id) as place_before,
        row_number() over (partition by after_id order by shared_count desc, before_id <> after_id, before_id) as place_after
    from disputed
) as placed
where place_before = 1 and place_after = 1;
insert into pairs select before_id, after_id from firsts;
create or replace table disputed as
select * from disputed where before_id not in (select before_id from firsts) and after_id not in (select after_id from firsts)
"""

_PEOPLE = """
create table people as
select row_number() over (order by before_id, after_id) as person_no, before_id, after_id
from (
    select before_id, after_id from pairs
    union all
    select customer_id, null from (select distinct customer_id from before.records) anti join pairs on before_id = customer_id
    union all
    select null, customer_id from (select distinct customer_id from after.records) anti join pairs on after_id = customer_id
) as found
"""


def match_people(connection: duckdb.DuckDBPyConnection) -> None:
    """Create `common (before_id, after_id, shared_count)` and `people (person_no, before_id, after_id)` from both sides' `records`.

    A customer is matched with at most one of the other side. `before_id` is null for a person whom only the second run knows (one who
    was split off), `after_id` for one whom only the first knows (one who was merged into another).
    """
    connection.execute(_COMMON)
    connection.execute(_CLEAR)
    while _any_disputed(connection):
        connection.execute(_FIRST)
    connection.execute(_PEOPLE)
    connection.execute("drop table pairs; drop table disputed; drop table if exists firsts")


def _any_disputed(connection: duckdb.DuckDBPyConnection) -> bool:
    [(count,)] = connection.execute("select count(*) from disputed").fetchall()
    return bool(count)
