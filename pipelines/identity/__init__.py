"""Identity: source records in, one person each out, with the evidence."""

from pipelines.identity.budget import over_budget
from pipelines.identity.resolve import IdentityReport, resolve_identity

__all__ = ["IdentityReport", "over_budget", "resolve_identity"]
