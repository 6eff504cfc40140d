"""`cdp quarantine`: what was set aside and why, and reading it again once the cause is mended."""

from __future__ import annotations

import json as jsons
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from assets.cli.installation import ConfigOption, HomeOption, JsonOption, installation
from pipelines.contracts.errors import ConfigurationError

if TYPE_CHECKING:
    from pipelines.channels import Load, LoadReport
    from pipelines.contracts.config import Config
    from pipelines.contracts.home import Home

app = typer.Typer(no_args_is_help=True, help="Rows that could not be loaded: list, show, read again.")

LoadOption = Annotated[str | None, typer.Option("--load", metavar="LOAD|FILE", help="One load: its id, or the path of its file")]
FormatOption = Annotated[str | None, typer.Option("--format", help="All loads of one format")]
AllOption = Annotated[bool, typer.Option("--all", help="All loads")]


@app.command("list")
def list_reasons(format_name: FormatOption = None, home: HomeOption = None, config: ConfigOption = None, json: JsonOption = False) -> None:
    """Count the rows in quarantine by file, column and reason, and name the refused files."""
    from pipelines.channels import quarantine_reasons, refused_loads

    folders, _ = installation(home, config)
    found = [item for item in quarantine_reasons(folders) if format_name in (None, item.format_name)]
    refused = [load for load in refused_loads(folders) if format_name is None]
    if json:
        files = [{"load_id": load.load_id, "file_path": load.file_path, "reason": load.reason} for load in refused]
        print(jsons.dumps({"reasons": [asdict(item) for item in found], "refused_files": files}, ensure_ascii=False))
        return
    before = None
    for item in found:
        if item.load_id != before:
            print(f"{item.load_id}  {item.file_path}  ({item.format_name})")
            before = item.load_id
        print(f"  {item.row_count:>8,}  {item.column_name or 'whole record'}: {item.reason}")
    for load in refused:
        print(f"{load.load_id}  {load.file_path}\n   refused  {load.reason}")
    if not found and not refused:
        print("nothing is set aside")


@app.command()
def show(
    which: Annotated[str | None, typer.Argument(metavar="[LOAD|FILE]", help="A load: its id, or the path of its file")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="Rows at most")] = 20,
    reveal: Annotated[bool, typer.Option("--reveal", help="Values and whole records in clear: personal data on the screen")] = False,
    home: HomeOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Show rows in quarantine: line, column, reason and the value, masked."""
    from pipelines.channels import SHIPPED, quarantined_rows_of, read_formats

    folders, settings = installation(home, config)
    formats = read_formats([SHIPPED, *settings.channels.formats_folders], settings.business_time_zone)
    found = quarantined_rows_of(folders, formats, which, limit, reveal=reveal)
    if json:
        print(jsons.dumps([asdict(row) for row in found], ensure_ascii=False))
        return
    before = None
    for row in found:
        if row.load_id != before:
            print(f"{row.load_id}  {row.file_path}")
            before = row.load_id
        value = "" if row.value is None else f"  {row.value}"
        print(f"  line {row.line}  {row.column_name or 'whole record'}: {row.reason}{value}")
        if row.record is not None:
            print(f"    {row.record}")
    if not found:
        print("no row is in quarantine")


@app.command()
def reload(
    load: LoadOption = None,
    format_name: FormatOption = None,
    everything: AllOption = False,
    home: HomeOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Read loads with rows in quarantine, and refused files, again from the lake's own copies: after a mended contract or setting."""
    folders, settings = installation(home, config)
    reload_loads(folders, settings, load, format_name, everything=everything, only_incomplete=True, as_json=json)


def reload_loads(
    home: Home, config: Config, which: str | None, format_name: str | None, *, everything: bool, only_incomplete: bool, as_json: bool
) -> None:
    """Read the chosen loads again and tell what became of each. Raises ConfigurationError unless exactly one choice was made."""
    from assets.resources import only_run
    from pipelines.channels import loads_to_reload, reload_archived

    if sum((which is not None, format_name is not None, everything)) != 1:
        raise ConfigurationError("say which loads", where="reload", do="give exactly one of --load, --format and --all")
    with only_run(home):
        before = loads_to_reload(home, which=which, format_name=format_name, only_incomplete=only_incomplete)
        report = reload_archived(home, config, [load.load_id for load in before])
    _tell(home, before, report, as_json=as_json)


def _tell(home: Home, before: list[Load], report: LoadReport, *, as_json: bool) -> None:
    from pipelines.channels import read_manifests

    now, problems = read_manifests(home), {problem.path: problem.reason for problem in report.refused}
    told = [
        {
            "load_id": old.load_id,
            "file_path": old.file_path,
            "loaded_before": old.loaded_count,
            "loaded": now[old.load_id].loaded_count,
            "quarantined_before": old.quarantined_count,
            "quarantined": now[old.load_id].quarantined_count,
            "problem": problems.get(old.file_path),
        }
        for old in before
    ]
    if as_json:
        print(jsons.dumps(told, ensure_ascii=False))
        return
    for row in told:
        print(f"{row['load_id']}  {row['file_path']}")
        print(
            f"  {row['loaded_before']:,} -> {row['loaded']:,} loaded, {row['quarantined_before']:,} -> {row['quarantined']:,} in quarantine"
        )
        if row["problem"]:
            print(f"  {row['problem']}")
    print("nothing to read again" if not told else f"{len(told):,} files read again; `cdp run` publishes what they hold now")
