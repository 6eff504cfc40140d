"""Tombstones: by which a later delivery is known to speak of somebody who was forgotten. Keyed hashes, never a value.

A hash without a key would be undone by trying all phones, so it is HMAC-SHA-256 with a key of the home, made once. Whoever holds the key
and the tombstones can still ask whether one phone is among them: keep both as you keep the lake.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from pipelines.contracts.config import Config
from pipelines.contracts.errors import CdpError
from pipelines.contracts.home import Home
from pipelines.contracts.normalization import comparable_values
from pipelines.contracts.storage import replacing, write_table
from pipelines.contracts.tables import Column, Personal, Table, Type

RECORD, VALUE, WORD, CUSTOMER = "record", "value", "word", "customer"
DEVICE = "anonymous_id"  # type of a value that no contact point is: the device or cookie of events, within its channel

TOMBSTONES = Table(
    "erasure_tombstones",
    "One row per keyed hash of what named a person who was forgotten.",
    ("kind", "keyed_hash"),
    (
        Column(
            "kind",
            Type.TEXT,
            "record (a source_record_key), value (type, scope and comparable value of an identifier), word (the same as it may stand in "
            "a text) or customer (a customer_id).",
            required=True,
        ),
        Column("keyed_hash", Type.TEXT, "HMAC-SHA-256 in hex, by the key of the home.", required=True, personal=Personal.PSEUDONYM),
        Column("erasure_id", Type.TEXT, "Erasure that set it first.", required=True),
    ),
)

_KEY_BYTES = 32
_BREAK = "\x1f"
# what may stand between the words of a record that cannot be taken apart into cells
_WORD = r"[^\s,;|\"'<>\[\]{}()=\x00-\x1f]+"


@dataclass(frozen=True, slots=True)
class Tombstones:
    """The hashes of a home, by kind. False where nobody was ever forgotten: then nothing is hashed."""

    key: bytes = field(default=b"", repr=False)
    hashes: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return any(self.hashes.values())

    def hashed(self, kind: str, texts: Iterable[str]) -> list[str]:
        """The keyed hashes of these texts, one at a time: 2 us each, and callers ask of distinct ones."""
        prefix = f"{kind}{_BREAK}".encode()
        return [hmac.digest(self.key, prefix + text.encode("utf-8", "replace"), "sha256").hex() for text in texts]

    def among(self, kind: str, texts: pl.Series) -> pl.Series:
        """Those of the texts that have a tombstone, each once."""
        known = self.hashes.get(kind, frozenset())
        distinct = texts.drop_nulls().unique()
        if not known or distinct.is_empty():
            return distinct.clear()
        return distinct.filter(pl.Series([digest in known for digest in self.hashed(kind, distinct)], dtype=pl.Boolean))

    def stopped_records(self, keys: pl.Expr | str, frame: pl.DataFrame) -> pl.DataFrame:
        """The rows of `frame` whose key of a source record has a tombstone."""
        column = pl.col(keys) if isinstance(keys, str) else keys
        found = self.among(RECORD, frame.select(column).to_series())
        return frame.filter(column.is_in(found.implode())) if len(found) else frame.clear()

    def stopped_values(self, frame: pl.DataFrame, config: Config) -> pl.DataFrame:
        """The rows of `frame` (`type`, `scope`, `value_raw`, and whatever else) whose value has a tombstone."""
        asked = frame.select("type", "scope", "value_raw").drop_nulls().unique()
        if not self.hashes.get(VALUE) or asked.is_empty():
            return frame.clear()
        values = comparable_values(asked.select("type", "value_raw").unique(), config)
        named = asked.join(values, on=["type", "value_raw"]).with_columns(text=value_text())
        found = self.among(VALUE, named["text"])
        hit = named.filter(pl.col("text").is_in(found.implode())).select("type", "scope", "value_raw")
        return frame.join(hit, on=["type", "scope", "value_raw"], how="semi")

    def stopped_texts(self, texts: pl.Series) -> pl.Series:
        """Of each text, whether one of its words has a tombstone: for records that cannot be taken apart into cells."""
        if not self.hashes.get(WORD) or texts.is_empty():
            return pl.repeat(value=False, n=len(texts), eager=True)
        # a cell may hold a phone in any dress: once as it stands, once without what people put between its digits
        both = [texts, texts.str.replace_all(r"(\d)[\s-]+(\d)", "$1$2")]
        words = [some.str.extract_all(_WORD) for some in both]
        distinct = pl.concat([some.explode(empty_as_null=True) for some in words]).drop_nulls().unique()
        bare = distinct.str.replace(r"^(?:\+?86|0086)(1\d{10})$", "$1").str.to_lowercase()
        folded = pl.DataFrame({"word": distinct, "bare": bare})
        found = self.among(WORD, folded["bare"])
        hit = folded.filter(pl.col("bare").is_in(found.implode()))["word"]
        if hit.is_empty():
            return pl.repeat(value=False, n=len(texts), eager=True)
        frame = pl.DataFrame({"one": words[0], "other": words[1]})
        return frame.select(
            pl.any_horizontal(pl.col("one", "other").list.eval(pl.element().is_in(hit.implode())).list.any()).fill_null(value=False)
        ).to_series()


def value_text() -> pl.Expr:
    """What is hashed of an identifier, from `type`, `scope` and the comparable `value`."""
    return pl.concat_str("type", "scope", "value", separator=_BREAK)


def word_of(value: str) -> str:
    """An identifier as it may stand in a text: small letters, a Chinese phone without its country."""
    return value.removeprefix("+86").lower() if value.startswith("+861") and len(value) == 14 else value.lower()


def read_tombstones(home: Home) -> Tombstones:
    """All tombstones of the home. Raises CdpError where they cannot be used: to load without them would bring people back."""
    path = _path(home)
    if not path.exists():
        return Tombstones()
    try:
        rows = pl.read_parquet(path).select("kind", "keyed_hash")
        key = bytes.fromhex(_key_path(home).read_text(encoding="ascii").strip())
    except (OSError, ValueError, pl.exceptions.PolarsError) as error:
        what = f"people were forgotten here, and their tombstones or their key cannot be read ({type(error).__name__})"
        raise CdpError(what, where=str(home.erasures), do="put the folder back from a copy; without it they would come back") from error
    return Tombstones(key, {kind: frozenset(rows.filter(kind=kind)["keyed_hash"]) for kind in rows["kind"].unique()})


def add_tombstones(home: Home, erasure_id: str, texts: Mapping[str, Iterable[str]]) -> Tombstones:
    """Set a tombstone for each of `texts`, by kind; those that are there stay. Return all."""
    key = home_key(home)
    before = pl.read_parquet(_path(home)) if _path(home).exists() else pl.DataFrame(schema=TOMBSTONES.schema)
    maker = Tombstones(key)
    new = [(kind, digest, erasure_id) for kind, some in texts.items() for digest in maker.hashed(kind, sorted(set(some)))]
    rows = pl.concat([before, pl.DataFrame(new, schema=TOMBSTONES.schema, orient="row")])
    kept = rows.unique(TOMBSTONES.key, keep="first", maintain_order=True).sort(TOMBSTONES.key)
    write_table(kept, TOMBSTONES, _path(home))
    return read_tombstones(home)


def _path(home: Home) -> Path:
    return home.erasures / "tombstones.parquet"


def _key_path(home: Home) -> Path:
    return home.erasures / "key"


def home_key(home: Home) -> bytes:
    """The key of the home, made when it is first asked for."""
    path = _key_path(home)
    home.erasures.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not path.exists():
        with replacing(path, mode=0o600) as beside:
            beside.touch(mode=0o600)
            beside.write_text(secrets.token_bytes(_KEY_BYTES).hex() + "\n", encoding="ascii")
    return bytes.fromhex(path.read_text(encoding="ascii").strip())
