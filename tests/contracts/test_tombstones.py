"""Keyed hashes that know a person again in any spelling, say nothing without the key, and are missed when they are gone."""

from __future__ import annotations

import stat
from pathlib import Path

import polars as pl
import pytest

from pipelines.contracts.config import Config
from pipelines.contracts.errors import CdpError
from pipelines.contracts.home import Home
from pipelines.contracts.tombstones import RECORD, VALUE, WORD, Tombstones, add_tombstones, read_tombstones, word_of

PHONE = "13655551234"
TEXTS = {RECORD: ["taobao:lee"], VALUE: [f"phone\x1fglobal\x1f+86{PHONE}"], WORD: [word_of(f"+86{PHONE}"), "lee@zebra.example"]}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def test_nobody_forgotten_is_false_and_makes_no_key(home: Home) -> None:
    assert not read_tombstones(home)
    assert not home.erasures.exists()


def test_key_is_private_made_once_and_in_no_hash(home: Home) -> None:
    first = add_tombstones(home, "e1", TEXTS)
    again = add_tombstones(home, "e2", TEXTS)
    assert first == again
    assert stat.S_IMODE((home.erasures / "key").stat().st_mode) == 0o600
    assert stat.S_IMODE(home.erasures.stat().st_mode) == 0o700
    assert pl.read_parquet(home.erasures / "tombstones.parquet")["erasure_id"].unique().to_list() == ["e1"]
    assert not any(word in path.read_bytes().decode("latin-1") for path in home.erasures.iterdir() for word in (PHONE, "lee", "zebra"))
    assert first.key.hex() not in repr(first)
    assert Tombstones(b"other").hashed(RECORD, ["taobao:lee"]) != first.hashed(RECORD, ["taobao:lee"])


def test_lost_key_stops_whoever_would_load_without_it(home: Home) -> None:
    add_tombstones(home, "e1", TEXTS)
    (home.erasures / "key").unlink()
    with pytest.raises(CdpError, match="would come back"):
        read_tombstones(home)


@pytest.mark.parametrize("raw", [PHONE, f"+86 {PHONE}", "136-5555-1234", "１３６５５５５１２３４", f"'{PHONE}"])
def test_value_is_known_in_any_spelling(home: Home, raw: str) -> None:
    stop = add_tombstones(home, "e1", TEXTS)
    frame = pl.DataFrame({"type": ["phone", "phone", "email"], "scope": "global", "value_raw": [raw, "13655551235", None], "n": [1, 2, 3]})
    assert stop.stopped_values(frame, Config())["n"].to_list() == [1]


@pytest.mark.parametrize(
    ("text", "is_stopped"),
    [
        (f"a,{PHONE},b", True),
        (f'a;"+86{PHONE}"', True),
        ("call 136 5555 1234 now", True),
        ('{"mail": "Lee@Zebra.example"}', True),
        (f"9{PHONE}", False),
        (f"{PHONE}0", False),
        ("nobody", False),
        ("", False),
    ],
)
def test_word_is_known_in_a_record_that_cannot_be_taken_apart(home: Home, text: str, is_stopped: bool) -> None:
    stop = add_tombstones(home, "e1", TEXTS)
    assert stop.stopped_texts(pl.Series([text, "other"])).to_list() == [is_stopped, False]


def test_records_are_known_by_their_key_alone(home: Home) -> None:
    stop = add_tombstones(home, "e1", TEXTS)
    frame = pl.DataFrame({"key": ["taobao:lee", "jd:lee", None, "taobao:leeb"]})
    assert stop.stopped_records("key", frame)["key"].to_list() == ["taobao:lee"]
