"""Totals that a file states about itself, against what was read from it: the only way to see that a copy lost its middle."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

from pipelines.channels.containers import UnreadableError
from pipelines.channels.contract import FormatSpec, TotalSpec
from pipelines.channels.recognition import normal_header


@dataclass(frozen=True, slots=True)
class Comparison:
    """What became of the totals of a file. `difference`: words that complete "the file ...", where they differ."""

    outcome: Literal["agree", "differ", "not_compared"]
    difference: str | None = None


def compare_totals(spec: FormatSpec, footer: bytes, computed: Sequence[Any], *, is_whole: bool) -> Comparison | None:
    """The totals that the file states against those of its rows; None where it states none and need not.

    Records that were set aside leave nothing to compare. Raises UnreadableError where the totals are missing: the end was cut off.
    """
    if not spec.totals:
        return None
    text = footer.decode("utf-8", "replace")
    told = [*_told_in_table(spec, text), *_told_in_prose(spec, text)]
    if not {total for total in spec.totals if not total.optional} <= {total for total, _, _ in told}:
        raise UnreadableError("ends without its totals: the copy is not whole")
    if not told:
        return None
    if not is_whole:
        return Comparison("not_compared")
    values = dict(zip(spec.totals, computed, strict=True))
    for total, words, number in told:
        if _number(number) != Decimal(str(values[total] or 0)):
            return Comparison("differ", f"states {words}, its rows give {values[total] or 0}")
    return Comparison("agree")


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
