"""Great Expectations: one suite a table that Python writes, judged where it lies. Knows the contracts, not the code that it judges."""

from expectations.registry import SUITES
from expectations.validation import Verdict, validate_table

__all__ = ["SUITES", "Verdict", "validate_table"]
