"""How a purchase in a store passes the till: the branch, the card that is swiped, the phone typed into the memo.

Cashiers type a phone for an electronic receipt now and then, and swipe one shared card for people who hold none.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from pipelines.simulate.checkout import TypedPhones, typed_phones
from pipelines.simulate.chunk import Chunk
from pipelines.simulate.draws import Flags, Ints
from pipelines.simulate.people import STORE
from pipelines.simulate.purchases import Orders

BRANCHES = 12
_MEMO_SHARE, _WALK_IN_MEMO_SHARE = 0.35, 0.6


@dataclass(frozen=True)
class Till:
    """One entry an order of the store."""

    branch: Ints
    shows_card: Flags
    takes_walk_in_card: Flags
    writes_memo: Flags
    phones: TypedPhones


def draw_till(chunk: Chunk, orders: Orders) -> Till:
    """The till's side of the orders given. A memo is written only where a card, own or shared, is swiped."""
    draws, people, key = chunk.world.draws, chunk.people, orders.key
    shows = people.has_card[orders.row] & draws.chance(0.85, "card_shown", key)
    walk_in = ~shows & draws.chance(chunk.world.spec.walk_in_card_share, "walk_in", key)
    share = np.where(walk_in, _WALK_IN_MEMO_SHARE, np.where(shows, _MEMO_SHARE, 0.0))
    return Till(
        branch=(people.place[orders.row] + draws.pick([0.8, 0.15, 0.05], "branch", key)) % BRANCHES + 1,
        shows_card=shows,
        takes_walk_in_card=walk_in,
        writes_memo=draws.chance(share, "memo", key),
        phones=typed_phones(chunk, orders, STORE),
    )


def branch_number() -> pl.Expr:
    """Four digits, from the column `branch`."""
    return pl.col("branch").cast(pl.String).str.zfill(4)


def flow_number(mark: pl.Expr) -> pl.Expr:
    """The receipt's number, from `branch` and `serial`: S marks a sale, R a return."""
    return pl.concat_str(branch_number(), mark, pl.col("serial").cast(pl.String).str.zfill(13))
