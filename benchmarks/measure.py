"""Run a command as a process of its own and measure it from outside: wall clock, processor time, peak memory of its whole tree."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_POLL_SECONDS = 0.05
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class Measured:
    """What one process cost. `peak_bytes` is the largest sum of resident memory over the process and its children."""

    seconds: float
    cpu_seconds: float
    peak_bytes: int
    stdout: str


def measure(command: Sequence[str | Path], environment: Mapping[str, str]) -> Measured:
    """Run `command` to its end. Raises RuntimeError with the tail of its stderr when it fails."""
    before = os.times()
    started = time.perf_counter()
    process = subprocess.Popen([*map(str, command)], env=dict(environment), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    peak = _Peak(process.pid)
    stdout, stderr = process.communicate()
    seconds = time.perf_counter() - started
    peak_bytes = peak.stop()
    after = os.times()
    if process.returncode:
        raise RuntimeError(f"{command[0]} ended with {process.returncode}:\n{stderr[-3000:]}")
    cpu_seconds = after.children_user + after.children_system - before.children_user - before.children_system
    return Measured(seconds, cpu_seconds, peak_bytes, stdout)


class _Peak:
    """Polls the tree below `pid` until it is told to stop."""

    def __init__(self, pid: int) -> None:
        self._pid, self._bytes, self._ended = pid, 0, threading.Event()
        self._thread = threading.Thread(target=self._poll, daemon=True)
        self._thread.start()

    def stop(self) -> int:
        self._ended.set()
        self._thread.join()
        return self._bytes

    def _poll(self) -> None:
        while not self._ended.wait(_POLL_SECONDS):
            self._bytes = max(self._bytes, sum(map(_resident, _tree(self._pid))))


def _tree(pid: int) -> list[int]:
    found, waiting = [], [pid]
    while waiting:
        current = waiting.pop()
        found.append(current)
        for children in Path(f"/proc/{current}/task").glob("*/children"):
            waiting += map(int, _read(children).split())
    return found


def _resident(pid: int) -> int:
    fields = _read(Path(f"/proc/{pid}/statm")).split()
    return int(fields[1]) * _PAGE if fields else 0


def _read(path: Path) -> str:
    """Empty when the process has ended in between, which is no error of the measurement."""
    try:
        return path.read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""
