"""Stage `value`: what customers will do next, from the marts. Knows no orchestrator."""

from pipelines.value.predict import predict_values

__all__ = ["predict_values"]
