"""Totals that a file states about itself, against what was read from it: the only way to see that a copy lost its middle."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from pipelines.channels.containers import UnreadableError
from pipelines.channels.contract import FormatSpec
from pipelines.channels.recognition import normal_header


def check_totals(spec: FormatSpec, footer: bytes, computed: Sequence[Any], *, is_whole: bool) -> None:
    """Raises UnreadableError where a stated total differs, or is missing. Records that were set aside leave nothing to compare."""
    if not spec.totals:
        return
    rows = [[normal_header(cell) for cell in line.split(spec.delimiter[0])] for line in footer.decode("utf-8", "replace").splitlines()]
    headers = [total.header for total in spec.totals]
    position = next((number for number, row in enumerate(rows[:-1]) if set(headers) <= set(row)), None)
    if position is None:
        raise UnreadableError("ends without its totals: the copy is not whole")
    stated = dict(zip(rows[position], rows[position + 1], strict=False))
    if not is_whole:
        return
    for total, value in zip(spec.totals, computed, strict=True):
        if _number(stated.get(total.header, "")) != Decimal(str(value or 0)):
            raise UnreadableError(f"states {total.header} {stated.get(total.header)!r}, its rows give {value or 0}")


def _number(text: str) -> Decimal | None:
    try:
        return Decimal(text.replace(",", ""))
    except InvalidOperation:
        return None
