"""What people are called and where they live: names, birthdays, addresses, e-mails, nicks. Nothing that links them."""

from __future__ import annotations

import numpy as np
import polars as pl

from pipelines.simulate import names
from pipelines.simulate.draws import Draws, Flags, Ints, scramble
from pipelines.simulate.spec import SimulationSpec


def _split(pairs: list[str]) -> tuple[pl.Series, pl.Series]:
    return pl.Series([p.split(" ")[0] for p in pairs]), pl.Series([p.split(" ")[1] for p in pairs])


def full_names(spec: SimulationSpec, draws: Draws, index: Ints, home: Ints, male: Flags) -> tuple[pl.Series, pl.Series]:
    """Full names and their pinyin. Most of a family share the owner's surname."""
    surnames, surname_pinyin = _split(names.SURNAMES + names.RARE_SURNAMES)
    given, given_pinyin = _split(names.GIVEN_FEMALE + names.GIVEN_MALE)
    same = draws.chance(0.65, "same_surname", index)
    key = np.where(same, home, index)
    surname = draws.pick(1.0 / (np.arange(len(names.SURNAMES)) + 6.0), "surname", key)
    rare = draws.chance(spec.rare_surname_share, "rare_surname", key)
    rare_at = len(names.SURNAMES) + draws.whole(0, len(names.RARE_SURNAMES) - 1, "rare_which", key)
    surname = np.where(rare, rare_at, surname)
    low = np.where(male, len(names.GIVEN_FEMALE), 0)
    width = np.where(male, len(names.GIVEN_MALE), len(names.GIVEN_FEMALE))
    first = low + np.floor(draws.uniform("given_1", index) * width).astype(np.int64)
    second = low + np.floor(draws.uniform("given_2", index) * width).astype(np.int64)
    is_long = pl.Series(draws.chance(0.78, "given_long", index))
    frame = pl.DataFrame(
        {
            "surname": surnames.gather(surname),
            "first": given.gather(first),
            "second": given.gather(second),
            "is_long": is_long,
            "pinyin": surname_pinyin.gather(surname),
            "first_pinyin": given_pinyin.gather(first),
        }
    )
    tail = pl.when("is_long").then(pl.col("second")).otherwise(pl.lit(""))
    out = frame.select(name=pl.concat_str("surname", "first", tail), pinyin=pl.concat_str("pinyin", "first_pinyin"))
    return out["name"], out["pinyin"]


def birthdays(spec: SimulationSpec, draws: Draws, index: Ints) -> pl.Series:
    """Ages 18 to 75 at the first day, most between 25 and 45."""
    age = 18.0 + 57.0 * draws.beta(1.6, 3.2, "age", index)
    days = np.datetime64(spec.first_day, "D") - np.floor(age * 365.25).astype("timedelta64[D]")
    frame = pl.DataFrame(
        {
            "birthday": pl.Series(days.astype("datetime64[D]")),
            "is_soon": draws.chance(spec.birthday_soon_share, "birthday_soon", index),
            "in_days": draws.pick([1, 1, 1, 9, 1, 1, 1, 1], "birthday_in", index),
        }
    )
    soon = pl.lit(spec.last_day) + pl.duration(days="in_days")
    # 29 February exists in few years of birth: the 28th stands in for it.
    moved = pl.date(pl.col("birthday").dt.year(), soon.dt.month(), pl.min_horizontal(soon.dt.day(), _last_day(soon)))
    return frame.select(pl.when("is_soon").then(moved).otherwise("birthday")).to_series()


def _last_day(day: pl.Expr) -> pl.Expr:
    """The last day of the month that every year has: 28 in February, else 31 as no bound."""
    return pl.when(day.dt.month() == 2).then(28).otherwise(31)


def addresses(draws: Draws, home: Ints) -> pl.Series:
    """District, street, house, building and room; one home for a family."""
    frame = pl.DataFrame(
        {
            "district": pl.Series(names.DISTRICTS).gather(draws.whole(0, len(names.DISTRICTS) - 1, "district", home)),
            "street": pl.Series(names.STREETS).gather(draws.whole(0, len(names.STREETS) - 1, "street", home)),
            "number": draws.whole(1, 299, "house", home),
            "building": draws.whole(1, 30, "building", home),
            "room": draws.whole(1, 26, "floor", home) * 100 + draws.whole(1, 4, "door", home),
        }
    )
    return frame.select(a=pl.format("{} {}{}号{}幢{}室", "district", "street", "number", "building", "room"))["a"]


def emails(spec: SimulationSpec, draws: Draws, index: Ints, pinyin: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Two addresses; the second is null for most. The digits are unique, so no two people share an address."""
    domains = pl.Series(names.EMAIL_DOMAINS)
    first = domains.gather(draws.pick(names.EMAIL_WEIGHTS, "email_domain", index))
    second = domains.gather(draws.pick(names.EMAIL_WEIGHTS, "email_domain_2", index))
    has_second = draws.chance(spec.second_email_share, "second_email", index)
    has_second |= draws.chance(spec.duplicate_account_share, "second_account", index)
    frame = pl.DataFrame(
        {
            "pinyin": pinyin,
            "n1": scramble(2 * index, 10**9, 271828182),
            "n2": scramble(2 * index + 1, 10**9, 271828182),
            "d1": first,
            "d2": second,
            "has_second": has_second,
        }
    )
    out = frame.select(
        first=pl.format("{}{}@{}", "pinyin", "n1", "d1"),
        second=pl.when("has_second").then(pl.format("{}.{}@{}", "pinyin", "n2", "d2")),
    )
    return out["first"], out["second"]


def taobao_nicks(draws: Draws, index: Ints, person_names: pl.Series) -> pl.Series:
    """Unique: the default `tb...` or a given name with digits."""
    frame = pl.DataFrame(
        {
            "plain": draws.chance(0.5, "nick_kind", index),
            "number": scramble(index, 10**10, 1234567891),
            "given": person_names.str.slice(-1),
        }
    )
    plain = pl.format("tb{}", "number")
    return frame.select(n=pl.when("plain").then(plain).otherwise(pl.format("{}小铺_{}", "given", "number")))["n"]


def youzan_nicks(draws: Draws, index: Ints, person_names: pl.Series) -> pl.Series:
    """Not unique, as nicks there are not: a character of the name and a phrase."""
    words = pl.Series(names.NICK_WORDS).gather(draws.whole(0, len(names.NICK_WORDS) - 1, "nick_word", index))
    return person_names.str.slice(-1) + words
