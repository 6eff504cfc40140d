"""Identifier types: what may tie two source records to one person, how strongly, and compared within what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

GLOBAL_SCOPE = "global"


@dataclass(frozen=True, slots=True)
class IdentifierType:
    """`rank` orders evidence (smaller is stronger) when links compete; `is_global` values are compared everywhere."""

    name: str
    rank: int
    is_global: bool


IDENTIFIER_TYPES: Mapping[str, IdentifierType] = {
    kind.name: kind
    for kind in (
        IdentifierType("unionid", 1, is_global=False),
        IdentifierType("member_id", 2, is_global=False),
        IdentifierType("openid", 3, is_global=False),
        IdentifierType("user_id", 4, is_global=False),
        IdentifierType("platform_account", 5, is_global=False),
        IdentifierType("payment_order_no", 6, is_global=False),
        IdentifierType("email", 7, is_global=True),
        IdentifierType("phone", 8, is_global=True),
    )
}
