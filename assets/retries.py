"""Which failures are worth another try: a share that hiccups is, wrong data is not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

# a network share that fails over is back within seconds; a full disk is not, and comes as an error for people
_TRIES, _SECONDS_BETWEEN = 2, 10.0


@contextmanager
def retrying_io() -> Iterator[None]:
    """Ask for further tries of the step when the operating system fails; errors for people pass as they are."""
    try:
        yield
    except OSError as error:
        raise dg.RetryRequested(max_retries=_TRIES, seconds_to_wait=_SECONDS_BETWEEN) from error
