"""Who buys again within 30 days and who is gone for 90: models that compete on outcomes they have not seen."""

from pipelines.value.propensity.step import predict_propensities

__all__ = ["predict_propensities"]
