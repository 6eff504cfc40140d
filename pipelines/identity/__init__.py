"""Identity: source records in, one person each out, with the evidence."""

from pipelines.identity.resolve import IdentityReport, resolve_identity

__all__ = ["IdentityReport", "resolve_identity"]
