"""What dbt could not build, told to people: the model, what the database says, the SQL, what to do. Values of rows are masked."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pipelines.contracts.errors import CdpError
from pipelines.contracts.masking import scrubbed, shortened
from pipelines.contracts.storage import is_disk_full

if TYPE_CHECKING:
    from dbt.artifacts.schemas.run import RunResult

_TOLD = 3
_TOLD_TO = 400
_HEADLINE = re.compile(r"\w+ Error in [^\n]*\n")  # dbt's own: kind, name and file, which are told anyway
_SQL_EXCERPT = re.compile(r"(?=\n\s*LINE \d+:)")  # DuckDB shows the line of SQL below what it says
# these speak of the project's SQL; all others may quote the row at which they stopped
_ABOUT_SQL = ("Binder Error", "Catalog Error", "Parser Error", "Compilation Error", "This model has an enforced contract")
_QUOTED = re.compile(r"(['\"]).*\1", re.DOTALL)  # to the last of its kind: a value may hold quotes itself
_FILE = re.compile(r"'/[^'\"\s]+\.(?:parquet|duckdb)'")


def build_error(failed: Sequence[RunResult]) -> CdpError:
    """The error of a build in which `failed` could not be built or tested; of many the first three are told."""
    told = [_told(result) for result in failed[:_TOLD]]
    more = [f"and {len(failed) - _TOLD} more"] if len(failed) > _TOLD else []
    return CdpError("; ".join([*told, *more]), where="dbt", do=_advice(" ".join(result.message or "" for result in failed)))


def _told(result: RunResult) -> str:
    node = result.node
    path = getattr(node, "compiled_path", None)
    sql = f"; its SQL: {path}" if path else ""
    return f"{node.resource_type.value} {node.name} ({node.original_file_path}): {database_error(result.message)}{sql}"


def database_error(message: str | None) -> str:
    """What the database says in one line, without the values of a row."""
    text = _HEADLINE.sub("", (message or "failed").strip(), count=1).strip()
    if not text.startswith(_ABOUT_SQL):
        about, *excerpt = _SQL_EXCERPT.split(text, maxsplit=1)
        text = "".join([_QUOTED.sub(lambda found: found[0] if _FILE.fullmatch(found[0]) else "'***'", about), *excerpt])
    return shortened(scrubbed(text), to=_TOLD_TO)


def _advice(messages: str) -> str:
    if "Out of Memory Error" in messages:
        return "raise engine.memory_limit in cdp.yaml and run again; nothing was published"
    if is_disk_full(CdpError(messages)):
        return "free space and run again, nothing is lost"
    return "mend the model if you changed one, else report these lines; nothing was published"
