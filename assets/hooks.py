"""What happens when a run fails: it is written down in `runs/`, and Dagster's log says where it stopped."""

import dagster as dg

from assets.records import write_failure
from assets.resources import HomeResource


@dg.failure_hook(required_resource_keys={"home"})
def report_failure(context: dg.HookContext) -> None:
    """Write `runs/<run_id>.failed.json` with the step and the error; nothing published changes."""
    home: HomeResource = context.resources.home
    error = context.op_exception
    dagster_run = context.instance.get_run_by_id(context.run_id)
    as_of = dagster_run.tags.get("dagster/partition") if dagster_run else None
    if as_of is None:  # load_deliveries runs for no day
        context.log.error(f"{context.step_key} stopped: {error}")
        return
    identifier = write_failure(home.run(as_of), context.step_key, error)
    context.log.error(f"run {identifier} stopped at {context.step_key}: {error}; nothing was published")
