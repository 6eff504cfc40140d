"""Deliver the published files of a day: the environment, the clock and the waiting that the publish stage is given."""

from __future__ import annotations

import os
import time
from datetime import UTC, date, datetime

from pipelines.contracts.config import Config
from pipelines.contracts.home import Home
from pipelines.publish import DeliveryReport, deliver


def deliver_day(home: Home, config: Config, as_of: date, *, again: bool = False) -> DeliveryReport:
    """Deliver what of the day is not delivered yet. Raises ConfigurationError when nothing of the day is published."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return deliver(home, config.publish, as_of, os.environ, now, time.sleep, again=again)
