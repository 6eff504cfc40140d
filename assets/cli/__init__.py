"""The `cdp` command: what an operator types. Heavy imports happen inside the commands, so that help answers at once."""
