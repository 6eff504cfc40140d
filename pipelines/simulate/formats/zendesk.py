"""Zendesk tickets: CSV view export, 41 columns, account time without offset, one row a ticket and version.

A delivery holds the tickets that were opened or solved.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from pipelines.simulate import outreach
from pipelines.simulate.chunk import Chunk
from pipelines.simulate.draws import scramble
from pipelines.simulate.formats.cells import DELIVERY, PERSON, RECORD, Stamp, csv_text, instant
from pipelines.simulate.people import NEVER, SHOPIFY

HEADER = (
    "Summation column,Id,Requester,Requester id,Requester external id,Requester email,Requester domain,Submitter,"
    "Assignee,Group,Subject,Tags,Status,Priority,Via,Ticket type,Created at,Updated at,Assigned at,Organization,"
    "Due date,Initially assigned at,Solved at,Resolution time,Satisfaction Score,Group stations,Assignee stations,"
    "Reopens,Replies,First reply time in minutes,First reply time in minutes within business hours,"
    "First resolution time in minutes,First resolution time in minutes within business hours,"
    "Full resolution time in minutes,Full resolution time in minutes within business hours,"
    "Agent wait time in minutes,Agent wait time in minutes within business hours,"
    "Requester wait time in minutes,Requester wait time in minutes within business hours,"
    "On hold time in minutes,On hold time in minutes within business hours"
)
_COLUMNS = HEADER.split(",")
_SUBJECTS = ["物流进度咨询", "尺码不合适，申请退换", "商品质量问题", "发票开具", "优惠券无法使用", "少发漏发"]


def rows(chunk: Chunk) -> pl.DataFrame:
    """One row per ticket and delivery in which it was opened or solved."""
    tickets, people, draws = outreach.draw_tickets(chunk), chunk.people, chunk.world.draws
    index, key = people.index[tickets.row], chunk.orders.key[tickets.order]
    on_web = people.uses[tickets.row, SHOPIFY]
    account = people.has_account[tickets.row]
    requester = 360_000_000_000 + scramble(index, 10**9)
    frame = pl.DataFrame(
        {
            PERSON: index,
            RECORD: "zendesk:" + pl.Series(requester).cast(pl.String),
            "number": 100_000 + chunk.orders.serial[tickets.order],
            "requester": requester,
            "name": people.name.gather(tickets.row),
            "email": people.email.gather(tickets.row),
            "on_web": on_web,
            "shopify_id": np.where(account, people.shopify_id[tickets.row], 0),
            "subject": draws.whole(0, len(_SUBJECTS) - 1, "ticket_subject", key),
            "urgent": draws.chance(0.15, "ticket_urgent", key),
            "reopens": draws.pick([0.93, 0.06, 0.01], "ticket_reopens", key),
            "replies": draws.whole(1, 5, "ticket_replies", key),
            "created_at": tickets.created_at,
            "first_reply": tickets.first_reply_minutes,
            "solved_at": tickets.solved_at,
            "answer": tickets.answer,
        }
    )
    calendar = chunk.world.calendar
    width = len(calendar.days) + 1
    position = np.arange(len(frame), dtype=np.int64)
    told = [position * width + calendar.delivery_at(at) for at in (tickets.created_at, tickets.solved_at)]
    cells = np.unique(np.concatenate(told))
    cells = cells[cells % width < width - 1]
    solved = tickets.solved_at[cells // width]
    is_solved = solved < calendar.cut(cells % width)
    return frame[cells // width].with_columns(
        pl.Series(DELIVERY, cells % width), pl.Series("solved_at", np.where(is_solved, solved, NEVER))
    )


def files(delivered: pl.DataFrame, stamp: Stamp) -> dict[str, bytes]:
    """One file a delivery."""
    frame = delivered.sort("created_at", "number").select(_cells(stamp))
    return {f"zendesk_tickets_{stamp.compact}.csv": csv_text(HEADER, frame)}


def subject() -> pl.Expr:
    """What a ticket is about, in words."""
    return pl.col("subject").replace_strict(dict(enumerate(_SUBJECTS)), return_dtype=pl.String)


def _cells(stamp: Stamp) -> list[pl.Expr]:
    is_solved = pl.col("solved_at") >= 0
    created, solved = instant("created_at", stamp.epoch), instant("solved_at", stamp.epoch)
    minutes = pl.when(is_solved).then(((pl.col("solved_at") - pl.col("created_at")) // 60).cast(pl.String))
    email = pl.when("on_web").then("email")
    score = pl.when(pl.col("answer") == 1).then(pl.lit("Good")).when(pl.col("answer") == 2).then(pl.lit("Bad"))
    values: dict[str, pl.Expr] = {
        "Summation column": pl.lit("1"),
        "Id": pl.col("number").cast(pl.String),
        "Requester": pl.col("name"),
        "Requester id": pl.col("requester").cast(pl.String),
        "Requester external id": pl.when(pl.col("shopify_id") > 0).then(pl.col("shopify_id").cast(pl.String)),
        "Requester email": email,
        "Requester domain": email.str.split("@").list.get(1),
        "Submitter": pl.col("name"),
        "Assignee": pl.lit("客服一组"),
        "Group": pl.lit("Support"),
        "Subject": subject(),
        "Status": pl.when(is_solved).then(pl.lit("Solved")).otherwise(pl.lit("Open")),
        "Priority": pl.when("urgent").then(pl.lit("High")).otherwise(pl.lit("Normal")),
        "Via": pl.lit("Web Widget"),
        "Ticket type": pl.lit("Question"),
        "Created at": created,
        "Updated at": pl.when(is_solved).then(solved).otherwise(created),
        "Assigned at": created,
        "Initially assigned at": created,
        "Solved at": solved,
        "Resolution time": pl.when(is_solved).then(((pl.col("solved_at") - pl.col("created_at")) // 3600).cast(pl.String)),
        "Satisfaction Score": pl.when(is_solved).then(score.otherwise(pl.lit("Offered"))).otherwise(pl.lit("Not Offered")),
        "Group stations": pl.lit("1"),
        "Assignee stations": pl.lit("1"),
        "Reopens": pl.col("reopens").cast(pl.String),
        "Replies": pl.col("replies").cast(pl.String),
        "First reply time in minutes": pl.col("first_reply").cast(pl.String),
        "First resolution time in minutes": minutes,
        "Full resolution time in minutes": minutes,
        "Requester wait time in minutes": minutes,
        "On hold time in minutes": pl.lit("0"),
    }
    nothing = pl.lit(None, dtype=pl.String)
    return [values.get(name, nothing).alias(name) for name in _COLUMNS]
