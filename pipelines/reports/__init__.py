"""The report of a run: pages that stand for themselves, in English and Chinese, made of the database that is published beside them."""

from pipelines.reports.pages import write_report

__all__ = ["write_report"]
