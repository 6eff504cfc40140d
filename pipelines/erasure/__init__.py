"""Erasure: forget a person, for good and with proof. Later deliveries are stopped where they are read; this stage clears what is there."""

from pipelines.erasure.certificate import Certificate, certify
from pipelines.erasure.clearing import Cleared, clear
from pipelines.erasure.journal import Pending, begin, certificate_path, pending_erasures, unfinished_erasures
from pipelines.erasure.person import Person, find_person, was_forgotten

__all__ = [
    "Certificate",
    "Cleared",
    "Pending",
    "Person",
    "begin",
    "certificate_path",
    "certify",
    "clear",
    "find_person",
    "pending_erasures",
    "unfinished_erasures",
    "was_forgotten",
]
