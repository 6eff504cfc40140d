"""Cut a published list or table to what a role may see. Reads `published/` only, and writes nothing but scratch.

A customer belongs to the sales people of the home store: the store of most purchases (`mart_marketing__customer_360.home_store_key`), by
the newest published database. Who has none, or is not there any more, belongs to nobody's sales.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from pipelines.contracts.declarations import nearest
from pipelines.contracts.engine import literal
from pipelines.contracts.errors import CheckFailedError, ConfigurationError
from pipelines.contracts.home import Home
from pipelines.downloads.roles import Role

_LIST, _MANIFEST = "list.csv", "manifest.json"
_CUSTOMERS = "mart_marketing__customer_360"
_BY_CUSTOMER, _BY_STORE, _HOME = "customer_id", "store_key", "home_store_key"
_ROWS = "rows.parquet"


@dataclass(frozen=True, slots=True)
class Download:
    """What may be handed out: the rows as text, and what the ledger notes of them.

    `columns` are the names, `labels` the headers. `texts` are the columns whose cells are text: of a table the others are numbers and
    dates; of a list, whose cells were made for spreadsheets when it was published, None.
    """

    what: str
    as_of: date
    rows: pl.LazyFrame
    columns: tuple[str, ...]
    labels: tuple[str, ...]
    texts: frozenset[str] | None


def prepare(home: Home, role: Role, what: str, as_of: date | None, scratch: Path, memory_limit: str) -> Download:
    """What `role` may see of the list or table `what`: a name, or `list:<segment>` or `table:<table>` where both have it.

    Of lists that of `as_of`, by default of the newest published day. `scratch` is an empty folder for rows on their way.
    Raises ConfigurationError for what is not there or not allowed, CheckFailedError for a list that is not as it was published.
    """
    if not home.analytics.exists():
        raise ConfigurationError("nothing is published yet", where=str(home.analytics), do="`cdp run`, or name another --home")
    with duckdb.connect(str(home.analytics), read_only=True) as database:
        database.execute("set enable_progress_bar = false")
        database.execute("set timezone = 'UTC'")
        database.execute(f"set memory_limit = {literal(memory_limit)}")
        database.execute(f"set temp_directory = {literal(str(scratch))}")
        kind, name = _found(home, database, what, as_of)
        if kind == "list":
            return _list(home, database, role, name, as_of or _newest(home), scratch)
        return _table(database, role, name, as_of, scratch)


def _found(home: Home, database: duckdb.DuckDBPyConnection, what: str, as_of: date | None) -> tuple[str, str]:
    kind, _, name = what.rpartition(":")
    day = as_of or _newest(home)
    lists = {path.parent.name for path in home.segments(day).glob(f"*/{_MANIFEST}")}
    tables = {table for (table,) in database.execute("select table_name from duckdb_tables() where not internal").fetchall()}
    found = [one for one, names in (("list", lists), ("table", tables)) if name in names and kind in ("", one)]
    if len(found) > 1:
        raise ConfigurationError(f"{name} is a list and a table", where="--what", do=f"write list:{name} or table:{name}")
    if not found:
        words = f"neither a list of {day} nor a table is called {name!r}{nearest(name, lists | tables)}"
        raise ConfigurationError(words, where="--what", do="see published/segments and `describe` of the database")
    return found[0], name


def _newest(home: Home) -> date:
    folders = home.segments(date.min).parent.glob("*")
    days = [date.fromisoformat(folder.name) for folder in folders if re.fullmatch(r"\d{4}-\d\d-\d\d", folder.name)]
    if not days:
        raise ConfigurationError("no list is published yet", where=str(home.published), do="`cdp run`, or name another --home")
    return max(days)


def _allow(role: Role, kind: str, name: str) -> None:
    allowed = role.lists if kind == "list" else role.tables
    if allowed != "all" and name not in allowed:
        told = f"it may have {', '.join(allowed)}" if allowed else f"it may have no {kind}"
        raise ConfigurationError(f"role {role.name} may not download {kind} {name}", where="--role", do=f"{told}; roles.yaml decides")


def _list(home: Home, database: duckdb.DuckDBPyConnection, role: Role, name: str, as_of: date, scratch: Path) -> Download:
    _allow(role, "list", name)
    folder = home.segments(as_of) / name
    manifest = json.loads((folder / _MANIFEST).read_bytes())
    _check_unchanged(folder / _LIST, manifest)
    labels = {column["name"]: column["label"] for column in manifest["columns"]}
    rows = pl.read_csv(folder / _LIST, infer_schema=False).fill_null("")
    rows = rows.rename({label: column for column, label in labels.items()})
    if role.is_cut:
        _write(database, f"select customer_id from {_CUSTOMERS} where {_condition(database, role, _CUSTOMERS)}", scratch)
        rows = rows.join(pl.read_parquet(scratch / _ROWS), on=_BY_CUSTOMER, how="semi", maintain_order="left")
    columns = _shown(rows.columns, role, name)
    return Download(f"list:{name}", as_of, rows.lazy().select(columns), columns, tuple(labels[column] for column in columns), None)


def _check_unchanged(path: Path, manifest: Mapping[str, Any]) -> None:
    """Only what was published goes out: people who were erased since are told in the manifest."""
    told = {**manifest["files"][_LIST], **manifest.get("erased", {}).get(_LIST, {})}
    if hashlib.sha256(path.read_bytes()).hexdigest() != told["sha256"]:
        raise CheckFailedError("was changed after it was published", where=str(path), do="run the day again with --force")


def _table(database: duckdb.DuckDBPyConnection, role: Role, name: str, as_of: date | None, scratch: Path) -> Download:
    _allow(role, "table", name)
    [(published,)] = database.execute("select as_of from about").fetchall()
    if as_of not in (None, published):
        raise ConfigurationError(f"tables are those of {published}", where="--as-of", do="leave it out, or name a list")
    kinds = _columns(database, name)
    columns = _shown(list(kinds), role, name)
    condition = _condition(database, role, name)
    picked = ", ".join(f'cast("{column}" as varchar) as "{column}"' for column in columns)
    # in one order, so that the same rows are the same bytes
    path = _write(database, f'select {picked} from "{name}" where {condition} order by all', scratch)
    texts = frozenset(column for column in columns if kinds[column] == "VARCHAR")
    return Download(f"table:{name}", published, pl.scan_parquet(path), columns, columns, texts)


def _write(database: duckdb.DuckDBPyConnection, query: str, scratch: Path) -> Path:
    """Rows by way of a file: handing them over in memory imports pyarrow and pandas, which takes seconds."""
    path = scratch / _ROWS
    database.execute(f"copy ({query}) to {literal(str(path))} (format parquet)")
    return path


def _condition(database: duckdb.DuckDBPyConnection, role: Role, name: str) -> str:
    """SQL condition: the rows of the role's customers, else of its stores. A table of neither cannot be cut, so it is refused."""
    if not role.is_cut:
        return "true"
    columns, stores = _columns(database, name), _stores(database, role)
    if _HOME not in _columns(database, _CUSTOMERS):
        raise ConfigurationError("was published without home stores", where="analytics.duckdb", do="`cdp run` once with this version")
    if _BY_CUSTOMER in columns:
        return f"{_BY_CUSTOMER} in (select customer_id from {_CUSTOMERS} where {_HOME} in ({stores}))"
    if _BY_STORE in columns:
        return f"{_BY_STORE} in ({stores})"
    raise ConfigurationError(
        f"role {role.name} sees some stores only, and the rows of {name} name neither customer nor store",
        where="--role",
        do="take it out of the tables of the role",
    )


def _columns(database: duckdb.DuckDBPyConnection, name: str) -> dict[str, str]:
    """Column -> type."""
    return {column: kind for column, kind, *_ in database.execute(f'describe "{name}"').fetchall()}


def _stores(database: duckdb.DuckDBPyConnection, role: Role) -> str:
    """SQL: the keys of the role's stores. Raises ConfigurationError for one that nobody knows: a typo would be an empty file."""
    known = database.execute("select store_key, region from dim_stores").fetchall()
    for column, wanted, names in (
        ("stores", role.stores or (), {store for store, _ in known}),
        ("regions", role.regions or (), {region for _, region in known}),
    ):
        for one in wanted:
            if one not in names:
                raise ConfigurationError(
                    f"roles.{role.name}.{column}: nobody knows {one!r}{nearest(one, names)}", where="roles.yaml", do="see dim_stores"
                )
    keys = sorted({store for store, region in known if store in (role.stores or ()) or region in (role.regions or ())})
    return ", ".join(map(literal, keys))


def _shown(columns: list[str], role: Role, name: str) -> tuple[str, ...]:
    shown = tuple(column for column in columns if column not in role.hide)
    if not shown:
        raise ConfigurationError(f"role {role.name} may see no column of {name}", where="--role", do="see `hide` in roles.yaml")
    return shown
