"""Tell who shares a phone or an e-mail with whom: a household is people, not one person. Changes no cluster."""

from __future__ import annotations

import duckdb

from pipelines.contracts.engine import literal
from pipelines.identity.components import connect

_SHARING_CLUSTERS = """
create table sharing_clusters as
select distinct sharers.value_no, sharers.owner_no, clusters.cluster_id
from sharers
join clusters on clusters.record_id = sharers.record_id
"""

_STARS = """
(select cluster_id as a, min(cluster_id) over (partition by value_no, owner_no) as b from sharing_clusters)
"""

# the name of a household comes from its first record, as that of a new customer does; it moves when that record joins another
_HOUSEHOLDS = """
create table households as
select
    'h_' || left(sha256({key} || chr(31) || 'household' || chr(31) || records.source_record_key), 20) as household_id,
    customers.customer_id
from (
    select sharing.cluster_id, coalesce(household_labels.label, sharing.cluster_id) as label
    from (select distinct cluster_id from sharing_clusters) as sharing
    left join household_labels on household_labels.node = sharing.cluster_id
) as labeled
join records on records.record_id = labeled.label
join customers on customers.cluster_id = labeled.cluster_id
where labeled.label in (select label from household_labels)
"""


def find_households(connection: duckdb.DuckDBPyConnection, key: str) -> None:
    """Create `households (household_id, customer_id)` from `sharers`, `clusters`, `customers` and `records`: two customers or more each."""
    connection.execute(_SHARING_CLUSTERS)
    connect(connection, _STARS, "household_labels")
    connection.execute(_HOUSEHOLDS.format(key=literal(key)))
    connection.execute("drop table sharing_clusters; drop table household_labels; drop table sharers")
