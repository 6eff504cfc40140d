"""The purchase model asked by others: how likely was a purchase within some days of some day, from what was known on it?"""

from __future__ import annotations

from datetime import date

import duckdb
import numpy as np
from numpy.typing import NDArray

from pipelines.contracts.config import PurchaseModelConfig
from pipelines.contracts.engine import fetch_frame
from pipelines.value.purchases.backtest import MODELS, lacks, purchase_model
from pipelines.value.purchases.expectation import PurchaseModel
from pipelines.value.purchases.fitting import fit_purchases
from pipelines.value.purchases.histories import column_of, create_histories, distinct_histories
from pipelines.value.purchases.likelihood import Floats

_KNOWN = "select customer_no, frequency, recency, age from asked_histories order by customer_no"


class PurchaseProbabilities:
    """Answers for customers by number, from the table `purchase_days` of a connection. A model is fitted for each day that is asked about.

    Of BG/NBD and MBG/NBD the one that finds the histories up to that day likelier: nothing after the day decides.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, settings: PurchaseModelConfig) -> None:
        self._connection, self._settings = connection, settings
        self._cutoff: date | None = None
        self._model: PurchaseModel | None = None
        self._known: tuple[NDArray[np.int64], Floats, Floats, Floats] | None = None

    def __call__(self, cutoff: date, horizon_days: int, customer_nos: NDArray[np.integer]) -> Floats | None:
        """Probability of a purchase in the `horizon_days` after `cutoff` of each customer, all of whom had bought by then.

        None when there was too little to fit on. Raises KeyError for a customer who had not bought.
        """
        if cutoff != self._cutoff:
            self._learn(cutoff)
        if self._model is None or self._known is None:
            return None
        numbers, frequency, recency, age = self._known
        rows = np.searchsorted(numbers, customer_nos)
        if not np.array_equal(numbers[np.minimum(rows, len(numbers) - 1)], customer_nos):
            raise KeyError(f"a customer without a purchase up to {cutoff}")
        alive = self._model.probability_alive(frequency[rows], recency[rows], age[rows])
        return self._model.probability_of_purchase(frequency[rows], age[rows], alive, horizon_days)

    def _learn(self, cutoff: date) -> None:
        facts = create_histories(self._connection, "asked_histories", cutoff, [])
        self._cutoff, self._model, self._known = cutoff, None, None
        if lacks(self._settings, facts) is None:
            histories = distinct_histories(self._connection, "asked_histories")
            fits = {name: fit_purchases(name, histories) for name in MODELS}
            best = max(MODELS, key=lambda name: fits[name].log_likelihood)
            self._model = purchase_model(best, fits[best])
            frame = fetch_frame(self._connection, _KNOWN)
            own = (column_of(frame, name) for name in ("frequency", "recency", "age"))
            frequency, recency, age = own
            self._known = (frame["customer_no"].to_numpy(), frequency, recency, age)
        self._connection.execute("drop table asked_histories")
