"""What is known of single Chinese characters: the simplified form of traditional ones, and a reading without tone.

The tables are data files of two packages, read when first asked for. Their code is not imported: that takes 0.3 s, the files 0.02 s.
"""

from __future__ import annotations

import functools
import json
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from importlib.util import find_spec
from pathlib import Path

import polars as pl

from pipelines.contracts.errors import ConfigurationError

# the block of common characters: rare ones have no syllable of their own
_HAN = tuple(map(chr, range(0x4E00, 0xA000)))
# 乾 is as frequent in given names as it is rare as 干; 锺 and 馀 are simplified characters that are written 钟 and 余 as surnames
_AS_IN_NAMES = {"乾": "乾", "锺": "钟", "馀": "余", "薴": "苎"}


def map_characters(texts: pl.Series, table: Callable[[Iterable[str]], Mapping[str, str]]) -> pl.Series:
    """`texts` with each Chinese character replaced by what `table` gives for it, asked once for the distinct ones."""
    characters = texts.str.extract_all(r"\p{Han}").explode().unique().drop_nulls().sort().to_list()
    replacements = table(characters)
    return texts.str.replace_many(list(replacements), list(replacements.values())) if replacements else texts


def simplified(characters: Iterable[str]) -> dict[str, str]:
    """The simplified form of each of `characters` that has another one; the others are left out."""
    table = _simplified()
    return {character: table[character] for character in characters if table.get(character, character) != character}


def readings(characters: Iterable[str]) -> dict[str, str]:
    """The first reading of each of `characters` in pinyin without tone, ü as v; characters without one are left out."""
    table = _readings()
    return {character: _without_tone(first) for character in characters if (first := table.get(str(ord(character)), "").split(",")[0])}


@functools.cache
def syllables() -> frozenset[str]:
    """Every syllable of pinyin, without tone."""
    return frozenset(reading for reading in readings(_HAN).values() if set(reading) & set("aeiouv"))


@functools.cache
def _simplified() -> dict[str, str]:
    lines = _data_file("opencc", "dictionary/TSCharacters.txt").read_text(encoding="utf-8").splitlines()
    pairs = (line.split("\t") for line in lines if "\t" in line)
    return {traditional: forms.split(" ")[0] for traditional, forms in pairs} | _AS_IN_NAMES


@functools.cache
def _readings() -> dict[str, str]:
    table: dict[str, str] = json.loads(_data_file("pypinyin", "pinyin_dict.json").read_text(encoding="utf-8"))
    return table


def _data_file(package: str, name: str) -> Path:
    spec = find_spec(package)
    path = Path(next(iter(spec.submodule_search_locations or ()), "")) / name if spec else None
    if path is None or not path.is_file():
        raise ConfigurationError(f"{name} of the package {package} is missing", where="environment", do="run `make setup`")
    return path


def _without_tone(reading: str) -> str:
    letters = unicodedata.normalize("NFD", reading).replace("u\N{COMBINING DIAERESIS}", "v")
    return "".join(letter for letter in letters if "a" <= letter <= "z")
