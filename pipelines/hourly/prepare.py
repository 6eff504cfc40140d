"""Prepare a shadow of the home for the gate: the night's customers, with what is known of them an hour later."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipelines.contracts.engine import open_engine
from pipelines.contracts.run import Run
from pipelines.hourly.columns import write_customers
from pipelines.hourly.facts import Night, know_night
from pipelines.hourly.people import attribute_newcomers


@dataclass(frozen=True, slots=True)
class HourReport:
    """Source records that the night did not know, and how many of them are nobody's until the next night."""

    new_records: int
    waiting_records: int


def prepare_hour(run: Run, night: Night, columns: Sequence[str]) -> HourReport:
    """Write who is who and the customer mart of the hour into the shadow `run.home`, which begins as the home after the night.

    `columns` are those that the lists of the hour read. Consents, assignments and memberships are made by their own stages, from this.
    """
    with open_engine(run, "hourly") as connection:
        know_night(connection, night)
        new, waiting = attribute_newcomers(connection, run, night)
        write_customers(connection, run, night, columns)
    return HourReport(new, waiting)
