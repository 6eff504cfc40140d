"""Golden record: the best value of each attribute of a customer, with its source row, and what the customer allowed."""

from pipelines.golden.build import GoldenReport, build_consents, build_golden

__all__ = ["GoldenReport", "build_consents", "build_golden"]
