"""The steps of the platform as plain Python: frames and paths in, frames and paths out. Knows no orchestrator."""
