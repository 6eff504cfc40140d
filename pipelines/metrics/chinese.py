"""Tags and tables of the dictionary in Chinese. A translation is found by its English text, so none outlives a change of what it says."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from pipelines.contracts.declarations import read_yaml
from pipelines.contracts.errors import ConfigurationError
from pipelines.metrics.definitions import Metric
from pipelines.metrics.dictionary import DescribedTable, DescribedTag, all_names

SHIPPED = Path(__file__).with_name("chinese.yaml")


def read_chinese(path: Path = SHIPPED) -> Mapping[str, str]:
    """Chinese text by English text, white space as single blanks."""
    return {_text(english): str(chinese) for english, chinese in read_yaml(path).items()}


def english_texts(tags: Iterable[DescribedTag], tables: Iterable[DescribedTable]) -> Iterator[str]:
    """What has to be translated: the rule of each tag, the grain of each table and the descriptions of its columns."""
    yield from (_text(tag.rule) for tag in tags)
    for table in tables:
        yield _text(table.grain)
        yield from (_text(column.description) for column in table.columns)


def in_chinese(
    metrics: Iterable[Metric], tags: Iterable[DescribedTag], tables: Iterable[DescribedTable], texts: Mapping[str, str]
) -> tuple[list[DescribedTag], list[DescribedTable]]:
    """Tags and tables with Chinese rules, grains and descriptions. Raises ConfigurationError naming all texts that have none."""
    metrics, tags, tables = list(metrics), list(tags), list(tables)
    known = {**texts, _text(all_names(metrics, "en")): all_names(metrics, "zh")}
    if missing := sorted(set(english_texts(tags, tables)) - known.keys()):
        raise ConfigurationError(f"no Chinese for: {' | '.join(missing)}", where=str(SHIPPED), do="add a line for each text")
    return [replace(tag, rule=known[_text(tag.rule)]) for tag in tags], [
        replace(
            table,
            grain=known[_text(table.grain)],
            columns=tuple(replace(column, description=known[_text(column.description)]) for column in table.columns),
        )
        for table in tables
    ]


def _text(words: str) -> str:
    return " ".join(words.split())
