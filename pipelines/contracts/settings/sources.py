"""What is delivered: how files are read, what is usual for an export, and when money of two sources does not agree."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Literal

from pydantic import Field

from pipelines.contracts.settings.section import Section

FileProblem = Literal["unknown_format", "unreadable", "refused", "totals_differ", "quarantined_rows"]


class ChannelsConfig(Section):
    """How deliveries are read."""

    formats_folders: tuple[Path, ...] = ()  # own contracts, besides the shipped ones
    fatal: frozenset[FileProblem] = frozenset()  # problems of a delivery that end the run with exit code 3
    totals_differ: Literal["refuse", "warn"] = "refuse"  # a file whose rows do not give the totals that it states
    drift_shown_days: int = Field(14, ge=1)  # how long a new header generation is told
    export_grace_hours: int = Field(12, ge=0, le=48)  # an export made this long after midnight still belongs to the day before
    default_currency: str = Field("CNY", pattern=r"^[A-Z]{3}$")  # of exports that name none
    max_unpacked_bytes: int = Field(
        8_000_000_000, ge=1
    )  # of one archive or gzip file: a larger one waits, so that a bomb cannot fill the disk
    max_unpacked_files: int = Field(1000, ge=1)
    max_workbook_bytes: int = Field(500_000_000, ge=1)  # of an Excel workbook unpacked, and of its cells: a parser holds it whole


class ReconciliationConfig(Section):
    """When orders, payments, settlements and refunds that do not agree are told of."""

    pending_days: int = Field(7, ge=0)  # a mismatch younger than this may still be put right by an export that is on its way
    # ... and so may one whose payment or settlement is due later: marketplaces settle weeks after the order. Times the usual days from
    # order to payment (or settlement) of its shop and payment method
    pending_lags: Decimal = Field(Decimal(2), ge=0, decimal_places=2)
    tolerance: Decimal = Field(Decimal("0.01"), ge=0, decimal_places=2)  # amounts that differ by no more are equal
    # payments are expected of the orders of a shop and payment method, and orders of the payments of a bill and trade type, once
    # at least this share of them has one: a bill nobody delivers makes no differences
    expected_from_share: Decimal = Field(Decimal("0.5"), gt=0, le=1, decimal_places=2)


class ScorecardConfig(Section):
    """What is usual for an export: against the same weekday of the last weeks, else against as many exports before."""

    weeks: int = Field(8, ge=1)
    usual_from_exports: int = Field(4, ge=1)  # with fewer to compare with, a source is new and only its rows are judged
    judged_from_rows: int = Field(100, ge=1)  # volume and empty columns of smaller exports are chance
    smaller_than: Decimal = Field(Decimal("0.5"), ge=0, le=1, decimal_places=4)  # times the usual rows
    larger_than: Decimal = Field(Decimal(2), ge=1, decimal_places=4)
    nulls_jump_by: Decimal = Field(Decimal("0.2"), gt=0, le=1, decimal_places=4)  # a column's share of empty cells above its usual share
    valid_from: Decimal = Field(Decimal("0.95"), ge=0, le=1, decimal_places=4)  # share of the rows that could be loaded
    late_by_days: int = Field(3, ge=0)  # newest fact older at the export than usual
    silent_after_gaps: Decimal = Field(Decimal(2), ge=1, decimal_places=4)  # times the usual days from export to export
