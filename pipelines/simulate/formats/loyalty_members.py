"""Members of the loyalty program: a plain CSV, one row a card, on the day on which its holder joined."""

from __future__ import annotations

import numpy as np
import polars as pl

from pipelines.simulate import names
from pipelines.simulate.chunk import Chunk
from pipelines.simulate.formats.cells import PERSON, RECORD, Stamp, csv_text, decoded, instant
from pipelines.simulate.people import STORE
from pipelines.simulate.versions import told_once

HEADER = "member_id,phone,full_name,gender,birthday,province,city,registered_at,member_level,accepts_sms,accepts_email"


def rows(chunk: Chunk) -> pl.DataFrame:
    """One row per card of the loyalty program, on the day on which its holder joined."""
    people, draws = chunk.people, chunk.world.draws
    row = np.flatnonzero(people.has_card)
    index = people.index[row]
    joined = people.start_at[row] + draws.whole(9 * 3600, 20 * 3600, "member_hour", index)
    frame = pl.DataFrame(
        {
            PERSON: index,
            RECORD: "loyalty:" + people.card[row],
            "card": people.card[row],
            "phone": people.phone_at(row, STORE, joined),
            "name": people.name[row],
            "male": people.male[row],
            "birthday": people.birthday[row],
            "place": people.place[row],
            "joined_at": joined,
            "level": draws.pick([0.7, 0.2, 0.1], "member_level", index),
            # Yes, no, and nothing: who was never asked granted nothing.
            "sms": draws.pick([0.5, 0.2, 0.3], "member_sms", index),
            "mail": draws.pick([0.3, 0.2, 0.5], "member_mail", index),
        }
    )
    return told_once(chunk.world, frame, "joined_at")


def files(delivered: pl.DataFrame, stamp: Stamp) -> dict[str, bytes]:
    """One file a delivery."""
    answers = {0: "是", 1: "否"}
    frame = delivered.sort("joined_at", "card").select(
        "card",
        pl.concat_str(pl.lit("'"), "phone"),
        "name",
        pl.when("male").then(pl.lit("男")).otherwise(pl.lit("女")).alias("gender"),
        pl.col("birthday").dt.to_string("%Y-%m-%d"),
        decoded("place", [province for _, province, _, _ in names.PLACES]).alias("province"),
        decoded("place", [city for city, *_ in names.PLACES]).alias("city"),
        instant("joined_at", stamp.epoch),
        decoded("level", ["普通", "银卡", "金卡"]),
        *(pl.col(name).replace_strict(answers, default=None, return_dtype=pl.String) for name in ("sms", "mail")),
    )
    return {f"members_{stamp.compact}.csv": csv_text(HEADER, frame)}
