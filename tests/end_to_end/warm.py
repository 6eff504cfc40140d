"""The command in processes of its own that need not import: each is a fork of one that imported everything and did nothing else.

A process costs six seconds of imports, as long as a small run works; what is killed here is a process like any other.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

# each line that it reads is a command; it says the process, waits for it, says how it ended. A child leaves without the clean-up of
# an interpreter, which waits for threads that only the first process has
_PROGRAM = """
import json, os, sys
import assets.cli.run, assets.cli.summary, assets.definitions, dbt.cli.main, dbt.adapters.duckdb.connections, expectations.duckdb_engine
from assets.cli.main import main

os.fsync, os.sync = (lambda _: None), (lambda: None)  # as tests/conftest.py does

for line in sys.stdin:
    order = json.loads(line)
    child = os.fork()
    if child == 0:
        break
    print(child, flush=True)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
else:
    sys.exit()
os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
for number, path in enumerate(order["outputs"], 1):
    os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
sys.argv = ["cdp", *order["arguments"]]
try:
    main()
except SystemExit as end:
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(end.code or 0)
os._exit(0)
"""


@dataclass
class Begun:
    """A command at work; `said` is its stderr so far."""

    process: int
    said: Path


class WarmCommand:
    """Runs the command, one process at a time; a context manager, because the process that imported has to end."""

    def __init__(self, root: Path, environment: dict[str, str], folder: Path) -> None:
        self._outputs = (folder / "stdout", folder / "stderr")
        self._parent = subprocess.Popen(
            [sys.executable, "-c", _PROGRAM], cwd=root, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._parent.communicate()

    def begin(self, *arguments: object) -> Begun:
        """Start the command with these arguments; `end` has to follow."""
        assert self._parent.stdin is not None
        for path in self._outputs:
            path.write_text("")
        order = {"arguments": [str(argument) for argument in arguments], "outputs": [str(path) for path in self._outputs]}
        self._parent.stdin.write(json.dumps(order) + "\n")
        self._parent.stdin.flush()
        return Begun(self._answer(), self._outputs[1])

    def end(self) -> subprocess.CompletedProcess[str]:
        """Wait for it; the return code is negative where a signal ended it."""
        stdout, stderr = self._outputs
        code = self._answer()
        return subprocess.CompletedProcess([], code, stdout.read_text(), stderr.read_text())

    def _answer(self) -> int:
        assert self._parent.stdout is not None
        return int(self._parent.stdout.readline())
