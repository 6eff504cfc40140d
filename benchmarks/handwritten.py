"""The job by hand: one SQL script over one DuckDB file, as an analyst would write it for these eight exports.

The yardstick of the benchmark. It has no quarantine, no provenance, no history, no checks and no gate, and knows nothing of the platform.
"""

from __future__ import annotations

import argparse
import codecs
import gzip
import json
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

_BLOCK = 1 << 20
# the header of the first file names the columns: letting DuckDB look into each of 365 files costs ten times the reading
_HEADERS = {
    "taobao_order": "ExportOrderList*.csv",
    "youzan_order": "youzan_order_*.csv",
    "youzan_customer": "youzan_customer_*.csv",
    "siss_saleflow": "t_rm_saleflow_*.csv.gz",
    "shopify_orders": "orders_export_*.csv",
    "shopify_customers": "customers_export_*.csv",
}
# each query gives a name and a value as text
_FIGURES = {
    "orders": "select channel || ' ' || order_type, cast(count(*) as varchar) from orders group by all",
    "purchases": "select channel, count(*) || ' / ' || sum(net_amount) from purchases group by all",
    "events": "select event_name, cast(count(*) as varchar) from events group by all",
    "people": """
        select 'source records', cast(count(*) as varchar) from members
        union all
        select 'customers', cast(count(*) as varchar) from customers""",
    "net sales": """
        select period_grain || ' ' || period_start || ' ' || dimension_value, cast(numerator as varchar)
        from kpi where metric = 'net_sales'""",
    "kpis": """
        select metric || ' ' || period_grain || ' ' || period_start || ' ' || dimension_value,
            cast(numerator as decimal(18, 2)) || ' / ' || cast(denominator as bigint)
        from kpi where metric <> 'net_sales'""",
    "rfm tiers": "select preset || ' ' || rfm_tier, cast(count(*) as varchar) from rfm group by all",
    "rfm classes": "select rfm_class, cast(count(*) as varchar) from rfm where preset = 'annual' group by all",
    "cohorts": """
        select cohort_month || ' +' || months_since, customer_count || ' / ' || order_count || ' / ' || net_amount
        from cohort_retention""",
    "list": """
        select 'wanted', cast(count(*) as varchar) from wanted
        union all
        select 'reachable', cast(count(email) as varchar) from wanted
        union all
        select 'consented', cast(count(*) as varchar) from listed""",
}


def main() -> None:
    """Run the script and print seconds per stage and the figures to compare, as JSON."""
    parser = argparse.ArgumentParser(description="The job by hand.")
    parser.add_argument("--deliveries", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True, help="new folder for the database and the list")
    parser.add_argument("--as-of", type=date.fromisoformat, required=True)
    parser.add_argument("--memory-limit", default="2GB")
    parser.add_argument("--members", type=Path, help="take who is who from this Parquet file, to compare all that follows")
    chosen = parser.parse_args()
    print(json.dumps(run(chosen.deliveries, chosen.out, chosen.as_of, chosen.memory_limit, chosen.members), default=str))


def run(deliveries: Path, out: Path, as_of: date, memory_limit: str, members: Path | None) -> dict[str, Any]:
    """Do the whole job; return seconds per stage and the figures to compare."""
    out.mkdir(parents=True)
    seconds: dict[str, float] = {}
    with duckdb.connect(
        str(out / "handwritten.duckdb"),
        config={"memory_limit": memory_limit, "temp_directory": str(out / "spill"), "preserve_insertion_order": False},
    ) as connection:
        connection.execute("set TimeZone = 'Asia/Shanghai'")
        variables = {"deliveries": str(deliveries), "transcoded": str(out / "transcoded"), "as_of": as_of.isoformat()}
        for name, value in variables.items():
            connection.execute(f"set variable {name} = '{value}'")
        for stage, statements in (("transcode", ""), *_stages(deliveries, out)):
            started = time.perf_counter()
            if stage == "transcode":
                transcode(deliveries, out / "transcoded")
            connection.execute(statements)
            if stage == "identity":
                components(connection, members)
            seconds[stage] = round(time.perf_counter() - started, 3)
        return {"seconds": seconds, "figures": figures(connection)}


def _stages(deliveries: Path, out: Path) -> Iterator[tuple[str, str]]:
    script = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8").replace("'registered_without_order.csv'", f"'{out}/list.csv'")
    for name, pattern in _HEADERS.items():
        script = script.replace(f":{name}", _columns(min(deliveries.glob(f"*/{pattern}"))))
    for part in script.split("-- stage: ")[1:]:
        stage, statements = part.split("\n", 1)
        yield stage.strip(), statements


def _columns(path: Path) -> str:
    """The header as a struct for `read_csv`; names that come twice get their position."""
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
        line = file.readline()
    text = line.decode("gb18030" if path.name.startswith("ExportOrderList") else "utf-8-sig").rstrip("\r\n")
    names: list[str] = []
    for position, name in enumerate(text.split(",")):
        names.append(f"{name}_{position}" if name in {"", *names} else name)
    return "{" + ", ".join(f"'{name}': 'varchar'" for name in names) + "}"


def transcode(deliveries: Path, folder: Path) -> None:
    """GB18030 to UTF-8, which is all that DuckDB reads."""
    folder.mkdir()
    for path in deliveries.glob("*/ExportOrderList*.csv"):
        decoder = codecs.getincrementaldecoder("gb18030")()
        with path.open("rb") as source, (folder / path.name).open("w", encoding="utf-8", newline="") as target:
            while block := source.read(_BLOCK):
                target.write(decoder.decode(block))
            target.write(decoder.decode(b"", final=True))


def components(connection: duckdb.DuckDBPyConnection, members: Path | None) -> None:
    """Connected components: smallest label of the neighbors, then pointers to pointers, until nothing moves."""
    if members is not None:
        connection.execute(f"create table members as select source_record_key as record_key, customer_id from read_parquet('{members}')")
        return
    connection.execute("create table labels as select record_id, record_id as label from records")
    connection.execute(
        "create table arcs as select left_id as from_id, right_id as to_id from edges union all select right_id, left_id from edges"
    )
    while True:
        connection.execute(
            """
            create or replace table hooked as
            select labels.record_id, least(labels.label, coalesce(min(neighbors.label), labels.label)) as label
            from labels
            left join arcs on arcs.from_id = labels.record_id
            left join labels as neighbors on neighbors.record_id = arcs.to_id
            group by labels.record_id, labels.label
            """
        )
        connection.execute(
            """
            create or replace table jumped as
            select hooked.record_id, further.label
            from hooked
            inner join hooked as once on once.record_id = hooked.label
            inner join hooked as further on further.record_id = once.label
            """
        )
        moved = connection.execute(
            "select count(*) from jumped inner join labels using (record_id) where jumped.label <> labels.label"
        ).fetchall()
        connection.execute("create or replace table labels as from jumped")
        if moved[0][0] == 0:
            break
    connection.execute(
        "create table members as select record_key, cast(label as varchar) as customer_id from labels inner join records using (record_id)"
    )


def figures(connection: duckdb.DuckDBPyConnection) -> dict[str, dict[str, str]]:
    """What the platform's results are compared with."""
    return {section: dict(connection.execute(query).fetchall()) for section, query in _FIGURES.items()}


if __name__ == "__main__":
    main()
