"""What advertising costs by campaign and day, and which mailings a tool reports of. Nobody is told of, so it is drawn once."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import polars as pl

from pipelines.simulate.chunk import Chunk
from pipelines.simulate.draws import Flags, Ints
from pipelines.simulate.formats.cells import nobody
from pipelines.simulate.spec import DAY_SECONDS
from pipelines.simulate.versions import told_once

_MAIL_EVERY_DAYS = 4


def campaign_days(chunk: Chunk, account: str, campaigns: Sequence[str]) -> pl.DataFrame:
    """One row per campaign of an account and day: `campaign`, `at`, `clicks`, `impressions`, `cost_fen`."""
    world, draws = chunk.world, chunk.world.draws
    days = np.arange(world.spec.days, dtype=np.int64)
    campaign = np.repeat(np.arange(len(campaigns), dtype=np.int64), len(days))
    day = np.tile(days, len(campaigns))
    clicks = draws.whole(20, 900, f"{account}/clicks", campaign, day)
    frame = pl.DataFrame(
        {
            "campaign": campaign,
            "at": day * DAY_SECONDS,
            "clicks": clicks,
            "impressions": clicks * draws.whole(12, 60, f"{account}/shown", campaign, day),
            "cost_fen": clicks * draws.whole(30, 240, f"{account}/price", campaign, day),
        }
    )
    return once(chunk, told_once(world, frame, "at"))


def once(chunk: Chunk, frame: pl.DataFrame) -> pl.DataFrame:
    """All of it in the first chunk, nothing in the others."""
    return (frame if int(chunk.people.index[0]) == 0 else frame.clear()).with_columns(*nobody())


def campaign_mails(chunk: Chunk, is_told: Callable[[Ints, int], Flags]) -> pl.DataFrame:
    """One row per mailing sent on a day that `is_told` picks: `number`, `at`, how many were sent and opened."""
    world = chunk.world
    day = np.arange(1, world.spec.days, _MAIL_EVERY_DAYS, dtype=np.int64)
    day = day[is_told(day, world.spec.days)]
    sent = world.draws.whole(300, 5_000, "klaviyo_sent", day)
    frame = pl.DataFrame(
        {
            "at": day * DAY_SECONDS + 10 * 3600,
            "number": day,
            "sent": sent,
            "opened": sent * world.draws.whole(15, 35, "klaviyo_opened", day) // 100,
        }
    )
    return once(chunk, told_once(world, frame, "at"))
