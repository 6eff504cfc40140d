"""Say what would happen: a shadow of the home to rehearse a run on, and a comparison of what two runs come to. Runs nothing itself."""

from pipelines.rehearsal.comparison import (
    Comparison,
    Customers,
    KpiMove,
    Money,
    Moved,
    SegmentMove,
    TierMove,
    compare,
    compare_outcomes,
)
from pipelines.rehearsal.outcomes import Outcome
from pipelines.rehearsal.separation import all_pairs, are_parted, customers_of, members, pairs_to_cut, successor, why_refused
from pipelines.rehearsal.shadow import link_file, remove_left_shadows, shadow_of

__all__ = [
    "Comparison",
    "Customers",
    "KpiMove",
    "Money",
    "Moved",
    "Outcome",
    "SegmentMove",
    "TierMove",
    "all_pairs",
    "are_parted",
    "compare",
    "compare_outcomes",
    "customers_of",
    "link_file",
    "members",
    "pairs_to_cut",
    "remove_left_shadows",
    "shadow_of",
    "successor",
    "why_refused",
]
