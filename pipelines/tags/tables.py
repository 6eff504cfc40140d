"""Write what SQL needs to know about the tags: what they are, where bands begin, which words are signs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

import polars as pl

from pipelines.contracts.run import Run
from pipelines.contracts.segments import Segment
from pipelines.contracts.storage import write_table
from pipelines.contracts.tag_tables import TAG_BANDS, TAG_DEFINITIONS, TAG_SIGNS
from pipelines.tags.reading import Tag

_HOURS = range(24)


def write_tags(run: Run, tags: Sequence[Tag], segments: Sequence[Segment]) -> None:
    """Write TAG_DEFINITIONS of the run's day, TAG_BANDS and TAG_SIGNS to the lake. Earlier days of the definitions stay."""
    folder = run.home.table(TAG_DEFINITIONS.name)
    write_table(_definitions(run, tags, segments), TAG_DEFINITIONS, folder / f"as_of={run.as_of}" / "part-0.parquet")
    write_table(_bands(run), TAG_BANDS, run.home.table(TAG_BANDS.name) / "part-0.parquet")
    write_table(_signs(tags), TAG_SIGNS, run.home.table(TAG_SIGNS.name) / "part-0.parquet")


def _definitions(run: Run, tags: Iterable[Tag], segments: Sequence[Segment]) -> pl.DataFrame:
    rows = []
    for tag in tags:
        readers = sorted(segment.name for segment in segments if tag.column in segment.columns and segment.is_valid_on(run.as_of))
        row = {
            "as_of": run.as_of,
            "tag": tag.name,
            "label_en": tag.label.en,
            "label_zh": tag.label.zh,
            "tag_kind": tag.kind,
            "tag_class": tag.tag_class,
            "cadence": tag.cadence,
            "owner": tag.owner,
            "value_type": tag.type,
            "mart_column": tag.column,
            "consent_purpose": tag.consent,
            "since": tag.since,
            "evidence": tag.evidence,
            "segment_count": len(readers),
            "segments": ",".join(readers) or None,
        }
        rows.append(row)
    return pl.DataFrame(rows, schema=TAG_DEFINITIONS.schema)


def _bands(run: Run) -> pl.DataFrame:
    """The bands of the configuration by the tag that they are values of."""
    settings = run.config.tags
    plain: dict[str, Mapping[str, int | Decimal]] = {
        "age_group": settings.age_groups,
        "price_band": settings.price_bands,
        "promotion_sensitivity": settings.promotion_bands,
        "churn_risk": settings.churn_risk_bands,
        "repurchase_likelihood": settings.repurchase_likelihood_bands,
    }
    rows = [(tag, band, Decimal(start)) for tag, bands in plain.items() for band, start in bands.items()]
    rows += [("send_time_preference", band, Decimal(hour)) for hour, band in enumerate(_band_of_each_hour(settings.hour_bands))]
    return pl.DataFrame(rows, schema=TAG_BANDS.schema, orient="row").sort(TAG_BANDS.key)


def _band_of_each_hour(bands: dict[str, int]) -> list[str]:
    """Hours before the first band belong to the last one, which began the evening before."""
    by_start = sorted((hour, band) for band, hour in bands.items())
    return [max((item for item in by_start if item[0] <= hour), default=by_start[-1])[1] for hour in _HOURS]


def _signs(tags: Iterable[Tag]) -> pl.DataFrame:
    """Words of an alphabet are found as whole words, as `men` stands in `women`; Chinese is written without blanks."""
    rows = [
        (tag.name, value, f" {word} " if word.isascii() else word) for tag in tags for value, words in tag.signs.items() for word in words
    ]
    return pl.DataFrame(rows, schema=TAG_SIGNS.schema, orient="row").sort(TAG_SIGNS.key)
