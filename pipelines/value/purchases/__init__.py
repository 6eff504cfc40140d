"""How often and for how much each customer will buy: the purchase model."""

from pipelines.value.purchases.step import predict_purchases

__all__ = ["predict_purchases"]
