"""Which failures are worth another try: a share that hiccups is, wrong data is not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg


@contextmanager
def retrying_io(context: dg.AssetExecutionContext) -> Iterator[None]:
    """Ask for two more tries, 5 and 10 seconds later, when the operating system fails; errors for people pass as they are."""
    try:
        yield
    except OSError as error:
        wait = 5.0 * (context.op_execution_context.retry_number + 1)
        raise dg.RetryRequested(max_retries=2, seconds_to_wait=wait) from error
