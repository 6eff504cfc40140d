"""How Youzan orders are paid: by WeChat or not, under which transaction number, by which app's openid.

The order export and the bill of the payment channel tell of the same payment; both take it from here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from pipelines.simulate.chunk import Chunk
from pipelines.simulate.draws import Flags, Ints
from pipelines.simulate.names import WECHAT_APPIDS
from pipelines.simulate.people import NEVER
from pipelines.simulate.purchases import Orders


@dataclass(frozen=True)
class Payments:
    """One entry an order: whether WeChat carried it, the app, and the transaction number split as it is written."""

    by_wechat: Flags
    app: Ints
    transaction_head: Ints
    transaction_tail: Ints


def draw_payments(chunk: Chunk, orders: Orders) -> Payments:
    """Payments of the orders given. What was not paid, and gifts, have none."""
    draws = chunk.world.draws
    by_wechat = draws.chance(chunk.world.spec.wechat_payment_share, "by_wechat", orders.key)
    by_wechat &= (orders.paid_at != NEVER) & (orders.total_fen > 0)
    number = orders.serial * 1_000 + draws.whole(0, 999, "transaction", orders.key)
    app = draws.pick([0.85, 0.15], "app", orders.key)
    return Payments(by_wechat, app, number // 10**10, number % 10**10)


def transaction_number(epoch: int) -> pl.Expr:
    """28 digits: 4200, a batch, the day of payment, a serial. From transaction_head, transaction_tail and paid_at."""
    paid = pl.from_epoch(pl.col("paid_at") + epoch, time_unit="s").dt.strftime("%Y%m%d")
    head = pl.col("transaction_head").cast(pl.String).str.zfill(6)
    return pl.concat_str(pl.lit("4200"), head, paid, pl.col("transaction_tail").cast(pl.String).str.zfill(10))


def openids(chunk: Chunk, person_row: Ints, app: Ints) -> pl.Series:
    """The openid of a person in an app: another app, another openid."""
    text = chunk.world.draws.base64url(27, "openid", chunk.people.index[person_row], app)
    return "o" + pl.Series(text).cast(pl.String)


def appids(app: Ints) -> pl.Series:
    """The app's own id."""
    return pl.Series(WECHAT_APPIDS).gather(np.asarray(app))
