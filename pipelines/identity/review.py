"""List what the over-merge firewall held back until somebody decides, most harmful first. Decides nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from pipelines.contracts.identity_tables import IDENTITY_CURRENT
from pipelines.contracts.masking import masked, scrubbed
from pipelines.contracts.run import Run
from pipelines.identity.decisions import read_decisions
from pipelines.identity.inquiry import optional_rows, written_rows

_LEFT, _RIGHT = "left_source_record_key", "right_source_record_key"
_LINK = ["type", "scope", "value", "reason"]


@dataclass(frozen=True, slots=True)
class HeldBackLink:
    """One link that was held back, and why."""

    left_source_record_key: str
    right_source_record_key: str
    type: str
    scope: str
    value: str
    reason: str


@dataclass(frozen=True, slots=True)
class Question:
    """Are these two customers one person?

    `pair_count`: pairs of records that would be one person's by mistake, if they are not. `decided_in`: what the decisions file says of
    it by now, which the next run applies; None while the question is open.
    """

    left_customer_id: str | None
    right_customer_id: str | None
    left_source_record_count: int
    right_source_record_count: int
    pair_count: int
    links: list[HeldBackLink]
    decided_in: str | None


def open_questions(run: Run, *, reveal: bool = False) -> list[Question]:
    """One question per two customers with links held back: most pairs of records first, then by the keys of the first link.

    Raises ConfigurationError when the decisions file cannot be used.
    """
    held_back = _held_back(run)
    if held_back is None:
        return []
    decided = _decided(run)
    rows = held_back.with_columns(pair_count=pl.col("left_source_record_count") * pl.col("right_source_record_count"))
    by_parts: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for row in rows.sort(_LEFT, _RIGHT, *_LINK).collect().iter_rows(named=True):
        by_parts.setdefault(tuple(row["parts"]), []).append(row)
    ordered = sorted(by_parts.values(), key=lambda links: (-max(row["pair_count"] for row in links), links[0][_LEFT], links[0][_RIGHT]))
    return [_question(links, decided, reveal=reveal) for links in ordered]


def count_questions(run: Run) -> int:
    """How many questions the last run left."""
    held_back = _held_back(run)
    return 0 if held_back is None else int(held_back.select(pl.col("parts").n_unique()).collect().item())


def _held_back(run: Run) -> pl.LazyFrame | None:
    """Links that were held back with the customers of both sides, and as `parts` the two that a question is about."""
    rows = optional_rows(run, "identity_review")
    if rows is None:
        return None
    customers = written_rows(run, IDENTITY_CURRENT).select("source_record_key", "customer_id")
    for side in ("left", "right"):
        named = customers.rename({"source_record_key": f"{side}_source_record_key", "customer_id": f"{side}_customer_id"})
        rows = rows.join(named, on=f"{side}_source_record_key", how="left")
    return rows.with_columns(parts=_parts())


def _parts() -> pl.Expr:
    """The two customers in one order, whichever side of the link they are on."""
    sides = [pl.coalesce(f"{side}_customer_id", f"{side}_source_record_key") for side in ("left", "right")]
    return pl.concat_list(sides).list.sort()


def _decided(run: Run) -> dict[tuple[str, str], str]:
    """What the file says of a pair, also from tomorrow on: a decision of today is dated after the day of the last run."""
    decisions = read_decisions(run)
    lasting = decisions.filter(pl.col("expires_on").is_null() | (pl.col("expires_on") > run.as_of))
    return {
        (left, right): f"{word}, line {line}" for word, left, right, line in lasting.select("decision", _LEFT, _RIGHT, "line").iter_rows()
    }


def _question(links: list[dict[str, Any]], decided: Mapping[tuple[str, str], str], *, reveal: bool) -> Question:
    worst = max(links, key=lambda row: row["pair_count"])
    said = [decided[row[_LEFT], row[_RIGHT]] for row in links if (row[_LEFT], row[_RIGHT]) in decided]
    return Question(
        left_customer_id=worst["left_customer_id"],
        right_customer_id=worst["right_customer_id"],
        left_source_record_count=worst["left_source_record_count"],
        right_source_record_count=worst["right_source_record_count"],
        pair_count=worst["pair_count"],
        links=[_link(row, reveal=reveal) for row in links],
        decided_in=said[0] if said else None,
    )


def _link(row: Mapping[str, Any], *, reveal: bool) -> HeldBackLink:
    if reveal:
        return HeldBackLink(row[_LEFT], row[_RIGHT], *(row[name] for name in _LINK))
    return HeldBackLink(masked(row[_LEFT]), masked(row[_RIGHT]), row["type"], row["scope"], masked(row["value"]), scrubbed(row["reason"]))
