"""Dagster's view of the platform: what exists, from what, when, kept where. No logic lives here."""
