"""What starts jobs when the world changes: new files in the inbox are loaded before the night."""

import hashlib

import dagster as dg

from assets.jobs import load_deliveries
from assets.resources import HomeResource


@dg.sensor(job=load_deliveries, minimum_interval_seconds=300)
def new_deliveries(context: dg.SensorEvaluationContext, home: HomeResource) -> dg.SensorResult:
    """Ask for a load when names, sizes or times of the files in the inbox differ from the last look."""
    folder = home.home().deliveries
    seen = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        status = path.stat()
        seen.update(f"{path.relative_to(folder)}\0{status.st_size}\0{status.st_mtime_ns}\0".encode())
    cursor = seen.hexdigest()
    requests = [] if cursor == context.cursor or not folder.exists() else [dg.RunRequest(run_key=cursor)]
    return dg.SensorResult(run_requests=requests, cursor=cursor)
