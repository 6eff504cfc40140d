"""The list itself as a destination: for people, in another container or another place."""

from __future__ import annotations

from pipelines.contracts.settings.publishing import ListXlsx
from pipelines.publish.destinations import containers
from pipelines.publish.destinations.layout import Field, Layout, Limits, Listed

_CELLS = 500_000  # a workbook is made in memory: a kilobyte a cell


def list_workbook(_settings: ListXlsx, listed: Listed) -> Layout:
    """The columns of `list.csv` with the same labels, each cell as it is: a workbook knows text from a formula."""
    contact = {"sms": "phone", "email": "email"}[listed.channel]
    return Layout(
        fields=tuple(Field(label, name) for name, label in listed.labels.items()),
        reached_by=(listed.labels[contact],),
        render=containers.workbook(has_header=True),
        suffix=".xlsx",
        limits=Limits(most_rows=_CELLS // len(listed.labels)),
    )
