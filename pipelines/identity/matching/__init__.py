"""The probabilistic matcher: links between people whom no identifier joins, each with its weight and what it is made of. Off by default."""
