"""Deliver the published files of a day: the environment, the clock and the waiting that the publish stage is given."""

from __future__ import annotations

import os
import time
from datetime import UTC, date, datetime

from pipelines.contracts.config import Config
from pipelines.contracts.home import Home
from pipelines.publish import DeliveryReport, deliver


def deliver_day(home: Home, config: Config, moment: date | str, *, again: bool = False) -> DeliveryReport:
    """Deliver what of the day, or the hour, is not delivered yet. Raises ConfigurationError when nothing of it is published."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return deliver(home, config.publish, moment, os.environ, now, time.sleep, again=again)
