"""Why a probability is what it is: the features that move it most, in words. Up and down are towards the outcome that is named."""

from __future__ import annotations

import numpy as np
import polars as pl

from pipelines.value.propensity.candidates import LEARNED, Fitted
from pipelines.value.propensity.declared import Feature
from pipelines.value.propensity.features import Numbers, Snapshot, Values

_OF_PURCHASES = ("purchase_day_count_total", "recency_days", "tenure_days")  # all that the purchase model knows
_LEAST = 0.005  # a smaller part of the log-odds would be shown as 0


def drivers_of(model: Fitted, snapshot: Snapshot, features: tuple[Feature, ...], count: int, *, is_reversed: bool) -> pl.Series:
    """A text a customer: `words value (+change of the log-odds); ...`, the largest first, at most `count`; null where nothing is told.

    `is_reversed`: the outcome is that nobody buys. A model without parts gives the numbers that it knows, or the rate of the band.
    """
    if count == 0:
        return pl.Series([None] * len(snapshot.customer_nos), dtype=pl.String)
    if model.rates is not None:
        recency = snapshot.values[:, _positions(features, ("recency_days",))[0]]
        words = pl.Series([f"last purchase {model.rates.words(band)}" for band in range(len(model.rates.rates))])
        return words.gather(model.rates.band(recency))
    assert model.name in LEARNED
    if model.contributions is None:
        known = _positions(features, _OF_PURCHASES)
        parts = [_words(features, pl.Series(np.full(len(snapshot.customer_nos), index)), snapshot.values[:, index]) for index in known]
        return _joined(parts)
    return _strongest(model.contributions(snapshot) * (-1 if is_reversed else 1), snapshot, features, count)


def _strongest(contributions: Numbers, snapshot: Snapshot, features: tuple[Feature, ...], count: int) -> pl.Series:
    # equal parts stand in the order of the declaration
    order = np.argsort(-np.abs(np.round(contributions, 6)), axis=1, kind="stable")[:, :count]
    rows = np.arange(len(order))
    parts = []
    for place in range(order.shape[1]):
        index = order[:, place]
        change = contributions[rows, index]
        told = _words(features, pl.Series(index), snapshot.values[rows, index])
        shown = pl.DataFrame({"told": told, "change": np.round(change, 2)}).select(
            pl.when(pl.col("change").abs() >= _LEAST).then(
                pl.format("{} ({}{})", "told", pl.when(pl.col("change") > 0).then(pl.lit("+")).otherwise(pl.lit("")), "change")
            )
        )
        parts.append(shown.to_series())
    return _joined(parts)


def _words(features: tuple[Feature, ...], index: pl.Series, values: Values) -> pl.Series:
    """`words value`, whole numbers without a point; a null value is told as `none`."""
    names = pl.Series([feature.words for feature in features]).gather(index)
    shown = pl.DataFrame({"name": names, "value": pl.Series(np.round(values.astype(np.float64), 2)).fill_nan(None)})
    whole = pl.col("value") == pl.col("value").round(0)
    number = pl.when(whole).then(pl.col("value").cast(pl.Int64).cast(pl.String)).otherwise(pl.col("value").cast(pl.String))
    return shown.select(pl.format("{}: {}", "name", number.fill_null("none"))).to_series()


def _joined(parts: list[pl.Series]) -> pl.Series:
    frame = pl.DataFrame({str(place): part for place, part in enumerate(parts)})
    joined = frame.select(pl.concat_str(pl.all(), separator="; ", ignore_nulls=True).alias("drivers")).to_series()
    return joined.replace("", None)


def _positions(features: tuple[Feature, ...], names: tuple[str, ...]) -> list[int]:
    places = {feature.name: place for place, feature in enumerate(features)}
    return [places[name] for name in names]
