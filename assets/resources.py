"""What assets need from outside: the home folder with its configuration, and a place to report progress to."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import date
from pathlib import Path
from typing import Any, Self, TextIO

import dagster as dg

from assets import project
from pipelines.contracts.config import Config, load_config
from pipelines.contracts.errors import CdpError, ConfigurationError
from pipelines.contracts.home import Home
from pipelines.contracts.run import Run
from pipelines.erasure import unfinished_erasures


def not_writable(folder: Path, error: OSError) -> ConfigurationError:
    """The error for a folder that the operating system does not let us write."""
    return ConfigurationError(
        f"cannot be written: {error.strerror}", where=str(folder), do="choose another --home, or mend its permissions"
    )


@contextmanager
def only_run(home: Home) -> Iterator[None]:
    """Hold the home's run lock: the warehouse has one writer, and a second run would load files twice.

    Raises ConfigurationError where the home cannot be written, and CdpError while another run is at work.
    """
    with _held(home, home.run_lock):
        yield


@contextmanager
def only_command(home: Home) -> Iterator[None]:
    """The same for a command that executes several runs: between them, and while it sets up Dagster, no other may begin."""
    with _held(home, home.command_lock):
        yield


@contextmanager
def no_run(home: Home) -> Iterator[None]:
    """Keep runs from beginning while the home is read, and write nothing. Several readers may do so at once.

    Raises CdpError while a run is at work. A home without locks has seen none.
    """
    with ExitStack() as held:
        for lock in (home.command_lock, home.run_lock):
            if lock.exists():
                _lock(held.enter_context(lock.open("r")), home, fcntl.LOCK_SH)
        yield


@contextmanager
def _held(home: Home, lock: Path) -> Iterator[None]:
    try:
        home.root.mkdir(parents=True, exist_ok=True)
        handle = lock.open("a+")
    except OSError as error:
        raise not_writable(home.root, error) from error
    with handle:
        _lock(handle, home, fcntl.LOCK_EX)
        handle.seek(0)
        handle.truncate()
        handle.write(str(os.getpid()))
        handle.flush()
        yield


def _lock(handle: TextIO, home: Home, kind: int) -> None:
    try:
        fcntl.flock(handle, kind | fcntl.LOCK_NB)
    except BlockingIOError as error:
        handle.seek(0)
        raise CdpError(
            f"another run is at work here (process {handle.read().strip() or 'unknown'})", where=str(home.root), do="wait for it to end"
        ) from error


def default_home() -> Path:
    """`CDP_HOME`, else `data/home` of the project."""
    return Path(os.environ.get("CDP_HOME") or project.ROOT / "data" / "home")


def default_config(home: Path) -> Path | None:
    """The home's own `cdp.yaml`, else the project's."""
    return next((path for path in (home / "cdp.yaml", project.CONFIG) if path.exists()), None)


class HomeResource(dg.ConfigurableResource[Any]):
    """One installation. Empty fields are looked up when a run begins: `CDP_HOME`, `CDP_DELIVERIES` or its `deliveries/`, its `cdp.yaml`."""

    root: str = ""
    deliveries: str = ""
    config_file: str = ""
    reference: str = ""  # of a rehearsal: other reviewed rows than those of the configuration
    finishes_erasures: bool = False  # `cdp run` clears before its jobs and proves after them; a job that Dagster starts cannot

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator[Self]:  # noqa: ARG002 - Dagster's signature
        with only_run(self.home()):
            self._leave_no_erasure_behind()
            yield self

    def _leave_no_erasure_behind(self) -> None:
        """Raise CdpError while somebody is half erased and this job would publish the other half."""
        unfinished = [] if self.finishes_erasures else unfinished_erasures(self.home())
        if unfinished:
            raise CdpError(
                f"an erasure was begun and not finished: {', '.join(unfinished)}; nothing was loaded or published",
                where=str(self.home().root),
                do="`cdp forget` without a name finishes it (so does `cdp run`); then start this job again",
            )

    def home(self) -> Home:
        root = Path(self.root) if self.root else default_home()
        deliveries = self.deliveries or os.environ.get("CDP_DELIVERIES")
        return Home(root.resolve(), Path(deliveries).resolve() if deliveries else None)

    def config(self) -> Config:
        return load_config(Path(self.config_file) if self.config_file else default_config(self.home().root))

    def run(self, as_of: str) -> Run:
        config = self.config()
        reference = Path(self.reference) if self.reference else config.reference_folder or project.REFERENCE
        return Run(date.fromisoformat(as_of), config, self.home(), reference)


class Progress:
    """Where long steps say how far they are. This one is silent; the command line puts its display in its place.

    A plain object, because Dagster copies configurable resources and a display must stay the one that is drawn.
    """

    def report(self, step: str, done: int, total: int) -> None:
        """`done` of `total` units of `step` are finished."""
