"""Say who holds a phone or an e-mail that several people have had: by the names they give, and by when the number fell silent.

A number that is silent for long and comes back with other people has a new owner; one that people of different names use at the same
time is a household's. In both cases it links only records of one holder, and a record that does not say which is linked to none.
"""

from __future__ import annotations

import duckdb

from pipelines.identity.components import connect
from pipelines.identity.portraits import add_alike

_CONTACTS = """
create table contacts as
select judged.kind_id, judged.value, judged.record_id, judged.first_seen_at, judged.last_seen_at
from judged
join kinds on kinds.kind_id = judged.kind_id and kinds.type in ('phone', 'email')
join shared on shared.kind_id = judged.kind_id and shared.value = judged.value
anti join apart on apart.record_id = judged.record_id and apart.kind_id = judged.kind_id and apart.value = judged.value
where judged.is_accepted
"""

# most values are one person's: the rest of the steps sees only those with two names, or a silence. A silence takes a value that was
# first seen by some record long after it was last seen by another, so that few values are put into the order of time
_DOUBTFUL = """
create table doubtful as
select row_number() over (order by kind_id, value) as value_no, kind_id, value
from (
    select contacts.kind_id, contacts.value
    from contacts
    join own_names on own_names.record_id = contacts.record_id
    group by contacts.kind_id, contacts.value
    having min(own_names.name_id) <> max(own_names.name_id)
    union
    select kind_id, value
    from (
        select contacts.kind_id, contacts.value, contacts.first_seen_at, max(contacts.last_seen_at) over (
            partition by contacts.kind_id, contacts.value
            order by contacts.first_seen_at, contacts.record_id rows between unbounded preceding and 1 preceding
        ) as silent_since
        from contacts
        semi join (
            select kind_id, value from contacts group by kind_id, value having max(first_seen_at) > min(last_seen_at) + {silence}
        ) as spread on spread.kind_id = contacts.kind_id and spread.value = contacts.value
    ) as ordered
    where first_seen_at > silent_since + {silence}
) as found
"""

_DOUBTED = """
create table doubted as
select
    value_no,
    record_id,
    first_seen_at,
    last_seen_at,
    sum(case when first_seen_at > silent_since + {silence} then 1 else 0 end)
        over (partition by value_no order by first_seen_at, record_id rows unbounded preceding) as epoch
from (
    select doubtful.value_no, contacts.record_id, contacts.first_seen_at, contacts.last_seen_at, max(contacts.last_seen_at) over (
        partition by doubtful.value_no order by contacts.first_seen_at, contacts.record_id
        rows between unbounded preceding and 1 preceding
    ) as silent_since
    from contacts
    join doubtful on doubtful.kind_id = contacts.kind_id and doubtful.value = contacts.value
) as ordered
"""

_PAIRS_OF_VALUES = """
select distinct lefts.name_id as a, rights.name_id as b
from value_names as lefts
join value_names as rights on rights.value_no = lefts.value_no and rights.name_id > lefts.name_id
"""

_VALUE_NAMES = """
create table value_names as
select row_number() over (order by value_no, name_id) as node, value_no, name_id
from (
    select distinct doubted.value_no, own_names.name_id
    from doubted
    join own_names on own_names.record_id = doubted.record_id
) as named
"""

# two names on one value are one holder when they are alike, when one record bears both, or when both were born on the same day
_SAME_HOLDER = """
(
    select lefts.node as a, rights.node as b
    from value_names as lefts
    join alike on alike.a = lefts.name_id
    join value_names as rights on rights.value_no = lefts.value_no and rights.name_id = alike.b
    union
    select min(value_names.node) over (partition by doubted.value_no, doubted.record_id) as a, value_names.node as b
    from doubted
    join own_names on own_names.record_id = doubted.record_id
    join value_names on value_names.value_no = doubted.value_no and value_names.name_id = own_names.name_id
    union
    select min(value_names.node) over (partition by doubted.value_no, births.birth_on) as a, value_names.node as b
    from doubted
    join births on births.record_id = doubted.record_id
    join own_names on own_names.record_id = doubted.record_id
    join value_names on value_names.value_no = doubted.value_no and value_names.name_id = own_names.name_id
)
"""

_HOLDING = """
create table holding as
select doubted.value_no, doubted.record_id, min(coalesce(holder_labels.label, value_names.node)) as holder_id
from doubted
join own_names on own_names.record_id = doubted.record_id
join value_names on value_names.value_no = doubted.value_no and value_names.name_id = own_names.name_id
left join holder_labels on holder_labels.node = value_names.node
group by doubted.value_no, doubted.record_id
"""

# what a time of use says of its owner: the holder's name, and ids that a channel gave to a person
_SIGNS = """
create table signs as
select distinct doubted.value_no, doubted.epoch, signs.sign, signs.sign_value
from doubted
join (
    select value_no, record_id, 0 as sign, 'holder ' || holder_id as sign_value from holding
    union all
    select doubted.value_no, doubted.record_id, judged.kind_id, judged.value
    from (select distinct value_no, record_id from doubted) as doubted
    join judged on judged.record_id = doubted.record_id and judged.is_accepted
    join kinds on kinds.kind_id = judged.kind_id and not kinds.may_be_shared
) as signs on signs.value_no = doubted.value_no and signs.record_id = doubted.record_id
where doubted.value_no in (select value_no from doubted where epoch > 0)
"""

# a new owner: says something of a kind that the time before says too, and nothing that it says
_NEW_OWNERS = """
create table new_owners as
select later.value_no, later.epoch
from signs as later
join signs as earlier
    on earlier.value_no = later.value_no and earlier.epoch = later.epoch - 1 and earlier.sign = later.sign
group by later.value_no, later.epoch
having count(*) filter (where earlier.sign_value = later.sign_value) = 0
"""

_OWNED = """
create table owned as
select
    doubted.*,
    holding.holder_id,
    (
        select count(*) from new_owners where new_owners.value_no = doubted.value_no and new_owners.epoch <= doubted.epoch
    ) + 1 as owner_no
from doubted
left join holding on holding.value_no = doubted.value_no and holding.record_id = doubted.record_id
"""

_HOUSEHOLDS = """
create table shared_values as
select value_no, owner_no, count(distinct holder_id) as holder_count
from owned
group by value_no, owner_no
having count(distinct holder_id) > 1
"""

_HOLDERS = """
create table holders as
select
    doubtful.kind_id,
    doubtful.value,
    owned.record_id,
    dense_rank() over (partition by owned.value_no order by owned.owner_no, coalesce(owned.holder_id, 0)) as holder_no,
    owned.owner_no,
    shared_values.value_no is not null as is_shared
from (
    select
        owned.value_no,
        owned.record_id,
        owned.owner_no,
        case when shared_values.value_no is not null then owned.holder_id end as holder_id
    from owned
    left join shared_values on shared_values.value_no = owned.value_no and shared_values.owner_no = owned.owner_no
) as owned
join doubtful on doubtful.value_no = owned.value_no
left join shared_values on shared_values.value_no = owned.value_no and shared_values.owner_no = owned.owner_no
where shared_values.value_no is null or owned.holder_id is not null
"""

_AMBIGUOUS = """
insert into apart
select
    owned.record_id,
    doubtful.kind_id,
    doubtful.value,
    'is of one of ' || shared_values.holder_count || ' people who share it, and does not say which'
from owned
join doubtful on doubtful.value_no = owned.value_no
join shared_values on shared_values.value_no = owned.value_no and shared_values.owner_no = owned.owner_no
where owned.holder_id is null
"""

_OWNERSHIPS = """
create table ownerships as
select
    doubtful.kind_id,
    doubtful.value,
    owned.owner_no,
    min(owned.first_seen_at) as valid_from_at,
    lead(min(owned.first_seen_at)) over (partition by owned.value_no order by owned.owner_no) as valid_to_at,
    count(*) as source_record_count
from owned
join doubtful on doubtful.value_no = owned.value_no
where owned.value_no in (select value_no from owned where owner_no > 1)
group by doubtful.kind_id, doubtful.value, owned.value_no, owned.owner_no
"""

_SHARERS = """
create table sharers as
select owned.value_no, owned.owner_no, owned.record_id
from owned
join shared_values on shared_values.value_no = owned.value_no and shared_values.owner_no = owned.owner_no
"""


def find_holders(connection: duckdb.DuckDBPyConnection, silent_days: int) -> None:
    """Create `holders`, `ownerships` and `sharers`; add to `apart` the records that do not say whose they are.

    Reads `judged`, `kinds`, `shared`, `own_names`, `births`, `alike` and `apart (record_id, kind_id, value, reason)`.
    `holders (kind_id, value, record_id, holder_no, owner_no, is_shared)`: one row per value in doubt and record that it may link, only
    with records of the same holder_no. `ownerships (kind_id, value, owner_no, valid_from_at, valid_to_at, source_record_count)`: values
    with two owners or more, one after the other. `sharers (value_no, owner_no, record_id)`: who is one household by a value.
    """
    silence = f"interval {silent_days} day"
    connection.execute(_CONTACTS)
    connection.execute(_DOUBTFUL.format(silence=silence))
    connection.execute(_DOUBTED.format(silence=silence))
    connection.execute(_VALUE_NAMES)
    add_alike(connection, _PAIRS_OF_VALUES)
    connect(connection, _SAME_HOLDER, "holder_labels")
    connection.execute(_HOLDING)
    connection.execute(_SIGNS)
    connection.execute(_NEW_OWNERS)
    connection.execute(_OWNED)
    connection.execute(_HOUSEHOLDS)
    connection.execute(_HOLDERS)
    connection.execute(_AMBIGUOUS)
    connection.execute(_OWNERSHIPS)
    connection.execute(_SHARERS)
    for table in (
        "contacts",
        "doubtful",
        "doubted",
        "value_names",
        "holder_labels",
        "holding",
        "signs",
        "new_owners",
        "owned",
        "shared_values",
    ):
        connection.execute(f"drop table {table}")
