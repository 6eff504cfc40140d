"""Entry point of the `cdp` command: options, errors and exit codes. Each command's work is in its own module."""

from __future__ import annotations

import gc
import os
import sys
import traceback
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from assets.cli import campaign, channels, ledger, metric, quarantine, segments, tags
from assets.cli.installation import ConfigOption, HomeOption, JsonOption
from pipelines.contracts.errors import CdpError

app = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help="Batch customer data platform for retail."
)

DeliveriesOption = Annotated[Path | None, typer.Option("--deliveries", help="Inbox of raw exports [default: HOME/deliveries]")]
# a fixed day, not today: the same command gives the same files whenever it is called
_FIRST_DAY = datetime(2026, 1, 1)
# of the objects that Dagster, dbt and Great Expectations make nearly all stay: to look for garbage every 700 of them, as Python
# does, takes a fifth of a small run and frees nothing that shows in its memory
COLLECT_EVERY = (100_000, 50, 100)
_STOPPED = 130  # what Typer makes of Ctrl-C

app.add_typer(campaign.app, name="campaign")
app.add_typer(channels.app, name="channels")
app.add_typer(ledger.app, name="ledger")
app.add_typer(metric.app, name="metric")
app.add_typer(quarantine.app, name="quarantine")
app.add_typer(segments.app, name="segments")
app.add_typer(tags.app, name="tags")


@app.command()
def run(
    home: HomeOption = None,
    deliveries: DeliveriesOption = None,
    as_of: Annotated[
        datetime | None, typer.Option("--as-of", formats=["%Y-%m-%d"], help="Business date [default: the newest that the deliveries cover]")
    ] = None,
    config: ConfigOption = None,
    force: Annotated[bool, typer.Option("--force", help="Run again although nothing changed")] = False,
    json: JsonOption = False,
) -> None:
    """Run the whole job: load, resolve, score, check, publish, deliver."""
    from assets.cli.deliver import stop_on_undelivered
    from assets.cli.run import run_job
    from assets.cli.summary import print_summary, stop_on_left_out

    outcome = run_job(home, deliveries, as_of.date() if as_of else None, config, force=force)
    print_summary(outcome, as_json=json)
    stop_on_undelivered(outcome.undelivered)
    stop_on_left_out(outcome.record.get("left_out", []))


@app.command()
def refresh(
    home: HomeOption = None,
    deliveries: DeliveriesOption = None,
    at: Annotated[
        str | None, typer.Option("--at", help="Instant, as 2026-10-31T14:00 in the shop's time zone [default: the newest fact]")
    ] = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Between nights: load what is new and publish the lists whose cadence is hourly, and nothing else."""
    from assets.cli.refresh import print_refresh

    print_refresh(home, deliveries, config, at, as_json=json)


@app.command()
def deliver(
    as_of: Annotated[datetime | None, typer.Option("--as-of", formats=["%Y-%m-%d"], help="A published day [default: the newest]")] = None,
    again: Annotated[bool, typer.Option("--again", help="Also lists of messages that changed after they were delivered")] = False,
    home: HomeOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Deliver files of destinations that are not at their places yet: finish by hand what a run could not."""
    from assets.cli.deliver import print_delivery

    print_delivery(home, config, as_of.date() if as_of else None, again=again, as_json=json)


@app.command()
def diff(
    config: Annotated[Path, typer.Option("--config", help="The settings to try")],
    home: HomeOption = None,
    as_of: Annotated[datetime | None, typer.Option("--as-of", formats=["%Y-%m-%d"], help="Business date [default: the last run's]")] = None,
    examples: Annotated[int, typer.Option("--examples", min=0, help="Customers named of each kind")] = 5,
    json: JsonOption = False,
) -> None:
    """Rehearse a run with other settings: what would happen to customers, lists, KPIs and money. Writes nothing."""
    from assets.cli.diff import print_diff

    print_diff(home, config, as_of.date() if as_of else None, examples=examples, as_json=json)


@app.command()
def status(home: HomeOption = None, deliveries: DeliveriesOption = None, config: ConfigOption = None, json: JsonOption = False) -> None:
    """Show what was published last, what is loaded, refused and waiting, and which exports changed their columns."""
    from assets.cli.status import print_status

    print_status(home, deliveries, config, as_json=json)


@app.command()
def doctor(home: HomeOption = None, config: ConfigOption = None, json: JsonOption = False) -> None:
    """Check versions, folders, configuration, disk and locks."""
    from assets.cli.doctor import print_diagnosis

    print_diagnosis(home, config, as_json=json)


@app.command()
def simulate(
    out: Annotated[Path, typer.Option("--out", help="Folder for the deliveries; OUT/truth holds the planted truth")],
    customers: Annotated[int, typer.Option("--customers", min=1)] = 1000,
    days: Annotated[int, typer.Option("--days", min=1)] = 90,
    seed: Annotated[int, typer.Option("--seed", min=0)] = 1,
    first_day: Annotated[datetime, typer.Option("--first-day", formats=["%Y-%m-%d"], help="First business day")] = _FIRST_DAY,
    formats: Annotated[
        str,
        typer.Option(
            "--formats",
            help="Formats or groups, with commas: base, outreach, marketplaces, tills, web_shop, events, contacts, costs, lists, all",
        ),
    ] = "base",
    json: JsonOption = False,
) -> None:
    """Write deliveries of a simulated retailer in the real export formats, with the truth beside them."""
    from assets.cli.simulate import run_simulation

    run_simulation(out, customers, days, first_day.date(), seed, formats, as_json=json)


@app.command()
def explain(
    asked: Annotated[str, typer.Argument(metavar="WHO", help="Customer id, also an old one; source_record_key; phone; e-mail; other id")],
    between: Annotated[
        tuple[str, str] | None,
        typer.Option("--between", metavar="MEMBER RECORD", help="Only the chain of these two, by key or number; or why they are not one"),
    ] = None,
    as_of: Annotated[datetime | None, typer.Option("--as-of", formats=["%Y-%m-%d"], help="Who was who on that day")] = None,
    clear: Annotated[bool, typer.Option("--clear", help="Values in clear: personal data on the screen")] = False,
    home: HomeOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Explain one person: members, chains of evidence, refused links, golden record, history, decisions."""
    from assets.cli.explain import print_explanation

    print_explanation(home, config, asked, between, as_of.date() if as_of else None, reveal=clear, as_json=json)


@app.command()
def why(
    asked: Annotated[str, typer.Argument(metavar="WHO", help="Customer id, also an old one; source_record_key; phone; e-mail")],
    segment: Annotated[str, typer.Argument(metavar="SEGMENT", help="A segment of `cdp segments list`")],
    as_of: Annotated[datetime | None, typer.Option("--as-of", formats=["%Y-%m-%d"], help="The list of that day [default: last]")] = None,
    at: Annotated[str | None, typer.Option("--at", help="The list of that hour, as 2026-10-31T1400")] = None,
    home: HomeOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Say why somebody is on a list, or at which step they were stopped, with the values that decided."""
    from assets.cli.why import print_why

    print_why(home, config, asked, segment, as_of.date() if as_of else None, at, as_json=json)


@app.command()
def trace(
    file: Annotated[Path, typer.Argument(metavar="LIST.csv", help="A published list")],
    row: Annotated[int, typer.Argument(metavar="ROW", min=2, help="Row as a spreadsheet numbers them; the header is row 1")],
    home: HomeOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Trace a row of a list back to file and line of every raw export that it rests on."""
    from assets.cli.trace import print_trace

    print_trace(home, config, file, row, as_json=json)


@app.command()
def replay(
    manifest: Annotated[Path, typer.Argument(metavar="MANIFEST", help="manifest.json of a published list")],
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Make a past list again from what the run could see then, and compare it byte for byte. Writes nothing."""
    from assets.cli.replay import print_replay

    print_replay(home, manifest, as_json=json)


@app.command()
def review(
    limit: Annotated[int, typer.Option("--limit", min=1, help="Questions at most")] = 20,
    clear: Annotated[bool, typer.Option("--clear", help="Values in clear: personal data on the screen")] = False,
    home: HomeOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """List customers that may be one person and wait for a decision, most harmful first."""
    from assets.cli.review import print_review

    print_review(home, config, limit, reveal=clear, as_json=json)


AuthorOption = Annotated[str | None, typer.Option("--author", help="Who decides [default: the login]")]
ReasonOption = Annotated[str | None, typer.Option("--reason", help="Why, for whoever reads it next year")]
YesOption = Annotated[bool, typer.Option("--yes", help="Write the decision without asking")]


@app.command()
def unmerge(
    customer_id: Annotated[str, typer.Argument(metavar="CUSTOMER_ID", help="The customer who is several people")],
    records: Annotated[list[str], typer.Argument(metavar="RECORD...", help="Who is somebody else: key, or number in explain")],
    author: AuthorOption = None,
    reason: ReasonOption = None,
    yes: YesOption = False,
    clear: Annotated[bool, typer.Option("--clear", help="Keys in clear: personal data on the screen")] = False,
    home: HomeOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Part records from a customer: show what moves, ask, write the decision. The next run applies it."""
    from assets.cli.corrections import Answer
    from assets.cli.corrections import unmerge as correct

    correct(home, config, customer_id, records, Answer(author, reason, yes), clear=clear, as_json=json)


@app.command()
def merge(
    left: Annotated[str, typer.Argument(metavar="KEY", help="source_record_key, or customer id")],
    right: Annotated[str, typer.Argument(metavar="KEY", help="The same person: source_record_key, or customer id")],
    author: AuthorOption = None,
    reason: ReasonOption = None,
    yes: YesOption = False,
    clear: Annotated[bool, typer.Option("--clear", help="Keys in clear: personal data on the screen")] = False,
    home: HomeOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Hold two source records to be one person: show what moves, ask, write the decision. The next run applies it."""
    from assets.cli.corrections import Answer
    from assets.cli.corrections import merge as correct

    correct(home, config, (left, right), Answer(author, reason, yes), clear=clear, as_json=json)


@app.command()
def forget(
    asked: Annotated[
        str | None, typer.Argument(metavar="[WHO]", help="Customer id, source_record_key, phone or e-mail; without: finish what was begun")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Erase without asking")] = False,
    home: HomeOption = None,
    deliveries: DeliveriesOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Erase a person for good: show what goes, ask, clear the home, stop later deliveries, write a certificate."""
    from assets.cli.forget import forget as erase

    erase(home, deliveries, config, asked, is_sure=yes, as_json=json)


@app.command()
def export(
    role: Annotated[str, typer.Option("--role", help="Whose rights count: a role of roles.yaml")],
    what: Annotated[str, typer.Option("--what", help="A list by the name of its segment, or a table of the published database")],
    out: Annotated[Path, typer.Option("--out", metavar="FILE.csv", help="Where to, outside of the home")],
    as_of: Annotated[datetime | None, typer.Option("--as-of", formats=["%Y-%m-%d"], help="Day of the list [default: the newest]")] = None,
    by: Annotated[str | None, typer.Option("--by", help="Who takes it, for the ledger [default: the login]")] = None,
    home: HomeOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Download a list or table as a role may see it: its rows, its columns. Every download is a row of the ledger."""
    from assets.cli.export import print_export

    print_export(home, config, role, what, out, as_of.date() if as_of else None, by, as_json=json)


@app.command()
def quality(
    as_of: Annotated[datetime | None, typer.Option("--as-of", formats=["%Y-%m-%d"], help="The run for that day [default: last]")] = None,
    truth: Annotated[Path | None, typer.Option("--truth", help="Folder of the truth, as `cdp simulate` writes it")] = None,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE.html", help="Write a page with pictures, counts only")] = None,
    clear: Annotated[bool, typer.Option("--clear", help="Keys in clear: personal data on the screen")] = False,
    home: HomeOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Measure how people were told apart, beside the run before, and against the truth where it is known."""
    from assets.cli.quality import print_quality

    print_quality(home, config, as_of.date() if as_of else None, truth, out, reveal=clear, as_json=json)


def main() -> None:
    """Run the command; an error for people is one line on stderr and its exit code, wrong use is 2, stopped 130, anything else 4."""
    gc.set_threshold(*COLLECT_EVERY)
    try:
        app(standalone_mode=True)
    except CdpError as error:
        print(f"cdp: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    except Exception as error:  # the last line of defense: the exit code must say "unexpected", where Python's own says "check failed"
        # frames only: messages of libraries may quote a cell, and with it a person
        print("".join(traceback.format_tb(error.__traceback__)), file=sys.stderr)
        print(f"cdp: unexpected {type(error).__name__}; nothing was published -> report the lines above", file=sys.stderr)
        sys.exit(4)
    except SystemExit as end:
        if end.code == _STOPPED:
            print("cdp: stopped; what was published before is unchanged, the next run makes good what is half-done", file=sys.stderr)
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(_STOPPED)  # a thread of dbt cannot be told to stop, and an interpreter that ends around it crashes
        raise
