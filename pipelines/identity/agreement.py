"""Do two names name one person? Judged from the names alone, pair by pair. Pure."""

from __future__ import annotations

import functools
from collections.abc import Callable

import polars as pl
from rapidfuzz.distance import OSA, JaroWinkler
from rapidfuzz.process import cpdist

from pipelines.identity import surnames
from pipelines.identity.characters import readings, syllables
from pipelines.identity.names import comparable_names

SIMILAR_FROM = 0.92  # Jaro-Winkler of both the surname and the given name
_INITIAL = r"^.$"
_INITIALS = r"\b\w\b"
_SIDES = ("left", "right")


def name_agreement(left: pl.Series, right: pl.Series) -> pl.Series:
    """For each pair of names as delivered: `same`, `similar`, `close`, `different` or `unknown`. Symmetric; equally long series.

    - `same`: equal comparable names.
    - `similar`: equal pinyin, also between characters and letters, in either order;
      Western: one wrong letter of five or more, surname and given name each close in spelling, or further given names on one side.
    - `close`: one wrong or swapped character of three or more, read otherwise: a slip of the pen, or a sister or brother.
    - `unknown`: one side names nobody; only a surname or an initial is known, and agrees; the scripts differ and prove nothing.
    - `different`: else, thus also surnames that differ where nothing else is known.
    """
    pairs = pl.DataFrame({"left": left.cast(pl.String), "right": right.cast(pl.String)})
    forms = name_forms(comparable_names(pl.concat([pairs["left"], pairs["right"]])))
    distinct = pairs.unique()
    for side in _SIDES:
        distinct = distinct.join(forms.select(pl.all().name.suffix(f"_{side}")), left_on=side, right_on=f"full_name_{side}", how="left")
    judged = _with_distances(distinct).select(*_SIDES, agreement=_judgment())
    return pairs.join(judged, on=list(_SIDES), how="left", nulls_equal=True, maintain_order="left")["agreement"]


def name_forms(names: pl.DataFrame) -> pl.DataFrame:
    """Add to comparable names the forms in which they are compared; `joined` and `turned` have no blanks, so that Mary Jane is Maryjane."""
    known = pl.coalesce("name", "surname")
    is_chinese = known.str.contains(r"\p{Han}")
    one_word = pl.col("name").str.replace_all(" ", "", literal=True)
    given, surname = (pl.col(f"{part}_pinyin").str.replace_all(" ", "", literal=True) for part in ("given", "surname"))
    words = pl.when(~is_chinese).then(known)
    return names.with_columns(
        is_chinese=is_chinese,
        words=_folded(words).str.replace_all(_INITIALS, "").str.extract_all(r"\S+"),
        is_romanized=words.str.contains(_romanized()),
        joined=_folded(pl.coalesce(given + surname, one_word)),
        turned=_folded(pl.coalesce(surname + given, one_word)),
        surname_folded=_folded(surname),
        given_folded=_folded(given),
    )


def _folded(pinyin: pl.Expr) -> pl.Expr:
    """Passports write ü as yu, keyboards as v, most forms as u."""
    return pinyin.str.replace_all("([ln])(?:yu|v)", "${1}u")


@functools.cache
def _romanized() -> str:
    """Pattern of a Chinese name in letters: a surname and a given name of syllables, in either order.

    In such a name a wrong letter gives another name; Western ones have letters to spare.
    """
    surname = "|".join(sorted({*readings(surnames.SINGLE).values(), *surnames.READINGS.values()}))
    # within a word no syllable begins with a vowel: Anne is not an ne, and Lee not le e
    syllable, further = "|".join(sorted(syllables())), "|".join(sorted(word for word in syllables() if word[0] not in "aeo"))
    word = f"(?:{syllable})(?:{further})*"
    return f"^(?:(?:{surname})(?: {word})+|(?:{word} )+(?:{surname}))$"


def _with_distances(pairs: pl.DataFrame) -> pl.DataFrame:
    """Edits between names (code points, not bytes) and likeness of their parts; the arrays are compared in compiled code."""

    def compared(column: str, scorer: Callable[..., float]) -> pl.Series:
        left, right = (pairs[f"{column}_{side}"].fill_null("").to_list() for side in _SIDES)
        return pl.Series(cpdist(left, right, scorer=scorer))

    return pairs.with_columns(
        name_edits=compared("name", OSA.distance),
        joined_edits=compared("joined", OSA.distance),
        surname_likeness=compared("surname", JaroWinkler.normalized_similarity),
        given_likeness=compared("given", JaroWinkler.normalized_similarity),
    )


def _judgment() -> pl.Expr:
    is_chinese_left, is_chinese_right = _both("is_chinese")
    return (
        pl.when(is_chinese_left.is_null() | is_chinese_right.is_null())
        .then(pl.lit("unknown"))
        .when(_equal("name"))
        .then(pl.lit("same"))
        .when(is_chinese_left & is_chinese_right)
        .then(_chinese())
        .when(is_chinese_left)
        .then(_across("left", "right"))
        .when(is_chinese_right)
        .then(_across("right", "left"))
        .otherwise(_lettered())
    )


def _chinese() -> pl.Expr:
    name_left, name_right = _both("name")
    shorter = pl.min_horizontal(name_left.str.len_chars(), name_right.str.len_chars())
    is_partial = name_left.is_null() | name_right.is_null()
    surname_left, surname_right = _both("surname")
    return (
        pl.when(is_partial)
        .then(_unknown_unless(surname_left != surname_right))
        .when(_equal("pinyin"))
        .then(pl.lit("similar"))
        .when((pl.col("name_edits") <= 1) & (shorter >= 3))
        .then(pl.lit("close"))
        .otherwise(pl.lit("different"))
    )


def _across(chinese: str, lettered: str) -> pl.Expr:
    """Characters on one side, letters on the other: many Chinese customers write an English given name, or only that."""
    words = pl.col(f"words_{lettered}")
    surname, given = pl.col(f"surname_folded_{chinese}"), pl.col(f"given_folded_{chinese}")
    are_names = pl.col(f"name_{chinese}").is_not_null() & pl.col(f"name_{lettered}").is_not_null()
    has_surname = words.list.contains(surname)
    is_one_word = (words.list.len() < 2) & pl.col(f"name_{lettered}").is_not_null()
    is_romanized = pl.col(f"is_romanized_{lettered}")
    differs = (
        pl.when(has_surname)
        .then(are_names & is_romanized & ~is_one_word)
        .otherwise(~is_one_word | (is_romanized & (words.list.first() != given)))
    )
    return pl.when(are_names & _is_one_reading()).then(pl.lit("similar")).otherwise(_unknown_unless(differs))


def _lettered() -> pl.Expr:
    name_left, name_right = _both("name")
    words_left, words_right = _both("words")
    is_partial = name_left.is_null() | name_right.is_null()
    fewer = pl.min_horizontal(words_left.list.len(), words_right.list.len())
    shared = words_left.list.set_intersection(words_right).list.len()
    given_left, given_right = _both("given")
    has_initial = given_left.str.contains(_INITIAL) | given_right.str.contains(_INITIAL)
    shorter = pl.min_horizontal(name_left.str.len_chars(), name_right.str.len_chars())
    are_romanized = pl.col("is_romanized_left") & pl.col("is_romanized_right")
    is_misspelled = (shorter >= 5) & (pl.min_horizontal("name_edits", "joined_edits") <= 1)
    are_known = given_left.is_not_null() & given_right.is_not_null()  # two empty texts are alike
    are_parts_alike = are_known & (pl.min_horizontal("surname_likeness", "given_likeness") >= SIMILAR_FROM)
    return (
        pl.when(is_partial)
        .then(_unknown_unless(shared == 0))
        .when(_is_one_reading())
        .then(pl.lit("similar"))
        .when(has_initial & _equal("surname"))
        .then(_unknown_unless(given_left.str.head(1) != given_right.str.head(1)))
        .when((fewer < 2) & (shared > 0))
        .then(pl.lit("unknown"))
        .when((shared == fewer) & (fewer >= 2))
        .then(pl.lit("similar"))
        .when(are_romanized)
        .then(pl.lit("different"))
        .when(is_misspelled | are_parts_alike)
        .then(pl.lit("similar"))
        .otherwise(pl.lit("different"))
    )


def _is_one_reading() -> pl.Expr:
    joined_left, joined_right = _both("joined")
    turned_left, turned_right = _both("turned")
    return (joined_left == joined_right) | (joined_left == turned_right) | (turned_left == joined_right)


def _unknown_unless(differs: pl.Expr) -> pl.Expr:
    return pl.when(differs.fill_null(value=False)).then(pl.lit("different")).otherwise(pl.lit("unknown"))


def _equal(column: str) -> pl.Expr:
    left, right = _both(column)
    return (left == right).fill_null(value=False)


def _both(column: str) -> tuple[pl.Expr, pl.Expr]:
    return pl.col(f"{column}_left"), pl.col(f"{column}_right")
