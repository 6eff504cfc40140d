"""Run records, `runs/<run_id>.json`: what a run was a function of and what came of it. Enough to replay it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl

from assets.continuing import BuildFacts
from assets.project import code_version
from pipelines.campaigns import FOLDER as CAMPAIGNS
from pipelines.channels import load_readings, readings_hash, visible_loads
from pipelines.contracts.errors import CdpError
from pipelines.contracts.home import Home
from pipelines.contracts.run import Run
from pipelines.contracts.storage import write_json
from pipelines.downloads import FILE as ROLES
from pipelines.identity.review import count_questions
from pipelines.metrics import RunFacts


def run_inputs(run: Run) -> dict[str, Any]:
    """Everything that decides the result: day, loads and what was read of them, configuration, reviewed rows and definitions, code."""
    return {
        "as_of": run.as_of.isoformat(),
        "code_version": code_version(),
        "config_hash": run.config.hash,
        "definitions_hash": _definitions_hash(run),
        "loads": visible_loads(run.home, run),
        "readings_hash": readings_hash(run.home, run),
    }


def build_facts(run: Run) -> BuildFacts:
    """The same, as far as the warehouse is built from it, load by load."""
    visible = visible_loads(run.home, run)
    readings = load_readings(run.home)
    return BuildFacts(
        as_of=run.as_of,
        as_of_end_at=run.as_of_end_at,
        exported_before_at=run.exported_before_at,
        code_version=code_version(),
        config_hash=run.config.hash,
        definitions_hash=_definitions_hash(run),
        loads={load: readings[load] for load in visible},
    )


def run_id(inputs: Mapping[str, Any]) -> str:
    """`<as_of>-<12 hex digits>` of the inputs: the same inputs are the same run, whoever starts it and whenever."""
    digest = hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()
    return f"{inputs['as_of']}-{digest[:12]}"


def _definitions_hash(run: Run) -> str:
    own = run.config
    folders = (
        run.reference,
        run.reference / CAMPAIGNS,
        *own.marketing.campaign_folders,
        *own.channels.formats_folders,
        *own.segments.folders,
    )
    digest = hashlib.sha256()
    for folder in folders:
        # who may download what changes no figure
        for path in sorted(path for path in folder.glob("*") if path.suffix in {".csv", ".yaml"} and path.name != ROLES):
            digest.update(f"{path.name}\0".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


def record_path(home: Home, identifier: str) -> Path:
    """Record of a run that published."""
    return home.runs / f"{identifier}.json"


def write_record(home: Home, identifier: str, inputs: Mapping[str, Any], **results: Any) -> None:
    """Write the record of a run that published."""
    write_json(record_path(home, identifier), {"run_id": identifier, **inputs, **results})
    failed_path(home, identifier).unlink(missing_ok=True)


def failed_path(home: Home, identifier: str) -> Path:
    """Record of a run that stopped before it published."""
    return home.runs / f"{identifier}.failed.json"


def hour_inputs(run: Run, night_run_id: str) -> dict[str, Any]:
    """Everything that decides the lists of an hour: its instant, and what a night is a function of, the night before among it."""
    return {**run_inputs(run), "hour": run.moment, "at": run.as_of_end_at.isoformat(), "night_run_id": night_run_id}


def hour_id(inputs: Mapping[str, Any]) -> str:
    """`<hour>-<12 hex digits>` of the inputs, as `run_id`."""
    return f"{inputs['hour']}{run_id(inputs).removeprefix(inputs['as_of'])}"


def hour_path(home: Home, identifier: str) -> Path:
    """Record of an hour that published."""
    return home.hours / f"{identifier}.json"


def read_hour(home: Home, identifier: str) -> dict[str, Any] | None:
    """The record of an hour that published, or None."""
    path = hour_path(home, identifier)
    return json.loads(path.read_bytes()) if path.exists() else None


def hour_records(home: Home) -> list[dict[str, Any]]:
    """Records of all hours, by their instant."""
    found = [json.loads(path.read_bytes()) for path in home.hours.glob("*.json")]
    return sorted(found, key=lambda record: datetime.fromisoformat(record["at"]))


def write_failure(run: Run, step: str | None, error: BaseException | None) -> str:
    """Write the record of a run that stopped at `step`; return its id. Other errors than ours may quote rows: only their kind is kept."""
    inputs = run_inputs(run)
    identifier = run_id(inputs)
    reason = str(error) if isinstance(error, CdpError) else type(error).__name__
    write_json(failed_path(run.home, identifier), {"run_id": identifier, **inputs, "failed_step": step, "error": reason})
    return identifier


def failed_step(instance: dg.DagsterInstance, dagster_run_id: str) -> str | None:
    """The step at which a Dagster run stopped; None when it failed outside any step."""
    failures = instance.all_logs(dagster_run_id, of_type=dg.DagsterEventType.STEP_FAILURE)
    return failures[-1].step_key if failures else None


def read_record(home: Home, identifier: str) -> dict[str, Any] | None:
    """The record of a run that published, or None."""
    path = record_path(home, identifier)
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


def run_facts(run: Run) -> RunFacts:
    """What the run is made of, as figures depend on it."""
    inputs = run_inputs(run)
    return RunFacts.of(run_id(inputs), inputs)


def past_run(home: Home) -> Callable[[str], RunFacts | None]:
    """Looks up a run that published by its id."""

    def found(identifier: str) -> RunFacts | None:
        record = read_record(home, identifier)
        return None if record is None else RunFacts.of(identifier, record)

    return found


def runs_of_the_day(run: Run) -> list[RunFacts]:
    """Every run that published the day of this one, by id."""
    names = sorted(path.stem for path in run.home.runs.glob(f"{run.as_of}-*.json") if not path.name.endswith(".failed.json"))
    found = map(past_run(run.home), names)
    return [facts for facts in found if facts is not None]


def newest_record(home: Home) -> dict[str, Any] | None:
    """The record of the newest day that was published; of several runs of that day the last one."""
    paths = [path for path in home.runs.glob("*.json") if not path.name.endswith(".failed.json")]
    if not paths:
        return None
    newest = max(paths, key=lambda path: (date.fromisoformat(path.name[:10]), path.stat().st_mtime_ns))
    record: dict[str, Any] = json.loads(newest.read_text(encoding="utf-8"))
    return record


def counts(run: Run) -> dict[str, Any]:
    """Rows in, people out: totals over the loads that the run saw, and what identity made of them."""
    visible = pl.col("load_id").is_in(visible_loads(run.home, run))
    loads = _table(run, "channel_loads").filter(visible).select(pl.col("^.*_count$").sum())
    people = _table(run, "identity_current").select(source_records=pl.len(), customers=pl.col("customer_id").n_unique())
    return {
        "loads": loads.collect().row(0, named=True),
        "identity": people.collect().row(0, named=True),
        "rejected_values": _height(run, "identity_rejected_values"),
        "refused_links": _height(run, "identity_refused_links"),
        "open_questions": count_questions(run),
    }


def _table(run: Run, name: str) -> pl.LazyFrame:
    return pl.scan_parquet(run.home.table(name) / "*.parquet")


def _height(run: Run, name: str) -> int:
    height: int = _table(run, name).select(pl.len()).collect().item()
    return height


def events(instance: dg.DagsterInstance, dagster_run_id: str) -> dict[str, Any]:
    """What Dagster saw of a run so far: seconds of each finished step, outcome of each check."""
    return {"seconds": _seconds(instance, dagster_run_id), "checks": check_outcomes(instance, dagster_run_id)}


def _seconds(instance: dg.DagsterInstance, dagster_run_id: str) -> dict[str, float]:
    stats = instance.get_run_step_stats(dagster_run_id)
    return {step.step_key: round(step.end_time - step.start_time, 3) for step in stats if step.start_time and step.end_time}


def check_outcomes(instance: dg.DagsterInstance, dagster_run_id: str) -> dict[str, str]:
    """Outcome of each check of a Dagster run: passed, warned, or what failed in words."""
    found = {}
    for entry in instance.all_logs(dagster_run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION):
        evaluation = entry.get_dagster_event().asset_check_evaluation_data
        name = f"{evaluation.asset_key.to_user_string()}:{evaluation.check_name}"
        if evaluation.passed:
            found[name] = "passed"
        else:
            failures = evaluation.metadata.get("failures")
            word = "warned" if evaluation.severity is dg.AssetCheckSeverity.WARN else "failed"
            found[name] = f"{word}: {failures.value}" if failures else word
    return dict(sorted(found.items()))
