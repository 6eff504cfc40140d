"""Which customer an id of the past stands for today: merges retire ids, lists and messages of the past keep them."""

from __future__ import annotations

from pipelines.contracts.engine import literal, stored_rows
from pipelines.contracts.identity_tables import IDENTITY_CHANGES
from pipelines.contracts.run import Run

# an id is retired once and never given again, so each of them has one end
_REDIRECTIONS = """(
with recursive redirected as (
    select customer_id as old_id, other_customer_id as new_id
    from {changes}
    where change = 'redirected' and as_of <= {as_of}
),

followed as (
    select old_id, new_id from redirected
    union
    select followed.old_id, redirected.new_id
    from followed
    join redirected on redirected.old_id = followed.new_id
)

select old_id, new_id
from followed
where new_id not in (select old_id from redirected)
)"""


def redirections(run: Run) -> str:
    """SQL relation `(old_id, new_id)`: one row per customer id that merges up to the day have retired, with the one to use."""
    return _REDIRECTIONS.format(changes=stored_rows(run, IDENTITY_CHANGES), as_of=f"date {literal(run.as_of.isoformat())}")
