"""Totals that a file states about itself, against what was read from it: the only way to see that a copy lost its middle."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from pipelines.channels.containers import UnreadableError
from pipelines.channels.contract import FormatSpec, TotalSpec
from pipelines.channels.recognition import normal_header


def check_totals(spec: FormatSpec, footer: bytes, computed: Sequence[Any], *, is_whole: bool) -> None:
    """Raises UnreadableError where a stated total differs, or is missing. Records that were set aside leave nothing to compare."""
    text = footer.decode("utf-8", "replace")
    told = [*_told_in_table(spec, text), *_told_in_prose(spec, text)]
    if len(told) < len(spec.totals):
        raise UnreadableError("ends without its totals: the copy is not whole")
    if not is_whole:
        return
    values = dict(zip(spec.totals, computed, strict=True))
    for total, words, number in told:
        if _number(number) != Decimal(str(values[total] or 0)):
            raise UnreadableError(f"states {words}, its rows give {values[total] or 0}")


def _told_in_table(spec: FormatSpec, text: str) -> Iterator[tuple[TotalSpec, str, str]]:
    """Totals under headers, with how the file words them: all of them in two lines, or none."""
    wanted = {total.header: total for total in spec.totals if total.header is not None}
    rows = [[normal_header(cell) for cell in line.split(spec.delimiter[0])] for line in text.splitlines()]
    position = next((number for number, row in enumerate(rows[:-1]) if wanted.keys() <= set(row)), None)
    if position is not None:
        stated = dict(zip(rows[position], rows[position + 1], strict=False))
        for header, total in wanted.items():
            number = stated.get(header, "")
            # whatever else stands there may be anybody's
            yield total, f"{header} {repr(number) if _number(number) is not None else 'in words'}", number


def _told_in_prose(spec: FormatSpec, text: str) -> Iterator[tuple[TotalSpec, str, str]]:
    for total in spec.totals:
        match = re.search(total.pattern, text) if total.pattern is not None else None
        if match is not None:
            yield total, repr(match.group()), match.group(1)


def _number(text: str) -> Decimal | None:
    try:
        number = Decimal(text.replace(",", ""))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None  # `sNaN` is a number that cannot be compared
