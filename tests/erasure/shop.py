"""A till of a few buyers, in every container, with words that stand nowhere else: whoever finds one of them has found the person."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import polars as pl

from pipelines.contracts.config import Config
from pipelines.contracts.contents import unpacked
from pipelines.contracts.home import Home
from tests.channels import archives

CONTRACT = """\
format: shoes_{container}
channel: shoes
title: Orders of a shoe shop
grain: order line
container: {container}
detect: [no, buyer, phone, email, name, address, paid, at, note]
{more}clean: [strip]
instants: ["%Y-%m-%d %H:%M:%S"]
time_zone: Asia/Shanghai
repeated_rows: keep
business_times: [at]
fields:
  no: {{column: no, required: true}}
  buyer: {{column: buyer}}
  phone: {{column: phone}}
  email: {{column: email}}
  name: {{column: name}}
  address: {{column: address}}
  paid: {{column: paid, type: amount, required: true}}
  at: {{column: at, type: instant, required: true}}
derived:
  source_record_key: "'shoes:' || buyer"
tables:
  channel_orders:
    per: [no]
    columns:
      order_key: "'shoes:' || no"
      order_no: no
      order_type: "'sale'"
      status: "'completed'"
      source_record_key: MAX(source_record_key)
      ordered_at: MIN(at)
      paid_at: MIN(at)
      paid_amount: SUM(paid)
      is_refund_inferred: "FALSE"
  channel_profiles:
    claimed_at: at
    columns: {{source_record_key: source_record_key, full_name: name, address: address}}
  channel_contact_points:
    - claimed_at: at
      columns: {{source_record_key: source_record_key, type: "'phone'", scope: "'global'", value_raw: phone}}
    - claimed_at: at
      columns: {{source_record_key: source_record_key, type: "'email'", scope: "'global'", value_raw: email}}
    - claimed_at: at
      columns: {{source_record_key: source_record_key, type: "'openid'", scope: "'wxshoes'", value_raw: buyer}}
  channel_consents:
    claimed_at: at
    columns:
      source_record_key: source_record_key
      contact_type: "'phone'"
      contact_value_raw: phone
      medium: "'sms'"
      purpose: "'marketing'"
      status: "'granted'"
"""
HEADERS = ("no", "buyer", "phone", "email", "name", "address", "paid", "at", "note")
AT = "2026-03-05 10:00:00"
# planted: no other row of any file holds one of these
HERS = {"buyer": "oPlantedBuyer77", "phone": "13655551234", "email": "planted@zebra.example", "name": "皇甫植字", "address": "斑马路 77 号"}
PLANTED = tuple(HERS.values())
CONTAINERS = ("csv", "gz", "jsonl", "xlsx", "json", "parquet")

Row = Mapping[str, str | None]


def row(no: str, paid: str, **cells: str | None) -> Row:
    return {**dict.fromkeys(HEADERS), "no": no, "paid": paid, "at": AT, **cells}


def rows_of_two() -> list[Row]:
    """Two of her orders, one with a second line that names nobody, and two of another buyer."""
    his = {"buyer": "oOther1", "phone": "13700000001", "email": "other@shop.example", "name": "王二", "address": "长街 1 号"}
    return [
        row("A1", "10.00", **his),
        row("A2", "20.00", **HERS, note="two\nlines, and a comma"),
        row("A2", "2.50"),
        row("A3", "30.00", **his, note="so is\nthis"),
        row("A4", "40.00", buyer=HERS["buyer"], phone=HERS["phone"]),
        row("A5", "50.00"),
    ]


def written(container: str, rows: Sequence[Row]) -> bytes:
    """The rows as a file of this container."""
    if container in ("csv", "gz"):
        text = pl.DataFrame(rows, schema=dict.fromkeys(HEADERS, pl.String)).write_csv(quote_style="necessary").encode()
        return text if container == "csv" else gzip.compress(text, mtime=0)
    if container == "xlsx":
        return archives.workbook(Sheet1=[list(HEADERS), *([line[name] for name in HEADERS] for line in rows)])
    if container == "parquet":
        buffer = io.BytesIO()
        pl.DataFrame(rows, schema=dict.fromkeys(HEADERS, pl.String)).write_parquet(buffer)
        return buffer.getvalue()
    objects = [dict(line) for line in rows]
    if container == "json":
        return json.dumps({"orders": objects}, ensure_ascii=False).encode()
    return "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in objects).encode()


def formats(folder: Path) -> Path:
    """A folder with the contract of the shop for every container."""
    folder.mkdir(parents=True, exist_ok=True)
    for container, more in {"delimited": "", "json_lines": "", "json": "records: orders\n", "parquet": ""}.items():
        (folder / f"shoes_{container}.yaml").write_text(CONTRACT.format(container=container, more=more), encoding="utf-8")
    return folder


def config(folder: Path) -> Config:
    return Config.model_validate({"channels": {"formats_folders": [formats(folder)]}})


def holders(root: Path, words: Sequence[str] = PLANTED, *, outside: str = "deliveries") -> list[str]:
    """Files below `root` in which one of the words stands, packed or not; but those of one folder."""
    found = []
    for path in sorted(root.rglob("*")):
        if path.is_file() and path.relative_to(root).parts[0] != outside:
            content = b"".join(unpacked(path))
            if any(word.encode() in content for word in words):
                found.append(path.relative_to(root).as_posix())
    return found


def home_of(root: Path) -> Home:
    home = Home(root)
    home.deliveries.mkdir(parents=True, exist_ok=True)
    return home
