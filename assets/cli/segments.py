"""`cdp segments`: which segments there are, what one means, whom it would take, whether all can be used. Decides nothing."""

from __future__ import annotations

import json as jsons
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from assets.cli.installation import ConfigOption, HomeOption, JsonOption, installation
from assets.cli.wording import counted
from pipelines.contracts.errors import ConfigurationError

if TYPE_CHECKING:
    from pipelines.contracts.home import Home
    from pipelines.contracts.segments import Segment
    from pipelines.segments import Defined

app = typer.Typer(no_args_is_help=True, help="Segments: who is meant, whom a list would take, whether every definition can be used.")
NameArgument = Annotated[str, typer.Argument(metavar="SEGMENT", help="A segment of `cdp segments list`")]


@app.command("list")
def list_segments(home: HomeOption = None, config: ConfigOption = None, json: JsonOption = False) -> None:
    """List all segments with channel, priority and the customers on the list that was published last."""
    from assets.cli.tables import print_table
    from pipelines.segments import examine_segments

    folders, settings = installation(home, config)
    found, faults = examine_segments(settings.segments.folders)
    lists = _published_lists(folders)
    if json:
        print(jsons.dumps([_facts(defined, lists) for defined in found], ensure_ascii=False, default=str))
    else:
        print_table(
            ("segment", "label", "channel", "priority", "holdout", "on the list", "meant for"),
            [
                (
                    segment.name,
                    f"{segment.label['en']} ({segment.label['zh']})",
                    segment.channel,
                    segment.priority,
                    f"{float(segment.holdout):.0%}" if segment.holdout else "",
                    _listed(segment.name, lists),
                    _span(segment),
                )
                for segment, _ in found
            ],
            numbers=("priority", "holdout", "on the list"),
        )
    if faults:
        raise ConfigurationError(f"{counted(len(faults), 'fault')} in other definitions", where="segments", do="see `cdp segments check`")


@app.command()
def show(name: NameArgument, home: HomeOption = None, config: ConfigOption = None, json: JsonOption = False) -> None:
    """Show one segment: what it means, part by part, and what became of its last list."""
    folders, settings = installation(home, config)
    found = defined_segment(settings.segments.folders, name)
    lists = _published_lists(folders)
    if json:
        print(jsons.dumps(_facts(found, lists), ensure_ascii=False, default=str))
        return
    print("\n".join(_shown(found, lists)))


@app.command()
def preview(
    name: Annotated[str, typer.Argument(metavar="SEGMENT", help="A segment, or the file of one that is not among them yet: draft.yaml")],
    rows: Annotated[int, typer.Option("--rows", min=0, help="Customers shown, masked")] = 10,
    home: HomeOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Preview a list on the last run's data: counts, every step of the gate, overlaps, masked rows. Writes nothing."""
    from assets.cli.aside import decided_aside
    from assets.cli.segment_preview import print_preview
    from assets.declared import declared_columns
    from pipelines.segments import preview_segment, read_definitions, read_segment

    _, settings = installation(home, config)
    columns = declared_columns()
    others = read_definitions(settings.segments.folders, columns).segments
    is_draft = name.endswith(".yaml")
    segment = read_segment(Path(name), columns) if is_draft else defined_segment(settings.segments.folders, name).segment
    with decided_aside(home, config, [*(other for other in others if other.name != segment.name), segment], segment.name) as run:
        if not segment.is_valid_on(run.as_of):
            raise ConfigurationError(f"is valid {_span(segment)}, not on {run.as_of}", where=segment.name, do="mend `valid`")
        seen = preview_segment(run, segment, rows)
    print_preview(seen, segment, as_json=json)


@app.command()
def check(
    home: HomeOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Check all definitions, and say all that is wrong at once; for CI. Counts matches where a run has published here."""
    from assets.declared import declared_columns
    from pipelines.segments import examine_segments

    folders, settings = installation(home, config)
    found, faults = examine_segments(settings.segments.folders, declared_columns())
    warnings, failed = _counted(folders, home, config, [segment for segment, _ in found])
    told = [*(str(fault) for fault in faults), *failed]
    if json:
        print(jsons.dumps({"segments": [segment.name for segment, _ in found], "faults": told, "warnings": warnings}, ensure_ascii=False))
    else:
        print("\n".join([*(f"fault    {line}" for line in told), *(f"warning  {line}" for line in warnings)] or ["no fault, no warning"]))
        usable = len(found) - len(failed)
        print(f"{counted(usable, 'segment')} can be used, {counted(len(told), 'fault')}, {counted(len(warnings), 'warning')}")
    if told:
        raise ConfigurationError(counted(len(told), "fault"), where="cdp segments check", do="mend them: a run leaves these segments out")


@app.command()
def publish(
    name: NameArgument,
    unsent: Annotated[bool, typer.Option("--unsent", help="Nobody has used the list of that day: customers may leave it")] = False,
    home: HomeOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Publish the last day again with today's definition of a segment, if that moves no other list."""
    from assets.cli.segment_publish import publish_again

    publish_again(home, config, name, is_unsent=unsent, as_json=json)


def defined_segment(folders: tuple[Path, ...], name: str) -> Defined:
    """The segment of this name. Raises ConfigurationError with the nearest name, or with what is wrong in its file."""
    from pipelines.contracts.declarations import nearest
    from pipelines.contracts.segments import DefinitionError
    from pipelines.segments import examine_segments

    found, faults = examine_segments(folders)
    by_name = {defined.segment.name: defined for defined in found}
    if name in by_name:
        return by_name[name]
    broken = next((fault for fault in faults if isinstance(fault, DefinitionError) and fault.segment_name == name), None)
    if broken is not None:
        raise broken
    raise ConfigurationError(f"unknown segment {name!r}{nearest(name, by_name)}", where="segments", do="see `cdp segments list`")


def _counted(folders: Home, home: Path | None, config: Path | None, segments: list[Segment]) -> tuple[list[str], list[str]]:
    """Warnings and faults that only data can tell; none where nothing was published."""
    from assets.cli.aside import run_aside
    from pipelines.segments import count_matches, matched_warning

    if not folders.analytics.exists():
        return ["nothing was published here, so nobody was counted"], []
    with run_aside(home, config) as run:
        customers, counts = count_matches(run, segments)
    failed = [f"{name}: {count}" for name, count in counts.items() if isinstance(count, str)]
    told = {name: matched_warning(count, customers) for name, count in counts.items() if isinstance(count, int)}
    return [f"{name}: {warning}" for name, warning in told.items() if warning], failed


def _published_lists(folders: Home) -> dict[str, dict[str, Any]]:
    """Manifests of the newest day that was published, by segment."""
    from pipelines.publish import newest_published_day

    day = newest_published_day(folders)
    if day is None:
        return {}
    return {path.parent.name: jsons.loads(path.read_bytes()) for path in sorted(folders.segments(day).glob("*/manifest.json"))}


def _listed(name: str, lists: dict[str, dict[str, Any]]) -> str:
    return f"{lists[name]['waterfall']['exported']:,}" if name in lists else "-"


def _span(segment: Segment) -> str:
    if segment.valid_from is None and segment.valid_to is None:
        return "always"
    return f"{segment.valid_from or 'ever'} to {segment.valid_to or 'further notice'}"


def _facts(found: Defined, lists: dict[str, dict[str, Any]]) -> dict[str, Any]:
    from pipelines.segments import parts_of

    manifest = lists.get(found.segment.name)
    last = {"as_of": manifest["as_of"], "waterfall": manifest["waterfall"]} if manifest else None
    parts = [asdict(part) for part in parts_of(found.segment.where)]
    return found.segment.as_record() | {"file": str(found.path), "parts": parts, "published": last}


def _shown(found: Defined, lists: dict[str, dict[str, Any]]) -> Iterator[str]:
    from assets.cli.segment_preview import part_line, waterfall_line
    from pipelines.segments import parts_of

    segment, path = found
    yield f"{segment.name}: {segment.label['en']} ({segment.label['zh']})"
    yield f"meaning    {segment.description}"
    yield "condition"
    yield from (f"  {part_line(part)}" for part in parts_of(segment.where))
    yield f"columns    {', '.join(segment.columns)}"
    yield f"channel    {segment.channel}, for {segment.purpose}; priority {segment.priority}, the smallest wins"
    if segment.requires_consent:
        yield f"consent    to {segment.requires_consent}, besides that of the channel"
    arms = ", ".join(f"{name} {float(share):.0%}" for name, share in segment.arms.items())
    held_out = f"{float(segment.holdout):.0%} held out" if segment.holdout else "nobody held out but by the global holdout"
    yield f"test       {held_out}{f'; arms: {arms}' if arms else ''}"
    yield f"valid      {_span(segment)}"
    yield f"owner      {segment.owner}"
    yield f"file       {path.name}, definition {segment.definition_hash[:12]}"
    manifest = lists.get(segment.name)
    if manifest is None:
        yield "last list  none"
        return
    changed = "" if manifest["segment"]["definition_hash"] == segment.definition_hash else ", by another definition than this one"
    yield f"last list  {manifest['as_of']}{changed}"
    yield f"  {waterfall_line(manifest['waterfall'])}"
