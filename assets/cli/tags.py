"""`cdp tags`: which tags there are, what one is and whom it holds for, which are used, fresh and worth keeping. Computes nothing."""

from __future__ import annotations

import json as jsons
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from assets.cli.installation import ConfigOption, HomeOption, JsonOption, installation
from assets.cli.wording import counted, plain
from pipelines.contracts.errors import ConfigurationError

if TYPE_CHECKING:
    from pipelines.contracts.segments import Segment
    from pipelines.tags import Example, Tag, TagRow, TagValue

app = typer.Typer(no_args_is_help=True, help="Customer tags: what there is, what one means, which are used and fresh.")


@app.command("list")
def list_tags(home: HomeOption = None, config: ConfigOption = None, json: JsonOption = False) -> None:
    """List the declared tags with class, cadence and the segments that read them. Needs no run."""
    from pipelines.segments import read_segments
    from pipelines.tags import read_tags

    _, settings = installation(home, config)
    tags, segments = read_tags(), read_segments(settings.segments.folders)
    if json:
        print(jsons.dumps([_declared(tag, segments) for tag in tags], ensure_ascii=False))
        return
    for tag in tags:
        readers = _readers(tag, segments)
        print(f"{tag.name:<22} {tag.kind:<10} {tag.tag_class:<10} {tag.cadence:<8} {tag.label.en} ({tag.label.zh})")
        print(f"{'':<22} column {tag.column}{'; needs consent to ' + tag.consent if tag.consent else ''}; {_used(readers)}")


@app.command()
def show(
    name: Annotated[str, typer.Argument(metavar="TAG", help="A tag of `cdp tags list`")],
    limit: Annotated[int, typer.Option("--limit", min=1, help="Values, and examples, at most")] = 10,
    home: HomeOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Show one tag: what it rests on, its values as published, some customers with the evidence."""
    from pipelines.contracts.declarations import nearest
    from pipelines.segments import read_segments
    from pipelines.tags import read_tags, read_values

    folders, settings = installation(home, config)
    tags = {tag.name: tag for tag in read_tags()}
    if name not in tags:
        raise ConfigurationError(f"unknown tag {plain(name)!r}{nearest(name, list(tags))}", where="cdp tags show", do="see `cdp tags list`")
    segments = read_segments(settings.segments.folders)
    values, examples = read_values(folders, name, limit) if folders.analytics.exists() else ((), ())
    if json:
        told = {"values": [asdict(value) for value in values], "examples": [asdict(example) for example in examples]}
        print(jsons.dumps(_declared(tags[name], segments) | told, ensure_ascii=False, default=str))
        return
    print("\n".join(_shown(tags[name], _readers(tags[name], segments), values, examples)))


@app.command()
def report(
    problems: Annotated[bool, typer.Option("--problems", help="Only tags that are stale, unused, or hold for nobody")] = False,
    home: HomeOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Report the published tags: coverage, use by segments, freshness."""
    from pipelines.tags import read_report

    folders, settings = installation(home, config)
    as_of, rows = read_report(folders)
    shown = [row for row in rows if not problems or row.is_stale or row.is_unused or not row.customer_count]
    if json:
        print(jsons.dumps({"as_of": str(as_of), "tags": [asdict(row) for row in shown]}, ensure_ascii=False, default=str))
        return
    print(f"{counted(len(rows), 'tag')} as of {as_of}")
    for row in shown:
        print(_reported(row, settings.tags.unused_after_days))
    stale, unused = sum(row.is_stale for row in rows), sum(row.is_unused for row in rows)
    print(f"{stale} stale, {unused} unused, {sum(not row.customer_count for row in rows)} that hold for nobody")


def _readers(tag: Tag, segments: Sequence[Segment]) -> list[str]:
    return [segment.name for segment in segments if tag.column in segment.columns]


def _declared(tag: Tag, segments: Sequence[Segment]) -> dict[str, object]:
    return tag.model_dump(mode="json", by_alias=True) | {"segments": _readers(tag, segments)}


def _used(readers: Sequence[str]) -> str:
    return f"read by {', '.join(readers)}" if readers else "read by no segment"


def _shown(tag: Tag, readers: Sequence[str], values: Sequence[TagValue], examples: Sequence[Example]) -> Iterator[str]:
    yield f"{tag.name}: {tag.label.en} ({tag.label.zh})"
    yield f"class      {tag.kind}, {tag.tag_class}"
    yield f"refreshed  {tag.cadence}; holds since: {tag.since.replace('_', ' ')}"
    yield f"owner      {tag.owner}"
    yield f"column     mart_marketing__customer_360.{tag.column} ({tag.type})"
    yield f"consent    {'customers who allow ' + tag.consent if tag.consent else 'none needed'}"
    yield f"segments   {_used(readers)}"
    yield f"evidence   {tag.evidence}"
    yield from (f"signs      {value}: {', '.join(words)}" for value, words in tag.signs.items())
    if values:
        yield from ("", "customers  confidence  since       value")
        yield from (f"{value.customer_count:>9,}  {value.confidence:>10.2f}  {value.first_on}  {plain(value.value)}" for value in values)
        yield ""
        yield from (f"{plain(one.customer_id)}  {plain(one.value)}  {one.confidence:.2f}  {plain(one.evidence)}" for one in examples)
    else:
        yield "customers  none published"


def _reported(row: TagRow, unused_after_days: int) -> str:
    covered = f"{row.coverage_rate:.1%}" if row.coverage_rate is not None else "-"
    notes = [", ".join(row.segments) or "no segment"]
    if row.is_stale:
        notes.append("STALE")
    if row.is_unused:
        notes.append(f"UNUSED for more than {counted(unused_after_days, 'day')}{f', last {row.last_used_on}' if row.last_used_on else ''}")
    return f"{row.tag:<22} {row.customer_count:>10,} {covered:>7}  {row.refreshed_on or '-'!s:<10}  {'; '.join(notes)}"
