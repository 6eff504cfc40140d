"""Identifier types: what may tie two source records to one person, how strongly, and compared within what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

GLOBAL_SCOPE = "global"
DECISION = "decision"  # type of the link between records that somebody decided to be one person
MATCH = "match"  # type of the link that the probabilistic matcher found


@dataclass(frozen=True, slots=True)
class IdentifierType:
    """`rank` orders evidence (smaller is stronger) when links compete; `is_global` values are compared everywhere.

    `may_be_shared`: a family may have one, and it may pass to others; the rest are given to one person each.
    """

    name: str
    rank: int
    is_global: bool
    may_be_shared: bool = False


IDENTIFIER_TYPES: Mapping[str, IdentifierType] = {
    kind.name: kind
    for kind in (
        IdentifierType("unionid", 1, is_global=False),
        IdentifierType("member_id", 2, is_global=False),
        IdentifierType("openid", 3, is_global=False),
        IdentifierType("user_id", 4, is_global=False),
        IdentifierType("platform_account", 5, is_global=False),
        IdentifierType("payment_order_no", 6, is_global=False, may_be_shared=True),
        IdentifierType("email", 7, is_global=True, may_be_shared=True),
        IdentifierType("phone", 8, is_global=True, may_be_shared=True),
    )
}
