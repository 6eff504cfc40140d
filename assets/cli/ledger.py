"""`cdp ledger`: what left the platform, and whether the book of it is as it was written."""

from __future__ import annotations

import json as jsons
import re
from typing import TYPE_CHECKING, Annotated

import typer

from assets.cli.installation import ConfigOption, HomeOption, JsonOption, installation
from assets.cli.wording import counted, plain
from pipelines.contracts.errors import CheckFailedError, ConfigurationError

if TYPE_CHECKING:
    from pipelines.ledger import Head, Row

app = typer.Typer(no_args_is_help=True, help="The ledger of exports: every publish, delivery and download, a sealed row each.")


@app.command()
def show(
    last: Annotated[int, typer.Option("--last", min=1, help="Rows from the end")] = 20,
    what: Annotated[str | None, typer.Option("--what", help="Only rows whose file or list has this in its name")] = None,
    role: Annotated[str | None, typer.Option("--role", help="Only rows of this role: run of publications, a place of deliveries")] = None,
    home: HomeOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Show rows: what left, for whom, how many rows of which columns."""
    from pipelines.ledger import read_rows

    folders, _ = installation(home, config)
    rows = [row for row in read_rows(folders) if (what or "") in row.entry.what and role in (None, row.entry.role)]
    if json:
        print(jsons.dumps([row.as_record() for row in rows[-last:]], ensure_ascii=False))
        return
    if not rows:
        print("nothing has left yet")
    for row in rows[-last:]:
        print(_line(row))


@app.command()
def verify(
    head: Annotated[str | None, typer.Option("--head", metavar="ROW:HASH", help="A row that you noted earlier")] = None,
    home: HomeOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Verify: no row was changed, dropped, added or moved, up to the last one that a run or you have noted. Ends with 1 if one was."""
    from pipelines.ledger import verify as check

    folders, _ = installation(home, config)
    verdict = check(folders, _noted(head) if head else None)
    if json:
        print(jsons.dumps({"problems": verdict.problems, "rows": verdict.row_count, "head": verdict.head.as_record()}, ensure_ascii=False))
    else:
        print(f"{counted(verdict.row_count, 'row')}, held against {counted(verdict.anchor_count, 'note')}")
        print(f"head {verdict.head.sequence}:{verdict.head.hash}")
        for problem in verdict.problems:
            print(f"  {problem}")
    if verdict.problems:
        what = f"the ledger is not as it was written ({counted(len(verdict.problems), 'fault')})"
        raise CheckFailedError(what, where=str(folders.ledger), do="ask who had access, and set a copy from a backup beside it")


def _noted(text: str) -> Head:
    from pipelines.ledger import Head

    found = re.fullmatch(r"(\d{1,12}):([0-9a-f]{64})", text)
    if not found:
        raise ConfigurationError(f"{text!r} is no row and hash", where="--head", do="write it as `cdp ledger verify` prints it, 17:ab12...")
    return Head(int(found[1]), found[2])


def _line(row: Row) -> str:
    entry = row.entry
    told = [f"{entry.row_count:,} rows" if entry.row_count is not None else "-", entry.sha256[:12]]
    if entry.columns is not None:
        told.append(", ".join(entry.columns))
    who = entry.role if entry.by is None else f"{entry.role} ({plain(entry.by, to=30)})"
    when = entry.at or f"run of {entry.as_of}"
    return f"{row.sequence:>6}  {when:<20}  {entry.kind:<8}  {who:<24}  {plain(entry.what)}  {plain('  '.join(told), to=200)}"
