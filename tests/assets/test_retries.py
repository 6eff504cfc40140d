"""A share that hiccups is tried again, wrong data is not."""

from __future__ import annotations

import dagster as dg
import pytest

from assets.retries import retrying_io
from pipelines.contracts.errors import DeliveryError


def test_failure_of_the_system_asks_for_another_try() -> None:
    with pytest.raises(dg.RetryRequested) as caught, retrying_io():
        raise OSError("stale file handle")
    assert caught.value.max_retries == 2


def test_wrong_data_passes_as_it_is() -> None:
    with pytest.raises(DeliveryError), retrying_io():
        raise DeliveryError("is broken")
