"""Read what identity measured of itself, day by day, and hold it against the truth where that is known. Decides nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from pipelines.contracts.errors import ConfigurationError
from pipelines.contracts.identity_tables import IDENTITY_QUALITY
from pipelines.contracts.masking import masked
from pipelines.contracts.run import Run
from pipelines.identity.accuracy import Accuracy, accuracy, read_truth, worst_clusters
from pipelines.identity.inquiry import members_on, written_rows

_KEYS_SHOWN = 10  # of each person in a customer, and of people
# totals, then what they are made of, then what was decided, then what moved; what is not named comes last
_ORDER = (
    *("source_records", "customers", "customers_by_source_records", "customers_by_phones", "phones_by_names", "links", "refused_links"),
    *("rejected_values", "held_back_links", "recycled_values", "households", "decisions", "changes", "changed_customers"),
)


@dataclass(frozen=True, slots=True)
class Measured:
    """One measure of a day; `before` is that of the run before, None where there was none or nothing of the kind."""

    measure: str
    item: str
    measured: int
    before: int | None
    allowed: int | None


@dataclass(frozen=True, slots=True)
class Moved:
    """Customers whose id moved on a day, and how many may; None without a limit."""

    as_of: date
    changed: int
    allowed: int | None


@dataclass(frozen=True, slots=True)
class Quality:
    """All measures of one day, and how much moved on every day up to it, oldest first."""

    as_of: date
    before_on: date | None
    measures: list[Measured]
    moved: list[Moved]

    def of(self, measure: str) -> list[Measured]:
        """The items of one measure, bands in the order of their sizes."""
        return [row for row in self.measures if row.measure == measure]


@dataclass(frozen=True, slots=True)
class WrongCustomer:
    """A customer of several people. `wrong_pairs`: pairs of its records that are of two people.

    `source_record_keys` of each person, the one with most records first; masked unless asked for, the first of them where they are many.
    """

    customer_id: str
    people: int
    records: int
    wrong_pairs: int
    source_record_keys: list[list[str]]


@dataclass(frozen=True, slots=True)
class Judgment:
    """Against the truth: `records` had a right answer; `wrong_customers` of the customers hold several people, worst of them listed."""

    records: int
    wrong_customers: int
    accuracy: Accuracy
    worst: list[WrongCustomer]


def quality_of(run: Run, on: date | None) -> Quality:
    """The measures of the last run, or of the run for the day `on`. Raises ConfigurationError when there is none."""
    day = on or run.as_of
    rows = written_rows(run, IDENTITY_QUALITY).filter(pl.col("as_of") <= day).collect()
    days = sorted(rows["as_of"].unique().to_list())
    if not days or days[-1] != day:
        do = f"the newest day before it is {days[-1]}" if days else "`cdp run` measures"
        raise ConfigurationError(f"nothing was measured on {day}", where="identity_quality", do=do)
    before_on = days[-2] if len(days) > 1 else None
    now, before = (rows.filter(pl.col("as_of").eq_missing(pl.lit(wanted, pl.Date))).drop("as_of") for wanted in (day, before_on))
    # what is gone is as telling as what is new: a band that nobody is in any more
    joined = now.join(before.drop("allowed"), on=["measure", "item"], how="full", coalesce=True, suffix="_before")
    place = pl.col("measure").replace_strict(_ORDER, range(len(_ORDER)), default=len(_ORDER), return_dtype=pl.Int64)
    ordered = joined.with_columns(pl.col("measured").fill_null(0), place=place, size=_size()).sort("place", "measure", "size", "item")
    moved = rows.filter(measure="changed_customers").sort("as_of")
    return Quality(
        as_of=day,
        before_on=before_on,
        measures=[Measured(*row) for row in ordered.select("measure", "item", "measured", "measured_before", "allowed").iter_rows()],
        moved=[Moved(*row) for row in moved.select("as_of", "measured", "allowed").iter_rows()],
    )


def judge_against(run: Run, truth: Path, on: date | None, limit: int, *, reveal: bool = False) -> Judgment:
    """Hold the customers of the last run, or of the day `on`, against the truth in a folder; list the `limit` worst of them.

    Raises ConfigurationError when the truth cannot be read or knows none of the records.
    """
    people = read_truth(truth)
    found = members_on(run, on).select("source_record_key", cluster_id="customer_id").collect()
    judged = found.join(people.rename({"person_id": "truth"}), on="source_record_key")
    if judged.is_empty():
        raise ConfigurationError("the truth knows none of the records", where=str(truth), do="name the truth of these deliveries")
    wrong = worst_clusters(judged, judged.height)
    worst = wrong.head(limit)
    keys = judged.join(worst.select("cluster_id"), on="cluster_id", how="semi").sort("source_record_key")
    by_person = keys.group_by("cluster_id", "truth", maintain_order=True).agg("source_record_key", records=pl.len())
    by_person = by_person.sort("records", "truth", descending=[True, False])
    by_customer: dict[str, list[list[str]]] = dict(by_person.group_by("cluster_id").agg("source_record_key").iter_rows())
    return Judgment(
        records=judged.height,
        wrong_customers=wrong.height,
        accuracy=accuracy(judged),
        worst=[
            WrongCustomer(
                customer_id,
                people_count,
                records,
                wrong_pairs,
                [[key if reveal else masked(key) for key in of[:_KEYS_SHOWN]] for of in by_customer[customer_id][:_KEYS_SHOWN]],
            )
            for customer_id, people_count, records, wrong_pairs in worst.iter_rows()
        ],
    )


def _size() -> pl.Expr:
    """Where a band begins; the open one is the last, and what is no band comes by its name."""
    begins = pl.col("item").str.extract(r"^(\d+)", 1).cast(pl.Int64)
    return pl.when(pl.col("item").str.starts_with("over ")).then(pl.lit(1_000_000)).otherwise(begins.fill_null(0))
