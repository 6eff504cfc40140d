"""The part of a run that finishes erasures: clear before the job, prove after it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from assets import project
from assets.resources import only_run
from pipelines.channels import forget_in_loads, mask_in_copies
from pipelines.contracts.config import Config
from pipelines.contracts.home import Home
from pipelines.erasure import certify, clear, pending_erasures
from pipelines.publish import erase_from_published

_TOLD = 5


@contextmanager
def finishing_erasures(home: Home, config: Config) -> Iterator[None]:
    """Clear the home of everybody whose erasure is under way; the block is the job; when it ends well, prove it.

    What a proof finds is told by file. The caller keeps other runs away.
    """
    pending = pending_erasures(home)
    if pending:
        with only_run(home):
            for one in pending:
                lost = forget_in_loads(home, config, one.person.loads)
                _, removed = mask_in_copies(home, one.person.traces)
                if lost or removed:
                    print(f"cdp: {len(lost) + removed} copies in lake/files could not be cut and were removed", file=sys.stderr)
                cleared = clear(home, config, config.reference_folder or project.REFERENCE, one.person)
                for name in cleared.reviewed_files:
                    print(f"cdp: rows of the person were taken out of {name}; its older versions are yours to clear", file=sys.stderr)
                erased = erase_from_published(home, one.person.customer_ids, one.person.traces)
                if erased.databases:
                    print(f"cdp: {erased.databases} databases of past days were removed; run a day to have it again", file=sys.stderr)
                for place in erased.delivered:
                    print(f"cdp: files with the person were delivered: {place}; have them deleted there", file=sys.stderr)
    yield
    if pending:
        for certificate in certify(home, pending, datetime.now(UTC).isoformat(timespec="seconds")):
            for path in certificate.holding[:_TOLD]:
                print(f"cdp: {path} still holds somebody who is to be forgotten", file=sys.stderr)
