"""Needs: what a customer is due to buy again, buys every year, and may buy next. Works on categories of products."""

from pipelines.value.needs.predict import predict_needs

__all__ = ["predict_needs"]
