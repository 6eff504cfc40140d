"""Deliver the files of a day or an hour: each to the places of its destination, tried again while that may help, once and for all.

A file is delivered when what lies at the place has its checksum. What was delivered is not sent again, also when whoever fetches files has
taken it away; a place that cannot be reached keeps no other from its files. A list of messages that changed after it was delivered is
held back: whoever sends would send it twice. What is about to leave is told first: a note without a file is a delivery that failed, a file
without a note is none.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from pathlib import Path
from typing import Any

from pipelines.contracts.errors import CdpError, ConfigurationError
from pipelines.contracts.home import Home
from pipelines.contracts.settings.publishing import ListCsv, PublishConfig, SmsCsv, SmsTemplateXlsx, SmsXlsx, WechatTemplate
from pipelines.publish.delivery.ledger import Delivered, Ledger, Undelivered
from pipelines.publish.delivery.opening import open_place
from pipelines.publish.delivery.places import Place, PlaceError, Secrets
from pipelines.publish.files import sha256_of

_OWN = ("list.csv", "added.csv", "removed.csv")


@dataclass(frozen=True, slots=True)
class _Due:
    """A file that is to lie at a place. `digest`: as the manifest has it. `is_sent_on`: whoever fetches it sends its messages."""

    destination: str
    is_sent_on: bool
    place: str
    name: str
    path: Path
    digest: str


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """What one attempt did. `sent` arrived now, `found` lay there already, `known_count` had been delivered before.

    `held` are names, with their places, of lists of messages that changed after they were delivered.
    """

    moment: date | str  # a day, or an hour by its name
    sent: tuple[Delivered, ...]
    found: tuple[Delivered, ...]
    known_count: int
    held: tuple[str, ...]
    undelivered: tuple[Undelivered, ...]

    def as_metadata(self) -> dict[str, Any]:
        """Counts, and what went wrong in words."""
        return {
            "sent": len(self.sent),
            "found": len(self.found),
            "delivered_before": self.known_count,
            "held": list(self.held),
            "undelivered": [f"{one.name} to {one.place}: {one.reason} -> {one.do}" for one in self.undelivered],
        }


def deliver(
    home: Home,
    settings: PublishConfig,
    moment: date | str,
    secrets: Secrets,
    at: str,
    pause: Callable[[float], None],
    note: Callable[[Delivered], None],
    *,
    again: bool = False,
) -> DeliveryReport:
    """Deliver what of the published day or hour is not delivered yet; `at` is told of each delivery, `pause` waits before another try.

    `note` is called before a file leaves for a place, once an attempt; where it raises CdpError nothing more goes there. `again`: also
    lists of messages that changed after they were delivered. Raises ConfigurationError when nothing of it is published. A failed
    delivery is no error: the report and the ledger tell.
    """
    if not home.segments(moment).is_dir():
        raise ConfigurationError(f"no lists of {moment} are published", where=str(home.root), do="see `cdp status` for the day that is")
    ledger = Ledger(home, moment)
    due = sorted(_due(home, settings, moment), key=lambda one: (one.place, one.name, one.destination))
    held = [] if again else _held(ledger, due)
    fresh = [one for one in due if one not in held and not ledger.has(one.place, one.name, one.digest)]
    attempt = _Attempt(ledger, at, settings, secrets, pause, note)
    for name, files in groupby(fresh, key=lambda one: one.place):
        attempt.bring(name, list(files))
    if due or home.delivered(moment).exists():
        ledger.tell(attempt.undelivered)
    return DeliveryReport(
        moment,
        sent=tuple(attempt.sent),
        found=tuple(attempt.found),
        known_count=len(due) - len(fresh) - len(held),
        held=tuple(f"{one.name} to {one.place}" for one in held),
        undelivered=tuple(attempt.undelivered),
    )


def _held(ledger: Ledger, due: Sequence[_Due]) -> list[_Due]:
    """Files of a list of messages of which another version was delivered, whatever the parts were called."""

    def whole(one: _Due) -> tuple[str, str, str]:
        return one.destination, one.place, one.name.rpartition("/")[0]

    published: dict[tuple[str, str, str], set[str]] = {}
    for one in due:
        published.setdefault(whole(one), set()).add(one.digest)
    changed = {key for key, digests in published.items() if ledger.digests(*key) - digests}
    return [one for one in due if one.is_sent_on and whole(one) in changed and not ledger.has(one.place, one.name, one.digest)]


def _due(home: Home, settings: PublishConfig, moment: date | str) -> Iterator[_Due]:
    """Every file of the day or hour that a destination wants somewhere, as its manifest describes it today."""
    for path in sorted(home.segments(moment).glob("*/manifest.json")):
        manifest, segment = json.loads(path.read_bytes()), path.parent.name
        for name, destination in settings.destinations.items():
            if segment not in destination.segments:
                continue
            is_sent_on = isinstance(destination, SmsXlsx | SmsTemplateXlsx | SmsCsv | WechatTemplate)
            for file, digest in _files(manifest, name, is_list=isinstance(destination, ListCsv)):
                for place in destination.deliver_to:
                    yield _Due(name, is_sent_on, place, f"{moment}/{segment}/{file}", path.with_name(file), digest)


def _files(manifest: Mapping[str, Any], destination: str, *, is_list: bool) -> Iterator[tuple[str, str]]:
    """Names and digests. A file out of which somebody was erased is what it is now, one that went whole is none."""
    for name, told in manifest["files"].items():
        if name in _OWN if is_list else told.get("destination") == destination:
            digest = manifest.get("erased", {}).get(name, told)["sha256"]
            if digest is not None:
                yield Path(name).name, digest


class _Attempt:
    """One attempt at all places, with what came of it so far."""

    def __init__(
        self,
        ledger: Ledger,
        at: str,
        settings: PublishConfig,
        secrets: Secrets,
        pause: Callable[[float], None],
        note: Callable[[Delivered], None],
    ) -> None:
        self._ledger, self._at, self._settings, self._secrets, self._pause, self._note = ledger, at, settings, secrets, pause, note
        self._noted: set[Delivered] = set()
        self.sent: list[Delivered] = []
        self.found: list[Delivered] = []
        self.undelivered: list[Undelivered] = []

    def bring(self, place_name: str, files: Sequence[_Due]) -> None:
        """Bring the files to one place, in order. A failure that may pass is tried again, with everything that is left."""
        left, failures = list(files), 0
        while left:
            try:
                with open_place(self._settings.places[place_name], self._secrets) as place:
                    while left:
                        self._hand_over(place, left[0])
                        left.pop(0)
                        failures = 0
            except PlaceError as error:
                failures += 1
                if error.may_pass and failures < self._settings.tries:
                    self._pause(self._settings.wait_seconds * 2 ** (failures - 1))
                    continue
                # of one file that cannot be brought the others are not to suffer; of a place that is not to be reached all do
                lost = left if error.is_whole or error.may_pass else left[:1]
                self._give_up(lost, error.what, error.do)
                left, failures = left[len(lost) :], 0
            except CdpError as error:
                # nothing leaves that could not be noted
                self._give_up(left, error.what, error.do)
                return
            except Exception as error:
                # a fault of one client keeps no other place from its files, and does not make a published run a failed one
                self._give_up(left, f"unexpected {type(error).__name__}", "report it")
                return

    def _give_up(self, files: Sequence[_Due], what: str, do: str) -> None:
        self.undelivered += (Undelivered(one.destination, one.place, one.name, what, do) for one in files)

    def _hand_over(self, place: Place, due: _Due) -> None:
        if not due.path.is_file() or sha256_of(due.path) != due.digest:
            raise PlaceError("it is not what was published", "run the day again: nothing that somebody changed is delivered")
        entry = Delivered(due.destination, due.place, due.name, due.digest, due.path.stat().st_size, self._at)
        is_there = place.sha256(due.name) == due.digest
        if not is_there:
            if entry not in self._noted:
                self._note(entry)
                self._noted.add(entry)
            place.put(due.path, due.name, due.digest)
        (self.found if is_there else self.sent).append(entry)
        self._ledger.add(entry, self.undelivered)
