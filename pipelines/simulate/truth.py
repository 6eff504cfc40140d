"""Write down what is true: who is behind every record, how people were drawn, which traps were planted."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl

from pipelines.simulate.chunk import Chunk
from pipelines.simulate.draws import Ints
from pipelines.simulate.formats.cells import PERSON, RECORD
from pipelines.simulate.people import CHANNELS, NEVER, person_ids
from pipelines.simulate.purchases import lifetimes
from pipelines.simulate.spec import DAY_SECONDS
from pipelines.simulate.traps import chunk_traps, global_traps


class TruthFolder:
    """Collects the truth of each chunk in parts and joins them at the end."""

    def __init__(self, folder: Path, parts: Path) -> None:
        self._folder = folder
        self._parts = parts

    def add(self, chunk_number: int, chunk: Chunk, owners: list[pl.DataFrame]) -> int:
        """Add one chunk's part of each table. Returns its source records that belong to somebody."""
        records = _source_records(owners)
        tables = {
            "people": people_table(chunk),
            "source_records": records.filter(pl.col("person_id").is_not_null()),
            "nobody": records.filter(pl.col("person_id").is_null()),
            "traps": _delivered_keys(chunk_traps(chunk), records),
        }
        for name, table in tables.items():
            (self._parts / name).mkdir(parents=True, exist_ok=True)
            table.write_parquet(self._parts / name / f"{chunk_number:06d}.parquet")
        return tables["source_records"][RECORD].n_unique()

    def finish(self) -> tuple[int, dict[str, int]]:
        """Write the tables whole; their bytes do not depend on the parts. Returns records of nobody, and traps by kind."""
        nobody = self._parted("nobody").unique().sort(RECORD).collect()
        self._write("people", self._parted("people"))
        self._write("source_records", pl.concat([self._parted("source_records"), nobody.lazy()]))
        planted = pl.concat([_delivered_keys(global_traps(), nobody), self._parted("traps").collect()])
        self._write("traps", planted.sort("kind", "value", maintain_order=True).lazy())
        return len(nobody), dict(planted["kind"].value_counts().sort("kind").iter_rows())

    def _parted(self, name: str) -> pl.LazyFrame:
        return pl.scan_parquet(sorted((self._parts / name).glob("*.parquet")))

    def _write(self, name: str, frame: pl.LazyFrame) -> None:
        frame.sink_parquet(self._folder / f"{name}.parquet", row_group_size=250_000, maintain_order=True)

    def write_json(self, name: str, content: dict[str, object]) -> None:
        """One readable JSON file."""
        text = json.dumps(content, ensure_ascii=False, indent=2, sort_keys=True) + "\n"
        (self._folder / f"{name}.json").write_text(text, encoding="utf-8")


def record_owners(rows: pl.DataFrame) -> pl.DataFrame:
    """One row per source record and person that a format's rows name."""
    return rows.select(RECORD, PERSON).filter(pl.col(RECORD).is_not_null()).unique(maintain_order=True)


def _delivered_keys(traps: pl.DataFrame, records: pl.DataFrame) -> pl.DataFrame:
    """Keep those record keys of the traps that the deliveries do name."""
    delivered = records.select(RECORD).unique()
    numbered = traps.with_row_index("trap")
    keys = numbered.select("trap", pl.col("source_record_keys").alias(RECORD)).explode(RECORD).join(delivered, on=RECORD, how="semi")
    by_trap = keys.sort("trap", RECORD).group_by("trap", maintain_order=True).agg(source_record_keys=RECORD)
    joined = numbered.drop("source_record_keys").join(by_trap, on="trap", how="left", maintain_order="left")
    known = pl.col("source_record_keys").fill_null(pl.lit([], dtype=pl.List(pl.String)))
    return joined.select("kind", "value", known, "person_ids")


def _source_records(owners: list[pl.DataFrame]) -> pl.DataFrame:
    """One row per record and person of a chunk, by person; the walk-in card has none.

    Ambiguous is a record of several people (they are always of one chunk) or of nobody.
    """
    frame = pl.concat(owners).unique().sort(PERSON, RECORD)
    ids = pl.format("P{}", pl.col(PERSON).cast(pl.String).str.zfill(9))
    return frame.select(
        RECORD,
        person_id=pl.when(pl.col(PERSON).is_not_null()).then(ids),
        is_ambiguous=(pl.len().over(RECORD) > 1) | pl.col(PERSON).is_null(),
    )


def people_table(chunk: Chunk) -> pl.DataFrame:
    """One row per person: what was drawn, and what came of it until the last day. Times are business days from 0.

    Purchases are those of the four channels that people are drawn with; what they order in further shops is counted nowhere here.
    """
    people, orders = chunk.people, chunk.orders
    end = chunk.world.spec.seconds
    refunded = (orders.refund_at != NEVER) & (orders.refund_at < end)
    paid = (orders.paid_at != NEVER) & (orders.paid_at < end) & ~(refunded & orders.is_full_refund)
    net_fen = orders.total_fen - np.where(refunded, orders.refund_fen, 0)
    size = len(people)
    made = np.bincount(orders.row[orders.paid_at != NEVER], minlength=size)
    count = np.bincount(orders.row[paid], minlength=size)
    net = np.bincount(orders.row[paid], weights=net_fen[paid], minlength=size)
    last = np.full(size, NEVER, dtype=np.int64)
    np.maximum.at(last, orders.row[paid], orders.paid_at[paid] // DAY_SECONDS)
    return pl.DataFrame(
        {
            "person_id": people.person_id,
            "name": people.name,
            "gender": pl.Series(np.where(people.male, "male", "female")),
            "birthday": people.birthday,
            "phone_main": _phones(people.phone_main),
            "phone_second": _phones(people.phone_second),
            **{f"phone_{name}": _phones(people.phone_by_channel[:, c]) for c, name in enumerate(CHANNELS)},
            "email": people.email,
            "email_second": people.email_second,
            "member_id": pl.select(pl.when(pl.Series(people.has_card)).then(people.card)).to_series(),
            **{f"uses_{name}": people.uses[:, c] for c, name in enumerate(CHANNELS)},
            "is_buyer": people.is_buyer,
            "start_day": people.start,
            "rate_per_day": people.rate_per_day,
            "dropout_probability": people.dropout,
            # Expected value of an order of theirs, in CNY.
            "spend_mean": people.spend_mean_fen / 100.0,
            # Who has not left: their next order is still to come, whenever that is.
            "is_alive": people.is_buyer & (made < lifetimes(chunk.world.draws, people)),
            "order_count": made,
            "purchase_count": count,
            "net_amount": (pl.Series(net.astype(np.int64)).cast(pl.Decimal(18, 2)) / 100).cast(pl.Decimal(18, 2)),
            "last_purchase_day": pl.Series(last),
            "family_owner_id": _ids_or_null(people.family_owner),
            "number_from_id": _ids_or_null(people.recycled_from),
        }
    )


def _phones(numbers: Ints) -> pl.Series:
    frame = pl.DataFrame({"n": numbers})
    return frame.select(pl.when(pl.col("n") > 0).then(pl.col("n").cast(pl.String))).to_series()


def _ids_or_null(index: Ints) -> pl.Series:
    frame = pl.DataFrame({"id": person_ids(np.maximum(index, 0)), "known": index != NEVER})
    return frame.select(pl.when("known").then("id")).to_series()
