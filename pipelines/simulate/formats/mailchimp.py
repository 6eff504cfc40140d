"""Mailchimp e-mail activity: JSON lines, UTC, one line an open, a click or a bounce. Sends leave no line."""

from __future__ import annotations

import numpy as np
import polars as pl

from pipelines.simulate import outreach
from pipelines.simulate.chunk import Chunk
from pipelines.simulate.formats.cells import DELIVERY, PERSON, RECORD, UTC_OFFSET, Stamp, instant, json_lines
from pipelines.simulate.people import NEVER

_LIST = "a1b2c3d4e5"


def rows(chunk: Chunk) -> pl.DataFrame:
    """One row per open, click and bounce."""
    mails, people, draws = outreach.draw_mails(chunk), chunk.people, chunk.world.draws
    index = people.index[mails.row]
    bounced_at = np.where(mails.bounced, mails.sent_at + draws.whole(1, 60, "bounce_after", index, mails.campaign), NEVER)
    member = pl.Series(draws.hexadecimal(32, "mailchimp_member", people.index)).cast(pl.String)
    frame = pl.DataFrame(
        {
            PERSON: index,
            "campaign": mails.campaign,
            "email_id": member.gather(mails.row),
            "email": people.email.gather(mails.row),
            "host": draws.whole(1, 254, "mail_ip", index),
            "hard": draws.chance(0.3, "bounce_hard", index),
        }
    ).with_columns(pl.format("mailchimp:{}", "email_id").alias(RECORD))
    told = {"open": mails.opened_at, "click": mails.clicked_at, "bounce": bounced_at}
    parts = [frame.with_columns(pl.lit(action).alias("action"), pl.Series("at", at)) for action, at in told.items()]
    both = pl.concat(parts).filter(pl.col("at") != NEVER)
    delivery = chunk.world.calendar.delivery_at(both["at"].to_numpy())
    return both.with_columns(pl.Series(DELIVERY, delivery)).filter(pl.Series(delivery < len(chunk.world.calendar.days)))


def files(delivered: pl.DataFrame, stamp: Stamp) -> dict[str, bytes]:
    """One file a delivery."""
    frame = delivered.sort("at", "email_id", "action")
    kind = pl.when(pl.col("action") != "bounce").then(pl.lit("null"))
    line = pl.format(
        '{{"campaign_id":"C{}","list_id":"' + _LIST + '","list_is_active":true,"email_id":"{}","email_address":"{}",'
        '"action":"{}","type":{},"timestamp":"{}+00:00","ip":"203.0.113.{}","url":{}}}',
        "campaign",
        "email_id",
        "email",
        "action",
        kind.when("hard").then(pl.lit('"hard"')).otherwise(pl.lit('"soft"')),
        instant("at", stamp.epoch - UTC_OFFSET, "%Y-%m-%dT%H:%M:%S"),
        "host",
        pl.when(pl.col("action") == "click").then(pl.lit('"https://shop.example.cn/news"')).otherwise(pl.lit("null")),
    )
    return {f"mailchimp_activity_{stamp.compact}.jsonl": json_lines(frame.select(line=line))}
