"""The sections of the report, in the order in which they are read. A section is a function from the database and the words to its parts."""

from __future__ import annotations

from collections.abc import Callable

from pipelines.reports.figures import Published
from pipelines.reports.parts import Section
from pipelines.reports.sections.campaigns import campaigns
from pipelines.reports.sections.journey import journey
from pipelines.reports.sections.periods import monthly, weekly
from pipelines.reports.sections.predictions import predictions
from pipelines.reports.sections.retention import retention
from pipelines.reports.sections.sales import sales
from pipelines.reports.sections.service import service
from pipelines.reports.sections.summary import summary
from pipelines.reports.sections.tiers import tiers
from pipelines.reports.wording import Words

SECTIONS: tuple[Callable[[Published, Words], Section], ...] = (
    summary,
    tiers,
    sales,
    retention,
    journey,
    predictions,
    campaigns,
    service,
    weekly,
    monthly,
)
