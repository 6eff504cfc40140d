"""Zendesk over its programming interface: the tickets of the CSV view once more, in UTC, and the people behind them.

The answer to the survey is an object where there is one, else a word. A ticket names its requester by number only.
"""

from __future__ import annotations

import json

import numpy as np
import polars as pl

from pipelines.simulate.chunk import Chunk
from pipelines.simulate.formats import zendesk
from pipelines.simulate.formats.cells import DELIVERY, NOTHING, PERSON, RECORD, UTC_OFFSET, Stamp, instant, json_array, nobody
from pipelines.simulate.people import YOUZAN

_AGENT = 359_000_000_099
_ISO = "%Y-%m-%dT%H:%M:%SZ"


def ticket_rows(chunk: Chunk) -> pl.DataFrame:
    """One row per ticket and delivery in which it was opened or solved."""
    return zendesk.rows(chunk)


def ticket_files(delivered: pl.DataFrame, stamp: Stamp) -> dict[str, bytes]:
    """One answer of the interface a delivery."""
    utc = stamp.epoch - UTC_OFFSET
    is_solved = pl.col("solved_at") >= 0
    created, solved = instant("created_at", utc, _ISO), instant("solved_at", utc, _ISO)
    frame = delivered.sort("created_at", "number").select(
        id="number",
        requester_id="requester",
        subject=zendesk.subject(),
        status=pl.when(is_solved).then(pl.lit("solved")).otherwise(pl.lit("open")),
        type=pl.lit("question"),
        priority=pl.when("urgent").then(pl.lit("high")).otherwise(pl.lit("normal")),
        created_at=created,
        updated_at=pl.when(is_solved).then(solved).otherwise(created),
        satisfaction_rating=pl.when(is_solved).then(pl.col("answer").replace_strict({0: "-", 1: "good", 2: "bad"}, return_dtype=pl.String)),
        metric_set=pl.struct(
            solved_at=solved, reply_time_in_minutes=pl.struct(calendar=pl.col("first_reply"), business=pl.col("first_reply") // 3)
        ),
    )
    text = json_array(frame)
    for answer in ("good", "bad"):
        rating = json.dumps({"score": answer, "comment": None}, separators=(",", ":"))
        text = text.replace(f'"satisfaction_rating":"{answer}"'.encode(), f'"satisfaction_rating":{rating}'.encode())
    text = text.replace(b'"satisfaction_rating":"-"', b'"satisfaction_rating":"offered"')
    return {f"zendesk_tickets_{stamp.compact}.json": b'{"tickets":' + text + b',"next_page":null}\n'}


def user_rows(chunk: Chunk) -> pl.DataFrame:
    """One row per requester and delivery that tells of a ticket of theirs."""
    people = chunk.people
    users = (
        zendesk.rows(chunk)
        .group_by(DELIVERY, PERSON, maintain_order=True)
        .agg(pl.col(RECORD, "requester", "name", "email", "on_web", "shopify_id").first(), pl.col("created_at").min())
    )
    row = (users[PERSON] - int(people.index[0])).to_numpy()
    requesters = users.with_columns(
        pl.Series("phone", people.phone_at(row, YOUZAN, users["created_at"].to_numpy())).cast(pl.String),
        pl.Series("by_phone", chunk.world.draws.chance(0.5, "zendesk_phone", people.index[row])),
        is_agent=pl.lit(False),
    )
    return pl.concat([requesters, _agent(chunk, requesters)])


def _agent(chunk: Chunk, requesters: pl.DataFrame) -> pl.DataFrame:
    """The agent is a user too: one row, in the last delivery. Alone in several, the files would be one and the same."""
    last = pl.DataFrame({DELIVERY: np.array([len(chunk.world.calendar.days) - 1], dtype=np.int64)})
    agent = last.select(
        DELIVERY,
        *nobody(),
        pl.lit(_AGENT, dtype=pl.Int64).alias("requester"),
        pl.lit("客服一组").alias("name"),
        pl.lit("agent@shop.example.cn").alias("email"),
        pl.lit(True).alias("on_web"),
        pl.lit(0, dtype=pl.Int64).alias("shopify_id"),
        pl.lit(0, dtype=pl.Int64).alias("created_at"),
        NOTHING.alias("phone"),
        pl.lit(False).alias("by_phone"),
        pl.lit(True).alias("is_agent"),
    ).select(requesters.columns)
    return agent if int(chunk.people.index[0]) == 0 else agent.clear()


def user_files(delivered: pl.DataFrame, stamp: Stamp) -> dict[str, bytes]:
    """One answer of the interface a delivery."""
    frame = delivered.sort("requester").select(
        id="requester",
        name="name",
        email=pl.when("on_web").then("email"),
        phone=pl.when("by_phone").then(pl.concat_str(pl.lit("+86"), "phone")),
        role=pl.when("is_agent").then(pl.lit("agent")).otherwise(pl.lit("end-user")),
        external_id=pl.when(pl.col("shopify_id") > 0).then(pl.col("shopify_id").cast(pl.String)),
        created_at=instant("created_at", stamp.epoch - UTC_OFFSET, _ISO),
    )
    return {f"zendesk_users_{stamp.compact}.json": b'{"users":' + json_array(frame) + b',"next_page":null}\n'}
