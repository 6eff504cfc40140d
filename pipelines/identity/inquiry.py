"""Find whom a question means: a customer id, a source record or a value, on a day. Explains nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import polars as pl

from pipelines.contracts.errors import ConfigurationError
from pipelines.contracts.identifiers import IDENTIFIER_TYPES
from pipelines.contracts.identity_tables import (
    IDENTITY_CHANGES,
    IDENTITY_CONTACT_POINTS,
    IDENTITY_CURRENT,
    IDENTITY_MEMBERS,
)
from pipelines.contracts.masking import masked
from pipelines.contracts.normalization import comparable_values
from pipelines.contracts.run import Run
from pipelines.contracts.tables import Table

# the person may mean a number that the channel hid, or that a spreadsheet has broken
_HIDDEN = ["masked", "virtual", "lossy"]


@dataclass(frozen=True, slots=True)
class Inquiry:
    """What was asked, resolved.

    `customer_id` is the person meant, None when a value is held by nobody or by several. `redirected_from`: ids that led there, oldest
    last. `values`: the identifier values meant, `type, scope, value`; empty unless a value was asked for.
    """

    customer_id: str | None
    redirected_from: tuple[str, ...]
    values: pl.DataFrame


def inquire(run: Run, asked: str, on: date | None) -> Inquiry:
    """Resolve `asked` against the members of the last run, or of the day `on`. Raises ConfigurationError when nothing is meant."""
    members, contact_points = members_on(run, on), written_rows(run, IDENTITY_CONTACT_POINTS)
    no_values = contact_points.select("type", "scope", "value").head(0).collect()
    # the first of them, because a run for a day in the past knows ids that have led elsewhere since
    redirects = _redirects(run, asked, on)
    alive = next((place for place, customer_id in enumerate(redirects) if _is_in(members, "customer_id", customer_id)), None)
    if alive is not None:
        return Inquiry(redirects[alive], redirects[:alive][::-1], no_values)
    record = members.filter(pl.col("source_record_key") == asked).collect()
    if record.height:
        return Inquiry(record["customer_id"][0], (), no_values)
    meant = _comparable(run, asked)
    held = (
        contact_points.join(meant.lazy(), on=["type", "value"], how="semi").select("source_record_key", "type", "scope", "value").collect()
    )
    if held.is_empty():
        raise _nothing_meant(run, asked, on, meant)
    keys = held["source_record_key"].unique()
    holders = members.filter(pl.col("source_record_key").is_in(keys.implode())).collect()["customer_id"].unique()
    return Inquiry(holders[0] if holders.len() == 1 else None, (), held.select("type", "scope", "value").unique().sort(pl.all()))


def members_on(run: Run, on: date | None) -> pl.LazyFrame:
    """`source_record_key, customer_id`: who was who on the day `on`, or in the last run for None.

    Raises ConfigurationError for a day after the last one that is known.
    """
    if on is None:
        return written_rows(run, IDENTITY_CURRENT).select("source_record_key", "customer_id")
    history = written_rows(run, IDENTITY_MEMBERS)
    newest = history.select(pl.max_horizontal(pl.col("valid_from_on").max(), pl.col("valid_to_on").max())).collect().item()
    last = max(run.as_of, newest or run.as_of)
    if on > last:
        raise ConfigurationError(f"nothing is known of {on} yet", where="--as-of", do=f"the last day known is {last}")
    return history.filter(_holds(on)).select("source_record_key", "customer_id")


def member_since(run: Run, customer_id: str, on: date | None) -> pl.LazyFrame:
    """`source_record_key, member_since_on` of a customer, from the history: a run for a day in the past may have found other members."""
    history = written_rows(run, IDENTITY_MEMBERS).filter(pl.col("customer_id") == customer_id, _holds(on))
    return history.select("source_record_key", member_since_on="valid_from_on")


def _holds(on: date | None) -> pl.Expr:
    is_open = pl.col("valid_to_on").is_null()
    return is_open if on is None else (pl.col("valid_from_on") <= on) & (is_open | (pl.col("valid_to_on") > on))


def written_rows(run: Run, table: Table) -> pl.LazyFrame:
    """The rows of `table` in the lake; none where it was never written, as of a stage that did not run."""
    rows = optional_rows(run, table.name)
    return pl.LazyFrame(schema=table.schema) if rows is None else rows


def optional_rows(run: Run, name: str) -> pl.LazyFrame | None:
    """The rows of the lake's table `name`, None where it was never written."""
    paths = sorted(run.home.table(name).glob("*.parquet"))
    return pl.scan_parquet(paths) if paths else None


def _redirects(run: Run, asked: str, on: date | None) -> tuple[str, ...]:
    """`asked` and, when it is an id whose records went elsewhere, the ids that it leads to, in order."""
    redirects = written_rows(run, IDENTITY_CHANGES).filter(pl.col("change") == "redirected")
    if on is not None:
        redirects = redirects.filter(pl.col("as_of") <= on)
    leads_to = dict(redirects.sort("as_of").select("customer_id", "other_customer_id").collect().iter_rows())
    path = [asked]
    while path[-1] in leads_to and leads_to[path[-1]] not in path:
        path.append(leads_to[path[-1]])
    return tuple(path)


def _comparable(run: Run, asked: str) -> pl.DataFrame:
    """`type, value, state`: what `asked` would be as a value of each identifier type, as the engine would compare it."""
    raw = pl.DataFrame({"type": list(IDENTIFIER_TYPES), "value_raw": asked}, schema={"type": pl.String, "value_raw": pl.String})
    return comparable_values(raw, run.config).filter(pl.col("value") != "").select("type", "value", "state")


def _is_in(rows: pl.LazyFrame, column: str, value: str) -> bool:
    return not rows.filter(pl.col(column) == value).select(column).head(1).collect().is_empty()


def _nothing_meant(run: Run, asked: str, on: date | None, meant: pl.DataFrame) -> ConfigurationError:
    day = f"on {on}" if on else f"in the run for {run.as_of}"
    kind, word = ("email", "an e-mail") if "@" in asked else ("phone", "a phone")
    hidden = meant.filter(pl.col("type") == kind, pl.col("state").is_in(_HIDDEN))["state"]
    hint = f"; as {word} it is {hidden[0]}, not real" if hidden.len() else ""
    is_former = _is_in(written_rows(run, IDENTITY_MEMBERS), "customer_id", asked)
    what = f"{asked if is_former else masked(asked)!r} is no customer, source record or identifier {day}{hint}"
    do = "check the spelling; a customer id, also an old one, a `<channel>:<native id>`, a phone or an e-mail will do"
    if is_former:
        do = "that customer id was given on another day: name one with --as-of"
    return ConfigurationError(what, where="explain", do=do)
