"""The part of RESULTS.md on lists that are made again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from assets.cli.replay import Replay
from benchmarks.markdown import Goal, goal_table, measured_with, table
from benchmarks.replay import Proof

_ABOUT = """
A small simulated shop, one run a night on the deliveries of its day. When all nights are over, the lists of the first one are made again
from the lake, without what came later, and every file is compared by its SHA-256 with the one that went out. Then a customer of those lists
is forgotten, and they are made again once more: equal is what went out, but for the rows of the forgotten, which the manifest counts.
""".strip()


def replay_goals(proof: Proof) -> list[Goal]:
    """Nights behind the lists, and lists that differ."""
    return [
        Goal("runs after the one whose lists are made again", 30, proof.nights, "", is_floor=True),
        Goal(f"lists that differ after {proof.nights} runs", 0, sum(not one.later.is_equal for one in proof.lists), ""),
        Goal("lists that differ after an erasure, but for the forgotten", 0, sum(not one.erased.is_equal for one in proof.lists), ""),
    ]


def render_replay(proof: Proof, measured_on: date) -> str:
    """The part as Markdown."""
    return "\n".join(_lines(proof, measured_on)) + "\n"


def _lines(proof: Proof, measured_on: date) -> Iterator[str]:
    yield "# Lists made again"
    yield ""
    yield from measured_with(measured_on, "python -m benchmarks replay")
    yield from _ABOUT.splitlines()
    yield ""
    yield "In between, of the runs after the first:"
    yield ""
    yield from (f"- {event}" for event in proof.events)
    yield ""
    yield from goal_table(replay_goals(proof))
    yield from table(
        ("list", "rows", f"after {proof.nights} runs", "after the erasure"),
        [(one.segment, f"{one.rows:,}", _verdict(one.later), _verdict(one.erased)) for one in proof.lists],
    )


def _verdict(done: Replay) -> str:
    if not done.is_equal:
        return "**differs**: " + ", ".join(file.name for file in done.files if file.is_equal is False)
    gone = {file.name: file.erased_row_count for file in done.files if file.erased_row_count}
    return "equal" if not gone else "equal without " + ", ".join(f"{count} of {name}" for name, count in gone.items())
