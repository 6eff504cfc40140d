"""A lake with the evidence of many people and its truth, written as the channels stage would, without the exports.

Exports of five million people take hours to write and to read. Who is who needs two tables of them, names with birthdays and contact
points: these are drawn here from the people of the simulator, with its family phones, second and recycled numbers, placeholders and
masked numbers, about three records and five contact points a person, in a few dozen loads.
"""

from __future__ import annotations

import argparse
import hashlib
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks.deliveries import ROOT, simulator_version
from pipelines.contracts.channel_tables import CANONICAL_TABLES, CHANNEL_CONTACT_POINTS, CHANNEL_PROFILES
from pipelines.contracts.home import Home
from pipelines.contracts.storage import write_table
from pipelines.contracts.tables import Table
from pipelines.identity.accuracy import TRUTH_FILE
from pipelines.simulate import SimulationSpec
from pipelines.simulate.draws import Draws, Flags, Ints
from pipelines.simulate.people import CELL, SHOPIFY, STORE, TAOBAO, YOUZAN, People, draw_people, person_ids
from pipelines.simulate.spec import DAY_SECONDS

_DAYS = 365
_FIRST_DAY = date(2025, 11, 1)
_LOADS = 24
_LISTED_PHONE = "13800138000"
# looks like any number: only what stands behind it tells that it is nobody's
POISON_PHONE = "13761093582"
_POISONED_SHARE = 0.002
_APPID = "wx3f0a5be1c27d9846"


@dataclass(frozen=True, slots=True)
class IdentityLake:
    """A home whose lake holds the evidence, the folder of its truth, and the last business day."""

    home: Home
    truth: Path
    people: int
    as_of: date

    def rows(self, table: Table) -> int:
        """Rows of a table of the lake."""
        return int(pl.scan_parquet(self.home.table(table.name) / "load=*" / "*.parquet").select(pl.len()).collect().item())


@dataclass(frozen=True, slots=True)
class _Records:
    """The records of one channel: whose (row of the person), their keys, when they were seen, and the phone that they gave."""

    channel: str
    row: Ints
    native_id: pl.Series
    at: Ints
    phone: pl.Series | None
    points: Sequence[tuple[str, str, pl.Series]] = ()
    birthday_share: float = 0.0
    is_named: bool = True


def prepare_lake(work: Path, people: int, seed: int, *, is_poisoned: bool = False) -> IdentityLake:
    """The lake of so many people, made in a process of its own when `work` does not hold it yet."""
    poison = "-poisoned" if is_poisoned else ""
    version = hashlib.sha256(simulator_version().encode() + Path(__file__).read_bytes()).hexdigest()[:8]
    folder = work / f"identity-lake-{people}-{seed}-{version}{poison}"
    if not folder.exists():
        beside = folder.with_name(f".{folder.name}.new")
        shutil.rmtree(beside, ignore_errors=True)
        command = [sys.executable, "-m", "benchmarks.identity_lake", str(beside), str(people), str(seed)]
        command += ["--poisoned"] if is_poisoned else []
        subprocess.run(command, check=True, cwd=ROOT)
        beside.rename(folder)
    return IdentityLake(Home(folder), folder / "truth", people, _FIRST_DAY + timedelta(days=_DAYS - 1))


def write_lake(folder: Path, people: int, seed: int, *, is_poisoned: bool) -> None:
    """Write `folder/lake` and `folder/truth`, a part of the people at a time. The same arguments give the same rows."""
    spec, draws, home = SimulationSpec(people, _DAYS, seed, _FIRST_DAY), Draws(seed), Home(folder)
    for table in CANONICAL_TABLES:
        write_table(pl.DataFrame(schema=table.schema), table, home.table(table.name) / "load=0" / "part-0.parquet")
    size = max(CELL, -(-people // _LOADS // CELL) * CELL)
    truths = folder / "truths"
    truths.mkdir(parents=True)
    for number, low in enumerate(range(0, people, size)):
        drawn = draw_people(spec, draws, low, min(low + size, people))
        records = list(_records(spec, draws, drawn))
        load = {"_load_id": pl.lit(f"{number:016x}"), "_exported_at": _instant(pl.lit(_DAYS * DAY_SECONDS - 1))}
        profiles = pl.concat([_profiles(spec, draws, drawn, one) for one in records if one.is_named])
        points = pl.concat([_points(spec, draws, drawn, one, is_poisoned=is_poisoned) for one in records])
        for table, rows in ((CHANNEL_PROFILES, profiles), (CHANNEL_CONTACT_POINTS, points)):
            whole = rows.with_columns(**load, _source_row=pl.int_range(2, pl.len() + 2, dtype=pl.Int64))
            absent = {name: pl.lit(None, kind) for name, kind in table.schema.items() if name not in whole.columns}
            path = home.table(table.name) / f"load={number:016x}" / "part-0.parquet"
            write_table(whole.with_columns(**absent).select(table.column_names).cast(table.schema), table, path)
        owners = [pl.DataFrame({"source_record_key": _keys(one), "person_id": person_ids(drawn.index[one.row])}) for one in records]
        pl.concat(owners).write_parquet(truths / f"{number:06d}.parquet")
    (folder / "truth").mkdir()
    pl.scan_parquet(truths / "*.parquet").unique().sink_parquet(folder / "truth" / TRUTH_FILE)
    shutil.rmtree(truths)


def _records(spec: SimulationSpec, draws: Draws, people: People) -> Iterator[_Records]:
    """The channels of a person: a marketplace, a shop that is paid through WeChat, a till with its loyalty club, a web shop."""
    index = people.index
    # a nick is no key of a table of millions: two people may have one
    nick = people.taobao_nick + pl.Series(index).cast(pl.String)
    is_masked = pl.Series(draws.chance(0.4, "lake/masked", index))
    row = _rows(people.uses[:, TAOBAO])
    at, phone = _phones(spec, draws, people, TAOBAO, row, "taobao")
    hidden = pl.DataFrame({"phone": phone, "is_masked": is_masked.gather(row)}).select(
        pl.when("is_masked").then(pl.col("phone").str.head(3) + "****" + pl.col("phone").str.tail(4)).otherwise("phone")
    )
    yield _Records("taobao", row, nick.gather(row), at, hidden.to_series(), [("platform_account", "alipay", nick.gather(row))])

    row = _rows(people.uses[:, YOUZAN])
    at, phone = _phones(spec, draws, people, YOUZAN, row, "youzan")
    payment = "42000" + pl.Series(index).cast(pl.String).str.zfill(10)
    yield _Records("youzan", row, _ids(4, index[row]), at, phone, birthday_share=0.4)
    pays = people.uses[:, YOUZAN] & draws.chance(0.6, "lake/pays", index)
    row = _rows(pays)
    at, _ = _phones(spec, draws, people, YOUZAN, row, "youzan")
    paid = ("payment_order_no", "wechatpay", payment.gather(row))
    yield _Records("youzan", row, _ids(4, index[row]), at, None, [paid], is_named=False)
    openid = "o" + _ids(9, index[row])
    yield _Records("wechatpay", row, openid, at, None, [("openid", _APPID, openid), paid], is_named=False)

    row = _rows(people.has_card)
    at, phone = _phones(spec, draws, people, STORE, row, "siss")
    yield _Records(
        "siss", row, people.card.gather(row), at, phone, [("member_id", "merchant", people.card.gather(row))], birthday_share=0.6
    )
    row = _rows(people.has_card & draws.chance(0.5, "lake/loyal", index))
    at, phone = _phones(spec, draws, people, STORE, row, "loyalty")
    card = people.card.gather(row)
    yield _Records("loyalty", row, card, at, phone, [("member_id", "merchant", card)], birthday_share=1.0)

    for second, ids in ((False, people.shopify_id), (True, people.shopify_id_second)):
        row = _rows(people.uses[:, SHOPIFY] & (ids > 0))
        at, phone = _phones(spec, draws, people, SHOPIFY, row, f"shopify{second}")
        mail = ("email", "global", _emails(people, is_second=second).gather(row))
        native_id = pl.Series(ids[row]).cast(pl.String)
        yield _Records("shopify", row, native_id, at, phone, [mail])
        tracked = draws.chance(0.4, f"lake/tracked{second}", index[row])
        seen = native_id.filter(pl.Series(tracked))
        login = ("user_id", "site", seen)
        yield _Records("shopify", row[tracked], seen, at[tracked], None, [login], is_named=False)
        yield _Records("segment", row[tracked], seen, at[tracked], None, [login], is_named=False)


def _profiles(spec: SimulationSpec, draws: Draws, people: People, records: _Records) -> pl.DataFrame:
    """One row a record: the name, with the last letter forgotten in some, and the birthday in the share that asks for it."""
    keys = people.index[records.row]
    frame = pl.DataFrame(
        {
            "name": people.name.gather(records.row),
            "birthday": people.birthday.gather(records.row),
            "is_cut": draws.chance(spec.typo_name_share, f"lake/typo/{records.channel}", keys),
            "asks": draws.chance(records.birthday_share, f"lake/birthday/{records.channel}", keys),
        }
    )
    return _seen(
        records,
        frame.select(
            full_name=pl.when("is_cut").then(pl.col("name").str.head(pl.col("name").str.len_chars() - 1)).otherwise("name"),
            birth_on=pl.when("asks").then(pl.col("birthday").cast(pl.Date)),
        ),
    )


def _points(spec: SimulationSpec, draws: Draws, people: People, records: _Records, *, is_poisoned: bool) -> pl.DataFrame:
    """One row a record and value. A placeholder stands in for some phones, the poison for every phone of some people."""
    found = list(records.points)
    if records.phone is not None:
        keys = people.index[records.row]
        frame = pl.DataFrame(
            {
                "phone": records.phone,
                "is_listed": draws.chance(spec.placeholder_share, f"lake/placeholder/{records.channel}", keys),
                "is_poisoned": draws.chance(_POISONED_SHARE if is_poisoned else 0.0, "lake/poisoned", keys),
            }
        )
        phone = frame.select(
            pl.when("is_poisoned").then(pl.lit(POISON_PHONE)).when("is_listed").then(pl.lit(_LISTED_PHONE)).otherwise("phone")
        ).to_series()
        found.append(("phone", "global", phone))
    rows = [
        _seen(records, pl.DataFrame({"value_raw": values}).with_columns(type=pl.lit(name), scope=pl.lit(scope)))
        for name, scope, values in found
    ]
    return pl.concat(rows).filter(pl.col("value_raw") != "")


def _seen(records: _Records, values: pl.DataFrame) -> pl.DataFrame:
    """With the record and the instants at which it was seen, within a week."""
    base = pl.DataFrame({"source_record_key": _keys(records), "at": records.at})
    at = pl.col("at")
    return base.select(
        "source_record_key",
        channel=pl.lit(records.channel),
        first_seen_at=_instant(at),
        last_seen_at=_instant(pl.min_horizontal(at + 7 * DAY_SECONDS, pl.lit(_DAYS * DAY_SECONDS - 1))),
    ).hstack(values)


def _phones(spec: SimulationSpec, draws: Draws, people: People, channel: int, row: Ints, stream: str) -> tuple[Ints, pl.Series]:
    """When each person was seen in a channel, and the number given then: whoever gave a number up gives the next one."""
    start = people.start_at[row]
    left = np.maximum(spec.seconds - start - 7 * DAY_SECONDS, 1)
    at = start + np.floor(draws.uniform(f"lake/at/{stream}", people.index[row]) * left).astype(np.int64)
    return at, pl.Series(people.phone_at(row, channel, at)).cast(pl.String)


def _emails(people: People, *, is_second: bool) -> pl.Series:
    """The first address, or the second where there is one."""
    if not is_second:
        return people.email
    return pl.select(pl.coalesce(pl.when(people.email_second != "").then(people.email_second), people.email)).to_series()


def _ids(digit: int, index: Ints) -> pl.Series:
    return str(digit) + pl.Series(index).cast(pl.String).str.zfill(9)


def _rows(chosen: Flags) -> Ints:
    return np.flatnonzero(chosen).astype(np.int64)


def _keys(records: _Records) -> pl.Series:
    return pl.Series("source_record_key", f"{records.channel}:" + records.native_id)


def _instant(seconds: pl.Expr) -> pl.Expr:
    """From seconds since the first day began."""
    first = pl.lit(_FIRST_DAY).cast(pl.Datetime("us")).dt.replace_time_zone("Asia/Shanghai").dt.convert_time_zone("UTC")
    return first + pl.duration(seconds=seconds)


def main() -> None:
    """Write a lake into a new folder."""
    parser = argparse.ArgumentParser(description="Write a lake of evidence with its truth.")
    parser.add_argument("out", type=Path)
    parser.add_argument("people", type=int)
    parser.add_argument("seed", type=int)
    parser.add_argument("--poisoned", action="store_true", help="every phone of one person in five hundred is one number")
    chosen = parser.parse_args()
    write_lake(chosen.out, chosen.people, chosen.seed, is_poisoned=chosen.poisoned)


if __name__ == "__main__":
    main()
