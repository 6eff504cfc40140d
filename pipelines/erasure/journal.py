"""An erasure that is under way, on disk: whoever is killed when, the next run goes on. Clears nothing itself.

The journal holds the person in clear, or nobody could finish the work; it is private, and goes with the certificate.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from pipelines.contracts.home import Home
from pipelines.contracts.storage import write_json
from pipelines.contracts.tombstones import CUSTOMER, Tombstones, add_tombstones, home_key
from pipelines.erasure.person import Person

_DIGITS = 12
_PRIVATE = 0o600


@dataclass(frozen=True, slots=True)
class Pending:
    """An erasure that was begun and has no certificate yet."""

    erasure_id: str
    requested_at: str  # ISO 8601, as the caller's clock said
    person: Person


def begin(home: Home, person: Person, requested_at: str) -> Pending:
    """Write the journal, then the tombstones: from here on the person is stopped at every load. Beginning again changes nothing."""
    [digest] = Tombstones(home_key(home)).hashed(CUSTOMER, person.customer_ids[:1])
    pending = Pending(f"e_{digest[:_DIGITS]}", requested_at, person)
    write_json(_path(home, pending.erasure_id), asdict(pending), mode=_PRIVATE)
    add_tombstones(home, pending.erasure_id, person.tombstones())
    return pending


def unfinished_erasures(home: Home) -> list[str]:
    """Ids of the erasures without a certificate, by the names of their journals: nothing is read or set."""
    return sorted(path.name.removesuffix(".pending.json") for path in home.erasures.glob("*.pending.json"))


def pending_erasures(home: Home) -> list[Pending]:
    """Erasures without a certificate. Their tombstones are set, if somebody was killed before they were."""
    found = []
    for path in sorted(home.erasures.glob("*.pending.json")):
        value = json.loads(path.read_bytes())
        person = value["person"]
        for name in ("customer_ids", "records", "words", "traces", "loads"):
            person[name] = tuple(person[name])
        person["values"] = tuple((kind, scope, text) for kind, scope, text in person["values"])
        pending = Pending(value["erasure_id"], value["requested_at"], Person(**person))
        add_tombstones(home, pending.erasure_id, pending.person.tombstones())
        found.append(pending)
    return found


def finish(home: Home, pending: Pending) -> None:
    """Remove what still held the person in clear."""
    _path(home, pending.erasure_id).unlink(missing_ok=True)


def certificate_path(home: Home, erasure_id: str) -> Path:
    """The proof, once there is one."""
    return home.erasures / f"{erasure_id}.json"


def _path(home: Home, erasure_id: str) -> Path:
    return home.erasures / f"{erasure_id}.pending.json"
