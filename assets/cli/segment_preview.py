"""A preview of a segment on a terminal: counts, steps of the gate, overlaps, masked customers. Computes nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from assets.cli.tables import print_table
from assets.cli.wording import plain
from pipelines.contracts.segments import STEPS

if TYPE_CHECKING:
    from pipelines.contracts.segments import Segment
    from pipelines.segments import Part, Preview


def print_preview(seen: Preview, segment: Segment, *, as_json: bool) -> None:
    """Print it as text, or as one JSON object."""
    if as_json:
        print(json.dumps(asdict(seen) | {"warning": seen.warning}, ensure_ascii=False, default=str))
        return
    print(f"{segment.name}: {segment.label['en']} ({segment.label['zh']}), as of {seen.as_of}; nothing was written")
    share = f" of {seen.customer_count:,} customers ({seen.waterfall.matched / seen.customer_count:.1%})" if seen.customer_count else ""
    print(f"matches    {seen.waterfall.matched:,}{share}")
    if seen.warning:
        print(f"warning    {seen.warning}: look at the condition")
    print(f"gate       {waterfall_line(asdict(seen.waterfall))}")
    if seen.arms:
        print(f"arms       {', '.join(f'{name} {count:,}' for name, count in seen.arms.items())}")
    if seen.stopped:
        print("\nStopped")
        print_table(("step", "reason", "customers"), [_stopped(one) for one in seen.stopped], numbers=("customers",))
    if seen.overlaps:
        print("\nOverlap with other segments")
        print_table(
            ("segment", "customers", "of these", "lost to its list"),
            [
                (one.segment_name, f"{one.customer_count:,}", f"{one.customer_count / seen.waterfall.matched:.1%}", f"{one.lost_count:,}")
                for one in seen.overlaps
            ],
            numbers=("customers", "of these", "lost to its list"),
        )
    if seen.rows:
        print("\nCustomers, masked")
        names = [name for name in seen.rows[0] if name not in ("outcome", "reason", "arm")]
        print_table((*names, "outcome"), [(*(_cell(row[name]) for name in names), _outcome(row)) for row in seen.rows])


def waterfall_line(waterfall: Mapping[str, int]) -> str:
    """`12 matched -> 10 reachable -> ...`."""
    return " -> ".join(f"{waterfall[step]:,} {step.replace('_', ' ')}" for step in STEPS if step in waterfall)


def part_line(part: Part) -> str:
    """One part of a condition: what joins the parts below it, or a comparison."""
    words = {"and": "all of", "or": "any of", "not": "none of"}
    return "  " * part.depth + (words[part.word] if part.word else part.sql)


def _stopped(one: Any) -> tuple[str, str, str]:
    return one.outcome.replace("_", " "), plain(one.reason), f"{one.customer_count:,}"


def _outcome(row: Mapping[str, Any]) -> str:
    if row["outcome"] == "exported":
        return f"on the list{', ' + row['arm'] if row['arm'] else ''}"
    return f"{row['outcome'].replace('_', ' ')}: {plain(row['reason'] or '')}"


def _cell(value: Any) -> str:
    return "-" if value is None else plain(str(value))
