"""Aliyun SMS receipts: a JSON array, one object a message, on the day of its report."""

from __future__ import annotations

import polars as pl

from pipelines.simulate import outreach
from pipelines.simulate.chunk import Chunk
from pipelines.simulate.formats.cells import DELIVERY, PERSON, RECORD, Stamp, instant, json_lines


def rows(chunk: Chunk) -> pl.DataFrame:
    """One row per message sent."""
    messages = outreach.draw_messages(chunk)
    index = chunk.people.index[messages.row]
    phone = pl.Series(messages.phone).cast(pl.String)
    return pl.DataFrame(
        {
            DELIVERY: chunk.world.calendar.delivery_at(messages.reported_at),
            PERSON: index,
            RECORD: "sms:" + phone,
            "phone": phone,
            "campaign": messages.campaign,
            "index": index,
            "sent_at": messages.sent_at,
            "reported_at": messages.reported_at,
            "arrived": messages.arrived,
        }
    ).filter(pl.col(DELIVERY) < len(chunk.world.calendar.days))


def files(delivered: pl.DataFrame, stamp: Stamp) -> dict[str, bytes]:
    """One array a delivery, one object a line."""
    frame = delivered.sort("sent_at", "phone", "index")
    arrived = pl.col("arrived")
    day = pl.from_epoch(pl.col("sent_at") + stamp.epoch, time_unit="s").dt.strftime("%Y%m%d")
    line = pl.format(
        '{{"phone_number":"{}","send_time":"{}","report_time":"{}","success":{},"err_code":"{}","err_msg":"{}",'
        '"sms_size":"1","biz_id":"{}","out_id":"SMS{}"}}',
        "phone",
        instant("sent_at", stamp.epoch),
        instant("reported_at", stamp.epoch),
        pl.when(arrived).then(pl.lit("true")).otherwise(pl.lit("false")),
        pl.when(arrived).then(pl.lit("DELIVERED")).otherwise(pl.lit("MK:0001")),
        pl.when(arrived).then(pl.lit("用户接收成功")).otherwise(pl.lit("用户关机或停机")),
        pl.concat_str(day, pl.col("index").cast(pl.String).str.zfill(10), pl.lit("^0")),
        "campaign",
    )
    body = json_lines(frame.select(line=line)).rstrip(b"\n").replace(b"\n", b",\n")
    return {f"aliyun_sms_report_{stamp.compact}.json": b"[\n" + body + b"\n]\n"}
