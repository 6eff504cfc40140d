"""`cdp channels`: which exports are known, how a file would be read, a first contract for one that nobody knows."""

from __future__ import annotations

import json as jsons
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from assets.cli.installation import ConfigOption, HomeOption, JsonOption, installation
from assets.cli.quarantine import AllOption, FormatOption, LoadOption, reload_loads
from pipelines.contracts.errors import ConfigurationError

if TYPE_CHECKING:
    from pipelines.channels import FileCheck

app = typer.Typer(no_args_is_help=True, help="Export formats: list, check a file, draft a new contract, read old loads again.")

FileArgument = Annotated[Path, typer.Argument(metavar="FILE", help="A delivered export, packed or not")]
_SHOWN = 12


@app.command("list")
def list_formats(home: HomeOption = None, config: ConfigOption = None, json: JsonOption = False) -> None:
    """List the known formats: name, title, container, tables, and where the contract comes from."""
    from pipelines.channels import SHIPPED, read_formats

    _, settings = installation(home, config)
    shipped = {path.stem for path in SHIPPED.glob("*.yaml")}
    found = [
        {
            "format": item.name,
            "title": item.spec.title,
            "channel": item.spec.channel,
            "container": item.spec.container,
            "tables": list(item.spec.tables),
            "origin": "shipped" if item.name in shipped else "own",
        }
        for item in read_formats([SHIPPED, *settings.channels.formats_folders], settings.business_time_zone)
    ]
    if json:
        print(jsons.dumps(found, ensure_ascii=False))
        return
    for row in found:
        tables = ", ".join(str(name).removeprefix("channel_") for name in row["tables"])
        print(f"{row['format']:<38} {row['title']}\n{'':<38} {row['container']}, {row['origin']}: {tables or 'no table'}")


@app.command()
def check(
    file: FileArgument,
    rows: Annotated[int, typer.Option("--rows", min=0, help="Rows of each table to preview, personal data masked")] = 3,
    formats: Annotated[list[Path] | None, typer.Option("--formats", help="Further folder of contracts, e.g. with a draft")] = None,
    home: HomeOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Show how a run would read FILE: format, rows, columns, quarantine, a preview. Nothing is loaded.

    Exit code 0 when every file in it would load, 3 when one would be refused.
    """
    from pipelines.channels import check_file

    _, settings = installation(home, config)
    checks = check_file(file, settings, preview_rows=rows, formats_folders=[folder.resolve() for folder in formats or []])
    if json:
        print(jsons.dumps([asdict(item) for item in checks], ensure_ascii=False))
    else:
        print("\n\n".join("\n".join(_lines(item)) for item in checks))
    if any(item.outcome != "loaded" for item in checks):
        raise typer.Exit(3)


@app.command()
def new(
    file: FileArgument,
    out: Annotated[Path | None, typer.Option("--out", help="Contract to write, e.g. formats/till.yaml [default: stdout]")] = None,
    name: Annotated[str | None, typer.Option("--name", help="Name of the format [default: that of --out, else of the file]")] = None,
    home: HomeOption = None,
    config: ConfigOption = None,
) -> None:
    """Draft a contract for an export that nobody knows: its tables, what each column seems to be, and what a person has to decide."""
    from pipelines.channels import draft_contract

    _, settings = installation(home, config)
    if out is not None and out.exists():
        raise ConfigurationError("exists already", where=str(out), do="name a new file with --out")
    if out is not None and name is not None and out.stem != name:
        raise ConfigurationError(f"a contract named {name} stands in {name}.yaml", where=str(out), do="leave --name out")
    draft = draft_contract(file, settings, name=name or (out.stem if out is not None else None))
    if out is None:
        print(draft, end="")
        return
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(draft, encoding="utf-8")
    print(f"{out}: decide what its comments ask, then `cdp channels check {file} --formats {out.parent}`")


@app.command()
def reload(
    load: LoadOption = None,
    format_name: FormatOption = None,
    everything: AllOption = False,
    home: HomeOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Read whole loads again from the lake's own copies: after a contract changed that had read them without a fault."""
    folders, settings = installation(home, config)
    reload_loads(folders, settings, load, format_name, everything=everything, only_incomplete=False, as_json=json)


def _lines(item: FileCheck) -> Iterator[str]:
    yield f"file        {item.file_path}"
    yield f"outcome     {item.outcome}{f': {item.reason}' if item.reason else ''}"
    yield f"container   {item.container}{f', {item.encoding}' if item.encoding else ''}"
    if item.format_name is None:
        for near in item.nearest:
            yield f"nearest     {near.format_name}: {near.share:.0%} of the headers that it is recognized by"
            for label, close in near.missing[:_SHOWN]:
                yield f"              lacks {label!r}{f', closest {close!r}' if close else ''}"
            if near.ruled_out_by:
                yield f"              is ruled out by {', '.join(near.ruled_out_by)}"
            if near.unknown:
                yield f"              does not know {_some(near.unknown)}"
        if item.outcome == "refused" and "follows no contract" in (item.reason or ""):
            yield "next        `cdp channels new FILE` drafts a contract"
        return
    counts = item.counts
    yield f"format      {item.format_name}: {item.format_title}"
    yield (
        f"lines       {counts['line_count']:,} = {counts['header_count']:,} header + {counts['preamble_count']:,} preamble + "
        f"{counts['footer_count']:,} footer + {counts['blank_count']:,} blank + {counts['continuation_count']:,} continuation + "
        f"{counts['loaded_count']:,} loaded + {counts['duplicate_count']:,} duplicate + {counts['quarantined_count']:,} quarantined"
    )
    yield f"exported    {item.exported_at}"
    if item.totals:
        yield f"totals      {item.totals.replace('_', ' ')}{f': {item.warning}' if item.warning else ''}"
    for column in item.mapped:
        yield f"column      {column.header} -> {', '.join(column.canonical) or 'checked only'}"
    if item.missing:
        yield f"missing     {_some(item.missing)}"
    yield f"dropped     {counts['dropped_column_count']:,} columns{f': {_some(item.dropped)}' if item.dropped else ''}"
    for reason in item.quarantined:
        yield f"quarantine  {reason.row_count:,} rows, {reason.column_name or 'whole record'}: {reason.reason}"
    for row in item.examples:
        yield f"              line {row.line}, {row.column_name or 'whole record'}{f': {row.value}' if row.value is not None else ''}"
    for table, rows in (item.preview or {}).items():
        yield f"preview     {table}"
        for shown in rows:
            yield f"              {', '.join(f'{name}={value}' for name, value in shown.items() if value is not None)}"


def _some(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
