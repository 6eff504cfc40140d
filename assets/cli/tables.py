"""Tables on a terminal: columns as wide as they must be, cells of other languages lined up. Computes nothing."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table

_WIDTH = 160  # where there is no terminal to ask: a file, a pipe, a test


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, numbers: Sequence[str] = ()) -> None:
    """Print rows below their column names, without lines between; the columns in `numbers` are set to the right."""
    table = Table(box=None, pad_edge=False, show_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, justify="right" if column in numbers else "left", overflow="fold")
    for row in rows:
        table.add_row(*("" if cell is None else str(cell) for cell in row))
    console = Console(file=sys.stdout, width=None if sys.stdout.isatty() else _WIDTH, markup=False, highlight=False, emoji=False)
    # rich pads each line to the full width; a diff, and a page that quotes it, must not depend on blanks that nobody sees
    with console.capture() as captured:
        console.print(table)
    print("\n".join(line.rstrip() for line in captured.get().splitlines()))
