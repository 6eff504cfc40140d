"""Ledger: everything that left the platform, a row each, every row sealed by the one before. Knows files and columns, no customer."""

from pipelines.ledger.book import append, read_rows
from pipelines.ledger.publications import delivered_entry, published_entries
from pipelines.ledger.rows import Entry, Head, Row
from pipelines.ledger.verification import Verdict, verify

__all__ = ["Entry", "Head", "Row", "Verdict", "append", "delivered_entry", "published_entries", "read_rows", "verify"]
