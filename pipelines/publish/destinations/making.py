"""Make the files of one destination from the rows of one list: split where the receiver takes no more."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from pipelines.contracts.errors import CdpError
from pipelines.contracts.settings.publishing import (
    GoogleCustomerMatch,
    Klaviyo,
    ListXlsx,
    Mailchimp,
    MetaCustomAudience,
    OceanEnginePhones,
    QianchuanPhones,
    SmsCsv,
    SmsTemplateXlsx,
    SmsXlsx,
    TencentPhones,
    WechatTemplate,
)
from pipelines.publish.destinations import advertising, lists, messages
from pipelines.publish.destinations.layout import Layout, Listed

_LAYOUTS: Mapping[type, Callable[[Any, Listed], Layout]] = {
    ListXlsx: lists.list_workbook,
    GoogleCustomerMatch: advertising.google,
    MetaCustomAudience: advertising.meta,
    TencentPhones: advertising.tencent,
    OceanEnginePhones: advertising.ocean_engine,
    QianchuanPhones: advertising.qianchuan,
    SmsXlsx: messages.sms_numbers,
    SmsTemplateXlsx: messages.sms_template,
    SmsCsv: messages.sms_table,
    Klaviyo: messages.klaviyo,
    Mailchimp: messages.mailchimp,
    WechatTemplate: messages.wechat,
}


@dataclass(frozen=True, slots=True)
class File:
    """A file of a destination, whole. `row_count`: people in it."""

    name: str
    content: bytes
    row_count: int


def layout_of(settings: Any, listed: Listed) -> Layout | None:
    """How the destination's file is made; None where the list itself is what it takes."""
    make = _LAYOUTS.get(type(settings))
    return None if make is None else make(settings, listed)


def files(name: str, layout: Layout, rows: pl.DataFrame) -> Iterator[File]:
    """The files of the destination `name`: none for no rows, one, or as many as its limits demand, in the order of the rows.

    `rows` are text, a column for each field. Raises CdpError when one row alone is more than a file may hold.
    """
    limits = layout.limits
    count = -(-rows.height // (limits.most_rows or max(rows.height, 1)))
    while count:
        size = -(-rows.height // count)
        parts = [rows.slice(start, size) for start in range(0, rows.height, size)]
        made = [
            File(file_name, layout.render(part, file_name.removesuffix(layout.suffix)), part.height)
            for file_name, part in zip(_names(name, layout, len(parts)), parts, strict=True)
        ]
        largest = max(len(file.content) for file in made)
        if limits.most_bytes is None or largest <= limits.most_bytes:
            yield from made
            return
        if size == 1:
            raise CdpError(f"one row makes {largest} bytes, and a file holds {limits.most_bytes}", where=name, do="cut its variables")
        # what was too large by half needs half as many again; at least one more, so that it ends
        count = max(count + 1, -(-count * largest // limits.most_bytes))


def _names(name: str, layout: Layout, count: int) -> list[str]:
    """Of one file the name of the destination; of several with a number that sorts. No name of a destination holds `.` or `P`."""
    bare, mark = (name.replace("_", ""), "Part") if layout.has_plain_name else (name, ".part")
    if count == 1:
        return [bare + layout.suffix]
    width = len(str(count))
    return [f"{bare}{mark}{number:0{width}}{layout.suffix}" for number in range(1, count + 1)]
