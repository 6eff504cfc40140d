"""Groups of the day's buyers: who is in which, and what the groups are. Reads the features of the day, computes none."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import numpy as np
import polars as pl

from pipelines.contracts.engine import create_from_frame, fetch_frame, write_query
from pipelines.contracts.propensity_tables import VALUE_CLUSTERS, VALUE_CUSTOMER_CLUSTERS
from pipelines.contracts.run import Run
from pipelines.contracts.storage import write_table
from pipelines.value.clusters.declared import TRAITS
from pipelines.value.clusters.grouping import Groups, group
from pipelines.value.clusters.kmeans import Numbers
from pipelines.value.clusters.naming import description, label
from pipelines.value.findings import Findings, Model, no_backtests

TARGET = "clusters"
_MODEL = "k_means"
_PIECE = 500_000  # customers at a time
_NAMES = [trait.name for trait in TRAITS]
_BUYERS = "customer_no in (select customer_no from purchase_days)"


def find_clusters(connection: duckdb.DuckDBPyConnection, run: Run) -> Findings:
    """Write VALUE_CLUSTERS of the day and VALUE_CUSTOMER_CLUSTERS; say how the groups were found.

    Needs `people`, `purchase_days` and `features_now`. Both tables are empty where there are too few buyers.
    """
    config = run.config.clusters
    connection.execute("create table clustered (customer_no bigint, cluster bigint)")
    [(buyers,)] = connection.execute(f"select count(*) from features_now where {_BUYERS}").fetchall()
    if buyers < config.min_customers:
        _write(connection, run, pl.DataFrame(schema=VALUE_CLUSTERS.schema))
        reason = f"{buyers:,} buyers, {config.min_customers:,} are needed"
        return Findings((Model(TARGET, _MODEL, is_baseline=False, is_used=False, reason=reason),), no_backtests())
    previous = _previous(run)
    fitted = _traits(connection, f"{_BUYERS} and {_sampled(buyers, config.max_fitted_customers)}")
    groups = group(fitted, config, {number: center for number, (center, _) in previous.items()})
    _assign(connection, groups)
    rows = _described(connection, run, groups, {number: last for number, (_, last) in previous.items()})
    _write(connection, run, rows)
    start = "fresh start" if groups.is_new_start else "from the centers of the last run"
    model = Model(
        TARGET,
        _MODEL,
        is_baseline=False,
        is_used=True,
        reason=f"{len(groups.numbers)} groups of {buyers:,} buyers, {start}",
        customer_count=len(fitted),
        data_until_on=run.as_of,
        parameters={"traits": _NAMES, "count": config.count, "is_new_start": groups.is_new_start},
        metrics={"explained_share": groups.explained},
    )
    return Findings((model,), no_backtests())


def _traits(connection: duckdb.DuckDBPyConnection, where: str) -> Numbers:
    query = f"select {', '.join(_NAMES)} from features_now join people using (customer_no) where {where} order by customer_no"
    return np.asarray(fetch_frame(connection, query).fill_null(0.0).to_numpy(), dtype=np.float64)


def _sampled(buyers: int, most: int) -> str:
    return "true" if buyers <= most else f"sample_hash < '{16**12 * most // buyers:012x}'"


def _assign(connection: duckdb.DuckDBPyConnection, groups: Groups) -> None:
    [(last_no,)] = connection.execute("select max(customer_no) from features_now").fetchall()
    for start in range(0, last_no + 1, _PIECE):
        where = f"{_BUYERS} and customer_no >= {start} and customer_no < {start + _PIECE}"
        frame = fetch_frame(connection, f"select customer_no, {', '.join(_NAMES)} from features_now where {where} order by customer_no")
        if frame.is_empty():
            continue
        numbers = groups.of(frame.select(_NAMES).fill_null(0.0).to_numpy())
        create_from_frame(connection, "piece", frame.select("customer_no", cluster=pl.Series(numbers)))
        connection.execute("insert into clustered select * from piece; drop table piece")


def _described(connection: duckdb.DuckDBPyConnection, run: Run, groups: Groups, last: dict[int, str]) -> pl.DataFrame:
    """The rows of VALUE_CLUSTERS, by number."""
    # decimals add up to the same sum in any order
    means = ", ".join(f"round(coalesce(avg(cast({name} as decimal(18, 6))), 0), 6) as {name}" for name in _NAMES)
    query = f"select {{}} as cluster, count(*) as customer_count, {means} from clustered join features_now using (customer_no)"
    found = {row["cluster"]: row for row in fetch_frame(connection, query.format("cluster") + " group by cluster").to_dicts()}
    [of_all] = fetch_frame(connection, query.format("0")).to_dicts()
    logarithms = groups.scale.to_logarithms(groups.centers)
    rows = []
    for place, number in enumerate(groups.numbers):
        if number not in found:  # nobody beyond the customers that the centers were fitted on
            continue
        row = found[number]
        rows.append(
            {
                "as_of": run.as_of,
                "cluster": number,
                "label": label(row, of_all, run.config.clusters, last.get(number)),
                "description": description(groups.centers[place].tolist(), row, of_all),
                "customer_count": row["customer_count"],
                "customer_rate": row["customer_count"] / of_all["customer_count"],
                "means": json.dumps({name: round(row[name], 4) for name in _NAMES}),
                "centroid": json.dumps({name: round(float(value), 9) + 0.0 for name, value in zip(_NAMES, logarithms[place], strict=True)}),
            }
        )
    return pl.DataFrame(rows, schema=VALUE_CLUSTERS.schema).sort("cluster")


def _write(connection: duckdb.DuckDBPyConnection, run: Run, clusters: pl.DataFrame) -> None:
    write_table(clusters, VALUE_CLUSTERS, _folder_of(run) / f"as_of={run.as_of}" / "part-0.parquet")
    create_from_frame(connection, "clusters", clusters)
    query = (
        "select people.customer_id, clustered.cluster, clusters.label"
        " from clustered join people using (customer_no) join clusters using (cluster) order by people.customer_id"
    )
    write_query(connection, query, VALUE_CUSTOMER_CLUSTERS, run.home.table(VALUE_CUSTOMER_CLUSTERS.name) / "part-0.parquet")


def _previous(run: Run) -> dict[int, tuple[list[float], str]]:
    """Center and label by number of the newest earlier day that has groups by the same traits."""
    for path in sorted(_folder_of(run).glob("as_of=*/part-0.parquet"), reverse=True):
        if path.parent.name >= f"as_of={run.as_of}":
            continue
        found = {row["cluster"]: (json.loads(row["centroid"]), row["label"]) for row in pl.read_parquet(path).to_dicts()}
        if found and all(set(center) == set(_NAMES) for center, _ in found.values()):
            return {number: ([center[name] for name in _NAMES], last) for number, (center, last) in found.items()}
    return {}


def _folder_of(run: Run) -> Path:
    return run.home.table(VALUE_CLUSTERS.name)
