"""The progress display of a run, on stderr: a bar on a terminal, a line a step elsewhere."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Self

import dagster as dg
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from assets.resources import Progress as ProgressResource


class Display:
    """Shows which step of the job is at work and how far; `step` and `part` may be called from any thread."""

    def __init__(self, total_steps: int) -> None:
        self._is_terminal = sys.stderr.isatty()
        self._bar = Progress(
            TextColumn("{task.description:<44}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=Console(stderr=True),
            transient=True,
            disable=not self._is_terminal,
        )
        self._steps: TaskID = self._bar.add_task("starting", total=total_steps)
        self._part: TaskID | None = None

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._bar.stop()

    def step(self, event: dg.DagsterEvent) -> None:
        """React to an event of the run."""
        name = event.step_key or ""
        if event.event_type is dg.DagsterEventType.STEP_START:
            self._bar.update(self._steps, description=name)
        elif event.event_type in {dg.DagsterEventType.STEP_SUCCESS, dg.DagsterEventType.STEP_FAILURE}:
            self._bar.advance(self._steps)
            if self._part is not None:
                self._bar.remove_task(self._part)
                self._part = None
            if not self._is_terminal:
                verdict = "done" if event.event_type is dg.DagsterEventType.STEP_SUCCESS else "FAILED"
                print(f"cdp: {name} {verdict}", file=sys.stderr)

    def part(self, step: str, done: int, total: int) -> None:
        """`done` of `total` units inside a step are finished."""
        if self._part is None:
            self._part = self._bar.add_task(f"  {step}", total=total or None)
        self._bar.update(self._part, description=f"  {step}", completed=done, total=total or None)


class ShownProgress(ProgressResource):
    """The progress resource that draws on a Display instead of being silent."""

    def __init__(self, display: Display) -> None:
        self._display = display

    def report(self, step: str, done: int, total: int) -> None:
        self._display.part(step, done, total)
