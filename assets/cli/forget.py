"""`cdp forget`: what would go, the question, then the run that makes it go and the certificate that proves it.

The erasure is a part of every run: what was begun and not finished, the next `cdp run` or `cdp forget` finishes.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import typer

from assets import project
from assets.cli.installation import installation
from assets.cli.run import run_job
from assets.cli.wording import counted, plain
from assets.records import newest_record
from assets.resources import only_command, only_run
from pipelines.contracts.errors import CheckFailedError, ConfigurationError
from pipelines.contracts.home import Home
from pipelines.contracts.masking import masked
from pipelines.contracts.run import Run, last_run
from pipelines.contracts.tombstones import read_tombstones
from pipelines.erasure import Person, begin, certificate_path, find_person, unfinished_erasures, was_forgotten
from pipelines.identity.inquiry import inquire

_TOLD = 10


def forget(home: Path | None, deliveries: Path | None, config: Path | None, asked: str | None, *, is_sure: bool, as_json: bool) -> None:
    """Erase the customer whom `asked` means, or without it finish what was begun.

    Raises ConfigurationError when nobody or several are meant, CheckFailedError when the run was stopped or something was left.
    """
    folders, settings = installation(home, config)
    folders = Home(folders.root, deliveries.resolve() if deliveries else None)
    started = unfinished_erasures(folders)
    if asked is not None:
        run = last_run(folders, settings, settings.reference_folder or project.REFERENCE)
        person = _meant(run, asked)
        if person is None:
            print(json.dumps({"outcome": "forgotten_before"}) if as_json else "was forgotten before; see the certificates in erasures/")
        else:
            _show(person, as_json=as_json and not is_sure)
            if not _is_sure(is_sure=is_sure, as_json=as_json):
                return
            with only_command(folders), only_run(folders):
                started.append(begin(folders, person, _now()).erasure_id)
    if not started:
        if asked is None:
            print(json.dumps({"outcome": "nothing_begun"}) if as_json else "no erasure is under way")
        return
    record = newest_record(folders)
    sys.argv = [*sys.argv[:1], "forget"]  # dbt keeps the command line of whoever calls it in its target folder
    run_job(home, deliveries, datetime.fromisoformat(record["as_of"]).date() if record else None, config, force=False)
    _prove(folders, started, as_json=as_json)


def _meant(run: Run, asked: str) -> Person | None:
    """The person; None for somebody who was forgotten before. A value that several customers hold names nobody."""
    home, settings = run.home, run.config
    try:
        inquiry = inquire(run, asked, None)
    except ConfigurationError as error:
        if was_forgotten(read_tombstones(home), settings, asked):
            return None
        raise ConfigurationError(error.what, where="forget", do=error.do) from error
    if inquiry.customer_id is None:
        what = f"{masked(asked)!r} is held by several customers, or by nobody any more"
        raise ConfigurationError(what, where="forget", do="name the customer by id: see `cdp explain`")
    return find_person(home, settings, inquiry.customer_id)


def _is_sure(*, is_sure: bool, as_json: bool) -> bool:
    if is_sure:
        return True
    if as_json or not sys.stdin.isatty():
        print("cdp: nothing was erased; --yes erases", file=sys.stderr)
        return False
    return typer.confirm("Erase all of it, for good?", err=True)


def _show(person: Person, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps({"outcome": "shown", **_facts(person)}, ensure_ascii=False))
        return
    # stdout is for the certificate where somebody is sure already
    print("\n".join(_lines(person)), file=sys.stderr)


def _facts(person: Person) -> dict[str, Any]:
    return {
        "customer_ids": list(person.customer_ids),
        "records": [masked(key) for key in person.records],
        "identifiers": [{"type": kind, "value": masked(value)} for kind, _, value in person.values],
        "shared_identifiers_that_stay": person.shared_value_count,
        "loads_read_again": len(person.loads),
        "rows": person.row_counts,
    }


def _lines(person: Person) -> Iterator[str]:
    yield f"customer     {', '.join(person.customer_ids)}"
    yield f"records      {len(person.records):,}: {_some(masked(key) for key in person.records)}"
    yield f"identifiers  {len(person.values):,}: {_some(f'{kind} {masked(value)}' for kind, _, value in person.values)}"
    if person.shared_value_count:
        yield f"             {counted(person.shared_value_count, 'identifier')} of others too: the value stays theirs"
    yield f"rows         {', '.join(f'{name} {count:,}' for name, count in person.row_counts.items()) or 'none'}"
    yield f"files        {counted(len(person.loads), 'load')} read again without the person; orders and payments stay as nobody's"
    yield "for good     a later delivery that names the person is stopped; there is no way back"


def _some(texts: Iterator[str]) -> str:
    found = [plain(text, to=40) for text in texts]
    more = f" and {len(found) - _TOLD} more" if len(found) > _TOLD else ""
    return ", ".join(found[:_TOLD]) + more


def _prove(home: Home, started: list[str], *, as_json: bool) -> None:
    """Tell what came of it."""
    left = unfinished_erasures(home)
    done = [erasure_id for erasure_id in started if erasure_id not in left]
    if as_json:
        paths = {erasure_id: str(certificate_path(home, erasure_id)) for erasure_id in done}
        print(json.dumps({"outcome": "unfinished" if left else "erased", "certificates": paths, "unfinished": left}))
    else:
        for erasure_id in done:
            print(certificate_path(home, erasure_id).with_suffix(".txt").read_text(encoding="utf-8"), end="")
            print(f"\ncertificate: {certificate_path(home, erasure_id)}")
    if left:
        raise CheckFailedError("something of the person is left", where=", ".join(left), do="see above, mend it and call `cdp forget`")


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
