"""`cdp unmerge` and `cdp merge`: a decision of a person about who is one person, its consequences first, then the question.

Writes rows of `identity_decisions.csv` and nothing else; the next run applies them.
"""

from __future__ import annotations

import getpass
import json
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import polars as pl
import typer

from assets.cli.differences import difference_lines
from assets.cli.explain import warn_of_clear_values
from assets.cli.installation import installation
from assets.cli.rehearsal import Rehearsal, Rehearsed, rehearsing
from assets.cli.wording import counted, cut, part, plain
from pipelines.contracts.errors import CdpError, ConfigurationError
from pipelines.contracts.masking import masked
from pipelines.identity.decisions import CANNOT_LINK, COLUMNS, FILE_NAME, MUST_LINK, add_decisions
from pipelines.rehearsal import (
    Comparison,
    all_pairs,
    are_parted,
    customers_of,
    members,
    pairs_to_cut,
    successor,
    why_refused,
)

_EXAMPLES = 5
_NO_REASON = "rehearsed"
Customers = Mapping[str, frozenset[str]]


@dataclass(frozen=True, slots=True)
class Answer:
    """Who decides, and what the caller has said about it already."""

    author: str | None
    reason: str | None
    is_sure: bool


@dataclass(frozen=True, slots=True)
class _Tried:
    """A correction that was rehearsed: its rows, the customers who hold the records then, and everything else that moves."""

    rehearsal: Rehearsal
    rows: pl.DataFrame
    customers: Customers
    rehearsed: Rehearsed
    differences: Comparison


def unmerge(
    home: Path | None, config: Path | None, customer_id: str, named: Sequence[str], answer: Answer, *, clear: bool, as_json: bool
) -> None:
    """Part the records `named`, by key or by their number in `cdp explain`, from the rest of the customer.

    Raises ConfigurationError for records that are not the customer's, for all of them, and for decisions that contradict older ones.
    """
    folders, _ = installation(home, config)
    author = _ready(answer)
    with rehearsing(folders, config, None) as rehearsal:
        records, parted = _parts(rehearsal, customer_id, named)
        rest = records - parted
        tried = None
        for pairs in (pairs_to_cut(rehearsal.before.run.home, parted, rest), all_pairs(parted, rest)):
            tried = _try(rehearsal, config, CANNOT_LINK, pairs, records, author, answer)
            if are_parted(tried.customers.values(), parted, rest):
                break
        else:
            raise CdpError("the records would still be of one customer", where="unmerge", do="report it: decisions come before evidence")
        _show(tried, clear=clear, as_json=as_json)
    _finish(tried, answer, as_json=as_json)


def merge(home: Path | None, config: Path | None, keys: tuple[str, str], answer: Answer, *, clear: bool, as_json: bool) -> None:
    """Hold two source records to be one person; a customer id stands for the record of it that was seen first.

    Raises ConfigurationError for records that are not known, and when a constraint would keep them apart all the same.
    """
    folders, _ = installation(home, config)
    author = _ready(answer)
    with rehearsing(folders, config, None) as rehearsal:
        present = rehearsal.before.run.home
        pair = tuple(next(iter(members(present, name)), name) for name in keys)
        before = customers_of(present, pair)
        unknown = [key for key in pair if not any(key in records for records in before.values())]
        if unknown or pair[0] == pair[1]:
            what = f"{masked(unknown[0])} is no source record or customer of the last run" if unknown else "both records are the same"
            raise ConfigurationError(what, where="merge", do="name two records as `cdp explain --clear` shows them, or two customers")
        concerned = frozenset().union(*before.values())
        tried = _try(rehearsal, config, MUST_LINK, [(pair[0], pair[1])], concerned, author, answer)
        _show(tried, clear=clear, as_json=as_json)
        if are_parted(tried.customers.values(), frozenset(pair[:1]), frozenset(pair[1:])):
            reasons = "; ".join(why_refused(rehearsal.shadow, pair[0], pair[1])) or "a constraint"
            raise ConfigurationError(
                f"the two would stay apart: {reasons}", where="merge", do="mend what keeps them apart; nothing was written"
            )
    _finish(tried, answer, as_json=as_json)


def _ready(answer: Answer) -> str:
    """The author. Raises ConfigurationError when the rows could not be written, before anything takes time."""
    if answer.is_sure and not answer.reason:
        raise ConfigurationError("is missing", where="--reason", do="say why, for whoever reads it next year")
    try:
        return answer.author or getpass.getuser()
    except (OSError, KeyError) as error:
        raise ConfigurationError("is missing", where="--author", do="say who decides") from error


def _parts(rehearsal: Rehearsal, customer_id: str, named: Sequence[str]) -> tuple[frozenset[str], frozenset[str]]:
    home = rehearsal.before.run.home
    records = members(home, customer_id)
    if not records:
        now = successor(home, customer_id)
        advice = f"its records are now of {now}" if now else "see `cdp explain`"
        raise ConfigurationError(f"{masked(customer_id)} is no customer of the last run", where="unmerge", do=advice)
    by_number = {str(number): key for number, key in enumerate(records, start=1)}
    parted = frozenset(by_number.get(name, name) for name in named)
    foreign = sorted(parted - set(records))
    if foreign:
        more = f" (and {len(foreign) - 1} more)" if len(foreign) > 1 else ""
        what = f"{masked(foreign[0])}{more} is no record of this customer"
        raise ConfigurationError(what, where="unmerge", do="name records as `cdp explain --clear` shows them, or by their numbers there")
    if len(parted) == len(records):
        raise ConfigurationError("these are all records of the customer", where="unmerge", do="leave out those that stay")
    return frozenset(records), parted


def _try(
    rehearsal: Rehearsal,
    config: Path | None,
    decision: str,
    pairs: Iterable[tuple[str, str]],
    records: frozenset[str],
    author: str,
    answer: Answer,
) -> _Tried:
    rows = pl.DataFrame(
        [(decision, *sorted(pair), author, answer.reason or _NO_REASON, rehearsal.as_of, None) for pair in sorted(pairs)],
        schema=dict(zip(COLUMNS, (*(pl.String,) * 5, pl.Date, pl.Date), strict=True)),
        orient="row",
    )
    reference = rehearsal.shadow.root / "reference"
    shutil.rmtree(reference, ignore_errors=True)
    shutil.copytree(rehearsal.before.run.reference, reference)
    add_decisions(reference, rows)
    rehearsed = rehearsal.rehearse(config, reference)
    differences = rehearsal.compare(rehearsed, _EXAMPLES)
    return _Tried(rehearsal, rows, customers_of(rehearsal.shadow, records), rehearsed, differences)


def _show(tried: _Tried, *, clear: bool, as_json: bool) -> None:
    def shown(key: str) -> str:
        return key if clear else masked(key)

    if clear:
        warn_of_clear_values()
    print(json.dumps(_facts(tried, shown), ensure_ascii=False, default=str) if as_json else "\n".join(_lines(tried, shown)))


def _facts(tried: _Tried, shown: Callable[[str], str]) -> dict[str, Any]:
    left, right = COLUMNS[1:3]
    decisions = tried.rows.select("decision", left, right, "author", "reason", "decided_on").to_dicts()
    return {
        "as_of": tried.rehearsal.as_of,
        "against_run_id": tried.rehearsal.run_id,
        "decisions": [{**row, left: shown(row[left]), right: shown(row[right])} for row in decisions],
        "customers": {customer: sorted(map(shown, records)) for customer, records in tried.customers.items()},
        "red_checks": tried.rehearsed.red_checks,
        "differences": asdict(tried.differences),
    }


def _lines(tried: _Tried, shown: Callable[[str], str]) -> Iterator[str]:
    run_id = tried.rehearsal.run_id
    yield f"as of {tried.rehearsal.as_of}, against {f'run {run_id}' if run_id else 'a rehearsal of what is'}; nothing was written"
    decided = [f"  {decision}  {plain(shown(one))}  {plain(shown(other))}" for decision, one, other, *_ in tried.rows.iter_rows()]
    yield from part(f"Would decide, from {tried.rehearsal.as_of} on", decided)
    yield from ("", "Customers then")
    for customer, records in tried.customers.items():
        yield f"  {customer}: {counted(len(records), 'record')}"
        yield from cut([f"    {plain(shown(key))}" for key in sorted(records)])
    yield from ("", "What it moves")
    yield from difference_lines(tried.differences, tried.rehearsal.before.run.config.reporting_currency)
    if tried.rehearsed.red_checks:
        yield from ("", f"Checks     red, such a run would publish nothing: {plain(tried.rehearsed.red_checks, to=400)}")


def _finish(tried: _Tried, answer: Answer, *, as_json: bool) -> None:
    """Write the rows when somebody says so: on the command line, or to the question on a terminal."""
    reference, rows = tried.rehearsal.before.run.reference, tried.rows
    path = reference / FILE_NAME
    if not answer.is_sure:
        if as_json or not sys.stdin.isatty():
            print("cdp: nothing was written; --yes --reason WHY writes it", file=sys.stderr)
            return
        if not typer.confirm(f"Write {counted(rows.height, 'decision')} to {path}?", err=True):
            return
        rows = rows.with_columns(reason=pl.lit(answer.reason or typer.prompt("Why", err=True)))
    written = add_decisions(reference, rows)
    print(
        f"cdp: {counted(written, 'decision')} written to {path}; the next run applies {'it' if written == 1 else 'them'}", file=sys.stderr
    )
