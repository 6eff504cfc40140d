"""The step of a run: each kind of prediction in turn, then which models there were and how good they are. Predicts nothing itself."""

from __future__ import annotations

from pipelines.contracts.engine import literal, open_engine
from pipelines.contracts.run import Run
from pipelines.value.clusters import find_clusters
from pipelines.value.findings import write_findings
from pipelines.value.needs import predict_needs
from pipelines.value.propensity import predict_propensities
from pipelines.value.purchases import predict_purchases

LEARNING_ENGINE_SHARE = 0.6  # of the memory, where features and trees are held beside the engine


def predict_values(run: Run, code_version: str) -> dict[str, str]:
    """Write VALUE_TABLES of the run, from the marts that it built; return by target which model is used and why."""
    with open_engine(run, "value") as connection:
        connection.execute(f"attach {literal(str(run.home.marts))} as marts (read_only)")
        findings = [predict_purchases(connection, run), predict_needs(connection, run)]
    with open_engine(run, "propensity", memory_share=LEARNING_ENGINE_SHARE) as connection:
        connection.execute(f"attach {literal(str(run.home.marts))} as marts (read_only)")
        findings += [predict_propensities(connection, run), find_clusters(connection, run)]
    return write_findings(run, code_version, findings)
