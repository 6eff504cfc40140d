"""What `cdp run` says at the end: rows, people, headline KPIs, lists, and where to look."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import date
from itertools import pairwise
from typing import Any

import duckdb
import polars as pl

from assets.cli.run import Outcome
from assets.cli.wording import counted, figure, plain
from pipelines.contracts.errors import ConfigurationError
from pipelines.contracts.home import Home
from pipelines.contracts.segments import STEPS

_HEADLINES = (
    "net_sales",
    "aov",
    "repurchase_rate",
    "new_buyer_repurchase_30d",
    "churn_rate_active_base",
    "churn_rate_literal",
)

_LEFT_BEHIND: Mapping[str, str] = {
    "reachable": "without a usable contact point",
    "consented": "without consent",
    "not_suppressed": "suppressed",
    "under_cap": "over the cap",
    "won_priority": "on another list",
    "not_held_out": "held out",
    "exported": "not exported",
}
_FAULT_WIDTH = 200  # characters of what is wrong with a definition
_CAUSES = 3  # shown of the causes of restatements, the most frequent first


def print_summary(outcome: Outcome, *, as_json: bool) -> None:
    """Print the summary as text, or as one JSON object."""
    facts = summarize(outcome)
    print(json.dumps(facts, ensure_ascii=False, default=str) if as_json else "\n".join(_lines(facts, outcome)))


def summarize(outcome: Outcome) -> dict[str, Any]:
    """The summary as data: run, files and rows, identity, KPIs of the month of `as_of`, waterfalls, paths."""
    record, home = outcome.record, outcome.home
    return {
        "run_id": record["run_id"],
        "as_of": record["as_of"],
        "as_of_was_chosen": outcome.as_of_was_chosen,
        "is_new": outcome.is_new,
        "files": _files(home),
        "drifts": outcome.drifts,
        "identity": record["counts"]["identity"],
        "open_questions": record["counts"].get("open_questions", 0),
        "kpis": _headline_kpis(home, record),
        **_of_the_past(home, record),
        "predictions": _predictions(home, record),
        "segments": record["segments"],
        "notices": record.get("notices", []),
        "left_out": record.get("left_out", []),
        "delivered": dict(Counter(entry.place for entry in outcome.delivered)),
        "undelivered": [asdict(one) for one in outcome.undelivered],
        "analytics": record["analytics"],
        "segments_folder": str(home.published / "segments" / record["as_of"]),
        "report": str(home.reports(date.fromisoformat(record["as_of"])) / "index.html"),
    }


def _files(home: Home) -> dict[str, int]:
    loads = pl.read_parquet(home.table("channel_loads") / "part-0.parquet")
    loaded = loads.filter(outcome="loaded")
    return {
        "read": loads.height,
        "refused": loads.height - loaded.height,
        "delivered_again": int(loads["delivery_count"].sum()) - loads.height,
        "rows_loaded": int(loaded["loaded_count"].sum()),
        "rows_duplicate": int(loaded["duplicate_count"].sum()),
        "rows_quarantined": int(loaded["quarantined_count"].sum()),
        "rows_erased": int(loaded["erased_count"].sum()) if "erased_count" in loaded.columns else 0,
    }


def _headline_kpis(home: Home, record: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Monthly KPIs over everything, for the month of `as_of`."""
    with duckdb.connect(str(home.root / record["analytics"]), read_only=True) as connection:
        rows = connection.execute(
            """
            select metric, value, unit, numerator, denominator, is_provisional
            from kpi
            where period_grain = 'month' and dimension = 'all'
              and period_start = date_trunc('month', cast(? as date)) and list_contains(?, metric)
            """,
            [record["as_of"], list(_HEADLINES)],
        ).fetchall()
    names = ("metric", "value", "unit", "numerator", "denominator", "is_provisional")
    return sorted((dict(zip(names, row, strict=True)) for row in rows), key=lambda kpi: _HEADLINES.index(kpi["metric"]))


def _of_the_past(home: Home, record: Mapping[str, Any]) -> dict[str, Any]:
    """Figures that this run restates, by cause, and late facts by table and by whether this run counts them."""
    with duckdb.connect(str(home.root / record["analytics"]), read_only=True) as connection:
        restated = connection.execute(
            "select cause, count(*) from kpi_restatement where run_id = ? group by cause order by count(*) desc, cause", [record["run_id"]]
        ).fetchall()
        late = connection.execute(
            "select is_counted, fact_table, count(*) from late_facts group by all order by is_counted desc, fact_table"
        ).fetchall()
    return {
        "restated": dict(restated),
        "late_facts": [{"is_counted": is_counted, "fact_table": table, "fact_count": count} for is_counted, table, count in late],
    }


def _predictions(home: Home, record: Mapping[str, Any]) -> list[dict[str, Any]]:
    """By target, the model or simple rule that the run predicts with, or null, and why."""
    with duckdb.connect(str(home.root / record["analytics"]), read_only=True) as connection:
        rows = connection.execute(
            """
            select target, model_name, is_used, reason from value_models where as_of = cast(? as date)
            qualify row_number() over (partition by target order by is_used desc, is_baseline, model_name) = 1
            order by target
            """,
            [record["as_of"]],
        ).fetchall()
    return [{"target": target, "model": model if is_used else None, "reason": reason} for target, model, is_used, reason in rows]


def _past_lines(facts: Mapping[str, Any]) -> Iterator[str]:
    restated: Mapping[str, int] = facts["restated"]
    if restated:
        yield f"Restated   {counted(sum(restated.values()), 'figure')} of periods that were over, see table kpi_restatement"
        yield from (f"           {count:,}: {cause}" for cause, count in list(restated.items())[:_CAUSES])
    for is_counted, word in ((True, "delivered late and counted"), (False, "exported too late for this day and left out")):
        late = [row for row in facts["late_facts"] if row["is_counted"] is is_counted]
        if late:
            tables = ", ".join(f"{row['fact_count']:,} {row['fact_table'].removeprefix('channel_')}" for row in late)
            yield f"Late       {tables}: {word}, see table late_facts"


def _list_lines(facts: Mapping[str, Any]) -> Iterator[str]:
    """Of each list how many matched and went out, and the step at which most were left behind. The whole way is in `manifest.json`."""
    waterfalls: Mapping[str, Mapping[str, int]] = facts["segments"]
    if not waterfalls:
        yield "Lists      none is valid on this day"
        return
    yield f"Lists in {facts['segments_folder']}"
    wide = max(len(name) for name in waterfalls)
    yield f"  {'':<{wide}}   matched  exported  most left behind"
    matched = {name: waterfall for name, waterfall in waterfalls.items() if waterfall["matched"]}
    for name, waterfall in matched.items():
        lost = {step: waterfall[before] - waterfall[step] for before, step in pairwise(STEPS)}
        worst = max(lost, key=lambda step: lost[step])
        told = f"  {lost[worst]:,} {_LEFT_BEHIND[worst]}" if lost[worst] else ""
        yield f"  {name:<{wide}}  {waterfall['matched']:>8,}  {waterfall['exported']:>8,}{told}"
    nobody = [name for name in waterfalls if name not in matched]
    if nobody:
        yield f"  nobody matched {', '.join(nobody)}"
    yield from left_out_lines(facts["left_out"])


def left_out_lines(left_out: Sequence[Mapping[str, str]]) -> Iterator[str]:
    """Why a segment has no list."""
    yield from (f"  left out {one['segment']}: {plain(one['fault'], to=_FAULT_WIDTH)} ({one['place']})" for one in left_out)


def stop_on_left_out(left_out: Sequence[Mapping[str, str]]) -> None:
    """Raise ConfigurationError, naming the first segment without a list and how many more. What is published stays published."""
    if left_out:
        first = left_out[0]
        more = f" (and {len(left_out) - 1} more: `cdp segments check`)" if len(left_out) > 1 else ""
        what = f"no list of {first['segment']}, all others are published: {first['fault']}{more}"
        raise ConfigurationError(what, where=first["place"], do=first["advice"])


def _delivery_lines(facts: Mapping[str, Any]) -> Iterator[str]:
    """What somebody should know of the files for destinations, and where they are."""
    yield from (f"  {notice}" for notice in facts["notices"])
    if facts["delivered"]:
        places = (f"{counted(count, 'file')} to {place}" for place, count in facts["delivered"].items())
        yield f"Delivered  {', '.join(places)}"
    if facts["undelivered"]:
        yield f"Missing    {counted(len(facts['undelivered']), 'file')} not delivered: `cdp deliver` goes on"


def _lines(facts: Mapping[str, Any], outcome: Outcome) -> Iterator[str]:
    chosen = ", the newest day that the deliveries cover" if facts["as_of_was_chosen"] else ""
    news = "published" if facts["is_new"] else "nothing new: already published from the same files, settings and code; nothing was changed"
    yield f"as of {facts['as_of']}{chosen}"
    yield f"run   {facts['run_id']}  ({news})"
    yield ""
    files = facts["files"]
    yield f"Files      {files['read']:,} read, {files['refused']:,} refused, {files['delivered_again']:,} delivered again"
    yield f"Rows       {files['rows_loaded']:,} loaded, {files['rows_duplicate']:,} duplicate, {files['rows_quarantined']:,} quarantined"
    if files["rows_erased"]:
        yield f"           {files['rows_erased']:,} of people who were forgotten"
    if facts["drifts"]:
        formats = sorted({drift["format_name"] for drift in facts["drifts"]})
        yield f"Drift      {', '.join(formats)}: columns came or went, see cdp status"
    identity = facts["identity"]
    merges = identity["source_records"] - identity["customers"]
    yield f"Customers  {identity['source_records']:,} source records -> {identity['customers']:,} customers ({merges:,} merged away)"
    if facts["open_questions"]:
        yield f"           {counted(facts['open_questions'], 'question')} whether two are one person: cdp review"
    yield ""
    yield f"KPIs of {facts['as_of'][:7]}"
    for kpi in facts["kpis"]:
        note = "  provisional" if kpi["is_provisional"] else ""
        yield f"  {kpi['metric']:<28}{figure(kpi['value'], kpi['unit']):>16}{note}"
    yield from _past_lines(facts)
    yield ""
    yield "Predictions"
    for prediction in facts["predictions"]:
        yield f"  {prediction['target']}: {prediction['model'] or 'none'} ({prediction['reason']})"
    yield ""
    yield from _list_lines(facts)
    yield from _delivery_lines(facts)
    yield ""
    yield f"Managers   {facts['report']}"
    yield f"Analysts   duckdb -readonly {outcome.home.root / facts['analytics']}"
    yield "Dagster    make ui"
    if files["refused"] or files["rows_quarantined"]:
        yield "Problems   cdp status, cdp quarantine list"
