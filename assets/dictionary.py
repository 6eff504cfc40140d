"""Texts that are generated and committed: data dictionary, docs blocks of metrics, dbt exposures. `make dictionary` writes them.

`python -m assets.dictionary blocks` first, because the manifest holds the blocks; then `tables`, from the manifest.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from assets.project import DBT_PROJECT, ROOT
from pipelines.contracts.metric_tables import KPI_RESTATEMENT, LATE_FACTS
from pipelines.contracts.need_tables import NEED_TABLES
from pipelines.contracts.propensity_tables import VALUE_CLUSTERS
from pipelines.contracts.segment_tables import SEGMENT_FAULTS, SEGMENT_MEMBERSHIPS
from pipelines.contracts.value_tables import VALUE_BACKTESTS, VALUE_MODELS
from pipelines.metrics.chinese import in_chinese, read_chinese
from pipelines.metrics.definitions import read_metrics
from pipelines.metrics.dictionary import DescribedColumn, DescribedTable, DescribedTag, described, dictionary, doc_blocks
from pipelines.publish.labels import header
from pipelines.tags import read_tags

MANIFEST = DBT_PROJECT / "target" / "manifest.json"
_BLOCKS = DBT_PROJECT / "models" / "marts" / "metrics" / "metrics.md"
# Python writes these, and the publish stage puts them beside the marts
_BESIDE_THE_MARTS = (
    SEGMENT_MEMBERSHIPS,
    SEGMENT_FAULTS,
    KPI_RESTATEMENT,
    LATE_FACTS,
    *NEED_TABLES,
    VALUE_MODELS,
    VALUE_CLUSTERS,
    VALUE_BACKTESTS,
)

_EXPOSURES = """\
# Written by `make dictionary`; do not edit.
version: 2

exposures:
  - name: analytics_database
    label: Database for analysts
    type: application
    maturity: high
    description: "`published/analytics.duckdb`: every mart, opened read-only; with memberships, restatements, late facts and back-tests."
    owner: {{name: CRM team}}
    depends_on:
{marts}

  - name: segment_lists
    label: Lists of customers
    type: application
    maturity: high
    description: "`published/segments/<day>/<segment>/list.csv`: customers who came through the gate, with the columns that decided."
    owner: {{name: CRM team}}
    depends_on:
      - ref('mart_marketing__customer_360')

  - name: run_report
    label: Report of a run
    type: notebook
    maturity: high
    description: "What `cdp run` prints at the end, and what `cdp metric` explains: headline figures, and the rows behind each."
    owner: {{name: CRM team}}
    depends_on:
      - ref('kpi')
"""


def blocks() -> Mapping[Path, str]:
    """The texts that need no manifest, by file."""
    return {_BLOCKS: doc_blocks(read_metrics().values())}


def texts(manifest: Mapping[str, Any]) -> Mapping[Path, str]:
    """All generated texts, by file."""
    metrics, tags, tables = read_metrics().values(), described_tags(), described_tables(manifest)
    marts = "\n".join(f"      - ref('{mart.name}')" for mart in sorted(_marts(manifest), key=lambda mart: mart.name))
    return {
        **blocks(),
        ROOT / "docs" / "dictionary.md": dictionary(metrics, tags, tables, "en"),
        ROOT / "docs" / "dictionary.zh-CN.md": dictionary(metrics, *in_chinese(metrics, tags, tables, read_chinese()), "zh"),
        DBT_PROJECT / "models" / "exposures.yml": _EXPOSURES.format(marts=marts),
    }


def described_tags() -> list[DescribedTag]:
    """Every declared tag."""
    return [
        DescribedTag(
            tag.name, tag.label, tag.kind, tag.tag_class, tag.cadence, tag.owner, tag.consent is not None, tag.column, tag.evidence
        )
        for tag in read_tags()
    ]


def described_tables(manifest: Mapping[str, Any]) -> list[DescribedTable]:
    """What an analyst finds in the published database."""
    return [*_marts(manifest), *map(described, _BESIDE_THE_MARTS)]


def _marts(manifest: Mapping[str, Any]) -> Iterator[DescribedTable]:
    nodes = manifest["nodes"].values()
    required = {
        (node["attached_node"], node["column_name"])
        for node in nodes
        if node["resource_type"] == "test" and node.get("test_metadata", {}).get("name") == "not_null"
    }
    for node in nodes:
        if node["resource_type"] == "model" and node["fqn"][1] == "marts":
            columns = [_column(column, (node["unique_id"], column["name"]) in required) for column in node["columns"].values()]
            yield DescribedTable(node["name"], node["description"], tuple(columns))


def _column(column: Mapping[str, Any], is_required: bool) -> DescribedColumn:
    meta, name = column["config"]["meta"], column["name"]
    label = meta.get("label_zh") or header(name, "zh")
    return DescribedColumn(name, column["data_type"], column["description"], meta["personal"], is_required, "" if label == name else label)


def main(part: str) -> None:
    """Write the texts of one part."""
    for path, text in (blocks() if part == "blocks" else texts(json.loads(MANIFEST.read_text(encoding="utf-8")))).items():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
