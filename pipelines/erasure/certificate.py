"""Prove an erasure: scan every file of the home, and write what was searched, for which hashes, and what was found. Names nobody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from pipelines.contracts.home import Home
from pipelines.contracts.storage import write_json
from pipelines.contracts.tombstones import Tombstones, home_key
from pipelines.erasure.journal import Pending, certificate_path, finish
from pipelines.erasure.scan import Scanned, scan

_KEPT = (
    "Orders, order lines, payments and refunds stay as rows of nobody: amounts, days, products and the numbers of the books.",
    "Identifiers that records of other people carry as well stay theirs.",
    "Names and addresses that other people have as well were not searched for, nor ids shorter than six characters, or eight digits.",
    "Backups, the history of a repository that keeps reviewed rows, and lists that left the home are not within reach.",
)


@dataclass(frozen=True, slots=True)
class Certificate:
    """What an erasure came to. `holding` are files of the home that still hold the person: while there are any there is no proof.

    `deliveries` are files of the inbox that do: the shop's own, stopped at every load, and to be removed by the shop.
    """

    erasure_id: str
    requested_at: str
    finished_at: str
    keyed_hashes: dict[str, list[str]]
    holding: tuple[str, ...]
    deliveries: tuple[str, ...]
    unopened: tuple[str, ...]
    searched: tuple[Scanned, ...]
    kept: tuple[str, ...] = _KEPT

    @property
    def is_proof(self) -> bool:
        return not self.holding

    def as_record(self) -> dict[str, Any]:
        """For the file."""
        searched = [[item.path, item.byte_count, item.unpacked_byte_count] for item in self.searched]
        return {**asdict(self), "searched": searched, "searched_columns": ["path", "byte_count", "unpacked_byte_count"]}


def certify(home: Home, pending: Sequence[Pending], finished_at: str) -> list[Certificate]:
    """Search the home for each person; write the certificate and remove the journal of everybody of whom nothing was found."""
    found = []
    for one in pending:
        certificate = _certificate(home, one, finished_at)
        if certificate.is_proof:
            write_json(certificate_path(home, one.erasure_id), certificate.as_record())
            text = certificate_path(home, one.erasure_id).with_suffix(".txt")
            text.write_text("\n".join(_text(certificate)) + "\n", encoding="utf-8")
            finish(home, one)
        found.append(certificate)
    return found


def _certificate(home: Home, pending: Pending, finished_at: str) -> Certificate:
    words = {*pending.person.traces, *pending.person.customer_ids}
    # the journals are what is left to do, and go with the certificates
    searched = [item for item in scan(home.root, words) if not item.path.endswith(".pending.json")]
    inside = home.deliveries.is_relative_to(home.root)
    inbox = home.deliveries.relative_to(home.root).as_posix() + "/" if inside else None
    holding = [item.path for item in searched if item.holds]
    deliveries = [path for path in holding if inbox and path.startswith(inbox)]
    if not inside and home.deliveries.is_dir():
        deliveries = [item.path for item in scan(home.deliveries, words) if item.holds]
    maker = Tombstones(home_key(home))
    return Certificate(
        erasure_id=pending.erasure_id,
        requested_at=pending.requested_at,
        finished_at=finished_at,
        keyed_hashes={kind: sorted(maker.hashed(kind, texts)) for kind, texts in pending.person.tombstones().items()},
        holding=tuple(path for path in holding if not (inbox and path.startswith(inbox))),
        deliveries=tuple(deliveries),
        unopened=tuple(f"{item.path}: {item.problem}" for item in searched if item.problem),
        searched=tuple(searched),
    )


def _text(certificate: Certificate) -> list[str]:
    unpacked = sum(item.unpacked_byte_count for item in certificate.searched)
    return [
        f"Erasure {certificate.erasure_id}",
        f"requested  {certificate.requested_at}",
        f"finished   {certificate.finished_at}",
        f"searched   {len(certificate.searched):,} files, {unpacked:,} bytes unpacked",
        f"found      {len(certificate.deliveries):,} files, all of them deliveries" if certificate.deliveries else "found      0",
        *(f"  {path}: remove it, or deliver it again without the person; no load lets the person in" for path in certificate.deliveries),
        *(f"not opened {name}" for name in certificate.unopened),
        "",
        "What stays",
        *(f"  {line}" for line in certificate.kept),
    ]
