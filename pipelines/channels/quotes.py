"""Which quotes of a text open and close cells, decided for a whole block at once. RFC 4180, plus `="..."`, plus what people write.

A run of n adjacent quotes is one event. Outside a cell, a run that follows a separator (or `=` after one) opens it, if n is odd;
inside, a run that a separator follows closes it, if n is odd. Each event is therefore one of four functions on the two states
(set inside, set outside, toggle, keep), and the state after each event follows from a running maximum and a running sum.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Bytes = npt.NDArray[np.uint8]

_QUOTE, _EQUALS, _NEWLINE, _RETURN, _TAB, _SPACE = 0x22, 0x3D, 0x0A, 0x0D, 0x09, 0x20
_MAX_BLANKS = 64


@dataclass(frozen=True, slots=True)
class QuoteRuns:
    """Runs of quotes of one block: first byte, length, and what stands around them."""

    starts: Ints
    lengths: Ints
    opens: Bools  # follows a separator, or `=` that does
    is_formula: Bools  # ... with the `=`
    closes: Bools  # a separator or the end of the line follows, or blanks before it: a tab that protects a number stands outside

    @property
    def ends(self) -> Ints:
        return self.starts + self.lengths


def quote_runs(text: Bytes, separator: int) -> QuoteRuns:
    """All runs in `text`, which begins at the start of a record and ends with a line end."""
    places = np.flatnonzero(text == _QUOTE)
    is_first = np.diff(places, prepend=-2) != 1
    starts = places[is_first]
    firsts = np.flatnonzero(is_first)
    lengths = np.diff(firsts, append=len(places))
    before, before_that, after = _at(text, starts - 1), _at(text, starts - 2), _at(text, starts + lengths)
    is_formula = (before == _EQUALS) & _is_boundary(before_that, separator)
    behind = starts + lengths
    for _ in range(_MAX_BLANKS):
        is_blank = (after == _TAB) | (after == _SPACE)
        if not is_blank.any():
            break
        behind = behind + is_blank
        after = _at(text, behind)
    at_line_end = (after == _RETURN) & (_at(text, behind + 1) == _NEWLINE)
    return QuoteRuns(
        starts,
        lengths,
        _is_boundary(before, separator) | is_formula,
        is_formula,
        _is_boundary(after, separator) | at_line_end,
    )


def _at(text: Bytes, places: Ints) -> Bytes:
    """The bytes there; before the first and behind the last stands a line end."""
    inside = (places >= 0) & (places < len(text))
    return np.where(inside, text[np.where(inside, places, 0)], np.uint8(_NEWLINE))


def _is_boundary(bytes_: Bytes, separator: int) -> Bools:
    return np.asarray((bytes_ == separator) | (bytes_ == _NEWLINE))


@dataclass(frozen=True, slots=True)
class QuoteStates:
    """The state after each run, and the runs that no writer of RFC 4180 would have written."""

    inside: Bools
    was_inside: Bools
    malformed: Bools


def quote_states(runs: QuoteRuns, resets: Ints) -> QuoteStates:
    """Follow the states through the block. At each of the positions `resets` (line ends) a cell is closed by force."""
    odd = (runs.lengths & 1) == 1
    opens, closes = runs.opens & odd, runs.closes & odd
    sets, toggles = opens ^ closes, opens & closes
    index = np.arange(len(odd))
    last_set = np.maximum.accumulate(np.where(sets, index, -1))
    toggled = np.cumsum(toggles)
    groups = np.searchsorted(resets, runs.starts)
    firsts = np.flatnonzero(np.diff(groups, prepend=-1) != 0)
    first = np.repeat(firsts, np.diff(firsts, append=len(groups)))
    is_set = last_set >= first
    base = is_set & opens[np.maximum(last_set, 0)]
    since = toggled - np.where(is_set, toggled[np.maximum(last_set, 0)], toggled[first] - toggles[first])
    inside = base ^ ((since & 1) == 1)
    was_inside = np.concatenate([[False], inside[:-1]]) & (index != first)
    breaks_off = ~runs.closes & np.where(was_inside, odd, runs.opens & ~odd)
    return QuoteStates(inside, was_inside, breaks_off)


def quote_bytes_to_drop(runs: QuoteRuns, states: QuoteStates) -> Ints:
    """Positions of the bytes that protect and do not belong to a cell: outer quotes, one of each pair, the `=` of a formula."""
    opening = ~states.was_inside & runs.opens
    kept = np.where(states.was_inside, runs.lengths // 2, np.where(opening, (runs.lengths - 1) // 2, runs.lengths))
    dropped = runs.lengths - kept
    if dropped.max(initial=0) <= 1:
        places = runs.starts[dropped == 1]
    else:
        offsets = np.arange(dropped.sum()) - np.repeat(np.cumsum(dropped) - dropped, dropped)
        places = np.repeat(runs.starts, dropped) + offsets
    return np.concatenate([places, runs.starts[opening & runs.is_formula] - 1])
