"""`cdp simulate`: deliveries of a simulated retailer."""

from __future__ import annotations

import dataclasses
import json
import sys
from datetime import date
from pathlib import Path

from pipelines.contracts.errors import ConfigurationError
from pipelines.simulate import SimulationSpec, formats_named, simulate


def run_simulation(out: Path, customers: int, days: int, first_day: date, seed: int, formats: str, *, as_json: bool) -> None:
    """Simulate into `out`, which must be new or empty: files of an earlier simulation would be taken for deliveries of this one."""
    if out.exists() and any(out.iterdir()):
        raise ConfigurationError("is not empty", where=str(out), do="name a new folder with --out")
    try:
        chosen = formats_named(formats)
    except ValueError as error:
        raise ConfigurationError(str(error), where="--formats", do="name formats or groups, with commas between them") from error
    spec = SimulationSpec(customers=customers, days=days, seed=seed, first_day=first_day, formats=chosen)
    summary = simulate(spec, out, _report)
    if as_json:
        print(json.dumps(dataclasses.asdict(summary), default=str, sort_keys=True))
    else:
        print(f"{summary.files} files in {out}; the planted truth is in {out / 'truth'}")


def _report(step: str, done: int, total: int) -> None:
    if sys.stderr.isatty():
        print(f"\r{step} {done}/{total}   ", end="" if done < total else "\n", file=sys.stderr)
