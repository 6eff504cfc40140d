"""What was delivered of a day or an hour, where, and with which checksum: `delivered/<as_of or hour>.json`. Names files and nobody in them.

Deliveries are only ever added; what could not be delivered is that of the last attempt.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date

from pipelines.contracts.home import Home
from pipelines.contracts.storage import write_json


@dataclass(frozen=True, slots=True)
class Delivered:
    """A file that lies, or lay, at a place. `name`: below the place; `at`: when it was seen to have arrived, in UTC."""

    destination: str
    place: str
    name: str
    sha256: str
    byte_count: int
    at: str


@dataclass(frozen=True, slots=True)
class Undelivered:
    """A file that the last attempt could not deliver, and what to do."""

    destination: str
    place: str
    name: str
    reason: str
    do: str


class Ledger:
    """The deliveries of one day or hour; every change is on the disk before the next file goes out."""

    def __init__(self, home: Home, moment: date | str) -> None:
        self._home, self._moment = home, moment
        self._delivered, _ = deliveries_of(home, moment)

    def has(self, place: str, name: str, digest: str) -> bool:
        """Is this content the last that went to the place under the name? Whoever fetches files may have taken it away since."""
        last = [entry.sha256 for entry in self._delivered if (entry.place, entry.name) == (place, name)][-1:]
        return last == [digest]

    def digests(self, destination: str, place: str, folder: str) -> set[str]:
        """Of everything that was delivered of one list for one destination to one place."""
        entries = (entry for entry in self._delivered if (entry.destination, entry.place) == (destination, place))
        return {entry.sha256 for entry in entries if entry.name.rpartition("/")[0] == folder}

    def add(self, entry: Delivered, undelivered: Sequence[Undelivered]) -> None:
        """Note a delivery."""
        self._delivered = (*self._delivered, entry)
        self.tell(undelivered)

    def tell(self, undelivered: Sequence[Undelivered]) -> None:
        """Write all deliveries, and what is still to be done."""
        value = {
            "as_of": self._moment,
            "delivered": [asdict(entry) for entry in self._delivered],
            "undelivered": [asdict(one) for one in undelivered],
        }
        write_json(self._home.delivered(self._moment), value)


def deliveries_of(home: Home, moment: date | str) -> tuple[tuple[Delivered, ...], tuple[Undelivered, ...]]:
    """What was delivered of a day or an hour, in order, and what the last attempt could not deliver."""
    path = home.delivered(moment)
    if not path.exists():
        return (), ()
    value = json.loads(path.read_bytes())
    return tuple(Delivered(**entry) for entry in value["delivered"]), tuple(Undelivered(**one) for one in value["undelivered"])
