"""The reviewed organization: head office, regions, stores. Reads and judges its file; which stores there are is the channels' to say."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from pipelines.contracts.errors import ConfigurationError
from pipelines.contracts.tables import Column, Table, Type

FILE_NAME = "organization.csv"

ORGANIZATION = Table(
    "organization",
    "One row per unit of the reviewed organization: a head office, a region or a store.",
    ("unit",),
    (
        Column("unit", Type.TEXT, "Name of the head office or region; of a store its key, `<channel>:<store id>`.", required=True),
        Column("kind", Type.TEXT, "head_office, region or store.", required=True),
        Column("parent_unit", Type.TEXT, "Unit that it belongs to; null for a head office."),
        Column("head_office", Type.TEXT, "Head office at the top.", required=True),
        Column("region", Type.TEXT, "Nearest region, of a region itself; null for what belongs to a head office directly."),
        Column("unit_path", Type.TEXT, "All units from the head office down to this one.", required=True),
    ),
)

_COLUMNS = ("unit", "parent_unit", "kind")
_KINDS = ("head_office", "region", "store")
# what metrics call facts without a region; a region of that name could not be told from them
_RESERVED = ("all", "unassigned", "unattributed")
# no chain of shops has more levels; a circle would have no end
_MOST_LEVELS = 20
_BETWEEN = " > "


def read_organization(reference: Path) -> pl.DataFrame:
    """The rows of ORGANIZATION, by unit; without the file none, and then regions come from the store lists of the channels.

    Raises ConfigurationError that names file and line when a unit is missing or listed twice, its kind is unknown, its parent is missing,
    unknown or a store, or a chain of parents is a circle.
    """
    path = reference / FILE_NAME
    if not path.exists():
        return ORGANIZATION.schema.to_frame()
    units = _read(path)
    _judge(units, path)
    return _resolved(units, path).select(ORGANIZATION.column_names).sort("unit")


def _read(path: Path) -> pl.DataFrame:
    try:
        listed = pl.read_csv(path, infer_schema=False)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise ConfigurationError("cannot be read as CSV", where=str(path), do=f"give it the columns {', '.join(_COLUMNS)}") from error
    if set(listed.columns) != set(_COLUMNS):
        raise ConfigurationError(f"has columns {', '.join(listed.columns)}", where=str(path), do=f"name them {', '.join(_COLUMNS)}")
    stripped = pl.col(_COLUMNS).str.strip_chars()
    return listed.select(pl.when(stripped != "").then(stripped).name.keep()).with_row_index("line", offset=2)


def _judge(units: pl.DataFrame, path: Path) -> None:
    kind, parent = pl.col("kind"), pl.col("parent_unit")
    kinds = units.filter(pl.col("unit").is_first_distinct()).select(parent_unit="unit", parent_kind="kind")
    placed = units.join(kinds, on="parent_unit", how="left", maintain_order="left")
    is_key = pl.col("unit").str.contains(r"^[^:]+:.+$")
    rules = (
        (pl.col("unit").is_null(), "names no unit", "name it, or remove the line"),
        (pl.col("unit").is_in(_RESERVED), "has a name that metrics give to facts without a region", "name it otherwise"),
        (~pl.col("unit").is_first_distinct(), "lists a unit twice", "keep one line a unit"),
        (~kind.is_in(_KINDS).fill_null(value=False), "is of an unknown kind", f"write one of {', '.join(_KINDS)}"),
        ((kind == "store") & ~is_key, "names a store by something else than its key", "write `<channel>:<store id>`"),
        ((kind == "head_office") & parent.is_not_null(), "is a head office with a parent", "leave the parent empty"),
        ((kind != "head_office") & parent.is_null(), "names no parent", "name its region, or its head office"),
        (parent.is_not_null() & pl.col("parent_kind").is_null(), "has a parent that is not listed", "list the parent, or mend its name"),
        (pl.col("parent_kind") == "store", "has a store as its parent", "name a region, or a head office"),
    )
    for broken, what, do in rules:
        wrong = placed.filter(broken)
        if wrong.height:
            raise ConfigurationError(what, where=f"{path}, line {wrong['line'][0]}", do=do)


def _resolved(units: pl.DataFrame, path: Path) -> pl.DataFrame:
    """The units with region, head office and path: each round climbs one level, for all of them at once."""
    is_region, above = pl.col("ancestor_kind") == "region", pl.col("ancestor")
    climbed = units.with_columns(
        ancestor="parent_unit",
        region=pl.when(pl.col("kind") == "region").then("unit"),
        head_office=pl.when(pl.col("kind") == "head_office").then("unit"),
        unit_path="unit",
    )
    parents = units.select(ancestor="unit", ancestor_kind="kind", next="parent_unit")
    for _ in range(_MOST_LEVELS):
        if climbed["ancestor"].is_null().all():
            return climbed
        climbed = climbed.join(parents, on="ancestor", how="left", maintain_order="left").select(
            *("line", "unit", "kind", "parent_unit"),
            region=pl.coalesce("region", pl.when(is_region).then("ancestor")),
            head_office=pl.coalesce("head_office", pl.when(pl.col("ancestor_kind") == "head_office").then("ancestor")),
            unit_path=pl.when(above.is_null()).then("unit_path").otherwise(pl.concat_str("ancestor", pl.lit(_BETWEEN), "unit_path")),
            ancestor="next",
        )
    lost = climbed.filter(above.is_not_null())
    if lost.is_empty():
        return climbed
    raise ConfigurationError(
        "never comes to a head office: its parents go in a circle", where=f"{path}, line {lost['line'][0]}", do="mend the parents"
    )
