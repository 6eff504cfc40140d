"""Deliver the published files of a day: the environment, the clock, the waiting and the ledger that the publish stage is given."""

from __future__ import annotations

import os
import time
from datetime import UTC, date, datetime

from pipelines.contracts.config import Config
from pipelines.contracts.home import Home
from pipelines.ledger import append, delivered_entry
from pipelines.publish import Delivered, DeliveryReport, deliver


def deliver_day(home: Home, config: Config, moment: date | str, *, again: bool = False) -> DeliveryReport:
    """Deliver what of the day, or the hour, is not delivered yet. Raises ConfigurationError when nothing of it is published."""
    now = datetime.now(UTC)

    def note(one: Delivered) -> None:
        append(home, [delivered_entry(home, one.name, one.place, one.sha256, now.strftime("%Y-%m-%dT%H:%M:%SZ"))])

    return deliver(home, config.publish, moment, os.environ, now.isoformat(timespec="seconds"), time.sleep, note, again=again)
