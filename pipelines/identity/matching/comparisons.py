"""How two descriptions are compared: for each attribute the levels of agreement, strongest first, as SQL that DuckDB runs.

The probabilities stand here as they are assumed before any data; training replaces those that the data can tell.
"""

from __future__ import annotations

from dataclasses import dataclass

DIFFERS = "differs"


@dataclass(frozen=True, slots=True)
class Level:
    """One level. `m`: share of pairs of one person on it; `u`: of pairs of two people. `term`: column whose rare values weigh more."""

    label: str
    condition: str
    m: float
    u: float
    term: str | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Levels of one attribute. `unknown` says when a side knows too little; what meets no level differs, with what is left of m and u."""

    name: str
    unknown: str
    levels: tuple[Level, ...]
    is_lasting: bool = False  # people keep it: where it mostly differs, those compared are mostly two

    @property
    def all_levels(self) -> tuple[Level, ...]:
        """The levels and, last, the one of pairs that meet none."""
        m, u = (1 - sum(shares) for shares in zip(*((level.m, level.u) for level in self.levels), strict=True))
        return (*self.levels, Level(DIFFERS, "ELSE", round(m, 9), round(u, 9)))

    @property
    def has_terms(self) -> bool:
        """Does a level weigh rare values more?"""
        return any(level.term is not None for level in self.levels)


def _both(template: str) -> str:
    """`template` for each side: {0} this one, {1} the other."""
    return f"({template.format('l', 'r')} or {template.format('r', 'l')})"


_NAME_UNKNOWN = _both("coalesce(name_{0}, surname_{0}) is null")
# DuckDB counts edits in bytes, three a Chinese character: names of characters are compared one by one
_WRONG_CHARACTERS = " + ".join(f"cast(substr(name_l, {place}, 1) <> substr(name_r, {place}, 1) as integer)" for place in range(1, 5))
_ONE_CHARACTER = f"length(name_l) = length(name_r) and length(name_l) between 3 and 4 and {_WRONG_CHARACTERS} = 1"
_IN_LETTERS = "strlen(name_l) = length(name_l) and strlen(name_r) = length(name_r)"
_ONE_LETTER = f"{_IN_LETTERS} and least(length(name_l), length(name_r)) >= 5 and damerau_levenshtein(reading_l, reading_r) <= 1"


def _alike(left: str, right: str, share: float = 0.88) -> str:
    return f"jaro_winkler_similarity({left}, {right}) >= {share}"


_PARTS_ALIKE = (
    f"{_IN_LETTERS} and (({_alike('surname_l', 'surname_r')} and {_alike('given_l', 'given_r')})"
    f" or ({_alike('surname_l', 'given_r')} and {_alike('given_l', 'surname_r')}))"
)
_PART_KNOWN = _both("given_{0} is null and (coalesce(name_{0}, surname_{0}) in (surname_{1}, given_{1}) or surname_{0} = surname_{1})")

COMPARISONS = (
    Comparison(
        "name",
        _NAME_UNKNOWN,
        (
            Level("same name", "name_l = name_r", 0.72, 0.0005, "name"),
            Level("same reading", "reading_l in (reading_r, turned_r) or turned_l = reading_r", 0.05, 0.0005),
            Level("one character differs", f"({_ONE_CHARACTER}) or ({_ONE_LETTER})", 0.07, 0.001),
            Level("both parts alike", _PARTS_ALIKE, 0.04, 0.001),
            Level("the only known part agrees", _PART_KNOWN, 0.04, 0.005, "surname"),
            Level("same surname", "surname_l = surname_r", 0.04, 0.03, "surname"),
            Level("same given name", "given_l = given_r or given_l = surname_r or surname_l = given_r", 0.02, 0.01),
        ),
        is_lasting=True,
    ),
    Comparison(
        "birthday",
        "birth_l is null or birth_r is null",
        (
            Level("same day", "birth_l = birth_r", 0.9, 0.0001),
            Level(
                "day and month swapped or one digit differs",
                "damerau_levenshtein(birth_l, birth_r) <= 1"
                " or (left(birth_l, 4) = left(birth_r, 4) and substr(birth_l, 5, 2) = right(birth_r, 2)"
                " and right(birth_l, 2) = substr(birth_r, 5, 2))",
                0.04,
                0.002,
            ),
            Level("same year and month", "left(birth_l, 6) = left(birth_r, 6)", 0.01, 0.001),
            Level("same year", "left(birth_l, 4) = left(birth_r, 4)", 0.02, 0.02),
        ),
        is_lasting=True,
    ),
    Comparison(
        "city",
        "coalesce(city_l, province_l) is null or coalesce(city_r, province_r) is null",
        (
            Level("same city", "city_l = city_r", 0.8, 0.05, "city"),
            Level("city spelled alike", _alike("city_l", "city_r", 0.9), 0.05, 0.01),
            Level("same province", "province_l = province_r", 0.08, 0.12),
        ),
    ),
    Comparison(
        "postcode",
        "postcode_l is null or postcode_r is null",
        (
            Level("same postcode", "postcode_l = postcode_r", 0.8, 0.005, "postcode"),
            Level("one digit differs", "damerau_levenshtein(postcode_l, postcode_r) <= 1", 0.08, 0.01),
        ),
    ),
    Comparison(
        "address",
        "coalesce(address_words_l, address_numbers_l) is null or coalesce(address_words_r, address_numbers_r) is null",
        (
            Level(
                "same address", "address_words_l = address_words_r and address_numbers_l = address_numbers_r", 0.55, 0.0001, "address_words"
            ),
            Level("same street", "address_words_l = address_words_r", 0.1, 0.001, "address_words"),
            Level(
                "street spelled alike, same numbers",
                f"{_alike('address_words_l', 'address_words_r', 0.9)} and address_numbers_l = address_numbers_r",
                0.1,
                0.0005,
            ),
            Level("street spelled alike", _alike("address_words_l", "address_words_r", 0.9), 0.05, 0.005),
            Level("same numbers", "address_numbers_l = address_numbers_r", 0.05, 0.02),
        ),
    ),
    Comparison(
        "phone",
        "phone_tail_l is null or phone_tail_r is null",
        (
            Level("same number", "phone_l = phone_r", 0.7, 0.00001, "phone"),
            Level("one digit differs", "damerau_levenshtein(phone_l, phone_r) <= 1", 0.05, 0.00001),
            Level(
                "what is not masked agrees",
                "(phone_l is null or phone_r is null) and phone_head_l = phone_head_r and phone_tail_l = phone_tail_r",
                0.1,
                0.00001,
            ),
            Level("same last four digits", "phone_tail_l = phone_tail_r", 0.02, 0.0001),
        ),
    ),
    Comparison(
        "email",
        # namesakes make like addresses of their name: that they are alike says no more than the name. Not said of the column `name`:
        # then no session on pairs of one name could teach what addresses are worth
        "email_l is null or email_r is null"
        " or (email_l <> email_r and turned_l = turned_r and has_name_in_email_l and has_name_in_email_r)",
        (
            Level("same address", "email_l = email_r", 0.7, 0.0001, "email"),
            Level("one letter differs", "damerau_levenshtein(email_l, email_r) <= 1", 0.05, 0.00001),
            Level("same name before the @", "email_local_l = email_local_r", 0.05, 0.0002, "email_local"),
            Level("spelled alike", _alike("email_l", "email_r", 0.9), 0.05, 0.0002),
        ),
    ),
)
