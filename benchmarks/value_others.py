"""Another package in the benchmark on purchases and value, run by whatever Python has it: prints what it measured as JSON.

Imports nothing of the project; without arguments says which packages there are. Each fits BG/NBD to the columns frequency, recency and
age, one row a customer, as its documentation does.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

MODULES = {"lifetimes": "lifetimes", "pymc-marketing": "pymc_marketing"}


def lifetimes(columns: list[Any]) -> Callable[[], dict[str, float]]:
    """Maximum likelihood."""
    from lifetimes import BetaGeoFitter  # type: ignore[import-not-found,unused-ignore]

    def fit() -> dict[str, float]:
        found = BetaGeoFitter(penalizer_coef=0.0).fit(*columns).params_
        return {name: float(found[name]) for name in ("r", "alpha", "a", "b")}

    return fit


def pymc_marketing(columns: list[Any]) -> Callable[[], dict[str, float]]:
    """The mode under its own priors, which weigh less the more customers there are."""
    import pandas
    from pymc_marketing.clv import BetaGeoModel  # type: ignore[import-not-found,unused-ignore]

    frequency, recency, age = columns
    frame = pandas.DataFrame({"customer_id": np.arange(len(age)), "frequency": frequency, "recency": recency, "T": age})

    def fit() -> dict[str, float]:
        model = BetaGeoModel(data=frame)
        model.fit(method="map", progressbar=False)
        return {name: float(model.fit_result[name].to_numpy().item()) for name in ("r", "alpha", "a", "b")}

    return fit


def _seconds() -> tuple[float, float]:
    """Wall clock and processor, that of compilers it calls included."""
    times = os.times()
    return time.perf_counter(), times.user + times.system + times.children_user + times.children_system


def measured(name: str, path: str) -> dict[str, Any]:
    """Fit twice: whoever compiles a program first has done so the second time."""
    with np.load(path) as file:
        columns = [file[column] for column in ("frequency", "recency", "age")]
    fit = {"lifetimes": lifetimes, "pymc-marketing": pymc_marketing}[name](columns)
    steps = {}
    for step in ("fit of BG/NBD", "the same again"):
        before = _seconds()
        parameters = fit()
        steps[step] = [after - start for after, start in zip(_seconds(), before, strict=True)]
    return {"version": importlib.metadata.version(name), "steps": steps, "parameters": parameters}


if __name__ == "__main__":
    if len(sys.argv) == 1:
        print(json.dumps([name for name, module in MODULES.items() if importlib.util.find_spec(module)]))
    else:
        print(json.dumps(measured(*sys.argv[1:])))
